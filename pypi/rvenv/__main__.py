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
    arguments = sys.argv[1:]
    try:
        if os.name == "nt":
            return _program.call(arguments)
        path = _program.found(arguments)
    except _program.CreationError as error:
        return "Error: %s" % error
    # --python on the command line takes precedence over this.
    os.environ["RVENV_PYTHON"] = sys.executable
    sys.stdout.flush()
    os.execv(path, [path, *arguments])


if __name__ == "__main__":
    sys.exit(main())
