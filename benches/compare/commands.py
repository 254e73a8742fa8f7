"""Running commands in a clean environment."""

import os
import re
import subprocess

# No other variables are passed, so that no setting of the caller helps or hinders a contestant.
KEPT = {"HOME", "PATH", "TMPDIR", "USER", "LANG", "LC_ALL", "PYENV_ROOT", "SSL_CERT_FILE", "SSL_CERT_DIR"}


class Failed(Exception):
    """A command that failed, with the reason."""


def is_kept(name):
    # uv's cache is keyed by its index.
    return name in KEPT or (name.startswith("UV_") and "INDEX" in name) or name.lower().endswith("_proxy")


CLEAN = {name: value for name, value in os.environ.items() if is_kept(name)}


def output(*words, variables=CLEAN):
    """What a command prints."""
    try:
        result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=variables)
    except OSError as error:
        raise Failed(f"could not run {words[0]}: {error}") from None
    if result.returncode:
        raise Failed(f"{words[0]} failed: {result.stderr.strip()}")
    return result.stdout.strip()


def found_in_output(pattern, *words):
    """What the group of a pattern matches in a command's output."""
    try:
        match = re.search(pattern, output(*words))
    except Failed:
        match = None
    return match[1] if match else "unknown"


def run(words, variables, log):
    """Runs a command. Its output goes to a file, which costs all of them the same. `posix_spawn` starts it without the
    cost of `subprocess`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, flags, 0o666),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        _, status = os.waitpid(os.posix_spawn(words[0], words, variables, file_actions=files), 0)
    except OSError as error:
        raise Failed(f"could not be run: {error}") from None
    if status:
        raise Failed(reason(log) or f"exit status {os.waitstatus_to_exitcode(status)}")


def reason(log):
    """The first line of an output that mentions an error, or else the first line."""
    with open(log, errors="replace") as file:
        lines = [line.strip() for line in file if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[0] if lines else None)
