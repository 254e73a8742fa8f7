"""Creates environments for another Python, whose path is the first argument and whose version is the second."""

import os
import subprocess
import sys

import rvenv

python, version = sys.argv[1:]


def version_of(env_dir):
    code = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.check_output([os.path.join(env_dir, "bin", "python"), "-Ic", code]).decode().strip()


# By its path, its version and its name.
for wanted in (python, version, "python" + version):
    rvenv.create("created", python=wanted, clear=True, symlinks=True, with_pip=True)
    assert version_of("created") == version, wanted
try:
    rvenv.create("none", python="")
except ValueError as error:
    assert "--python" in str(error), error
else:
    raise AssertionError("no error")


# The hook gets the other Python's context.
class Hooked(rvenv.EnvBuilder):
    def post_setup(self, context):
        self.context = context


builder = Hooked(python=python, symlinks=True, system_site_packages=True, with_pip=True)
builder.create("hooked")
assert version_of("hooked") == version and builder.system_site_packages
context = builder.context
assert context.lib_path.split(os.sep)[-2] == "python" + version and os.path.samefile(context.executable, python), context
assert os.path.samefile(context.env_exe, python) and context.env_dir == os.path.abspath("hooked")


# An overridden step would be this Python's.
class Stepped(rvenv.EnvBuilder):
    def setup_scripts(self, context):
        raise AssertionError


try:
    Stepped(python=python).create("none")
except ValueError as error:
    assert "setup_scripts" in str(error)
else:
    raise AssertionError("no error")
assert not os.path.exists("none")


# A context with another Python, as applications without one make it: that gets pip, and the application is not started.
class Other(rvenv.EnvBuilder):
    def ensure_directories(self, env_dir):
        context = super().ensure_directories(env_dir)
        context.executable = python
        context.python_dir, context.python_exe = os.path.split(python)
        context.env_exe = context.env_exec_cmd = os.path.join(context.bin_path, context.python_exe)
        return context


with open("application", "w") as file:
    file.write("#!/bin/sh\n: > started\n")
os.chmod("application", 0o755)
sys.executable = sys._base_executable = os.path.abspath("application")
Other(symlinks=True, with_pip=True).create("other")
assert version_of("other") == version

# A frozen application has no Python.
sys.frozen = True
try:
    rvenv.create("none")
except rvenv.CreationError as error:
    assert "python=" in str(error), error
else:
    raise AssertionError("no error")
rvenv.create("frozen", python=python, with_pip=True)
assert version_of("frozen") == version
assert not os.path.exists("started")
