# The layout of an environment of this Python.


def scheme():
    # The directories of an environment, relative to it. Python 3.11 and later have a scheme for them; before that, venv
    # uses those of an installation. `include` is the scheme's in 3.11 to 3.13 only.
    import sysconfig

    root = os.path.join(os.path.abspath(os.sep), "rvenv", "env_dir")
    names = ("base", "platbase", "installed_base", "installed_platbase")
    values = dict.fromkeys(names, root)
    installation = "nt" if os.name == "nt" else "posix_prefix"
    which = "venv" if "venv" in sysconfig.get_scheme_names() else installation

    def directory(key):
        return text(os.path.relpath(sysconfig.get_path(key, which, values), root))

    paths = {key: directory(key) for key in ("scripts", "include", "purelib", "platlib")}
    if not (3, 11) <= sys.version_info < (3, 14):
        paths["include"] = "Include" if os.name == "nt" else "include"
    return paths


def site_packages():
    # The base's own, even if an environment's Python is queried.
    import sysconfig

    return sysconfig.get_path("purelib", vars=dict.fromkeys(("base", "platbase"), base_prefix()))


def link_names():
    # The names that the interpreter gets in bin, besides the base's own.
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
    # As in the text of a version: rc1.
    level, serial = sys.version_info[3:]
    return {"alpha": "a", "beta": "b", "candidate": "rc"}[level] + str(serial) if level != "final" else ""


def free_threaded():
    import sysconfig

    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def machine():
    import sysconfig

    return sysconfig.get_platform()


def companions(executable):
    # The files that a copy of the executable needs: [source, directory]. A portable PyPy has its library beside it, and
    # others in lib.
    import glob

    if os.name == "nt":
        return [[text(path) for path in pair] for pair in tcl_on_windows(executable)]
    real = os.path.realpath(executable)
    directory = os.path.dirname(real)
    libraries = glob.glob(os.path.join(glob.escape(directory), "libpypy*-c.*"))
    others = glob.glob(os.path.join(glob.escape(os.path.dirname(directory)), "lib", "*.so*")) if libraries else []
    files = [[path, "bin"] for path in libraries] + [[path, "lib"] for path in others if os.path.isfile(path)]
    files += [pair for pair in loaded_relatively(real) if pair not in files]
    return [[text(path) for path in pair] for pair in sorted(files)]


def loaded_relatively(real):
    # The libraries that the executable has loaded from its own installation, if it finds them relative to itself
    # (ld.so's $ORIGIN), under each name that the loader may look for: [source, the directory of the environment that is
    # in the same place relative to bin].
    maps = "/proc/self/maps"
    if not os.path.exists(maps) or b"$ORIGIN" not in contents(real):
        return []
    directory = os.path.dirname(real)
    prefix = os.path.dirname(directory) + os.sep
    stdlib = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
    mapped = {os.fsdecode(line.split(None, 5)[5]).rstrip("\n") for line in contents(maps).splitlines() if b"/" in line}
    found = []
    for library in sorted(mapped):
        target = os.path.normpath(os.path.join("bin", os.path.relpath(os.path.dirname(library), directory)))
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
