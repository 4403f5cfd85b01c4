"""The repository speaks of the product: no path of somebody's machine, no private host, no tracker's number."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.findings import Finding, main, tracked_files

__all__ = ["check"]

_RULES = (
    (re.compile(r"(?<![\w.$~}-])/(?:root|home/\w+|Users/\w+|work|workspace|mnt/\w+)/\w"), "a path of one machine"),
    (re.compile(r"\b[A-Z]:\\Users\\\w+"), "a path of one machine"),
    (re.compile(r"file:///(?!path/|absolute/)\w+/\w+/\w"), "a path of one machine"),
    (re.compile(r"(?i)\b(?:see|per|from|of) issu[e] #?\d+"), "a number that only the tracker explains"),
)
_LOCKED_HOST = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host")


def check(root: Path) -> Iterator[Finding]:
    """Read every text file that git keeps; lock files may name no registry at all."""
    own = {Path(__file__).name, f"test_{Path(__file__).name}"}
    for path in tracked_files(root):
        if path.name in own:
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        locked = path.is_relative_to(root / "requirements") and path.suffix == ".txt"
        for number, line in enumerate(lines, 1):
            for pattern, words in _RULES:
                if found := pattern.search(line):
                    yield Finding(path=path, line=number, words=f"{words}: {found[0]}")
            if locked and (found := _LOCKED_HOST.search(line)):
                yield Finding(path=path, line=number, words=f"a lock names versions and hashes, no place: {found[0]}")


if __name__ == "__main__":
    sys.exit(main(check, advice="Write for the reader who has the repository and nothing else."))
