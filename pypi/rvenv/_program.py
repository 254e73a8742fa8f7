"""The program ``rvenv`` that was installed along with this package."""

import os
import subprocess
import sys
import sysconfig
from typing import Optional, Sequence

MISSING = "the program rvenv is not where its wheel puts it; install it again: pip install --force-reinstall rvenv"

NO_PATH = "this Python does not know its own path; run rvenv itself, with --python"


class CreationError(subprocess.CalledProcessError, ValueError, OSError):
    """What the program says when it fails: one line that names path, cause and way out.

    It is each of the errors that callers of ``venv`` are ready for.
    """

    def __init__(self, returncode: int, cmd: Sequence[str], message: str) -> None:
        super().__init__(returncode, cmd, stderr=message)
        self.message = message

    def __str__(self) -> str:
        return self.message


def find() -> Optional[str]:
    """The program beside this package's installation: its path, or None."""
    name = "rvenv" + (".exe" if os.name == "nt" else "")
    folders = [sysconfig.get_path("scripts")]
    # As an environment sees what its base has installed.
    folders.append(sysconfig.get_path("scripts", vars={"base": sys.base_prefix}))
    user = os.name + "_user"
    if hasattr(sysconfig, "get_preferred_scheme"):
        user = sysconfig.get_preferred_scheme("user")
    folders.append(sysconfig.get_path("scripts", user))
    # `pip install --target`, and what another Python has installed: beside the package.
    site_packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders.append(os.path.join(site_packages, "bin"))
    for up in (1, 2, 3):
        above = os.path.join(site_packages, *[os.pardir] * up)
        folders += [os.path.normpath(os.path.join(above, scripts)) for scripts in ("bin", "Scripts")]
    paths = [os.path.join(folder, name) for folder in folders]
    return next((path for path in paths if os.path.isfile(path)), None)


def run(arguments: Sequence[str], python: Optional[str] = None) -> str:
    """Runs the program for this Python, or for another, and returns what it says on stderr.

    Raises CreationError if it fails, or is not there.
    """
    python = python or sys.executable
    program = find()
    command = [program or "rvenv", "--python=" + python, *arguments]
    if not python:
        raise CreationError(1, command, NO_PATH)
    if program is None:
        raise CreationError(1, command, MISSING)
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = ended.stderr.decode("utf-8", "backslashreplace").strip()
    if ended.returncode:
        raise CreationError(ended.returncode, command, error_in(said) or "it ended with %d" % ended.returncode)
    return said


def call(arguments: Sequence[str]) -> int:
    """Runs the program for this Python, in whose place it speaks, and returns its exit code.

    Raises CreationError if it is not there.
    """
    program = find()
    if program is None:
        raise CreationError(1, ["rvenv", *arguments], MISSING)
    sys.stdout.flush()
    # What --python among the arguments outdoes.
    return subprocess.call([program, *arguments], env={**os.environ, "RVENV_PYTHON": sys.executable})


def error_in(said: str) -> str:
    """What the program says is wrong: after any warnings, or before a hint on how to call it."""
    start = "error: "
    lines = said.splitlines()
    errors = [line[len(start) :] for line in lines if line.lower().startswith(start)]
    return (errors or lines[-1:] or [""])[0]
