"""Creates environments with setuptools and pip from a directory of wheels, and shows the progress. An example of a
subclass of ``rvenv.EnvBuilder``.

    python with_packages.py --wheels DIR [--no-pip] [--no-setuptools] [--verbose] ENV_DIR...

Its one hook, ``post_setup``, is called when rvenv has created the environment. Where rvenv is not installed,
``import venv`` in its place does the same, only slower.
"""

import argparse
import os
import subprocess
import sys
from threading import Thread

import rvenv


class PackagesBuilder(rvenv.EnvBuilder):
    """Creates environments with pip, which then installs projects from a directory of wheels.

    :param wheels: the directory.
    :param projects: the projects to install, in this order.
    :param progress: called with each line of an installer's output, and the name of its stream.
    """

    def __init__(self, *args, wheels, projects, progress, **kwargs):
        super().__init__(*args, **kwargs)
        self.wheels = wheels
        self.projects = projects
        self.progress = progress

    def post_setup(self, context):
        for project in self.projects:
            self.progress("Installing %s" % project, "step")
            self.install(context, project)

    def install(self, context, project):
        """Installs one project with the environment's pip, and passes on its output line by line."""
        command = [context.env_exe, "-Im", "pip", "install", "--no-index", "--find-links", self.wheels, "--upgrade", project]
        installer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        streams = {"stdout": installer.stdout, "stderr": installer.stderr}
        readers = [Thread(target=self.read, args=(stream, name)) for name, stream in streams.items()]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        if installer.wait():
            raise subprocess.CalledProcessError(installer.returncode, command)

    def read(self, stream, name):
        with stream:
            for line in stream:
                self.progress(line.rstrip("\n"), name)


def main():
    parser = argparse.ArgumentParser(description="Create environments with packages from a directory of wheels.")
    parser.add_argument("env_dirs", metavar="ENV_DIR", nargs="+", help="a directory to create an environment in")
    parser.add_argument("--wheels", required=True, help="the directory of wheels")
    parser.add_argument("--no-setuptools", action="store_true", help="do not install setuptools")
    parser.add_argument("--no-pip", action="store_true", help="do not upgrade the pip that Python bundles")
    parser.add_argument("--verbose", action="store_true", help="show the output of the installers")
    options = parser.parse_args()
    left_out = {"setuptools": options.no_setuptools, "pip": options.no_pip}

    def progress(line, stream):
        if options.verbose or stream == "step":
            print(line, file=sys.stderr)
        else:
            print(".", end="", file=sys.stderr, flush=True)

    builder = PackagesBuilder(
        symlinks=os.name != "nt",
        with_pip=True,
        wheels=options.wheels,
        projects=[project for project, is_out in left_out.items() if not is_out],
        progress=progress,
    )
    for env_dir in options.env_dirs:
        builder.create(env_dir)


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit("Error: %s" % error)
