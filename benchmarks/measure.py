"""What the benchmarks share: processor time of a command, and one way to print figures.

Machines are shared and differ, so a figure is a ratio to a baseline measured in the same run, in processor time, the
least of several runs; the runs of both sides alternate.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["ROOT", "cpu_seconds", "show"]

ROOT = Path(__file__).resolve().parent.parent
"""Root of the repository."""

_UNITS = {"ms": "ms", "s": "s", "us": "us", "count": "modules", "mb": "MB"}


def cpu_seconds(
    commands: Mapping[str, Sequence[str]], *, runs: int, environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Give each command's processor time in seconds: the least of `runs`, the commands taking turns."""
    least = dict.fromkeys(commands, float("inf"))
    whole = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **(environment or {})}
    for turn in range(runs + 1):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, env=whole, capture_output=True, text=True, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode:
                sys.exit(f"{name}: {' '.join(command)} ends with {done.returncode}:\n{done.stderr or done.stdout}")
            if turn:
                least[name] = min(least[name], after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least


def show(figures: Mapping[str, float]) -> None:
    """Print `name=value unit` lines; the unit follows from the name's last word."""
    for name, value in figures.items():
        unit = "1/s" if name.endswith("_per_s") else _UNITS.get(name.rsplit("_", 1)[-1], "x")
        print(f"{name}={value:.4g} {unit}")
