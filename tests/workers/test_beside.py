"""A second process for code that blocks: in order, taken back in time, gone with its context."""

import os
from pathlib import Path

import pytest

from ara.errors import CancelledError, UnknownSymbolError, WorkerError
from ara.workers import Progress
from ara.workers.beside import Beside
from tests.workers import work


def test_calls_are_made_elsewhere_and_their_results_come_back():
    with Beside() as other:
        first, second = other.submit(work.whereabouts), other.submit(work.count, 3)
        assert first.result(lambda: True)["pid"] != os.getpid()
        assert second.result(lambda: True) == 3
        assert second.said == Progress(2, 3, "half ?")


def test_what_a_call_raises_arrives_and_the_next_is_made():
    with Beside() as other:
        unknown, dead, fine = other.submit(work.unknown), other.submit(work.leave, 3), other.submit(work.echo, 5)
        with pytest.raises(UnknownSymbolError):
            unknown.result(lambda: True)
        with pytest.raises(WorkerError, match="exit code 3"):
            dead.result(lambda: True)
        assert fine.result(lambda: True) == 5


def test_what_a_library_sets_meanwhile_costs_it_nothing(monkeypatch):
    with Beside() as other:
        before = other.submit(work.whereabouts).result(lambda: True)
        monkeypatch.setenv("SET_BY_A_LIBRARY", "1")
        assert other.submit(work.whereabouts).result(lambda: True)["pid"] == before["pid"]


def test_what_nobody_has_begun_is_taken_back(tmp_path: Path):
    with Beside() as other:
        busy, waiting = other.submit(work.wind_up, tmp_path / "mark"), other.submit(work.echo, 1)
        while not (tmp_path / "mark").exists():
            pass
        assert waiting.taken_back()
        assert not busy.taken_back()
        with pytest.raises(CancelledError):
            busy.result(lambda: False)


def test_at_the_end_of_the_context_the_process_is_gone(tmp_path: Path):
    mark = tmp_path / "mark"
    with Beside() as other:
        other.submit(work.begin_and_hang, mark)
        while not mark.exists():
            pass
        pid = int(mark.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
