"""Activates the environment in the Python that runs this, where no shell can do it: in a program that embeds Python,
or one that was started by another Python of the same version.

    path = ".../bin/activate_this.py"
    exec(open(path).read(), {"__file__": path})
"""

import os
import site
import sys


def environment_of(script, bin_name):
    # The environment that the script is in now, even if it was renamed after it was created.
    for path in (os.path.abspath(script), os.path.realpath(script)):
        directory = os.path.dirname(path)
        for _ in bin_name.split(os.sep):
            directory = os.path.dirname(directory)
        if os.path.exists(os.path.join(directory, "pyvenv.cfg")):
            return directory
    raise RuntimeError(f"{script} is not in an environment: there is no pyvenv.cfg beside its directory")


def version_of(virtual_env):
    with open(os.path.join(virtual_env, "pyvenv.cfg"), encoding="utf-8", errors="surrogateescape") as lines:
        for key, _, value in (line.partition("=") for line in lines):
            if key.strip().lower() == "version":
                return value.strip().split(".")[:2]


def activate(virtual_env, prompt, bin_name):
    version = [str(number) for number in sys.version_info[:2]]
    if version_of(virtual_env) != version:
        raise RuntimeError(f"{virtual_env} is not an environment of Python {'.'.join(version)}")
    # Debian's site module returns other directories for a Python outside an environment.
    sys.prefix = sys.exec_prefix = virtual_env
    directories = [directory for directory in site.getsitepackages([virtual_env]) if os.path.isdir(directory)]

    rest = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join([os.path.join(virtual_env, bin_name)] + ([rest] if rest else []))
    os.environ["VIRTUAL_ENV"] = virtual_env
    os.environ["VIRTUAL_ENV_PROMPT"] = prompt
    os.environ.pop("PYTHONHOME", None)

    # The environment's packages come first, and then what was on sys.path before.
    before = list(sys.path)
    for directory in directories:
        site.addsitedir(directory)
    sys.path[:] = [path for path in sys.path if path not in before] + before


if "__file__" not in globals():
    raise RuntimeError('__file__ is not set; run: exec(open(path).read(), {"__file__": path})')
activate(environment_of(__file__, __VENV_BIN_NAME__), __VENV_PROMPT__, __VENV_BIN_NAME__)
