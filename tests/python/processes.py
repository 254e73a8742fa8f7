"""Passes builders, functions and errors between processes and threads. Run in an empty directory by the Python under
test, for which `venv` is rvenv's.
"""

import multiprocessing
import os
import pickle
import subprocess
import sys
from multiprocessing.pool import ThreadPool

import venv

# Wine does not make links that work.
LINKS = os.name != "nt"


def is_created(env_dir):
    with open(os.path.join(env_dir, "pyvenv.cfg"), encoding="utf-8") as file:
        return "rvenv = " in file.read()


def main():
    builder = venv.EnvBuilder(symlinks=LINKS)
    failure = venv.CreationError
    with open("file", "w"):
        pass
    pools = {method: multiprocessing.get_context(method).Pool for method in multiprocessing.get_all_start_methods()}
    for method, pool in {**pools, "thread": ThreadPool}.items():
        with pool(2) as workers:
            names = ["%s-%d" % (method, number) for number in range(4)]
            workers.map(builder.create, names)
            workers.apply(venv.create, ("%s-created" % method,), {"symlinks": LINKS})
            try:
                workers.apply(venv.create, (os.path.join("file", "x"),))
            except failure as error:
                assert isinstance(error, FileNotFoundError if os.name == "nt" else NotADirectoryError), error
                assert error.filename.endswith("x"), error
                raised = error
            else:
                raise AssertionError("no error")
            assert all(map(is_created, names + ["%s-created" % method])), method

    # A process that has loaded nothing yet.
    code = "import pickle, sys; builder, create, error = pickle.load(sys.stdin.buffer); create('fresh')"
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps([builder, venv.create, raised]), check=True)
    assert is_created("fresh")


if __name__ == "__main__":
    main()
