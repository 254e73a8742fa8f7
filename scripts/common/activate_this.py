# Activates the environment in the Python that runs this, where no shell can do it: in a program that embeds Python, or
# one that was started by another Python of the same version. It leaves no name in the globals.
#
#     path = ".../bin/activate_this.py"
#     exec(open(path).read(), {"__file__": path})


def _activate(names, prompt, bin_name):
    import os
    import shlex
    import site
    import sys

    if "__file__" not in names:
        raise RuntimeError('__file__ is not set; run: exec(open(path).read(), {"__file__": path})')
    script = names["__file__"]
    # The environment that the script is in now, even if it was renamed after it was created.
    levels = [os.pardir] * (1 + len(bin_name.split(os.sep)))
    places = [os.path.normpath(os.path.join(path, *levels)) for path in (os.path.abspath(script), os.path.realpath(script))]
    places = [place for place in places if os.path.exists(os.path.join(place, "pyvenv.cfg"))]
    if not places:
        raise RuntimeError(f"{script} is not in an environment: there is no pyvenv.cfg beside its directory")
    virtual_env = places[0]

    # Some programs run this in their own globals, and set the file there. multiprocessing would run it in each process.
    # Python has warned there of the file that they have not closed.
    if names.get("__name__") == "__main__":
        del names["__file__"]
        names.pop("__warningregistry__", None)

    # In the environment's own Python, the packages are there already.
    if not os.path.isdir(sys.prefix) or not os.path.samefile(sys.prefix, virtual_env):
        version = "{}.{}".format(*sys.version_info[:2])
        with open(os.path.join(virtual_env, "pyvenv.cfg"), encoding="utf-8", errors="surrogateescape") as lines:
            pairs = [line.partition("=") for line in lines]
        own = "".join(value.strip() for key, _, value in pairs if key.strip().lower() == "version")
        own = ".".join(own.split(".")[:2])
        if own != version:
            problem = f"{virtual_env} is not an environment of Python {version} but of Python {own or '(unknown)'}"
            import subprocess

            quoted = subprocess.list2cmdline([virtual_env]) if os.name == "nt" else shlex.quote(virtual_env)
            raise RuntimeError(f"{problem}; to change that, run: rvenv --upgrade -p {version} {quoted}")
        # Debian's site module returns other directories for a Python outside an environment.
        sys.prefix = sys.exec_prefix = virtual_env
        # The environment's packages come first, and then what was on sys.path before.
        before = list(sys.path)
        for directory in filter(os.path.isdir, site.getsitepackages([virtual_env])):
            site.addsitedir(directory)
        sys.path[:] = [path for path in sys.path if path not in before] + before

    bin_path = os.path.join(virtual_env, bin_name)
    rest = [path for path in os.environ.get("PATH", "").split(os.pathsep) if path != bin_path]
    os.environ["PATH"] = os.pathsep.join([bin_path] + (rest if any(rest) else []))
    os.environ["VIRTUAL_ENV"] = virtual_env
    os.environ["VIRTUAL_ENV_PROMPT"] = prompt
    os.environ.pop("PYTHONHOME", None)


try:
    _activate(globals(), __VENV_PROMPT__, __VENV_BIN_NAME__)
finally:
    del _activate
