# Finds the base of the Python that was queried, by way of environments, links and copies.


def leave_current_directory():
    # Anyone may put files there. Whoever can write to the standard library's directory can change this Python anyway.
    # What Python took from there itself, through an environment's relative `home`, becomes absolute.
    prefixes = ("prefix", "exec_prefix", "base_prefix", "base_exec_prefix")
    for name in ("executable", "_base_executable") + prefixes:
        if getattr(sys, name, None):
            setattr(sys, name, os.path.abspath(getattr(sys, name)))
    sys.path[:] = [os.path.abspath(path) for path in sys.path]
    os.__file__ = os.path.abspath(os.__file__)
    try:
        started_in.append(os.getcwd())
    except OSError:
        # It has been deleted, so nothing was taken from it.
        pass
    os.chdir(os.path.dirname(os.__file__))


# The directory that a relative `home` is relative to.
started_in = []

# The suffix of executables.
EXE = ".exe" if os.name == "nt" else ""


class BaseGone(Exception):
    # An environment's home no longer contains a Python.
    pass


def environment_home(executable):
    # The `home` of the environment that an executable belongs to, or None (PEP 405).
    directory = os.path.dirname(executable)
    for place in (directory, os.path.dirname(directory)):
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
                home = value.strip()
                if not os.path.isabs(home):
                    passing.append(home)
                return os.path.normpath(os.path.join(*started_in + [home]))
    return None


def leave_environments(executable):
    # Before Python 3.11 an environment's Python does not report its base, and venv creates a chain of environments.
    # Here the chain is followed to the real base.
    for _ in range(20):
        home = environment_home(executable)
        if home is None:
            return executable
        real = real_path(executable)
        # A link leads to the base's name (`python -> mypython`); a copy may have that name among the copies beside it.
        names = [os.path.basename(step) for step in chain(executable)]
        names += [name + EXE for name in ("python%d.%d" % sys.version_info[:2], "python3", "python")]
        found = programs(home, names) or programs(home, copies(executable))
        if not found:
            raise BaseGone(home)
        # In the base, the environment's name may belong to another Python. Prefer the same file, which a link leads to;
        # for a copy, prefer a name with the version in it.
        same = [path for path in found if real_path(path) == real]
        versioned = [path for path in found if "." in os.path.basename(path)[: -len(EXE) or None]]
        executable = (same + versioned + found)[0]
        depends.append(executable)
    raise BaseGone(home)


def real_path(path):
    # The real path of a file, in one case of letters where the system ignores case.
    return os.path.normcase(os.path.realpath(path))


def programs(directory, names):
    paths = [os.path.join(directory, name) for name in names]
    return [path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)]


def copies(path):
    # The names of the files in the same directory that have the same contents.
    directory = os.path.dirname(path)
    size = os.path.getsize(path)
    others = [os.path.join(directory, name) for name in sorted(os.listdir(directory))]
    others = [other for other in others if os.path.isfile(other) and os.path.getsize(other) == size]
    return [os.path.basename(other) for other in others if contents(other) == contents(path)]


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def finds_stdlib_from(directory):
    # Whether Python would find the standard library that it uses now, given `home = directory`. It looks in the
    # directories above home, except the root, and then in the prefix that it was built for.
    lib = os.path.relpath(os.path.dirname(os.__file__), base_prefix())
    import sysconfig

    if sysconfig.is_python_build():
        # A build that is not installed finds its library through this file.
        return os.path.isfile(os.path.join(directory, "pybuilddir.txt"))
    while directory != os.path.dirname(directory):
        library = os.path.join(directory, lib, "os.py")
        if os.path.isfile(library):
            # Of a tree of links, only the files are the same.
            return os.path.realpath(library) == os.path.realpath(os.__file__)
        directory = os.path.dirname(directory)
    # Compare real paths: Homebrew's prefixes are links that stay the same when it upgrades.
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
    # Whether an environment's launcher has started this Python, as on Windows; its own file is `executable`.
    return os.name == "nt" and os.path.isfile(executable) and real_path(executable) != real_path(sys.executable)


def base_executable():
    executable = getattr(sys, "_base_executable", None) or sys.executable
    if not executable:
        return None
    in_environment = sys.executable and environment_home(os.path.abspath(sys.executable)) is not None
    if in_environment and not is_launched(executable):
        # Python assumes that the base has the environment's name, even if another file has that name.
        executable = sys.executable
    executable = leave_environments(os.path.abspath(executable))
    if os.name != "posix":
        return executable
    # A link into an environment counts as that environment's Python.
    for step in chain(executable):
        if environment_home(step) is not None:
            executable = leave_environments(step)
            break
    # Keep a link from outside the installation (named `mypy`, say) if Python finds its library from there. If not,
    # follow the link one step at a time until it does. Newer Pythons do that themselves (gh-106045).
    if sys.implementation.name == "cpython" and sys.version_info >= (3, 14, 9) and sys.version_info[:3] != (3, 15, 0):
        return executable
    for step in chain(executable):
        if finds_stdlib_from(os.path.dirname(step)):
            return step
    return executable


def chain(path):
    # A path and, if it is a link, what it leads to, one step at a time.
    for _ in range(40):
        depends.append(path)
        yield path
        if not os.path.islink(path):
            return
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
