# Compiles the modules in a directory. Arguments: the directory, and whether .pyc are validated by the source's hash.
# Input: the modules' names, separated by NUL. Prints the names of those that could not be compiled, each terminated by
# NUL. They are not an error: pip installs them too, without a .pyc. A .pyc names its source relative to site-packages,
# so that it fits every environment; Python sets the full path when it loads it.
import sys

# Remove the current directory, where anyone may have put modules. Python before 3.11 does not know PYTHONSAFEPATH.
sys.path[:] = [directory for directory in sys.path if directory]

import os
import py_compile

directory, by_hash = sys.argv[1:]
names = sys.stdin.buffer.read().decode().split("\0")
options = {}
if hasattr(py_compile, "PycInvalidationMode"):
    modes = py_compile.PycInvalidationMode
    options["invalidation_mode"] = modes.CHECKED_HASH if by_hash == "true" else modes.TIMESTAMP
# On POSIX a process outlives its parent, so check for that. On Windows the job object ends it.
parent = os.getppid() if os.name == "posix" else None
for name in names:
    if parent is not None and os.getppid() != parent:
        # The parent has ended: nobody needs the files.
        sys.exit(1)
    try:
        py_compile.compile(os.path.join(directory, name), dfile=name, doraise=True, **options)
    except py_compile.PyCompileError:
        sys.stdout.buffer.write(os.fsencode(name) + b"\0")
