"""The API of ``import venv``, implemented by rvenv: ``EnvBuilder``, ``create`` and ``main``.

``python -m rvenv ENV_DIR`` works like ``python -m venv ENV_DIR``.
"""

from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from rvenv._builder import EnvBuilder as EnvBuilder
    from rvenv._builder import create as create
    from rvenv._builder import main as main
    from rvenv._program import CreationError as CreationError

__all__ = ["CreationError", "EnvBuilder", "create", "main"]


def __getattr__(name: str) -> object:
    # Loaded on demand: `python -m rvenv` needs none of them.
    if name not in __all__:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    from rvenv import _builder

    return getattr(_builder, name)


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
