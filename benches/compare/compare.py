"""The benchmark: times rvenv, its rivals and the floor in turn, for each requested Python. `docs/benchmarks.md` says
what is compared, how, and what is unfair to whom. Needs Python 3.9."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from chart import draw
from commands import Failed
from groups import groups
from report import Report
from runner import run_group
from setup import Peers, Setup, find


def parse():
    parser = argparse.ArgumentParser(
        prog="compare", description="Compare rvenv with uv, virtualenv, python -m venv and plain copying of files")
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", default=["python3"],
                        help="Pythons to create environments for: paths or versions [default: python3]")
    parser.add_argument("--rounds", type=int, default=11, metavar="N", help="runs of each contestant [default: 11]")
    parser.add_argument("--only", action="append", default=[], metavar="GROUP",
                        help="run only this group; can be given several times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all timings and the conditions to FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the first Python's results to FILE, as SVG")
    parser.add_argument("--dir", type=Path, help="directory to install the rivals and create environments in")
    parser.add_argument("--wheel", type=Path, metavar="FILE",
                        help="measure the program in this rvenv wheel, and virtualenv with the wheel's seeder")
    # Passed by `cargo bench` to each benchmark, and not by `cargo test --benches`; the others by main.rs.
    for hidden in ["--rvenv", "--floor"]:
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--bench", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def main():
    # Contestants would inherit that Python ignores a closed pipe.
    for number in [signal.SIGPIPE, signal.SIGINT]:
        signal.signal(number, signal.SIG_DFL)
    arguments = parse()
    if not arguments.bench:
        return print("Nothing was measured; run `cargo bench --bench compare` for the benchmark.")
    arguments.dir.mkdir(parents=True, exist_ok=True)
    directory = arguments.dir.resolve()
    peers = Peers(directory, arguments.rvenv, arguments.wheel)
    with tempfile.TemporaryDirectory(prefix="run-", dir=directory) as scratch:
        compare(arguments, directory, peers, Path(scratch))
        print("Removing all environments", file=sys.stderr)


def compare(arguments, directory, peers, scratch):
    setups = [Setup(find(arguments.rvenv, asked), peers, arguments.floor, scratch / str(number))
              for number, asked in enumerate(arguments.pythons)]
    runs = wanted([(setup, group) for setup in setups for group in groups(setup)], arguments.only)
    check_space(directory, sum(setup.tree_size * group.trees(arguments.rounds) for setup, group in runs))
    report = Report(directory, peers.programs)
    print(report.heading(), flush=True)
    for setup, group in runs:
        print(report.add(setup, group, run_group(setup, group, group.rounds(arguments.rounds))), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({**report.conditions, "groups": report.groups}, indent=2) + "\n")
    if arguments.chart:
        arguments.chart.write_text(draw(report.groups))


def wanted(runs, only):
    names = dict.fromkeys(group.name for _, group in runs)
    for name in only:
        if name not in names:
            raise Failed(f"there is no group {name} here, only {', '.join(names)}")
    return [(setup, group) for setup, group in runs if not only or group.name in only]


def check_space(directory, needed):
    """Fails if there is not enough space for everything at once: nothing is removed before the end."""
    free = shutil.disk_usage(directory).free
    print(f"Up to {needed / 1e9:.1f} GB needed in {directory}, {free / 1e9:.1f} GB free", file=sys.stderr)
    if needed > free * 0.9:
        raise Failed("not enough space; use fewer --rounds, --only one group, or another --dir")


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(f"Error: {error}")
