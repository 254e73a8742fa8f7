# Asks a Python about itself and prints the answer as one line of JSON between two marks.
# It is passed to `python -I -c`, so it must parse on every Python 3 and import little. What can be asked of the
# interpreter is asked; where venv itself goes by the version, so does this, and only here.
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
    return built_for() == base_prefix()


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


def scheme():
    # The folders of an environment, relative to it. Python 3.11 and later have a scheme for it; before that, venv
    # uses those of an installation. `include` is the scheme's in 3.11 to 3.13 only.
    import sysconfig

    root = os.path.join(os.path.abspath(os.sep), "rvenv", "env_dir")
    names = ("base", "platbase", "installed_base", "installed_platbase")
    values = dict.fromkeys(names, root)
    installation = "nt" if os.name == "nt" else "posix_prefix"
    which = "venv" if "venv" in sysconfig.get_scheme_names() else installation

    def folder(key):
        path = os.path.relpath(sysconfig.get_path(key, which, values), root)
        return text(path.replace(os.sep, "/"))

    paths = {key: folder(key) for key in ("scripts", "include", "purelib", "platlib")}
    if not (3, 11) <= sys.version_info < (3, 14):
        paths["include"] = "Include" if os.name == "nt" else "include"
    return paths


def site_packages():
    # The base's own, also where an environment's Python is asked.
    import sysconfig

    return sysconfig.get_path("purelib", vars=dict.fromkeys(("base", "platbase"), base_prefix()))


def link_names():
    # The names under which bin has the interpreter, besides the base's own.
    names = ["python", "python3"]
    if sys.version_info >= (3, 9):
        names.append("python3.%d" % sys.version_info[1])
    if sys.version_info[:2] == (3, 14) and sys.implementation.name == "cpython":
        names.append("\N{MATHEMATICAL ITALIC SMALL PI}thon")
    if sys.implementation.name == "pypy":
        names += ["pypy3", "pypy"]
    return [text(name) for name in names] if os.name == "posix" else []


def magic():
    import importlib.util

    return "".join("%02x" % byte for byte in importlib.util.MAGIC_NUMBER)


def prerelease():
    # As in a version's text: rc1.
    level, serial = sys.version_info[3:]
    return {"alpha": "a", "beta": "b", "candidate": "rc"}[level] + str(serial) if level != "final" else ""


def free_threaded():
    import sysconfig

    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def machine():
    import sysconfig

    return sysconfig.get_platform()


def companions(executable):
    # What has to stand beside a copy of the executable: [source, folder]. A portable PyPy has its library beside it,
    # and others in lib.
    import glob

    if os.name == "nt":
        return [[text(path) for path in pair] for pair in tcl_on_windows(executable)]
    real = os.path.realpath(executable)
    folder = os.path.dirname(real)
    libraries = glob.glob(os.path.join(glob.escape(folder), "libpypy*-c.*"))
    others = glob.glob(os.path.join(glob.escape(os.path.dirname(folder)), "lib", "*.so*")) if libraries else []
    files = [[path, "bin"] for path in libraries] + [[path, "lib"] for path in others if os.path.isfile(path)]
    files += [pair for pair in loaded_relatively(real) if pair not in files]
    return [[text(path) for path in pair] for pair in sorted(files)]


def programs_on_windows(executable):
    # What Scripts has for the base at `executable`, by the rules of this version's venv, as [name, source]: the launchers that
    # the installation has for environments, and what --symlinks links instead. Where there are no launchers, copies of the
    # executables with the libraries beside them.
    import sysconfig

    folder = os.path.dirname(executable)
    launchers = os.path.join(os.path.dirname(os.__file__), "venv", "scripts", "nt")
    if sysconfig.is_python_build():
        launchers = folder
    if sys.version_info >= (3, 13):
        copied, linked = launchers_of_new_names(executable, folder, launchers)
    else:
        copied, linked = launchers_of_old_names(folder, launchers)
    copied = [[name, source] for name, source in copied if os.path.isfile(source)]
    if "python.exe" not in [name for name, _ in copied] or sys.version_info < (3, 7):
        copied = linked = programs_and_libraries(folder)
    depends.extend(source for _, source in copied + linked)
    return [[[text(name), text(source)] for name, source in pairs] for pairs in (copied, linked)]


