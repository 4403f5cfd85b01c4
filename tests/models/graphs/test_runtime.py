"""What runs graphs tells nobody of it: no log of uses at home, nothing that could be sent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", minversion="1.31", reason="older ones keep no log on Linux")

SESSION = "from ara.models.graphs.session import available; assert available()"


NEEDED = {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR"}


def left_at(home: Path, code: str) -> list[str]:
    """Run code with a home and an environment of its own, and give the files that onnxruntime's makers left there.

    Where a variable says that a build is under way, as `CI` does, it keeps no log by itself.
    """
    kept = {name: value for name, value in os.environ.items() if name in NEEDED}
    subprocess.run([sys.executable, "-c", code], check=True, env={**kept, "HOME": str(home)}, timeout=300)
    return [str(path.relative_to(home)) for path in home.rglob("*") if "Microsoft" in path.parts]


def test_a_session_leaves_nothing_at_home(tmp_path: Path) -> None:
    if not any(left_at(tmp_path / "without", "import onnxruntime") for _ in range(5)):
        pytest.skip("here it keeps no log even where nothing hinders it")
    assert left_at(tmp_path / "with", SESSION) == []
