"""Runs the program ``rvenv`` that was installed along with this module, for the Python that runs this."""

import os
import sys
import sysconfig


def program():
    """The program beside this module's installation: its path, or None."""
    name = "rvenv" + (".exe" if os.name == "nt" else "")
    folders = [sysconfig.get_path("scripts")]
    # As an environment sees what its base has installed.
    folders.append(sysconfig.get_path("scripts", vars={"base": sys.base_prefix}))
    user = os.name + "_user"
    if hasattr(sysconfig, "get_preferred_scheme"):
        user = sysconfig.get_preferred_scheme("user")
    folders.append(sysconfig.get_path("scripts", user))
    # `pip install --target`.
    folders.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    paths = [os.path.join(folder, name) for folder in folders]
    return next((path for path in paths if os.path.isfile(path)), None)


def main():
    path = program()
    if path is None:
        return "Error: the program rvenv is not where its wheel puts it; install it again: pip install --force-reinstall rvenv"
    if not sys.executable:
        return "Error: this Python does not know its own path; run rvenv itself, with --python"
    # What --python on the command line outdoes.
    os.environ["RVENV_PYTHON"] = sys.executable
    arguments = [path] + sys.argv[1:]
    sys.stdout.flush()
    if os.name == "nt":
        import subprocess

        return subprocess.call(arguments)
    os.execv(path, arguments)


if __name__ == "__main__":
    sys.exit(main())
