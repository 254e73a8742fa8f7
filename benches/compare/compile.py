# Compiles all modules below a directory, and nothing else. There is a process per core, each with an equal share by
# size.
import importlib.util
import marshal
import os
import sys

modules = [os.path.join(top, name) for top, _, names in os.walk(sys.argv[1]) for name in names if name.endswith(".py")]
modules.sort(key=os.path.getsize, reverse=True)
cores = len(os.sched_getaffinity(0))
share = next((number for number in range(1, cores) if os.fork() == 0), 0)
for module in modules[share::cores]:
    with open(module, "rb") as file:
        source = file.read()
    try:
        code = compile(source, module, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        continue
    header = [0] if sys.version_info >= (3, 7) else []
    header += [int(os.path.getmtime(module)), len(source)]
    pyc = importlib.util.cache_from_source(module)
    os.makedirs(os.path.dirname(pyc), exist_ok=True)
    with open(pyc, "wb") as file:
        file.write(importlib.util.MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in header))
        file.write(marshal.dumps(code))
if share == 0:
    for _ in range(1, cores):
        os.wait()
