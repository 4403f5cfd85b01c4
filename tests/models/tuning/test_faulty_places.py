"""A place of studies that is full, held, or damaged: what was tried stays, and it is said what is wrong."""

import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ara.errors import StoreError
from ara.models.checks import toy_panel
from ara.models.tuning import Plan, studies, tune

PANEL = toy_panel(bars=700)


def plan(folder: Path, **asked: object) -> Plan:
    cut = int(PANEL.known_at[600])
    return replace(Plan(family="ewma_t", cut=cut, trials=2, storage=f"sqlite:///{folder}/studies.db"), **asked)


def go_on(_: object) -> bool:
    return True


@contextmanager
def full() -> Iterator[None]:
    """Let this process write no file any longer than a few bytes, as on a disk that is full."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_costs_no_trial_that_was_made(tmp_path: Path) -> None:
    made = tune(PANEL, plan(tmp_path), watch=go_on)
    with full(), pytest.raises(StoreError, match=r"can't be read or written: .*(disk|full)"):
        tune(PANEL, plan(tmp_path, trials=3), watch=go_on)
    assert studies(plan(tmp_path).storage) == (made,)
    assert len(tune(PANEL, plan(tmp_path, trials=3), watch=go_on).tried) == 3


def test_a_place_that_another_process_holds_is_said_and_changes_nothing(tmp_path: Path) -> None:
    tune(PANEL, plan(tmp_path), watch=go_on)
    other = sqlite3.connect(tmp_path / "studies.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="locked"):
            tune(PANEL, plan(tmp_path, trials=3, storage=f"{plan(tmp_path).storage}?timeout=0.1"), watch=go_on)
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert len(tune(PANEL, plan(tmp_path, trials=3), watch=go_on).tried) == 3


@pytest.mark.parametrize("at", [0, 16, 100])
def test_a_place_with_a_flipped_bit_is_no_study_and_no_trace(tmp_path: Path, at: int) -> None:
    tune(PANEL, plan(tmp_path), watch=go_on)
    path = tmp_path / "studies.db"
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << 3
    path.write_bytes(data)
    with pytest.raises(StoreError, match="can't be read or written"):
        studies(plan(tmp_path).storage)
