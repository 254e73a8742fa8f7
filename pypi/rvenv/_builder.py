"""The API of ``import venv``, implemented by the program."""

import logging
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, FrozenSet, Iterable, List, Optional, Sequence, Union

from rvenv import _own, _program
from rvenv._program import CreationError

if TYPE_CHECKING:
    from venv import EnvBuilder as OwnBuilder
else:
    OwnBuilder = _own.module().EnvBuilder

__all__ = ["CreationError", "EnvBuilder", "create", "main"]

logger = logging.getLogger(__name__)

Directory = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

#: What a subclass may override while the program still does all the steps.
_HOOKS = frozenset(["create", "post_setup"])


class EnvBuilder(OwnBuilder):
    """The interpreter's own ``venv.EnvBuilder``, with the work done by the program.

    If a subclass overrides no step, or only ``post_setup``, ``create`` runs the program once. If it overrides others,
    the inherited steps run in their order, and the program installs pip.

    The arguments are those of the newest Python, on every version. What this Python's builder lacks is done here.
    """

    upgrade_deps: bool
    scm_ignore_files: FrozenSet[str]

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
    ) -> None:
        if prompt == ".":
            prompt = os.path.basename(os.getcwd())
        super().__init__(system_site_packages, clear, symlinks, upgrade, with_pip, prompt)
        self.upgrade_deps = upgrade_deps
        self.scm_ignore_files = frozenset(map(str.lower, scm_ignore_files))
        for scm in self.scm_ignore_files:
            if not hasattr(self, "create_%s_ignore_file" % scm):
                raise ValueError("cannot create an ignore file for %s" % scm)

    def create(self, env_dir: Directory) -> None:
        """Creates an environment in a directory.

        Raises CreationError if the program fails. It derives from each of the errors that callers of ``venv`` handle.
        """
        env_dir = os.path.abspath(os.fsdecode(env_dir))
        if self._replaced() - _HOOKS:
            self._create_step_by_step(env_dir)
            return
        self._run(self._flags() + [env_dir])
        for scm in self.scm_ignore_files - {"git"}:
            getattr(self, "create_%s_ignore_file" % scm)(self._context(env_dir))
        if not self.upgrade and "post_setup" in self._replaced():
            self.post_setup(self._context(env_dir))

    def create_git_ignore_file(self, context: SimpleNamespace) -> None:
        """Writes a ``.gitignore`` that covers the environment."""
        with open(os.path.join(context.env_dir, ".gitignore"), "w", encoding="utf-8") as file:
            file.write("# Created by rvenv: recreate the environment instead of committing it.\n*\n")

    def upgrade_dependencies(self, context: SimpleNamespace) -> None:
        """Upgrades pip, and setuptools where Python bundles it, from the package index."""
        if hasattr(OwnBuilder, "upgrade_dependencies"):
            super().upgrade_dependencies(context)
        else:
            command = [context.env_exe, "-m", "pip", "install", "--upgrade", "pip", "setuptools"]
            subprocess.check_call(command)

    def _setup_pip(self, context: SimpleNamespace) -> None:
        self._run(["--pip-only", context.env_dir])

    def _replaced(self) -> FrozenSet[str]:
        """The names of what a subclass, or code that has this builder, has overridden."""
        classes = type(self).__mro__
        names = set(vars(self)).union(*(vars(owner) for owner in classes[: classes.index(EnvBuilder)]))
        steps = (name for name in names if not (name.startswith("__") and name.endswith("__")))
        return frozenset(name for name in steps if callable(getattr(EnvBuilder, name, None)))

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
            "--upgrade-deps": self.upgrade_deps,
            "--without-scm-ignore-files": "git" not in self.scm_ignore_files,
        }
        flags = [flag for flag, is_wanted in wanted.items() if is_wanted]
        return flags + (["--prompt=" + self.prompt] if self.prompt is not None else [])

    def _create_step_by_step(self, env_dir: str) -> None:
        super().create(env_dir)
        context = self._context(env_dir)
        if not hasattr(OwnBuilder, "create_git_ignore_file"):
            for scm in self.scm_ignore_files:
                getattr(self, "create_%s_ignore_file" % scm)(context)
        if self.upgrade_deps and not hasattr(OwnBuilder, "upgrade_dependencies"):
            self.upgrade_dependencies(context)

    def _context(self, env_dir: str) -> SimpleNamespace:
        """The context that hooks get, for an existing environment."""
        clear, self.clear = self.clear, False
        try:
            context = self.ensure_directories(env_dir)
        finally:
            self.clear = clear
        context.cfg_path = os.path.join(context.env_dir, "pyvenv.cfg")
        return context

    @staticmethod
    def _run(arguments: Sequence[str]) -> None:
        for line in _program.run(arguments).splitlines():
            logger.warning(line)


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
) -> None:
    """Creates an environment in a directory, as a builder with these arguments does."""
    builder = EnvBuilder(
        system_site_packages=system_site_packages,
        clear=clear,
        symlinks=symlinks,
        with_pip=with_pip,
        prompt=prompt,
        upgrade_deps=upgrade_deps,
        scm_ignore_files=scm_ignore_files,
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
