# Asks a Python about itself and prints the answer as one line of JSON between two marks. This file and those beside it are
# put together in the order of probe.rs and passed to `python -I -c`, so they must parse on every Python 3 and import little.
# What can be asked of the interpreter is asked; where venv itself goes by the version, so do they, and only they.
import errno
import os
import sys


def text(path):
    # JSON has no bytes: each byte of a path is the character of that number.
    return os.fsencode(path).decode("latin-1")


def base_prefix():
    return getattr(sys, "base_prefix", sys.prefix)


# The paths that decide the answer, there or not: as long as they are as they were, so is it.
depends = []


# Errors that may pass, such as too little memory or too many open files. Much of the library takes each error of the file
# system for "there is no such file", so they are noted at their source: what is missing then may be there.
doubts = []

# The errors that say something certain.
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
    # Whether a module could not be imported because the standard library has none of that name, or because a site hook
    # hides it (by a None among the modules); else that is a doubt.
    if module in sys.modules:
        return True
    path = os.path.join(os.path.dirname(os.__file__), module)
    if os.path.exists(path + ".py") or os.path.exists(os.path.join(path, "__init__.py")):
        doubt(error)
        return False
    return True
