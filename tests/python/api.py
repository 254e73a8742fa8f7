"""Uses the package as a user of venv would. Run in an empty directory by the Python under test."""

import json
import os
import pathlib
import pickle
import subprocess
import sys
import venv

import rvenv

# Wine does not make links that work.
LINKS = os.name != "nt"


def configuration(env_dir):
    with open(os.path.join(env_dir, "pyvenv.cfg"), encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(" = ", 1) for line in file)


def program(env_dir, name):
    return os.path.join(env_dir, "Scripts", name + ".exe") if os.name == "nt" else os.path.join(env_dir, "bin", name)


# The program runs once, and then the hook, with the same context as venv's.
class Hooked(rvenv.EnvBuilder):
    contexts = []

    def post_setup(self, context):
        self.contexts.append(context)


class Own(venv.EnvBuilder):
    def post_setup(self, context):
        self.context = context


assert issubclass(rvenv.EnvBuilder, venv.EnvBuilder)
own = Own(symlinks=LINKS)
own.create("same")
Hooked(symlinks=LINKS, clear=True, with_pip=True, prompt="a prompt").create("same")
(context,) = Hooked.contexts
# Newer releases leave the template that they have read last in the context.
vars(own.context).pop("script_path", None)
missing = set(vars(own.context)) - set(vars(context))
assert not missing, missing
for name, value in vars(own.context).items():
    expected = "(a prompt) " if name == "prompt" and value.endswith(" ") else "a prompt" if name == "prompt" else value
    assert getattr(context, name) == expected, (name, getattr(context, name), expected)
made = configuration("same")
assert made["rvenv"] and made["prompt"] == "'a prompt'", made
assert "--force" in made["command"], made
subprocess.check_output([program("same", "python"), "-Im", "pip", "--version"])
assert not os.path.exists(os.path.join("same", ".gitignore"))

# An upgrade does not call the hook.
Hooked(symlinks=LINKS, upgrade=True, with_pip=True).create(pathlib.Path("same"))
assert len(Hooked.contexts) == 1


# An overridden step is called in its place; pip still comes from the program.
class Stepped(rvenv.EnvBuilder):
    called = []

    def create_configuration(self, context):
        self.called.append("configuration")
        super().create_configuration(context)

    def setup_scripts(self, context):
        assert os.path.exists(program(context.env_dir, "pip")) == self.with_pip
        self.called.append("scripts")

    def post_setup(self, context):
        self.called.append("post")


Stepped(symlinks=LINKS, with_pip=True, scm_ignore_files=["git"]).create("stepped")
assert Stepped.called[0] == "configuration" and Stepped.called[-2:] == ["scripts", "post"], Stepped.called
assert not os.path.exists(os.path.join(os.path.dirname(program("stepped", "python")), "activate"))
assert os.path.isfile(os.path.join("stepped", ".gitignore"))
assert "rvenv" not in configuration("stepped")
subprocess.check_output([program("stepped", "python"), "-Im", "pip", "--version"])

# Callers of venv catch the program's errors as the exceptions that they expect.
assert issubclass(rvenv.CreationError, subprocess.CalledProcessError) and issubclass(rvenv.CreationError, OSError)
for bad, words in (("api.txt", "is not a directory"), ("a%sb" % os.pathsep, "PATH separator")):
    with open("api.txt", "w"):
        pass
    for kind in (ValueError, OSError, subprocess.CalledProcessError, rvenv.CreationError):
        try:
            rvenv.create(bad)
        except kind as error:
            assert words in str(error) and "\n" not in str(error), error
        else:
            raise AssertionError(bad)

# The error can be passed between processes.
try:
    rvenv.create("api.txt")
except rvenv.CreationError as error:
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.returncode, again.cmd) == (str(error), error.returncode, error.cmd)

# Only callables count as overridden steps, not attributes that Python adds to a class.
class Annotated(rvenv.EnvBuilder):
    note: str = "a note"


Annotated(symlinks=LINKS).create("annotated")
assert "rvenv" in configuration("annotated")
rvenv.EnvBuilder(symlinks=LINKS, clear=True, upgrade=True).create("annotated")

# The functions take venv's arguments.
rvenv.create("plain", symlinks=LINKS, with_pip=False, system_site_packages=True, scm_ignore_files={"git"})
assert configuration("plain")["include-system-site-packages"] == "true"
assert not os.path.exists(program("plain", "pip"))
rvenv.main(["--without-pip", "by-main"])
assert "rvenv" in configuration("by-main")
for arguments, kind in ((["--nothing-like-it"], SystemExit), (["--without-pip", "api.txt"], rvenv.CreationError)):
    try:
        rvenv.main(arguments)
    except kind:
        pass
    else:
        raise AssertionError(arguments)
try:
    rvenv.EnvBuilder(scm_ignore_files=["hg"])
except ValueError as error:
    assert "hg" in str(error)
else:
    raise AssertionError("hg")
print(json.dumps(sorted(rvenv.__all__)))
