"""Runs a group's contestants in turn and times them: A B C, A B C, and so on. The first round is not counted.

Neither environments nor caches are removed between runs: ext4 does not reuse an inode freed in the last few minutes,
and walks over all of them to find another, whichever program creates the file.
"""

import contextlib
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from commands import Failed, run

# GNU time, which reports peak memory.
GNU_TIME = "/usr/bin/time"


@dataclass
class Outcome:
    """A contestant's result."""
    name: str
    commands: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    median: float = None
    min: float = None
    # The interquartile range, as a share of the median.
    spread: float = None
    # The median divided by the first contestant's.
    ratio: float = None
    # Why a run failed, which ends its participation.
    failed: str = None
    # The files in the environments that a run has created.
    files: int = 0
    bytes: int = 0
    pyc: int = 0
    # Peak memory of the largest process.
    peak_megabytes: float = None

    def count_files(self, directory):
        for path in directory.rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.files += 1
                self.bytes += path.stat().st_size
                self.pyc += path.suffix == ".pyc"

    def summarize(self):
        self.median = statistics.median(self.seconds)
        self.min = min(self.seconds)
        several = len(self.seconds) > 1
        quartiles = statistics.quantiles(self.seconds, n=4, method="inclusive") if several else [self.median] * 3
        self.spread = (quartiles[2] - quartiles[0]) / self.median


@contextlib.contextmanager
def slow_disk(mountpoint, microseconds):
    """While it lasts, each request to the file system at `mountpoint` waits."""
    backing = mountpoint.with_suffix(".backing")
    for directory in [mountpoint, backing]:
        directory.mkdir()
    mount = Path(__file__).parents[2] / "tests/slow-disk/mount"
    server = subprocess.Popen([mount, backing, str(microseconds), mountpoint])
    while not os.path.ismount(mountpoint):
        if server.poll() is not None:
            raise Failed("could not mount the slow disk")
        time.sleep(0.1)
    try:
        yield
    finally:
        subprocess.run(["fusermount3", "-u", mountpoint], check=True)
        server.wait()


def run_group(setup, group, rounds):
    disk = slow_disk(setup.directory / group.name, group.microseconds)
    with disk if group.microseconds else contextlib.nullcontext():
        return run_rounds(setup, group, rounds)


def run_rounds(setup, group, rounds):
    """Returns the outcomes. A round before the timed ones warms the caches, and one after them measures memory."""
    outcomes = [Outcome(name) for name in group.contestants]
    last = rounds + os.path.exists(GNU_TIME)
    for number in range(last + 1):
        show_progress(f"{group.name}: round {number} of {last}")
        for index, (outcome, lines) in enumerate(zip(outcomes, group.contestants.values())):
            if outcome.failed is None:
                directory = setup.directory / group.name / str(number) / str(index)
                directory.mkdir(parents=True)
                try:
                    if number == 0:
                        warm_up(setup, outcome, lines, directory)
                    elif number <= rounds:
                        outcome.seconds.append(timed(setup, lines, directory))
                    else:
                        outcome.peak_megabytes = peak(setup, lines, directory)
                except Failed as error:
                    outcome.failed = str(error)
    show_progress("")
    for outcome in outcomes:
        if outcome.failed is None:
            outcome.summarize()
            outcome.ratio = outcomes[0].median and outcome.median / outcomes[0].median
    return outcomes


def show_progress(line):
    """Shows a line on the terminal in place of the previous one."""
    if sys.stderr.isatty():
        print(f"\r{line:60}\r", end="", file=sys.stderr, flush=True)


def warm_up(setup, outcome, lines, directory):
    outcome.commands = [" ".join(setup.command(line, directory)[0]) for line in lines]
    timed(setup, lines, directory)
    outcome.count_files(directory)


def timed(setup, lines, directory):
    """The seconds that the commands take, one after the other."""
    commands = [setup.command(line, directory) for line in lines]
    log = directory.with_suffix(".output")
    # No run pays for another one's files.
    os.sync()
    begun = time.perf_counter()
    for words, variables in commands:
        run(words, variables, log)
    return time.perf_counter() - begun


def peak(setup, lines, directory):
    report = directory.with_suffix(".memory")
    for line in lines:
        words, variables = setup.command(line, directory)
        run([GNU_TIME, "-f", "%M", "-a", "-o", str(report), *words], variables, directory.with_suffix(".output"))
    return max(int(kilobytes) for kilobytes in report.read_text().split()) / 1024
