"""The interpreter's own ``venv``, even if something else has that name."""

import importlib.util
import os
import sys
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_LIBRARY = os.path.dirname(os.path.abspath(os.__file__))


@lru_cache(maxsize=None)
def module() -> ModuleType:
    """Returns the standard library's module, even if a package of the same name comes first on sys.path.

    Raises ImportError if this Python has none.
    """
    loaded = sys.modules.get("venv")
    if loaded is not None and os.path.dirname(os.path.dirname(os.path.abspath(loaded.__file__ or ""))) == _LIBRARY:
        return loaded
    spec = _spec()
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)  # type: ignore[union-attr]
    return own


def become(module: ModuleType) -> None:
    """Turns a package into the standard library's: with its names, its files, and its modules after the package's own.

    Raises ImportError if this Python has none.
    """
    spec = _spec()
    module.__file__ = spec.origin
    module.__path__.extend(spec.submodule_search_locations or [])
    exec(spec.loader.get_code("venv"), vars(module))  # type: ignore[union-attr]


def _spec() -> ModuleSpec:
    spec = PathFinder.find_spec("venv", [_LIBRARY])
    if spec is None or spec.loader is None:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise ImportError(f"this Python has no venv module; on Debian and Ubuntu: apt install {package}", name="venv")
    return spec
