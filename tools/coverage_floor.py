"""At least 95 % of the product's lines and 95 % of its branches are run by the tests; each counts alone."""

import json
import sys
from pathlib import Path

__all__ = ["least", "shortfalls"]

_FLOOR = 95.0


def shortfalls(report: Path) -> list[str]:
    """Read coverage's JSON report; give a sentence for lines or branches where they fall short."""
    totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
    counts = {
        "lines": (totals["covered_lines"], totals["num_statements"]),
        "branches": (totals["covered_branches"], totals["num_branches"]),
    }
    shares = {what: 100 * run / (there or 1) for what, (run, there) in counts.items() if there}
    return [
        f"{share:.2f} % of {what} are run; {_FLOOR:.0f} % are due" for what, share in shares.items() if share < _FLOOR
    ]


def least(report: Path, *, count: int = 8) -> list[str]:
    """Give the files with the most lines that no test runs, worst first, a line each."""
    files = json.loads(report.read_text(encoding="utf-8"))["files"].items()
    missed = sorted(((len(found["missing_lines"]), name) for name, found in files), key=lambda one: (-one[0], one[1]))
    return [f"{lines:>5} lines not run  {name}" for lines, name in missed[:count] if lines]


if __name__ == "__main__":
    words = shortfalls(Path(sys.argv[1]))
    print(*least(Path(sys.argv[1])), *words or ["Coverage is where it must be."], sep="\n")
    sys.exit(bool(words))
