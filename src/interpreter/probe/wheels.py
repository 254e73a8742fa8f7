# The wheels of pip and setuptools that come with this Python.


def wheel_pkg_dir():
    # Where the distributor keeps wheels. ensurepip of 3.13 and 3.14 treats an empty setting as the current directory
    # (gh-146310), and every version takes a relative one as relative to it. Both are unset here, for ensurepip too.
    import sysconfig

    settings = sysconfig.get_config_vars()
    directory = settings.get("WHEEL_PKG_DIR")
    if not directory or not os.path.isabs(directory):
        directory = settings["WHEEL_PKG_DIR"] = None
    return directory


def bundled_wheels():
    # The wheels that ensurepip would install, according to ensurepip itself, or the reason why there are none. Debian
    # has ensurepip in a separate package and the wheels in others; the interpreter knows where those are.
    bundled = os.path.join(os.path.dirname(os.__file__), "ensurepip", "_bundled")
    shared = wheel_pkg_dir()
    debians = "/usr/share/python-wheels" if os.name == "posix" else None
    own = [directory for directory in (bundled, shared, debians) if directory]
    depends.extend([os.path.join(os.path.dirname(bundled), "__init__.py")] + own)
    try:
        ensurepip = import_ensurepip()
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
    real = [os.path.realpath(directory) for directory in own]
    for path in paths:
        if os.path.realpath(os.path.dirname(path)) not in real:
            return [], "its ensurepip names a wheel outside of its own directories: " + path
    return paths, None


def has_zlib():
    # pip does not start without it, and it is missing if Python was built without the library's headers.
    try:
        return bool(__import__("zlib"))
    except ImportError:
        return False


def import_ensurepip():
    # Only to query it. Most of its import time goes into modules that it needs for its real work, so they are left out.
    unneeded = ["importlib.resources", "pkgutil", "shutil", "subprocess", "tempfile"]
    stand_ins = {name: Unneeded(name) for name in unneeded if name not in sys.modules}
    before = set(sys.modules)
    sys.modules.update(stand_ins)
    try:
        return __import__("ensurepip")
    except Exception:
        # A distributor's ensurepip may do more on import. Import it again without the remains of the first attempt.
        for name in set(sys.modules) - before - set(stand_ins):
            if name.partition(".")[0] == "ensurepip":
                del sys.modules[name]
    finally:
        for name in stand_ins:
            del sys.modules[name]
    return __import__("ensurepip")


class Unneeded(type(sys)):
    # Replaces a module that ensurepip imports but does not call. The exception is importlib.resources, which locates a
    # file of a package.
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None

    @staticmethod
    def files(package):
        from pathlib import Path

        return Path(sys.modules[package].__file__).parent

    @staticmethod
    def as_file(path):
        from contextlib import nullcontext

        return nullcontext(path)


def newest_wheels(names, directories):
    # The newest wheel of each `project` or `project-version`, from the first directory that has all of them.
    import glob

    def numbers(path):
        version = os.path.basename(path).split("-")[1]
        return [int(number) for number in version.split(".") if number.isdigit()]

    for directory in directories:
        found = [glob.glob(os.path.join(glob.escape(directory), name + "-*.whl")) for name in names]
        if all(found):
            return [max(paths, key=numbers) for paths in found]
    return []
