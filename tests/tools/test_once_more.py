import subprocess
import sys

import pytest

from tools.once_more import failed, verdict

UNSTEADY = """
from pathlib import Path
def test_it():
    seen = Path(__file__).with_name("seen")
    seen.touch() if not (first := seen.exists()) else None
    assert first
"""


@pytest.fixture
def ran(tmp_path):
    """Run tests of these names and texts in a folder of their own, and give the status and the folder."""

    def run(**texts):
        for name, text in texts.items():
            (tmp_path / f"test_{name}.py").write_text(text)
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        done = subprocess.run([sys.executable, "-m", "pytest", "-q"], check=False, cwd=tmp_path, capture_output=True)
        return done.returncode, tmp_path

    return run


def test_who_passes_alone_is_named_and_let_through(ran, capfd):
    status, root = ran(unsteady=UNSTEADY, good="def test_it(): pass")
    assert failed(root) == ["test_unsteady.py::test_it"]
    assert (status, verdict(root, status)) == (1, 0)
    said = capfd.readouterr().out
    assert "mend what leans on speed" in said
    assert "1 passed" in said


def test_who_fails_again_has_failed(ran):
    status, root = ran(wrong="def test_it(): assert False", unsteady=UNSTEADY)
    assert verdict(root, status) == 1


def test_many_failures_are_not_excused(ran, capfd):
    status, root = ran(**{f"unsteady_{number}": UNSTEADY.replace("seen", f"seen_{number}") for number in range(4)})
    assert verdict(root, status) == 1
    assert "Once more" not in capfd.readouterr().out


@pytest.mark.parametrize("status", [0, 2, 3, 5])
def test_what_is_no_failed_test_stays_what_it_is(tmp_path, status):
    assert verdict(tmp_path, status) == status
