"""The results, as a table for each group and as JSON."""

import os
import time
from dataclasses import asdict

from commands import found_in_output


class Report:
    """The results of a benchmark, with the conditions of the measurement."""

    def __init__(self, directory, programs):
        system = os.uname()
        self.conditions = {
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "system": f"{system.sysname} {system.release}",
            "processor": found_in_output("model name.*: (.*)", "cat", "/proc/cpuinfo"),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "file_system": found_in_output(r"\n\S+ +(\S+)", "df", "-PT", directory),
            "versions": {name: found_in_output(r" (\S+)", path, "--version") for name, path in programs.items()},
        }
        self.groups = []

    def heading(self):
        versions = ", ".join(f"{name} {version}" for name, version in self.conditions["versions"].items())
        return versions + "\n{date}, {cores} cores ({processor}), {system}, {file_system}".format(**self.conditions)

    def add(self, setup, group, outcomes):
        """Adds a group's outcomes and returns their table."""
        succeeded = {outcome.name: outcome for outcome in outcomes if outcome.failed is None}
        finished = {
            "python": setup.title,
            "executable": str(setup.python),
            "group": group.name,
            "title": group.title,
            "contestants": [asdict(outcome) for outcome in outcomes],
            "goals": [judged(goal, succeeded) for goal in group.goals],
        }
        self.groups.append(finished)
        return table(finished)


def judged(goal, outcomes):
    try:
        value = goal.value(outcomes)
    except (KeyError, ValueError):
        value = None  # a contestant failed
    return {"goal": goal.text, "value": value, "reached": None if value is None else goal.is_reached(value)}


def table(group):
    width = max(len(contestant["name"]) for contestant in group["contestants"])
    columns = "{:>9}  {:>6}  {:>9}  {:>7}  {:>6}  {:>8}  {:>6}  {:>8}"
    lines = ["", "{group}: {title} ({python})".format(**group)]
    lines.append(" " * width + "  " + columns.format(
        "median", "spread", "min", "ratio", "files", "size", ".pyc", "memory"))
    for contestant in group["contestants"]:
        lines.append(f"{contestant['name']:{width}}  {row(columns, **contestant)}".rstrip())
    for goal in group["goals"]:
        said = "unknown" if goal["value"] is None else f"{'not ' * (not goal['reached'])}reached ({goal['value']:.2f})"
        lines.append(f"  goal: {goal['goal']}: {said}")
    return "\n".join(lines)


def row(columns, *, median, min, spread, ratio, failed, files, bytes, pyc, peak_megabytes, **_):
    if failed is not None:
        return f"failed: {failed}"
    return columns.format(
        milliseconds(median), f"{spread:.0%}".replace("%", " %"), milliseconds(min),
        "" if ratio is None else f"{ratio:.2f}", files, f"{bytes / 1e6:.1f} MB", pyc,
        "" if peak_megabytes is None else f"{peak_megabytes:.1f} MB")


def milliseconds(seconds):
    return f"{seconds * 1000:.{1 if seconds < 0.1 else 0}f} ms"
