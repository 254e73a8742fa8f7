"""The groups of contestants, and the project's goals for them."""

from collections.abc import Callable
from dataclasses import dataclass


def with_flags(flags, line):
    return line.replace(" -p ", f" {flags} -p ")


# Lines of words. `Setup.command` knows what the variables stand for.
RVENV = "$rvenv --cache-dir $cache/rvenv -p $python $env"
RVENV_WITHOUT_PIP = with_flags("--without-pip", RVENV)
RVENV_NO_COMPILE = with_flags("--no-compile", RVENV)
UV = "$uv venv --cache-dir $uv_cache -p $python $env"
UV_SEED = with_flags("--seed --offline", UV)
VIRTUALENV = "VIRTUALENV_OVERRIDE_APP_DATA=$cache/virtualenv $virtualenv --no-periodic-update -p $python $env"
SEEDER = "RVENV_CACHE_DIR=$cache/rvenv " + with_flags("--seeder rvenv", VIRTUALENV)
VENV = "$python -m venv $env"
FLOOR = "$floor floor copy $cores $tree $env"
# Compiles all modules with one process per core.
COMPILE = "$python -I -S $compile $env/lib"
INSTALL = "$env/bin/python -m pip install --no-index --disable-pip-version-check --quiet $small_wheel"

# Contestants, each with the lines that are timed as one.
WARM = {"rvenv": [RVENV], "uv --seed --offline": [UV_SEED], "virtualenv": [VIRTUALENV], "python -m venv": [VENV]}
COLD = {"rvenv": [RVENV], "rvenv --no-compile": [RVENV_NO_COMPILE], "virtualenv": [VIRTUALENV],
        "python -m venv": [VENV]}
FLOOR_AND_COMPILER = {"floor: copies, compile": [FLOOR.replace("$tree", "$sources"), COMPILE]}


@dataclass
class Group:
    """Contestants that are run in turn and compared with the first one."""
    name: str
    title: str
    contestants: dict
    goals: list
    # Whether to run only half the rounds.
    is_long: bool = False
    # How long each request to the file system of the environments waits.
    microseconds: int = 0

    def rounds(self, asked):
        return (asked + 1) // 2 if self.is_long else asked

    def trees(self, asked):
        """The number of environments with pip, or of caches of that size, that all rounds create at most. Two rounds
        are not timed."""
        lines = [line for lines in self.contestants.values() for line in lines]
        return sum(line.count("$env") + line.count("$dir") for line in lines) * (self.rounds(asked) + 2)


@dataclass
class Goal:
    """A goal of the project. Missing it is reported but is not a failure."""
    text: str
    # The value of the outcomes that did not fail, and whether a value reaches the goal.
    value: Callable
    is_reached: Callable


def at_most(who, times, other):
    return Goal(f"{who} takes at most {times} times as long as {other}",
                lambda outcomes: outcomes[who].median / outcomes[other].median, lambda value: value <= times)


def faster(who, times, *others):
    def value(outcomes):
        return min(outcomes[other].median for other in others if other in outcomes) / outcomes[who].median
    best_of = "the best of " if len(others) > 1 else ""
    return Goal(f"{who} is {times} times as fast as {best_of}{', '.join(others)}", value, lambda value: value >= times)


def megabytes(who, peak):
    return Goal(f"{who} uses at most {peak} MB of memory",
                lambda outcomes: outcomes[who].peak_megabytes, lambda value: value <= peak)


def replaced(contestants, word, other):
    return {name: [line.replace(word, other) for line in lines] for name, lines in contestants.items()}


def cold(contestants):
    """The same with new caches for each run."""
    return replaced(contestants, "$cache", "$dir.caches")


def and_install(contestants):
    return {name: [*lines, INSTALL] for name, lines in contestants.items()}


