# Compiles modules that stand in one folder for another, their final one: argv is [staged, final]; stdin has the
# names, each ended by NUL; the names of those that do not compile are printed in the same way. Those are not an
# error: pip installs them too, and leaves their .pyc out.
import os
import py_compile
import sys

staged, final = sys.argv[1:3]
for name in os.fsdecode(sys.stdin.buffer.read()).split("\0")[:-1]:
    try:
        py_compile.compile(os.path.join(staged, name), dfile=os.path.join(final, name), doraise=True)
    except py_compile.PyCompileError:
        sys.stdout.buffer.write(os.fsencode(name) + b"\0")
