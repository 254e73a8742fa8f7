# Which Python is the base of the one that was asked: environments, links and copies lead to it.


def leave_current_directory():
    # What lies there is anybody's. Who can write to the standard library's directory can change this Python anyhow.
    for name in ("executable", "_base_executable"):
        if getattr(sys, name, None):
            setattr(sys, name, os.path.abspath(getattr(sys, name)))
    os.chdir(os.path.dirname(os.__file__))


# What a program's name ends with.
EXE = ".exe" if os.name == "nt" else ""


class BaseGone(Exception):
    # An environment's home has no Python in it any more.
    pass


def environment_home(executable):
    # The `home` of the environment that an executable is part of, if it is (PEP 405).
    folder = os.path.dirname(executable)
    for place in (folder, os.path.dirname(folder)):
        configuration = os.path.join(place, "pyvenv.cfg")
        depends.append(configuration)
        try:
            with open(configuration, encoding="utf-8", errors="surrogateescape") as file:
                lines = file.read().splitlines()
        except OSError as error:
            doubt(error)
            continue
        for line in lines:
            key, found, value = line.partition("=")
            if found and key.strip().lower() == "home":
                return value.strip()
    return None


def leave_environments(executable):
    # Before Python 3.11 an environment's Python does not say what its base is, and venv makes a chain of environments.
    # Here each Python leads to its real base.
    for _ in range(20):
        home = environment_home(executable)
        if home is None:
            return executable
        real = real_path(executable)
        # The links to it have the base's name too, be it `python -> mypython`; of a copy, other copies beside it.
        names = [os.path.basename(step) for step in chain(executable)]
        names += [name + EXE for name in ("python%d.%d" % sys.version_info[:2], "python3", "python")]
        found = programs(home, names) or programs(home, copies(executable))
        if not found:
            raise BaseGone(home)
        # The name is the environment's; the Python under it may be another than this one. A link leads to the same
        # file; for a copy the name that has the version in it comes first.
        same = [path for path in found if real_path(path) == real]
        versioned = [path for path in found if "." in os.path.basename(path)[: -len(EXE) or None]]
        executable = (same + versioned + found)[0]
        depends.append(executable)
    raise BaseGone(home)


def real_path(path):
    # The file that a path leads to; where letters of any case are the same, in one of them.
    return os.path.normcase(os.path.realpath(path))


def programs(folder, names):
    paths = [os.path.join(folder, name) for name in names]
    return [path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)]


def copies(path):
    # The names beside a file of those that have the same contents.
    folder = os.path.dirname(path)
    size = os.path.getsize(path)
    others = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    others = [other for other in others if os.path.isfile(other) and os.path.getsize(other) == size]
    return [os.path.basename(other) for other in others if contents(other) == contents(path)]


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def finds_stdlib_from(folder):
    # Would Python, told `home = folder`, find the standard library that it uses now? It looks in the folders
    # above home, save the root, and failing that where it was built to be installed.
    lib = os.path.relpath(os.path.dirname(os.__file__), base_prefix())
    import sysconfig

    if sysconfig.is_python_build():
        # A build that is not installed has its library where this file says.
        return os.path.isfile(os.path.join(folder, "pybuilddir.txt"))
    while folder != os.path.dirname(folder):
        if os.path.isfile(os.path.join(folder, lib, "os.py")):
            return os.path.realpath(folder) == os.path.realpath(base_prefix())
        folder = os.path.dirname(folder)
    # By their real paths: Homebrew's prefixes are links that stay the same when it upgrades.
    return os.path.realpath(built_for() or "") == os.path.realpath(base_prefix())


def built_for():
    import sysconfig

    try:
        name = sysconfig._get_sysconfigdata_name()
        return __import__(name).build_time_vars["prefix"]
    except ImportError as error:
        is_missing(name, error)
    except (AttributeError, KeyError, TypeError):
        pass
    return sysconfig.get_config_var("prefix")


def is_launched(executable):
    # Whether an environment's launcher has started this Python, whose own file is `executable`, as on Windows.
    return os.name == "nt" and os.path.isfile(executable) and real_path(executable) != real_path(sys.executable)


def base_executable():
    executable = getattr(sys, "_base_executable", None) or sys.executable
    if not executable:
        return None
    in_environment = sys.executable and environment_home(os.path.abspath(sys.executable)) is not None
    if in_environment and not is_launched(executable):
        # Python takes the environment's name for the base's, whatever is under that name.
        executable = sys.executable
    executable = leave_environments(os.path.abspath(executable))
    if os.name != "posix":
        return executable
    # A link into an environment is that environment's Python.
    for step in chain(executable):
        if environment_home(step) is not None:
            executable = leave_environments(step)
            break
    # A link from outside the installation stays as it is where Python can live with that (a link named `mypy`);
    # where it cannot, the link is followed, one step at a time, to where it can (gh-106045).
    for step in chain(executable):
        if finds_stdlib_from(os.path.dirname(step)):
            return step
    return executable


def chain(path):
    # A path and, where it is a link, what it leads to, one step at a time.
    for _ in range(40):
        depends.append(path)
        yield path
        if not os.path.islink(path):
            return
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
