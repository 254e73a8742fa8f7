# Compiles the modules in a folder: argv is [folder, whether their .pyc shall go by the source's hash, name, …]; the
# names of those that do not compile are printed, each ended by NUL. Those are not an error: pip installs them too, and
# leaves their .pyc out. A .pyc names its source relative to site-packages, so that it fits every environment; Python
# puts the path in as it loads it.
import sys

# Without the current directory, whose modules are anybody's, also before Python 3.11, which knows no PYTHONSAFEPATH.
sys.path[:] = [folder for folder in sys.path if folder]

import os
import py_compile

folder, by_hash, *names = sys.argv[1:]
options = {}
if hasattr(py_compile, "PycInvalidationMode"):
    modes = py_compile.PycInvalidationMode
    options["invalidation_mode"] = modes.CHECKED_HASH if by_hash == "true" else modes.TIMESTAMP
# Where a process does not end with whoever has started it, it looks: there is no need to where there are jobs.
parent = os.getppid() if os.name == "posix" else None
for name in names:
    if parent is not None and os.getppid() != parent:
        # Whoever wanted them is gone.
        sys.exit(1)
    try:
        py_compile.compile(os.path.join(folder, name), dfile=name, doraise=True, **options)
    except py_compile.PyCompileError:
        sys.stdout.buffer.write(os.fsencode(name) + b"\0")