def launchers_of_new_names(executable, folder, launchers):
    # Since 3.13: of a debug build (_d) and of a free-threaded one (t) under the plain names too.
    debug = "_d" if os.path.splitext(executable)[0].lower().endswith("_d") else ""
    threads = "t" if free_threaded() else ""
    own = "3.%dt" % sys.version_info[1] if threads else ""
    copied, linked = [], []
    for program, launcher in (("python", "venvlauncher"), ("pythonw", "venvwlauncher")):
        for suffix in sorted({"", debug, own, own + debug}):
            copied.append([program + suffix + ".exe", os.path.join(launchers, launcher + threads + debug + ".exe")])
            linked.append([program + suffix + ".exe", os.path.join(folder, program + own + debug + ".exe")])
    return copied, linked + [pair for pair in programs_and_libraries(folder) if pair[0].lower().endswith(".dll")]


def launchers_of_old_names(folder, launchers):
    # Before: a launcher has the name of the program that it starts; a build that is not installed has the later names.
    copied = []
    for program, launcher in (("python", "venvlauncher"), ("pythonw", "venvwlauncher")):
        for name, later in ((program + end, launcher + end) for end in (".exe", "_d.exe")):
            if os.path.isfile(os.path.join(folder, name)):
                own = os.path.join(launchers, name)
                is_own = launchers != folder and os.path.isfile(own)
                copied.append([name, own if is_own else os.path.join(folder, later)])
    names = [name for name in os.listdir(folder) if name.lower().endswith((".exe", ".dll"))]
    if launchers == folder:
        names = [name for name in names if name.lower().startswith(("python", "vcruntime"))]
    return copied, [[name, os.path.join(folder, name)] for name in sorted(names)]


def programs_and_libraries(folder):
    found = []
    for place in (folder, os.path.join(folder, "DLLs")) if sys.version_info < (3, 7) else (folder,):
        for name in sorted(os.listdir(place)) if os.path.isdir(place) else []:
            is_program = name.lower().startswith("python") and name.lower().endswith(".exe")
            is_library = name.lower().endswith(".pyd" if place != folder else ".dll")
            is_own = sys.version_info < (3, 7) or name.lower().startswith(("python", "vcruntime"))
            if is_program or is_library and is_own:
                found.append([name, os.path.join(place, name)])
    return found


def tcl_on_windows(executable):
    # A build that is not installed has Tcl's start-up file where an environment's Python does not look: [source, folder].
    import sysconfig

    if not sysconfig.is_python_build() and sys.version_info >= (3, 7):
        return []
    for root, _, files in os.walk(os.path.dirname(executable)):
        if "init.tcl" in files:
            return [[os.path.join(root, "init.tcl"), "Lib/" + os.path.basename(root)]]
    return []


def loaded_relatively(real):
    # The libraries that the executable, if it says where they are relative to itself (ld.so's $ORIGIN), has loaded from
    # its installation, under each name that the loader may ask for: [source, the folder of the environment that is where
    # its own is, seen from bin].
    maps = "/proc/self/maps"
    if not os.path.exists(maps) or b"$ORIGIN" not in contents(real):
        return []
    folder = os.path.dirname(real)
    prefix = os.path.dirname(folder) + os.sep
    stdlib = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
    mapped = {os.fsdecode(line.split(None, 5)[5]).rstrip("\n") for line in contents(maps).splitlines() if b"/" in line}
    found = []
    for library in sorted(mapped):
        target = os.path.normpath(os.path.join("bin", os.path.relpath(os.path.dirname(library), folder)))
        is_own = library.startswith(prefix) and not library.startswith(stdlib) and library != real
        if is_own and os.path.isfile(library) and not target.startswith(os.pardir):
            beside = os.path.dirname(library)
            names = [name for name in os.listdir(beside) if ".so." in name or name == os.path.basename(library)]
            same = [name for name in names if os.path.realpath(os.path.join(beside, name)) == library]
            found += [[os.path.join(beside, name), target] for name in same]
            depends.append(library)
    return found


def has_lib64():
    # bpo-21197: on 64-bit POSIX systems other than macOS lib64 is a link to lib.
    return sys.maxsize > 2**32 and os.name == "posix" and sys.platform != "darwin" and sys.version_info < (3, 15)


def wheel_pkg_dir():
    # Where the distributor keeps wheels. ensurepip of 3.13 and 3.14 takes an empty setting for the current directory
    # (gh-146310), and each version a relative one for a place there: both are unset here, for ensurepip too.
    import sysconfig

    settings = sysconfig.get_config_vars()
    folder = settings.get("WHEEL_PKG_DIR")
    if not folder or not os.path.isabs(folder):
        folder = settings["WHEEL_PKG_DIR"] = None
    return folder


