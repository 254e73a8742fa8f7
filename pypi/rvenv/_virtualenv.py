"""A plugin for virtualenv: ``virtualenv --seeder rvenv``, or VIRTUALENV_SEEDER=rvenv for tools that call it.

There is no creator plugin: virtualenv's own creators are as fast.
"""

import logging
import os
from importlib.metadata import version
from typing import Any, Optional

from virtualenv.create.creator import Creator
from virtualenv.seed.embed.via_app_data.via_app_data import FromAppData

from rvenv import _program

logger = logging.getLogger(__name__)


class Seeder(FromAppData):
    """Installs the wheels that virtualenv's own seeder would, with the same launchers, and with their .pyc files.

    The first ``pip`` then does not have to compile itself.
    """

    @classmethod
    def cannot_seed(cls, interpreter: Any) -> Optional[str]:
        """Also accepts a Python that virtualenv has no wheels for, but creates: it has a pip of its own."""
        return None if interpreter.version_info >= (3, 8) else _refusal(interpreter)

    def run(self, creator: Creator) -> None:
        if not self.enabled:
            return
        interpreter = creator.interpreter
        projects = self.distribution_to_versions()
        # Links into app-data are virtualenv's own, and so are Pythons that the program does not know.
        if self.symlinks or "pip" not in projects or interpreter.version_info < (3, 6):
            super().run(creator)
            return
        arguments = ["--pip-only"]
        if _refusal(interpreter) is None:
            with self._get_seed_wheels(creator) as wheels:
                arguments += ["--seed-wheel=%s" % wheel.path for wheel in wheels.values()]
        elif "setuptools" not in projects:
            arguments.append("--no-setuptools")
        arguments.append(os.fspath(creator.dest))
        for line in _program.warnings_of(arguments, interpreter.system_executable):
            logger.warning(line)
        creator.pyenv_cfg["rvenv"] = version("rvenv-cli")


def _refusal(interpreter: Any) -> Optional[str]:
    """Why virtualenv has no wheels for a Python. Older releases do not say so, but look for them on the index."""
    refuse = getattr(FromAppData, "cannot_seed", None)
    return refuse(interpreter) if refuse else None
