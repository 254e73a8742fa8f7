"""Runs the ``rvenv`` program that was installed along with this module, for the Python that runs this."""

import os
import sys
from typing import Union

from rvenv import _program


def main() -> Union[int, str]:
    """Returns the argument for ``sys.exit``. On POSIX, it only returns on errors: the program replaces this process."""
    if sys.argv[1:] == ["--venv-path"]:
        # With this directory on PYTHONPATH, `venv` is this package's.
        print(os.path.join(os.path.dirname(os.path.abspath(__file__)), "as_venv"))
        return 0
    path = _program.find()
    if path is None:
        return "Error: " + _program.missing()
    if not sys.executable:
        return "Error: " + _program.NO_PATH
    # --python on the command line takes precedence over this.
    os.environ["RVENV_PYTHON"] = sys.executable
    arguments = [path] + sys.argv[1:]
    sys.stdout.flush()
    if os.name == "nt":
        import subprocess

        return subprocess.call(arguments)
    os.execv(path, arguments)


if __name__ == "__main__":
    sys.exit(main())
