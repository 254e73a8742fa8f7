"""What is prepared before timing: the rivals, and for each Python everything that its contestants need."""

import json
import os
import shutil
import string
import sys
import zipfile
from pathlib import Path

from commands import CLEAN, Failed, output, run
from groups import RVENV, RVENV_NO_COMPILE, RVENV_WITHOUT_PIP, UV

FACTS = """
import json, platform, sys
try:
    import ensurepip, pip
    has_bundled_pip = pip.__version__ == ensurepip.version()
except Exception:
    has_bundled_pip = False
title = platform.python_implementation() + " " + platform.python_version()
print(json.dumps([title, sys.version_info < (3, 12), has_bundled_pip]))
"""

SMALL_WHEEL = {
    "small.py": "ANSWER = 42\n",
    "small-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n",
    "small-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: compare\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "small-1.0.dist-info/RECORD": "small.py,,\n" + "".join(
        f"small-1.0.dist-info/{name},,\n" for name in ["METADATA", "WHEEL", "RECORD"]),
}


class Peers:
    """uv, virtualenv and the measured rvenv. If the rivals could not be installed, their runs fail, and the report
    shows that."""

    def __init__(self, directory, rvenv, wheel):
        root = directory / "peers"
        self.bin = root / "bin"
        # uv's cache is kept, so that later benchmarks need no network.
        self.uv_cache = directory / "caches" / "uv"
        if not (root / "complete").exists():
            print(f"Installing uv and virtualenv into {root}", file=sys.stderr)
            try:
                output("python3", "-m", "venv", "--clear", root)
                # Not in a clean environment, which would lack the settings of pip's index.
                output(self.bin / "pip", "--quiet", "install", "uv", "virtualenv", variables=os.environ)
                (root / "complete").touch()
            except Failed as error:
                print(f"Warning: could not install uv and virtualenv; their runs will fail: {error}", file=sys.stderr)
        if wheel:
            output(self.bin / "pip", "--quiet", "install", "--no-index", "--no-deps", "--force-reinstall", wheel)
        rvenv = self.bin / "rvenv" if wheel else rvenv
        self.programs = {"rvenv": rvenv, "uv": self.bin / "uv", "virtualenv": self.bin / "virtualenv"}
        # Only a wheel includes the seeder for virtualenv.
        self.has_seeder = bool(wheel)


class Setup:
    """A Python with everything that its contestants need."""

    def __init__(self, python, peers, floor, directory):
        print(f"Preparing {python}", file=sys.stderr)
        directory.mkdir()
        self.directory = directory
        self.python = python
        # Whether it bundles setuptools, and whether the installed pip has the same version as the bundled one.
        self.title, self.has_setuptools, self.has_bundled_pip = json.loads(output(python, "-I", "-c", FACTS))
        self.has_seeder = peers.has_seeder
        pyenv = Path(CLEAN.get("PYENV_ROOT") or "~/.pyenv").expanduser().resolve()
        # Whether it is one of pyenv's, and there is a shim `python3`.
        self.has_shim = pyenv / "versions" in python.parents and (pyenv / "shims/python3").exists()
        self.has_fuse = os.access("/dev/fuse", os.W_OK) and bool(shutil.which("fusermount3"))
        self.values = {
            "python": python,
            "base_without_pip": copy_without_pip(python, directory / "copy") if self.has_bundled_pip else python,
            "shims": pyenv / "shims",
            "pyenv_name": python.parent.parent.name,
            "PATH": CLEAN.get("PATH", ""),
            **peers.programs,
            "uv_cache": peers.uv_cache,
            "floor": floor,
            "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
            "compile": Path(__file__).with_name("compile.py"),
            "small_wheel": directory / "small-1.0-py3-none-any.whl",
            **{name: directory / name for name in ["cache", "tree", "sources", "empty"]},
        }
        with zipfile.ZipFile(self.values["small_wheel"], "w") as archive:
            for name, text in SMALL_WHEEL.items():
                archive.writestr(name, text)
        for line, tree in [(RVENV, "$tree"), (RVENV_NO_COMPILE, "$sources"), (RVENV_WITHOUT_PIP, "$empty")]:
            self.run(line.replace("$env", tree))
        try:
            # Makes uv download what `--seed` needs.
            self.run(UV.replace("$env", "--seed $dir/uv"))
        except Failed as error:
            print(f"Warning: uv was unable to download pip: {error}", file=sys.stderr)
        # Disk space used by an environment with pip.
        self.tree_size = sum(path.lstat().st_blocks * 512 for path in (directory / "tree").rglob("*"))

    def run(self, line):
        words, variables = self.command(line, self.directory)
        run(words, variables, self.directory / "output")

    def command(self, line, directory):
        """The words and environment variables of a command, for a line such as `NAME=VALUE $rvenv -p $python $env`.
        `$dir` is the directory of a run, and `$env` an environment in it."""
        values = {**self.values, "dir": directory, "env": directory / "env0"}
        words = [string.Template(word).substitute(values) for word in line.split()]
        assigned = [word for word in line.split() if "=" in word]
        return words[len(assigned):], {**CLEAN, **dict(word.split("=", 1) for word in words[:len(assigned)])}


def find(rvenv, asked):
    """The executable of a Python given by path, name or version: its base's, with links and shims resolved."""
    found = json.loads(output(rvenv, "--no-cache", "--list-pythons", "--format", "json", "-p", asked))
    return Path(found[0]["real_path"])


def copy_without_pip(python, directory):
    """Copies a Python without what it has installed, and so without .pyc files to reuse, as in most CI images. Its own
    .pyc files are copied. Returns the executable."""
    library, own = (prefix / "lib" / python.name for prefix in [python.parent.parent, directory])
    left_out = {str(library): ["site-packages", "test"]}
    shutil.copytree(library, own, symlinks=True, ignore=lambda path, _: left_out.get(path, []))
    (own / "site-packages").mkdir()
    (directory / "bin").mkdir()
    return shutil.copy2(python, directory / "bin")
