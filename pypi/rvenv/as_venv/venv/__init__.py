"""``venv`` for processes that have the directory above this one on PYTHONPATH.

It is rvenv's, or the interpreter's own where rvenv's cannot work.
"""

import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

_package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _load_rvenv() -> ModuleType:
    # The package that this file belongs to, whether it is on sys.path or not: another Python may have installed it.
    spec = importlib.util.spec_from_file_location(
        "rvenv", os.path.join(_package, "__init__.py"), submodule_search_locations=[_package]
    )
    if spec is None or spec.loader is None:
        raise ImportError("the rvenv package is missing; run: pip install --force-reinstall rvenv-cli", name="rvenv")
    rvenv = sys.modules["rvenv"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rvenv)
    return rvenv


_rvenv = sys.modules.get("rvenv") or _load_rvenv()

from rvenv import _own, _program  # noqa: E402

_venv = _own.module()
# If the program is missing, or this Python is older than the package supports, use the interpreter's own.
_used = _rvenv if _program.find() is not None and sys.version_info >= (3, 7) else _venv
EnvBuilder: Any = _used.EnvBuilder
create: Any = _used.create
main: Any = _used.main


def __getattr__(name: str) -> Any:
    # Everything else is the interpreter's own.
    return getattr(_venv, name)
