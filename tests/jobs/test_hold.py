"""Locks that die with their process."""

import subprocess
import sys

import pytest

from ara.jobs import hold
from ara.jobs.hold import Hold

HELD = """
import sys, time
from pathlib import Path
from ara.jobs.hold import Hold
held = Hold.take(Path(sys.argv[1]))
held.note("mine")
print("held", flush=True)
time.sleep(999)
"""


def test_a_lock_is_one_process_s_until_it_dies(tmp_path):
    file = tmp_path / "jobs" / "1.worker"
    other = subprocess.Popen([sys.executable, "-c", HELD, str(file)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        assert Hold.take(file) is None
        assert file.read_text() == "mine"
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    mine = Hold.take(file)
    assert mine is not None
    mine.note("a longer text")
    mine.note("short")
    assert file.read_text() == "short"
    assert file.stat().st_mode & 0o777 == 0o600
    mine.free()
    mine.free()  # a second time it does nothing
    again = Hold.take(file)
    assert again is not None
    again.free()


def test_a_lock_that_can_not_be_had_leaves_no_open_file(tmp_path, monkeypatch):
    closed = []
    real = hold.os.close

    def lock(descriptor, how):
        raise OSError("no locks on this disk")

    monkeypatch.setattr(hold.os, "close", lambda one: closed.append(one) or real(one))
    monkeypatch.setattr(hold.fcntl, "flock", lock)
    with pytest.raises(OSError, match="no locks"):
        Hold.take(tmp_path / "x")
    assert len(closed) == 1
