"""``venv`` for processes that have the directory above this one on PYTHONPATH: the interpreter's own, with the API of
rvenv in it unless that cannot work.
"""


def _become_venv() -> None:
    import importlib.util
    import os
    import sys
    from importlib.machinery import PathFinder

    # The package that this file belongs to: it may be another Python's, and so not on sys.path, or in a zip archive.
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if "rvenv" not in sys.modules:
        spec = PathFinder.find_spec("rvenv", [os.path.dirname(package)])
        if spec is None or spec.loader is None:
            raise ImportError("the rvenv package is missing; run: pip install --force-reinstall rvenv-cli", name="rvenv")
        sys.modules["rvenv"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["rvenv"])

    from rvenv import _own, _program

    this = sys.modules[__name__]
    _own.become(this)
    if _program.find() is not None and sys.version_info >= (3, 7):
        from rvenv import _builder

        _builder.publish(this)


_become_venv()
