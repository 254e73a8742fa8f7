"""A plugin for virtualenv: ``virtualenv --seeder rvenv``, or VIRTUALENV_SEEDER=rvenv for tools that call it.

There is no creator plugin: virtualenv's own creators are as fast.
"""

import logging
import os
from importlib.metadata import version
from typing import Any

from virtualenv.create.creator import Creator
from virtualenv.seed.embed.via_app_data.via_app_data import FromAppData
from virtualenv.seed.wheels.embed import BUNDLE_FOLDER

from rvenv import _program

logger = logging.getLogger(__name__)


class Seeder(FromAppData):
    """Installs the wheels that virtualenv bundles, or is given, with their .pyc files.

    The first ``pip`` then does not have to compile itself. Anything that has to be downloaded, or is requested in
    another version, is left to virtualenv.
    """

    @classmethod
    def cannot_seed(cls, interpreter: Any) -> None:
        """Accepts a Python that is too old for virtualenv's wheels: it has a pip of its own."""

    def run(self, creator: Creator) -> None:
        versions = self.distribution_to_versions()
        if not self.enabled:
            return
        # The program always installs pip, and setuptools only if Python bundles it.
        is_usual = "pip" in versions and not ("setuptools" in versions and creator.interpreter.version_info >= (3, 12))
        if self.download or not is_usual or set(versions.values()) - {"bundle", "embed"}:
            super().run(creator)
            return
        arguments = ["--pip-only"] + ([] if "setuptools" in versions else ["--no-setuptools"])
        for directory in [*self.extra_search_dir, BUNDLE_FOLDER]:
            arguments += ["--find-links", os.fspath(directory)]
        arguments.append(os.fspath(creator.dest))
        for line in _program.warnings_of(arguments, creator.interpreter.system_executable):
            logger.warning(line)
        creator.pyenv_cfg["rvenv"] = version("rvenv-cli")
