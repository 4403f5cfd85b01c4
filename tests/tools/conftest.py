import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tools", "docs", "requirements", "changelog.d")
FILES = ("pyproject.toml", "mkdocs.yml", "README.md", "CHANGELOG.md")
Check = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the repository, to plant faults in."""
    root = tmp_path / "tree"
    root.mkdir()
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in FILES:
        shutil.copy2(ROOT / name, root / name)
    return root


@pytest.fixture
def sparse(tree: Path) -> Path:
    """The copy with few packages, for checks that look at each file by itself."""
    for place in (tree / "src/ara").iterdir():
        if place.is_dir() and place.name not in {"market", "cli", "settings"}:
            shutil.rmtree(place)
    shutil.rmtree(tree / "docs")
    return tree


@pytest.fixture
def check(tree: Path) -> Check:
    """Run one of the copy's checks, as `make check` does."""

    def run(name: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
        command = (sys.executable, "-m", "tools.check", name)
        return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)

    return run
