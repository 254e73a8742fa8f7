"""The interpreter's own ``venv``, even if something else has that name."""

import importlib.util
import os
import sys
from functools import lru_cache
from importlib.machinery import PathFinder
from types import ModuleType


@lru_cache(maxsize=None)
def module() -> ModuleType:
    """Returns the standard library's module, even if a package of the same name comes first on sys.path.

    Raises ImportError if this Python has none.
    """
    library = os.path.dirname(os.path.abspath(os.__file__))
    loaded = sys.modules.get("venv")
    if loaded is not None and os.path.dirname(os.path.dirname(os.path.abspath(loaded.__file__ or ""))) == library:
        return loaded
    spec = PathFinder.find_spec("venv", [library])
    if spec is None or spec.loader is None:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise ImportError(f"this Python has no venv module; on Debian and Ubuntu: apt install {package}", name="venv")
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)
    return own
