"""Plugins for virtualenv: ``virtualenv --creator rvenv --seeder rvenv``, or VIRTUALENV_CREATOR and VIRTUALENV_SEEDER set so."""

import logging
import os
from importlib.metadata import version
from typing import Any, List

from virtualenv.create.creator import Creator as AnyCreator
from virtualenv.create.via_global_ref.venv import Venv
from virtualenv.seed.embed.via_app_data.via_app_data import FromAppData
from virtualenv.seed.wheels.embed import BUNDLE_FOLDER

from rvenv import _program

logger = logging.getLogger(__name__)


class Creator(Venv):
    """Makes what virtualenv's creator ``venv`` makes, without running the Python that it is for."""

    def create_inline(self) -> None:
        self.create_via_sub_process()

    def create_via_sub_process(self) -> None:
        flags = ["--without-pip", "--without-scm-ignore-files", "--activators="]
        flags.append("--symlinks" if self.symlinks else "--copies")
        if self.enable_system_site_package:
            flags.append("--system-site-packages")
        _run(flags, self)

    def set_pyenv_cfg(self) -> None:
        super().set_pyenv_cfg()
        self.pyenv_cfg["rvenv"] = version("rvenv")


class Seeder(FromAppData):
    """Installs the wheels that virtualenv brings, or is given. What it is to download, or in another version, it does itself."""

    def run(self, creator: AnyCreator) -> None:
        versions = self.distribution_to_versions()
        if not self.enabled:
            return
        if self.download or "pip" not in versions or set(versions.values()) - {"bundle", "embed"}:
            super().run(creator)
            return
        flags = ["--pip-only"]
        if "setuptools" not in versions:
            flags.append("--no-setuptools")
        for directory in [*self.extra_search_dir, BUNDLE_FOLDER]:
            flags += ["--find-links", os.fspath(directory)]
        _run(flags, creator)


def _run(flags: List[str], creator: Any) -> None:
    interpreter = creator.interpreter
    for line in _program.run([*flags, os.fspath(creator.dest)], interpreter.system_executable).splitlines():
        logger.warning(line)
