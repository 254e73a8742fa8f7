"""The API of ``import venv``, implemented by the program."""

import json
import logging
import os
import subprocess
import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterable, Iterator, List, Optional, Sequence, Union

from rvenv import _own, _program
from rvenv._program import CreationError

if TYPE_CHECKING:
    from venv import EnvBuilder as OwnBuilder
else:
    OwnBuilder = _own.module().EnvBuilder

__all__ = ["CreationError", "EnvBuilder", "create", "main"]

logger = logging.getLogger(__name__)

Directory = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

#: The Python to use, as the command line's ``--python`` takes it.
Python = Union[str, "os.PathLike[str]"]

#: What a subclass may override while the program still does all the steps before.
_HOOKS = frozenset(["post_setup", "upgrade_dependencies"])

#: Prints the context of an environment, whose Python runs this.
_PRINT_CONTEXT = """
import json, sys, venv
builder = venv.EnvBuilder(prompt=json.loads(sys.argv[2]))
print(json.dumps(vars(builder.ensure_directories(sys.argv[1]))))
"""


class EnvBuilder(OwnBuilder):
    """The interpreter's own ``venv.EnvBuilder``, with the work done by the program.

    If a subclass overrides no step, or only the hooks ``post_setup`` and ``upgrade_dependencies``, ``create`` runs the
    program once, and then the hooks. If it overrides others, the inherited steps run in their order, and the program
    installs pip.

    The arguments are those of the newest Python, on every version, and ``python``: a path, a name or a version. What
    this Python's builder lacks is done here.
    """

    upgrade_deps: bool
    scm_ignore_files: FrozenSet[str]
    python: Optional[str]

    def __init__(
        self,
        system_site_packages: bool = False,
        clear: bool = False,
        symlinks: bool = False,
        upgrade: bool = False,
        with_pip: bool = False,
        prompt: Optional[str] = None,
        upgrade_deps: bool = False,
        *,
        scm_ignore_files: Iterable[str] = frozenset(),
        python: Optional[Python] = None,
    ) -> None:
        super().__init__(system_site_packages, clear, symlinks, upgrade, with_pip, prompt)
        if self.prompt == ".":
            self.prompt = os.path.basename(os.getcwd())
        self.upgrade_deps = upgrade_deps
        self.scm_ignore_files = frozenset(map(str.lower, scm_ignore_files))
        self.python = None if python is None else os.fspath(python)
        for scm in self.scm_ignore_files:
            if not hasattr(self, "create_%s_ignore_file" % scm):
                raise ValueError("cannot create an ignore file for %s" % scm)

    def create(self, env_dir: Directory) -> None:
        """Creates an environment in a directory.

        Raises CreationError if the program fails, as the errors that ``venv`` raises for the same cause.
        """
        env_dir = os.path.abspath(os.fsdecode(env_dir))
        replaced = self._replaced()
        if replaced - _HOOKS or self.scm_ignore_files - {"git"}:
            self._create_step_by_step(env_dir, replaced)
        elif replaced:
            self._create_with_hooks(env_dir)
        else:
            self._run(self._flags() + ["--upgrade-deps"] * self.upgrade_deps + [env_dir], self.python)

    def create_git_ignore_file(self, context: SimpleNamespace) -> None:
        """Writes a ``.gitignore`` that covers the environment."""
        with open(os.path.join(context.env_dir, ".gitignore"), "w", encoding="utf-8") as file:
            file.write("# Created by rvenv: recreate the environment instead of committing it.\n*\n")

    def upgrade_dependencies(self, context: SimpleNamespace) -> None:
        """Upgrades pip, and setuptools where Python bundles it, from the package index."""
        if self.python is None and hasattr(OwnBuilder, "upgrade_dependencies"):
            super().upgrade_dependencies(context)
        else:
            self._run(["--pip-only", "--upgrade-deps", context.env_dir], context.env_exe)

    def _setup_pip(self, context: SimpleNamespace) -> None:
        # Not this process's Python, which a subclass may have replaced in the context.
        self._run(["--pip-only", context.env_dir], context.env_exe)

    def _replaced(self) -> FrozenSet[str]:
        """The names of what a subclass, or code that has this builder or the class, has overridden."""
        found = {**_attributes(type(self)), **vars(self)}
        return frozenset(name for name, own in _STEPS.items() if found[name] is not own)

    def _flags(self) -> List[str]:
        wanted = {
            "--system-site-packages": self.system_site_packages,
            # As venv does, whatever the directory contains.
            "--clear": self.clear,
            "--force": self.clear,
            "--symlinks": self.symlinks,
            "--copies": not self.symlinks,
            # The command line accepts only one of the two, and venv clears before it upgrades.
            "--upgrade": self.upgrade and not self.clear,
            "--without-pip": not self.with_pip,
            "--without-scm-ignore-files": "git" not in self.scm_ignore_files,
        }
        flags = [flag for flag, is_wanted in wanted.items() if is_wanted]
        return flags + (["--prompt=" + self.prompt] if self.prompt is not None else [])

    def _create_with_hooks(self, env_dir: str) -> None:
        self._run(self._flags() + [env_dir], self.python)
        context = self._context(env_dir)
        if not self.upgrade:
            with self._isolated(context.cfg_path):
                self.post_setup(context)
        if self.upgrade_deps:
            self.upgrade_dependencies(context)

    def _create_step_by_step(self, env_dir: str, replaced: FrozenSet[str]) -> None:
        if self.python is not None:
            steps = ", ".join(sorted(replaced - _HOOKS)) or "an ignore file"
            raise ValueError("with python=, only post_setup and upgrade_dependencies can be overridden: not " + steps)
        super().create(env_dir)
        lacked = [] if hasattr(OwnBuilder, "create_git_ignore_file") else sorted(self.scm_ignore_files)
        missing = ["create_%s_ignore_file" % scm for scm in lacked]
        if self.upgrade_deps and not hasattr(OwnBuilder, "upgrade_dependencies"):
            missing.append("upgrade_dependencies")
        context = self._context(env_dir) if missing else None
        for step in missing:
            getattr(self, step)(context)

    def _context(self, env_dir: str) -> SimpleNamespace:
        """The context that hooks get, for an existing environment."""
        if self.python is None:
            clear, self.clear = self.clear, False
            try:
                context = self.ensure_directories(env_dir)
            finally:
                self.clear = clear
        else:
            python = os.path.join(env_dir, "Scripts" if os.name == "nt" else "bin", "python")
            said = subprocess.check_output([python, "-Ic", _PRINT_CONTEXT, env_dir, json.dumps(self.prompt)])
            context = SimpleNamespace(**json.loads(said))
        context.cfg_path = os.path.join(context.env_dir, "pyvenv.cfg")
        return context

    @contextmanager
    def _isolated(self, cfg_path: str) -> Iterator[None]:
        """Hides the system's packages until after the hook: as in venv, it installs into the environment."""
        if not self.system_site_packages:
            yield
            return
        key = "\ninclude-system-site-packages = "
        with open(cfg_path, encoding="utf-8", newline="") as file:
            final = file.read()
        self.system_site_packages = False
        _write(cfg_path, final.replace(key + "true", key + "false", 1))
        yield
        self.system_site_packages = True
        _write(cfg_path, final)

    @staticmethod
    def _run(arguments: Sequence[str], python: Optional[str]) -> None:
        for line in _program.warnings_of(arguments, python):
            logger.warning(line)


