"""At least 95 % of the product's lines and 95 % of its branches are run by the tests; each counts alone.

Rooms that have come further, `_HELD`, are held to more, each by itself.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["least", "rooms", "shortfalls"]

_FLOOR = {"lines": 95.0, "branches": 95.0}
_FLOOR_OF_HELD = {"lines": 98.0, "branches": 96.0}
_COUNTS = ("covered_lines", "num_statements", "covered_branches", "num_branches")
_HELD = ("accounts", "alerts", "api", "jobs", "store", "vault")


def shortfalls(report: Path) -> list[str]:
    """Read coverage's JSON report; give a sentence for lines or branches where they fall short."""
    found = json.loads(report.read_text(encoding="utf-8"))
    by_room = _by_room(found["files"])
    held = [(f" of {name}", by_room[name], _FLOOR_OF_HELD) for name in _HELD if name in by_room]
    return [
        f"{share:.2f} % of {what}{where} are run; {floor[what]:.0f} % are due"
        for where, counts, floor in [("", found["totals"], _FLOOR), *held]
        for what, share in _shares(counts).items()
        if share < floor[what]
    ]


def rooms(report: Path) -> list[str]:
    """Give a line for each room: how many per cent of its lines and of its branches are run."""
    by_room = _by_room(json.loads(report.read_text(encoding="utf-8"))["files"])
    lines = [f"{'':<16}  {'lines':>6}  {'branches':>8}"]
    for name, counts in sorted(by_room.items()):
        shares = _shares(counts)
        said = {what: f"{shares[what]:.1f}" if what in shares else "-" for what in ("lines", "branches")}
        lines.append(f"{name:<16}  {said['lines']:>6}  {said['branches']:>8}")
    return lines


def least(report: Path, *, count: int = 8) -> list[str]:
    """Give the files with the most lines that no test runs, worst first, a line each."""
    files = json.loads(report.read_text(encoding="utf-8"))["files"].items()
    missed = sorted(((len(found["missing_lines"]), name) for name, found in files), key=lambda one: (-one[0], one[1]))
    return [f"{lines:>5} lines not run  {name}" for lines, name in missed[:count] if lines]


def _by_room(files: dict[str, Any]) -> dict[str, Counter[str]]:
    """Add up what was counted in each folder right below the package."""
    found: dict[str, Counter[str]] = {}
    for place, file in files.items():
        parts = Path(place).parts
        if parts[:2] == ("src", "ara") and len(parts) > 3:
            found.setdefault(parts[2], Counter()).update({name: file["summary"][name] for name in _COUNTS})
    return found


def _shares(counts: dict[str, Any]) -> dict[str, float]:
    """Give the per cent that were run of lines and of branches, where there are some."""
    both = {
        "lines": (counts["covered_lines"], counts["num_statements"]),
        "branches": (counts["covered_branches"], counts["num_branches"]),
    }
    return {what: 100 * run / there for what, (run, there) in both.items() if there}


if __name__ == "__main__":
    words = shortfalls(Path(sys.argv[1]))
    print(*rooms(Path(sys.argv[1])), *least(Path(sys.argv[1])), *words or ["Coverage is where it must be."], sep="\n")
    sys.exit(bool(words))
