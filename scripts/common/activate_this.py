"""Has the Python that runs this use the environment, where no shell can activate it: in a program that embeds Python,
or one that was started by another Python of the same version.

    path = ".../bin/activate_this.py"
    exec(open(path).read(), {"__file__": path})
"""

import os
import site
import sys


def activate(virtual_env, prompt, bin_name):
    # Debian's site has other folders for a Python that is no environment's.
    prefixes = sys.prefix, sys.exec_prefix
    sys.prefix = sys.exec_prefix = virtual_env
    folders = [folder for folder in site.getsitepackages([virtual_env]) if os.path.isdir(folder)]
    if not folders:
        sys.prefix, sys.exec_prefix = prefixes
        raise RuntimeError("%s is no environment of Python %d.%d" % (virtual_env, *sys.version_info[:2]))

    rest = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join([os.path.join(virtual_env, bin_name)] + ([rest] if rest else []))
    os.environ["VIRTUAL_ENV"] = virtual_env
    os.environ["VIRTUAL_ENV_PROMPT"] = prompt
    os.environ.pop("PYTHONHOME", None)

    # The environment's packages come first, those that are found already after them.
    before = list(sys.path)
    for folder in folders:
        site.addsitedir(folder)
    sys.path[:] = [path for path in sys.path if path not in before] + before


activate(__VENV_DIR__, __VENV_PROMPT__, __VENV_BIN_NAME__)