def _attributes(kind: type) -> Dict[str, Any]:
    """What a class and its bases define."""
    return {name: value for owner in reversed(kind.__mro__) for name, value in vars(owner).items()}


#: What a subclass may override.
_STEPS = {
    name: value
    for name, value in _attributes(EnvBuilder).items()
    if not (name.startswith("__") or name == "create") and callable(getattr(EnvBuilder, name))
}


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def create(
    env_dir: Directory,
    system_site_packages: bool = False,
    clear: bool = False,
    symlinks: bool = False,
    with_pip: bool = False,
    prompt: Optional[str] = None,
    upgrade_deps: bool = False,
    *,
    scm_ignore_files: Iterable[str] = frozenset(),
    python: Optional[Python] = None,
) -> None:
    """Creates an environment in a directory, as a builder with these arguments does."""
    # Looked up where it is published, since it may have been replaced there.
    builder = sys.modules[create.__module__].EnvBuilder(
        system_site_packages=system_site_packages,
        clear=clear,
        symlinks=symlinks,
        with_pip=with_pip,
        prompt=prompt,
        upgrade_deps=upgrade_deps,
        scm_ignore_files=scm_ignore_files,
        python=python,
    )
    builder.create(env_dir)


def main(args: Optional[Sequence[str]] = None) -> None:
    """Runs the program with these arguments, or with this process's, for this Python.

    Raises SystemExit if the command line is invalid, and CreationError if the program fails.
    """
    arguments = list(sys.argv[1:] if args is None else args)
    status = _program.call(arguments)
    if status == 2:
        raise SystemExit(2)
    if status:
        raise CreationError(status, ["rvenv", *arguments], "rvenv failed; its error is on stderr")


def publish(module: ModuleType) -> None:
    """Makes the API this module's own: it is there that pickle, pydoc and tests look for it, and replace it."""
    for item in (CreationError, EnvBuilder, create, main):
        item.__module__ = module.__name__
        setattr(module, item.__name__, item)


publish(sys.modules["rvenv"])
