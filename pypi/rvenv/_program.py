"""The ``rvenv`` program that was installed along with this package."""

import os
import subprocess
import sys
import sysconfig
from typing import Any, List, Optional, Sequence, Tuple

MISSING = "the rvenv program is missing; install it again: pip install --force-reinstall rvenv-cli"

NO_PATH = "this Python does not know its own path; run the program directly: rvenv --python PYTHON ENV_DIR"


class CreationError(subprocess.CalledProcessError, ValueError, OSError):
    """The program failed. The message is its error: one line with the path, the cause and, where there is one, the fix.

    It derives from each of the errors that callers of ``venv`` handle.
    """

    def __init__(self, returncode: int, cmd: Sequence[str], message: str) -> None:
        super().__init__(returncode, cmd, stderr=message)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.returncode, self.cmd, self.message)


def find() -> Optional[str]:
    """Returns the path of the program that was installed along with this package, or None."""
    name = "rvenv" + (".exe" if os.name == "nt" else "")
    paths = [os.path.join(directory, name) for directory in _beside() + _of_this_python()]
    return next((path for path in paths if os.path.isfile(path)), None)


def _beside() -> List[str]:
    """The directories where programs go, derived from the path of this package.

    The package may be another Python's, or installed with `pip install --target`.
    """
    site_packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    above, name = os.path.split(os.path.dirname(site_packages))
    directories = [os.path.join(site_packages, "bin")]
    if os.path.basename(site_packages) in ("site-packages", "dist-packages"):
        if name.lower() == "lib":
            directories.append(os.path.join(above, "Scripts"))
        elif os.path.basename(above) in ("lib", "lib64"):
            directories.append(os.path.join(os.path.dirname(above), "bin"))
    return directories


def _of_this_python() -> List[str]:
    user = os.name + "_user"
    if hasattr(sysconfig, "get_preferred_scheme"):
        user = sysconfig.get_preferred_scheme("user")
    # The second one, since an environment may see what its base has installed.
    base = {"base": sys.base_prefix}
    return [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", vars=base), sysconfig.get_path("scripts", user)]


def run(arguments: Sequence[str], python: Optional[str] = None) -> str:
    """Runs the program for this Python, or for another, and returns its output on stderr.

    Raises CreationError if it fails or is missing.
    """
    command = [_found(arguments), "--python=" + (python or sys.executable), *arguments]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = ended.stderr.decode("utf-8", "backslashreplace").strip()
    if ended.returncode:
        raise CreationError(ended.returncode, command, error_in(said) or "rvenv exited with %d" % ended.returncode)
    return said


def _found(arguments: Sequence[str]) -> str:
    program = find()
    if program is None or not sys.executable:
        raise CreationError(1, ["rvenv", *arguments], MISSING if program is None else NO_PATH)
    return program


def call(arguments: Sequence[str]) -> int:
    """Runs the program for this Python, with this process's stdout and stderr, and returns its exit code.

    Raises CreationError if it is missing.
    """
    program = _found(arguments)
    sys.stdout.flush()
    # --python among the arguments takes precedence over this.
    return subprocess.call([program, *arguments], env={**os.environ, "RVENV_PYTHON": sys.executable})


def error_in(said: str) -> str:
    """Returns the error in the program's output, which comes after any warnings, or before a usage hint."""
    start = "error: "
    lines = said.splitlines()
    errors = [line[len(start) :] for line in lines if line.lower().startswith(start)]
    return (errors or lines[-1:] or [""])[0]