def groups(python):
    """All groups for a Python."""
    yield Group("without-pip", "without pip, warm", {
        "floor: copies": [FLOOR.replace("$tree", "$empty")],
        "rvenv": [RVENV_WITHOUT_PIP],
        "uv": [UV],
        "virtualenv": [with_flags("--no-seed", VIRTUALENV)],
        "python -m venv": [VENV.replace("venv ", "venv --without-pip ")],
    }, [at_most("rvenv", 1.8, "floor: copies"), faster("rvenv", 5.5, "uv")])

    yield Group("with-pip", "with pip and .pyc, warm", {"floor: copies": [FLOOR], **WARM}, [
        at_most("rvenv", 1.2, "floor: copies"),
        # For a Python that bundles setuptools, uv writes fewer files, since it does not install it.
        faster("rvenv", 0.85 if python.has_setuptools else 1.2, "uv --seed --offline"),
        faster("rvenv", 9, "virtualenv"),
        faster("rvenv", 100, "python -m venv"),
    ])

    yield Group("no-compile", "with pip, without .pyc, warm", {
        "floor: copies without .pyc": [FLOOR.replace("$tree", "$sources")],
        "rvenv --no-compile": [RVENV_NO_COMPILE],
        "uv --seed --offline": [UV_SEED],
        "virtualenv": [VIRTUALENV],
    }, [faster("rvenv --no-compile", 1.5, "uv --seed --offline")])

    yield Group("hardlink", "with pip and .pyc, hard links, warm", {
        "floor: hard links": [FLOOR.replace("copy", "hardlink")],
        "rvenv --link-mode hardlink": [with_flags("--link-mode hardlink", RVENV)],
        "uv --seed --offline": [UV_SEED],
    }, [faster("rvenv --link-mode hardlink", 1.8, "uv --seed --offline")])

    goals = [megabytes("rvenv", 16.8)]
    if python.has_bundled_pip:
        goals += [at_most("rvenv", 4, "rvenv, warm"), faster("rvenv", 3.5, "virtualenv")]
    yield Group("cold", "with pip, cold", {**FLOOR_AND_COMPILER, **cold(COLD), "rvenv, warm": [RVENV]}, goals)

    yield Group("nothing-to-reuse", "with pip, cold, for a Python whose base has no pip",
                replaced({**FLOOR_AND_COMPILER, **cold(COLD)}, "$python", "$base_without_pip"),
                [at_most("rvenv", 1.15, "floor: copies, compile")])

    yield Group("first-install", "create with pip, then pip install a small local wheel, warm", and_install(WARM),
                [faster("rvenv", 2.2, "uv --seed --offline", "virtualenv", "python -m venv")])

    yield Group("first-install-cold", "create with pip, then pip install a small local wheel, cold",
                and_install(cold(COLD)), [faster("rvenv", 2.2, "virtualenv", "python -m venv")])

    if python.has_seeder:
        yield Group("seeder", "virtualenv with and without rvenv's seeder, also with a first pip install, warm", {
            "virtualenv": [VIRTUALENV],
            "virtualenv --seeder rvenv": [SEEDER],
            "virtualenv, install": [VIRTUALENV, INSTALL],
            "virtualenv --seeder rvenv, install": [SEEDER, INSTALL],
        }, [])

    if python.has_shim:
        without_path = RVENV_WITHOUT_PIP.replace("-p $python ", "")
        yield Group("shim", "without pip, the first python3 on PATH is pyenv's shim, warm", {
            "rvenv -p PATH": [RVENV_WITHOUT_PIP],
            "rvenv, python3 is a shim": [f"PATH=$shims:$PATH PYENV_VERSION=$pyenv_name {without_path}"],
        }, [at_most("rvenv, python3 is a shim", 1.2, "rvenv -p PATH")])

    for milliseconds in [1, 4] if python.has_fuse else []:
        floor, clear = FLOOR.replace("$cores", "32"), with_flags("--clear", RVENV)
        yield Group(f"slow-disk-{milliseconds}", f"with pip, each request to the disk waits {milliseconds} ms, warm", {
            "floor: copies, 32 threads": [floor], "floor: copies": [FLOOR], **WARM, "rvenv, --clear": [RVENV, clear],
        }, [
            at_most("rvenv", 0.75, "floor: copies, 32 threads"),
            faster("rvenv", 8, "uv --seed --offline"),
            at_most("rvenv, --clear", 2.5, "rvenv"),
        ], is_long=True, microseconds=1000 * milliseconds)

    env_dirs = [f"$dir/env{number}" for number in range(20)]
    yield Group("twenty", "20 environments with pip and .pyc, warm", {
        "20 floors, 20 processes": [FLOOR.replace("$env", env_dir) for env_dir in env_dirs],
        "20 floors, one process": [FLOOR.replace("$env", " ".join(env_dirs))],
        "rvenv with 20 ENV_DIRs": [RVENV.replace("$env", " ".join(env_dirs))],
    }, [at_most("rvenv with 20 ENV_DIRs", 1.1, "20 floors, 20 processes")], is_long=True)
