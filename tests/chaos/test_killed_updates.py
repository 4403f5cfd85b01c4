"""Updaters of the lake, killed at random moments or many at once: no bar is lost or doubled."""

import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.bar_store import ROWS
from ara.data.lake import Lake
from tests.data.lake.conftest import FIRST, LEARNED, bars

ROOT = Path(__file__).parents[2]
DAYS, SYMBOLS = 12, 6
"""How much is written in the ordinary run; `make slow` writes ten times as much."""
MANY_DAYS, MANY_SYMBOLS = 24, 30

UPDATER = """
import os, sys
from contextlib import nullcontext
from pathlib import Path
import deltalake
from ara.clock import SystemClock
from ara.data.lake import Lake
from tests.chaos.test_killed_updates import day

folder, told, first, alone = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "alone"
days, symbols = int(sys.argv[5]), int(sys.argv[6])
lake = Lake.at(folder, clock=SystemClock())
acknowledged = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(days):
    number = (first + turn) % days
    # Who doesn't wait for a turn has only the commits to rely on.
    lake.append(day(number, symbols)) if alone else lake._silver.append(day(number, symbols))
    os.write(acknowledged, f"{number}\\n".encode())
"""


def day(number: int, symbols: int) -> pl.DataFrame:
    """Give the bars of one day, and a correction of the day before's."""
    learned = LEARNED + timedelta(days=number)
    now = [
        bars(f"S{one:02d}", 1, first=FIRST + timedelta(days=number), close=10.0 * one + number + 10, learned=learned)
        for one in range(symbols)
    ]
    before = FIRST + timedelta(days=max(0, number - 1))
    return pl.concat([*now, bars("CORRECTED", 1, first=before, close=float(number + 5), learned=learned)])


def start(
    folder: Path, told: Path, first: int = 0, how: str = "alone", *, days: int, symbols: int
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", UPDATER, str(folder), str(told), str(first), how, str(days), str(symbols)]
    updater = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert updater.stdout is not None
    assert updater.stdout.readline() == "ready\n"
    return updater


def go(updater: "subprocess.Popen[str]") -> None:
    assert updater.stdin is not None
    updater.stdin.write("\n")
    updater.stdin.flush()


def check(lake: Lake, days: set[int], symbols: int) -> None:
    """Each day that was acknowledged is there in full, and every bar once."""
    rows = lake.scan("bars").select(ROWS.names()).collect()
    assert not rows.select("symbol", "at", "learned_at").is_duplicated().any()
    plain = rows.filter(pl.col("symbol") != "CORRECTED")
    assert not plain.select("symbol", "at").is_duplicated().any()
    counts = dict(plain.group_by("at").len().iter_rows())
    assert set(counts.values()) <= {symbols}
    assert {FIRST + timedelta(days=number) for number in days} <= set(counts)
    fresh = Lake.at(lake.folder, clock=SystemClock())
    catalogue = fresh.catalogue()
    assert catalogue.select(pl.col("bars", "corrections").sum()).row(0) == (
        rows.select("symbol", "at").n_unique(),
        rows.height - rows.select("symbol", "at").n_unique(),
    )
    assert fresh.verify().words.startswith("The lake is sound")


def besiege(tmp_path: Path, kills: int, dice: random.Random, *, days: int, symbols: int) -> None:
    folder, told = tmp_path / "lake", tmp_path / "acknowledged"
    told.write_text("")
    lake = Lake.at(folder, clock=SystemClock())
    for _ in range(kills):
        updater = start(folder, told, first=dice.randrange(days), days=days, symbols=symbols)
        go(updater)
        time.sleep(dice.uniform(0, 0.6))
        updater.send_signal(signal.SIGKILL)
        updater.communicate()
        if lake.there:
            check(lake, set(map(int, told.read_text().split())), symbols)
    last = start(folder, told, days=days, symbols=symbols)
    go(last)
    last.communicate(timeout=900)
    assert last.returncode == 0
    check(lake, set(range(days)), symbols)
    assert lake.catalogue().filter(pl.col("symbol") != "CORRECTED")["bars"].to_list() == [days] * symbols
    for number in range(symbols):
        closes = lake.bars(f"S{number:02d}", "1d")["close"].to_list()
        assert closes == [10.0 * number + turn + 10 for turn in range(days)]
    lake.tidy(keep=timedelta(days=-1))
    check(lake, set(range(days)), symbols)


def test_an_updater_that_is_killed_three_times(tmp_path: Path) -> None:
    besiege(tmp_path, 3, random.Random(11), days=DAYS, symbols=SYMBOLS)


@pytest.mark.slow
def test_an_updater_that_is_killed_fifty_times(tmp_path: Path) -> None:
    besiege(tmp_path, 50, random.Random(7), days=MANY_DAYS, symbols=MANY_SYMBOLS)


def write_at_once(tmp_path: Path, how: str, *, days: int, symbols: int) -> None:
    folder = tmp_path / "lake"
    Lake.at(folder, clock=SystemClock()).append(bars("FIRST", 1))
    updaters = [
        start(folder, tmp_path / f"told{first}", first=first, how=how, days=days, symbols=symbols)
        for first in (0, 1, days // 2)
    ]
    for updater in updaters:
        go(updater)
    for updater in updaters:
        updater.communicate(timeout=900)
    assert [updater.returncode for updater in updaters] == [0, 0, 0]
    lake = Lake.at(folder, clock=SystemClock())
    rows = lake.scan("bars").filter(pl.col("symbol").str.starts_with("S")).collect()
    assert rows.height == symbols * days
    assert rows.select("symbol", "at").is_unique().all()
    catalogue = lake.catalogue().filter(pl.col("symbol").str.starts_with("S"))
    assert catalogue["bars"].to_list() == [days] * symbols
    assert catalogue["corrections"].sum() == 0
    assert lake.verify().ok


@pytest.mark.parametrize("how", ["alone", "rivals"])
def test_updaters_at_once_lose_and_double_nothing(tmp_path: Path, how: str) -> None:
    write_at_once(tmp_path, how, days=DAYS // 2, symbols=SYMBOLS)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["alone", "rivals"])
def test_updaters_of_much_at_once_lose_and_double_nothing(tmp_path: Path, how: str) -> None:
    write_at_once(tmp_path, how, days=MANY_DAYS, symbols=MANY_SYMBOLS)
