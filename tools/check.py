"""Run every check of the repository and tell which fail, all of them, not just the first.

`python -m tools.check [--root FOLDER] [NAME ...]`: without names, all.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["CHECKS", "run"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PYTHON = sys.executable
_BIN = str(Path(sys.executable).parent)

CHECKS: dict[str, tuple[str, ...]] = {
    "docs": (f"{_BIN}/zensical", "build", "--clean", "--strict"),
    "examples": (_PYTHON, "-m", "tools.examples"),
    "types": (f"{_BIN}/mypy",),
    "imports": (f"{_BIN}/lint-imports", "--no-logo"),
    "lint": (f"{_BIN}/ruff", "check", "--no-cache", "."),
    "format": (f"{_BIN}/ruff", "format", "--check", "."),
    "lengths": (_PYTHON, "-m", "tools.lengths"),
    "public-names": (_PYTHON, "-m", "tools.public_names"),
    "banned": (_PYTHON, "-m", "tools.banned"),
    "workshop": (_PYTHON, "-m", "tools.workshop"),
    "reference": (_PYTHON, "-m", "tools.reference"),
    "indicator-pages": (_PYTHON, "-m", "tools.indicator_pages"),
    "engine": (_PYTHON, "-m", "tools.engine"),
    "shipped": (_PYTHON, "-m", "tools.shipped"),
    "record": (_PYTHON, "-m", "tools.record"),
    "calendars": (_PYTHON, "-m", "tools.calendars"),
    "lock": (_PYTHON, "-m", "tools.lock"),
    "changelog": (_PYTHON, "-m", "tools.changelog"),
}
"""Each check's name and command, run in the repository's root; the slow ones first."""


def run(name: str, root: Path) -> tuple[bool, float, str]:
    """Run one check on the tree at `root`; give whether it holds, its seconds, and what it printed."""
    paths = [str(root / "src"), str(root), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    start = time.monotonic()
    done = subprocess.run(
        CHECKS[name],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, time.monotonic() - start, _COLOURS.sub("", done.stdout).rstrip()


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.check", description="Check the repository.")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the tree to check (default: this folder)")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which checks: {', '.join(CHECKS)}")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(CHECKS):
        parser.error(f"there is no check {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    names = asked.names or list(CHECKS)
    failed = []
    with ThreadPoolExecutor(2) as pool:
        for name, (holds, seconds, printed) in zip(names, pool.map(lambda n: run(n, asked.root), names), strict=True):
            print(f"{'ok' if holds else 'FAILED':7} {name} ({seconds:.1f} s)", flush=True)
            if not holds:
                failed.append(name)
                print(printed, flush=True)
    print(
        f"{len(failed)} of {len(names)} checks fail: {', '.join(failed)}"
        if failed
        else f"All {len(names)} checks hold."
    )
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(_main())
