# The programs in Scripts on Windows.


def programs_on_windows(executable):
    # The programs in Scripts for the base at `executable`, by the rules of this version's venv, as [name, source]: the
    # installation's launchers for environments, and what --symlinks links to instead. Without launchers, both are the
    # executables and the libraries beside them.
    import sysconfig

    directory = os.path.dirname(executable)
    launchers = os.path.join(os.path.dirname(os.__file__), "venv", "scripts", "nt")
    if sysconfig.is_python_build():
        launchers = directory
    if sys.version_info >= (3, 13):
        copied, linked = launchers_of_new_names(executable, directory, launchers)
    else:
        copied, linked = launchers_of_old_names(directory, launchers)
    copied = [[name, source] for name, source in copied if os.path.isfile(source)]
    if "python.exe" not in [name for name, _ in copied] or sys.version_info < (3, 7):
        copied = linked = programs_and_libraries(directory)
    depends.extend(source for _, source in copied + linked)
    return [[[text(name), text(source)] for name, source in pairs] for pairs in (copied, linked)]


def launchers_of_new_names(executable, directory, launchers):
    # Since 3.13: the launchers of debug (_d) and free-threaded (t) builds get the plain names too. Not every installation
    # of such a build has programs with these letters (gh-149786).
    debug = "_d" if os.path.splitext(executable)[0].lower().endswith("_d") else ""
    threads = "t" if free_threaded() else ""
    own = "3.%dt" % sys.version_info[1] if threads else ""
    copied, linked = [], []
    for program, launcher in (("python", "venvlauncher"), ("pythonw", "venvwlauncher")):
        named = [os.path.join(directory, program + end + ".exe") for end in (own + debug, debug, "")]
        depends.extend(named)
        sources = [source for source in named if os.path.isfile(source)] + [executable] * (program == "python")
        for suffix in sorted({"", debug, own, own + debug}):
            copied.append([program + suffix + ".exe", os.path.join(launchers, launcher + threads + debug + ".exe")])
            linked += [[program + suffix + ".exe", source] for source in sources[:1]]
    return copied, linked + [pair for pair in programs_and_libraries(directory) if pair[0].lower().endswith(".dll")]


def launchers_of_old_names(directory, launchers):
    # Before 3.13: a launcher has the name of the program it starts. A build that is not installed has the new names.
    copied = []
    for program, launcher in (("python", "venvlauncher"), ("pythonw", "venvwlauncher")):
        for name, later in ((program + end, launcher + end) for end in (".exe", "_d.exe")):
            if os.path.isfile(os.path.join(directory, name)):
                own = os.path.join(launchers, name)
                is_own = launchers != directory and os.path.isfile(own)
                copied.append([name, own if is_own else os.path.join(directory, later)])
    names = [name for name in os.listdir(directory) if name.lower().endswith((".exe", ".dll"))]
    if launchers == directory:
        names = [name for name in names if name.lower().startswith(("python", "vcruntime"))]
    return copied, [[name, os.path.join(directory, name)] for name in sorted(names)]


def programs_and_libraries(directory):
    found = []
    for place in (directory, os.path.join(directory, "DLLs")) if sys.version_info < (3, 7) else (directory,):
        for name in sorted(os.listdir(place)) if os.path.isdir(place) else []:
            is_program = name.lower().startswith("python") and name.lower().endswith(".exe")
            is_library = name.lower().endswith(".pyd" if place != directory else ".dll")
            is_own = sys.version_info < (3, 7) or name.lower().startswith(("python", "vcruntime"))
            if is_program or is_library and is_own:
                found.append([name, os.path.join(place, name)])
    return found


def tcl_on_windows(executable):
    # A build that is not installed has Tcl's start-up file where an environment's Python does not look for it:
    # [source, directory].
    import sysconfig

    if not sysconfig.is_python_build() and sys.version_info >= (3, 7):
        return []
    for root, _, files in os.walk(os.path.dirname(executable)):
        if "init.tcl" in files:
            return [[os.path.join(root, "init.tcl"), "Lib/" + os.path.basename(root)]]
    return []
