# Puts the output together.


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
    # Not every environment needs the wheels, so a doubt about them is no reason to fail.
    wheels, wheels_missing = bundled_wheels()
    zlib = has_zlib()
    depends.extend([executable, os.path.realpath(executable), os.__file__] + wheels)
    about.update(
        depends=sorted({text(path) for path in depends}),
        wheels=sorted(text(path) for path in wheels),
        wheels_missing=None if wheels else text(wheels_missing),
        zlib=zlib,
        lasting=zlib and not doubts + passing,
    )
    return about


def main():
    import json

    # Output of start-up or a site hook comes before the first mark. Write bytes, since stdout may have no encoding.
    os.write(1, ("\n<rvenv-probe>" + json.dumps(answer()) + "</rvenv-probe>\n").encode("ascii"))


main()
