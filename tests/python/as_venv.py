"""Prints what a user of venv sees of it: the order of its steps, its errors and its names. The interpreter's own and
rvenv's print the same. Run in an empty directory by the Python under test.
"""

import inspect
import os
import pydoc
import subprocess
from unittest import mock

import venv

OWN = [kind for kind in venv.EnvBuilder.__mro__ if kind.__name__ == "EnvBuilder"][-1]
CAN_UPGRADE = {"upgrade_deps": True} if hasattr(OWN, "upgrade_dependencies") else {}


def contents(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Hooks:
    def state(self, name, context):
        pip, activate = (os.path.exists(os.path.join(context.bin_path, tool)) for tool in ("pip", "activate"))
        code = "import sys; print(len([path for path in sys.path if path.endswith('-packages')]))"
        seen = subprocess.check_output([context.env_exe, "-I", "-c", code]).split()
        configured = "include-system-site-packages = true" in contents(context.cfg_path)
        print(name, pip, activate, self.system_site_packages, configured, seen)


class WithHooks(Hooks, venv.EnvBuilder):
    def post_setup(self, context):
        self.state("post_setup", context)
        self.created = context

    def upgrade_dependencies(self, context):
        self.state("upgrade_dependencies", context)


class WithSteps(venv.EnvBuilder):
    pass


def recorded(name):
    def step(self, *arguments):
        print(name)
        return None if name == "upgrade_dependencies" else getattr(super(WithSteps, self), name)(*arguments)

    return step


STEPS = ["ensure_directories", "create_configuration", "setup_python", "_setup_pip", "setup_scripts", "post_setup"]
for name in STEPS + ["upgrade_dependencies"]:
    if hasattr(OWN, name):
        setattr(WithSteps, name, recorded(name))

for flags in ({"system_site_packages": True}, {"clear": True, "with_pip": True}):
    for kind in (WithHooks, WithSteps):
        print(kind.__name__, flags)
        builder = kind(symlinks=True, **flags, **CAN_UPGRADE)
        builder.create(kind.__name__)
        print(builder.system_site_packages, "= true" in contents(os.path.join(kind.__name__, "pyvenv.cfg")))
WithHooks(symlinks=True, upgrade=True, **CAN_UPGRADE).create("WithHooks")


class Fails(venv.EnvBuilder):
    def post_setup(self, context):
        raise RuntimeError("from the hook")


try:
    Fails(symlinks=True, system_site_packages=True).create("fails")
except RuntimeError as error:
    print(error, "= true" in contents("fails/pyvenv.cfg"))

# Errors are of the classes that callers handle, and of no other of them.
KINDS = [ValueError, FileExistsError, FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError]
with open("file", "w"):
    pass
os.symlink("nowhere", "dangling")
os.makedirs("odd/pyvenv.cfg")
for bad in ("file", "file/x", "dangling", "odd", "n" * 260, "/proc/x", "nul\0"):
    for create in (venv.EnvBuilder(symlinks=True).create, lambda path: venv.create(path, symlinks=True)):
        try:
            create(bad)
        except Exception as error:
            kinds = [kind for kind in KINDS if isinstance(error, kind)]
            print([bad], kinds, getattr(error, "errno", None), os.path.basename(getattr(error, "filename", None) or ""))
        else:
            raise AssertionError(bad)

# Names.
namespace = {}
exec("from venv import *", namespace)
own_names = {name for name in namespace if not name.startswith("_")} - {"CreationError"}
assert own_names <= set(dir(venv)), own_names
assert namespace["EnvBuilder"] is venv.EnvBuilder and namespace["create"] is venv.create
print(sorted(own_names), os.path.basename(os.path.dirname(venv.__file__)))
for function in (venv.EnvBuilder, venv.create):
    print(list(inspect.signature(function).parameters)[: len(inspect.signature(OWN).parameters)])
assert "class EnvBuilder" in pydoc.plain(pydoc.render_doc(venv)) and venv.EnvBuilder.__module__ == "venv"
with mock.patch("venv.EnvBuilder") as replaced:
    venv.create("none", clear=True)
print(replaced.call_args[1]["clear"], replaced.return_value.create.call_args, os.path.exists("none"))
