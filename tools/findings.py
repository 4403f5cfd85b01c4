"""What a rule of this repository found, and how it is told."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finding", "main", "python_files", "tracked_files"]

_LEFT_OUT = {".git", ".venv", "site", "build", "dist", "node_modules", "__pycache__"}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One breach of a rule, at one place."""

    path: Path
    line: int
    words: str


def tracked_files(root: Path) -> list[Path]:
    """List the files of a checkout: what git keeps or would keep; all of them where there is no git."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
        found = [root / name for name in names if name]
    else:
        found = [path for path in root.rglob("*") if not _LEFT_OUT & set(path.relative_to(root).parts)]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def python_files(root: Path, *places: str) -> Iterator[Path]:
    """List the Python files below folders of a checkout."""
    folders = [root / place for place in places]
    for path in tracked_files(root):
        if path.suffix == ".py" and any(path.is_relative_to(folder) for folder in folders):
            yield path


def main(check: Callable[[Path], Iterable[Finding]], *, advice: str) -> int:
    """Run a rule over the folder named on the command line (default: this one); give the exit code."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = sorted(check(root))
    for finding in found:
        print(f"{finding.path.relative_to(root)}:{finding.line}: {finding.words}")
    if found:
        print(advice)
    return int(bool(found))
