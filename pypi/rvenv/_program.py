"""The ``rvenv`` program that was installed along with this package."""

import errno
import os
import re
import subprocess
import sys
import sysconfig
from typing import Any, List, Optional, Sequence, Tuple

MISSING = "the rvenv program is missing; install it again: pip install --force-reinstall rvenv-cli"

ARCHIVED = "the rvenv program does not run from an archive; install rvenv-cli with pip, and run that"

NO_PATH = "this Python does not know its own path; run the program directly: rvenv --python PYTHON ENV_DIR"

FROZEN = "this program is not a Python that environments can be created for; pass python="

#: How the program reports an error of the system: with errno, or on Windows with the system's own number. What it sees
#: before it asks the system has only a reason.
_SYSTEM_ERROR = re.compile(
    r"Unable to (?P<action>[^']+) '(?P<path>.*)': (?:.*\(os error (?P<number>\d+)\)|(?P<reason>[^;]*))(?:;.*)?",
    re.DOTALL,
)

#: The system's errors in place of such reasons.
_FORESEEN = {
    ("create directory", "it is a broken symbolic link"): errno.EEXIST,
    ("create directory", "one of its parents is a file"): errno.ENOTDIR,
    ("write", "a directory is in its place"): errno.EISDIR,
}


class CreationError(subprocess.CalledProcessError, OSError):
    """The program failed. The message is its error: one line with the path, the cause and, where there is one, the fix.

    Each one is also the error that ``venv`` raises: if the system refused something, the OSError for that, such as
    PermissionError, with errno and filename, and otherwise a ValueError.
    """

    def __new__(cls, returncode: int, cmd: Sequence[str], message: str) -> "CreationError":
        if cls is CreationError:
            cause = _cause(message)
            kind = ValueError if cause is None else type(cause)
            cls = type("CreationError", (CreationError, kind), {"__module__": cls.__module__})
        created: CreationError = OSError.__new__(cls)
        return created

    def __init__(self, returncode: int, cmd: Sequence[str], message: str) -> None:
        super().__init__(returncode, cmd, stderr=message)
        self.args = (returncode, cmd, message)
        self.message = message
        cause = _cause(message)
        if cause is not None and cause.errno is not None:
            self.errno, self.filename, self.strerror = cause.errno, cause.filename, os.strerror(cause.errno)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> Tuple[Any, ...]:
        return CreationError, self.args


def _cause(message: str) -> Optional[OSError]:
    found = _SYSTEM_ERROR.fullmatch(message)
    if found is None:
        return None
    if found["number"] is None:
        number = _FORESEEN.get((found["action"], found["reason"]))
        return None if number is None else OSError(number, message, found["path"])
    number = int(found["number"])
    return OSError(0, message, found["path"], number) if os.name == "nt" else OSError(number, message, found["path"])


def find() -> Optional[str]:
    """Returns the path of the program that was installed along with this package, or None."""
    name = "rvenv" + (".exe" if os.name == "nt" else "")
    paths = [os.path.join(directory, name) for directory in _beside() + _of_this_python()]
    return next((path for path in paths if os.path.isfile(path)), None)


def _beside() -> List[str]:
    """The directories where programs go, derived from the path of this package.

    The package may be another Python's, installed with `pip install --target`, or unpacked by pex.
    """
    site_packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    above, name = os.path.split(os.path.dirname(site_packages))
    directories = [os.path.join(site_packages, "bin"), os.path.join(site_packages, ".prefix", "bin")]
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


def warnings_of(arguments: Sequence[str], python: Optional[str] = None) -> List[str]:
    """Runs the program for this Python, or for another, and returns its warnings.

    Raises CreationError if it fails or is missing.
    """
    command = [found(arguments, python), "--python=" + (sys.executable if python is None else python), *arguments]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = ended.stderr.decode("utf-8", "backslashreplace").strip()
    if ended.returncode:
        raise CreationError(ended.returncode, command, error_in(said) or "rvenv exited with %d" % ended.returncode)
    start = "Warning: "
    return [line[len(start) :] if line.startswith(start) else line for line in said.splitlines()]


def found(arguments: Sequence[str], python: Optional[str] = None) -> str:
    """Returns the path of the program. Raises CreationError if it cannot run, or not for this Python if that is None."""
    program = find()
    if program is None:
        reason = MISSING if os.path.isfile(__file__) else ARCHIVED
    elif python is None and not sys.executable:
        reason = NO_PATH
    elif python is None and getattr(sys, "frozen", False):
        reason = FROZEN
    else:
        return program
    raise CreationError(1, ["rvenv", *arguments], reason)


def call(arguments: Sequence[str]) -> int:
    """Runs the program for this Python, with this process's stdout and stderr, and returns its exit code.

    Raises CreationError if it is missing.
    """
    program = found(arguments)
    sys.stdout.flush()
    # --python among the arguments takes precedence over this.
    return subprocess.call([program, *arguments], env={**os.environ, "RVENV_PYTHON": sys.executable})


def error_in(said: str) -> str:
    """Returns the error in the program's output, which comes after any warnings, or before a usage hint."""
    start = "error: "
    lines = said.splitlines()
    errors = [line[len(start) :] for line in lines if line.lower().startswith(start)]
    return (errors or lines[-1:] or [""])[0]
