"""Run the benchmarks and compare each figure with its bound and with what was stored.

`python -m benchmarks.run [--update] [NAME ...]`. A figure's entry in `stored.json`::

    "imports": {"help_over_typer": {"better": "lower", "bound": 0.6, "stored": 0.21, "tolerance": 0.5}}

`bound` is what was promised; it is written by hand. `stored` is what was measured when the figure was last accepted;
one that is worse by more than the share `tolerance` is a regression. `--update` accepts what is measured now.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["compare", "main", "measured", "verdict"]

_HERE = Path(__file__).resolve().parent
_STORED = _HERE / "stored.json"
_NOT_BENCHMARKS = {"run", "measure"}
_TOLERANCE = 0.5
_UNKNOWN = "not stored, so nothing to compare with: --update"
_ASK = "import importlib, json, sys; print('\\n' + json.dumps(importlib.import_module(sys.argv[1]).figures()))"


def measured(name: str) -> dict[str, float]:
    """Run one benchmark in a process of its own and give its figures."""
    command = (sys.executable, "-c", _ASK, f"benchmarks.{name}")
    done = subprocess.run(command, cwd=_HERE.parent, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"benchmarks/{name}.py fails; run it alone: python -m benchmarks.{name}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def verdict(value: float | None, entry: dict[str, Any]) -> str:
    """Say what is wrong with a figure; empty where nothing is.

    Parameters
    ----------
    value
        What was measured now; None if it was not.
    entry
        What `stored.json` holds of it.
    """
    if value is None:
        return "not measured any more"
    if not entry:
        return _UNKNOWN
    sign = -1 if entry.get("better") == "higher" else 1
    bound, stored = entry.get("bound"), entry.get("stored")
    if bound is not None and sign * value > sign * bound:
        return f"beyond its bound of {bound:g}"
    allowed = 1 + sign * entry.get("tolerance", _TOLERANCE)
    if stored and sign * value > sign * stored * allowed:
        return f"worse than the {stored:.3g} stored, by more than {abs(allowed - 1):.0%} of it"
    return ""


def compare(figures: dict[str, float], entries: dict[str, Any]) -> list[tuple[str, float | None, str]]:
    """Give name, value and verdict of each figure, known or new."""
    names = [*figures, *(name for name in entries if name not in figures and not entries[name].get("optional"))]
    return [(name, figures.get(name), verdict(figures.get(name), entries.get(name, {}))) for name in names]


def _accept(figures: dict[str, float], entries: dict[str, Any]) -> dict[str, Any]:
    fresh = {name: {**entries.get(name, {"better": "lower"}), "stored": round(v, 4)} for name, v in figures.items()}
    return {**entries, **fresh}


def main(arguments: list[str] | None = None, *, stored: Path = _STORED) -> int:
    """Run what is asked for and print one line per figure; give 1 where one got worse."""
    there = sorted(path.stem for path in _HERE.glob("*.py") if path.stem not in _NOT_BENCHMARKS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure and compare.")
    parser.add_argument("--update", action="store_true", help="store what is measured now")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(there)} (default: all)")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(there):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    book: dict[str, Any] = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    worse, unknown_figures = [], []
    for name in asked.names or there:
        figures = measured(name)
        for figure, value, words in compare(figures, book.get(name, {})):
            text = "-" if value is None else f"{value:.4g}"
            print(f"{name + '.' + figure:44} {text:>10}  {words or 'ok'}", flush=True)
            if words == _UNKNOWN:
                unknown_figures.append(f"{name}.{figure}")
            elif words:
                worse.append(f"{name}.{figure}")
        if asked.update:
            book[name] = _accept(figures, book.get(name, {}))
    if asked.update:
        stored.write_text(json.dumps(book, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    if unknown_figures:
        print(f"{len(unknown_figures)} not stored: {', '.join(unknown_figures)}")
    print(f"{len(worse)} got worse: {', '.join(worse)}" if worse else "Nothing got worse.")
    return int(bool(worse))


if __name__ == "__main__":
    sys.exit(main())
