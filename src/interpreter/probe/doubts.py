# Queries a Python and prints the result as one line of JSON between two marks. probe.rs joins this file and those
# beside it and passes them to `python -I`, so they must parse on every Python 3 and import little. They query the
# interpreter where possible, and look at its version only where venv does too.
import errno
import os
import sys


def text(path):
    # JSON has no bytes: each byte of a path becomes the character with that code.
    return os.fsencode(path).decode("latin-1")


def base_prefix():
    return getattr(sys, "base_prefix", sys.prefix)


# The paths that the result depends on, whether they exist or not: while they are unchanged, so is the result.
depends = []


# Errors that may be temporary, such as too little memory or too many open files. Much of the library treats every file
# system error as "no such file", so they are recorded at their source: what seems missing may be there.
doubts = []

# What holds for this run only, such as a path that is relative to the current directory.
passing = []

# Errors that leave no doubt.
CERTAIN = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL}


def doubt(error):
    if getattr(error, "errno", None) not in CERTAIN:
        doubts.append(text(str(error)))


def noting(function):
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except OSError as error:
            doubt(error)
            raise

    return call


for name in ("listdir", "lstat", "readlink", "scandir", "stat"):
    setattr(os, name, noting(getattr(os, name)))


def is_missing(module, error):
    # Whether a module could not be imported because the standard library does not have it, or because a site hook hides
    # it (by a None in sys.modules). Any other reason is recorded as a doubt.
    if module in sys.modules:
        return True
    path = os.path.join(os.path.dirname(os.__file__), module)
    if os.path.exists(path + ".py") or os.path.exists(os.path.join(path, "__init__.py")):
        doubt(error)
        return False
    return True