def bundled_wheels():
    # The wheels that ensurepip would install, by ensurepip's own answer, or why there are none. Debian has ensurepip in
    # a package of its own; the wheels are in yet others, where the interpreter knows to look.
    bundled = os.path.join(os.path.dirname(os.__file__), "ensurepip", "_bundled")
    shared = wheel_pkg_dir()
    debians = "/usr/share/python-wheels" if os.name == "posix" else None
    own = [folder for folder in (bundled, shared, debians) if folder]
    depends.extend([os.path.join(os.path.dirname(bundled), "__init__.py")] + own)
    try:
        import ensurepip
    except ImportError as error:
        names = ["pip"] if sys.version_info >= (3, 12) else ["pip", "setuptools"]
        paths = newest_wheels(names, [shared]) if shared else []
        if is_missing("ensurepip", error):
            return paths, "it has no ensurepip module"
        return paths, "its ensurepip cannot be imported: " + str(error)
    if hasattr(ensurepip, "_get_packages"):
        paths = [package.wheel_path or os.path.join(bundled, package.wheel_name)
                 for package in ensurepip._get_packages().values()]
    elif hasattr(ensurepip, "_get_pip_whl_path_ctx"):
        with ensurepip._get_pip_whl_path_ctx() as path:
            paths = [str(path)]
    else:
        projects = getattr(ensurepip, "_PROJECTS", ["pip"])
        names = [project if isinstance(project, str) else "-".join(project[:2]) for project in projects]
        paths = newest_wheels(names, own)
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing or not paths:
        return [], "the wheels of its ensurepip are missing" + "".join(": " + path for path in missing[:1])
    real = [os.path.realpath(folder) for folder in own]
    for path in paths:
        if os.path.realpath(os.path.dirname(path)) not in real:
            return [], "its ensurepip names a wheel outside of its own directories: " + path
    return paths, None


def newest_wheels(names, folders):
    # The newest wheel of each `project` or `project-version`, from the first of the folders that has all.
    import glob

    def numbers(path):
        version = os.path.basename(path).split("-")[1]
        return [int(number) for number in version.split(".") if number.isdigit()]

    for folder in folders:
        found = [glob.glob(os.path.join(glob.escape(folder), name + "-*.whl")) for name in names]
        if all(found):
            return [max(paths, key=numbers) for paths in found]
    return []


def answer():
    about = {"version": list(sys.version_info[:3])}
    if sys.version_info < (3, 6):
        return about
    leave_current_directory()
    try:
        executable = base_executable()
    except BaseGone as gone:
        return dict(about, doubt=doubts[0]) if doubts else dict(about, base_gone=text(gone.args[0]))
    if executable is None:
        return about
    about.update(
        implementation=sys.implementation.name,
        free_threaded=free_threaded(),
        debug=hasattr(sys, "gettotalrefcount"),
        machine=machine(),
        bits=64 if sys.maxsize > 2**32 else 32,
        os_name=os.name,
        asked=text(os.path.abspath(sys.executable)),
        executable=text(executable),
        real_executable=text(os.path.realpath(executable)),
        prerelease=prerelease(),
        scheme=scheme(),
        link_names=link_names(),
        programs=programs_on_windows(executable) if os.name == "nt" else [[], []],
        lib64=has_lib64(),
        companions=companions(executable),
        cache_tag=sys.implementation.cache_tag,
        magic=magic(),
        site_packages=text(site_packages()),
    )
    if doubts:
        return dict(about, doubt=doubts[0])
    # Not each environment needs the wheels, so a doubt about them is no reason to give up.
    wheels, wheels_missing = bundled_wheels()
    depends.extend([executable, os.path.realpath(executable), os.__file__] + wheels)
    about.update(
        depends=sorted({text(path) for path in depends}),
        wheels=sorted(text(path) for path in wheels),
        wheels_missing=None if wheels else text(wheels_missing),
        lasting=not doubts,
    )
    return about


def main():
    import json

    # Whatever start-up or a site hook has printed stands before the first mark; stdout may have no encoding.
    os.write(1, ("\n<rvenv-probe>" + json.dumps(answer()) + "</rvenv-probe>\n").encode("ascii"))


main()
