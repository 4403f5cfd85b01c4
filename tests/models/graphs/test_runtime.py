"""What runs graphs tells nobody of it: no log of uses at home, nothing that could be sent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", minversion="1.31", reason="older ones keep no log on Linux")

SESSION = "from ara.models.graphs.session import available; assert available()"


def left_at(home: Path, code: str, *words: str) -> list[str]:
    """Run code with a home of its own, and give the files that onnxruntime's makers left there."""
    kept = {
        name: value for name, value in os.environ.items() if name not in {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    }
    command = [sys.executable, "-c", code, *words]
    subprocess.run(command, check=True, env={**kept, "HOME": str(home)}, timeout=300)
    return [str(path.relative_to(home)) for path in home.rglob("*") if "Microsoft" in path.parts]


def test_a_session_leaves_nothing_at_home(tmp_path: Path) -> None:
    assert left_at(tmp_path, SESSION) == []


def test_without_that_it_would_leave_something(tmp_path: Path) -> None:
    """It writes in a thread of its own, which may end with the process before anything is written."""
    assert any(left_at(tmp_path, "import onnxruntime") for _ in range(20))
