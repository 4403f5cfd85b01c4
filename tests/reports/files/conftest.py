"""Back-tests of made-up bars, small enough to be played in each test run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ara.backtest import run
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe
from ara.reports import backtest_report
from ara.trading import Costs, Planned, Tape
from tests.trading.conftest import SHARE, bars_of

EVIL = "<script>alert(1)</script>"
FORMULA = "=cmd|'/C calc'!A1"


def bars(count=300, seed=1, symbol="ACME", begin=datetime(2019, 1, 2, tzinfo=UTC), drift=0.0002):
    random = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(random.normal(drift, 0.02, count))), 2)
    opened = np.round(np.concatenate(([100.0], close[:-1])) * np.exp(random.normal(0, 0.002, count)), 2)
    high, low = np.maximum(opened, close) + 0.5, np.minimum(opened, close) - 0.5
    rows = list(zip(opened, high, low, close, strict=True))
    return bars_of(rows, instrument=replace(SHARE, symbol=symbol), begin=begin)


def tape(*args, **more):
    return Tape.of(bars(*args, **more))


def minutes(count, seed=3):
    """Bars of five minutes, day and night."""
    import polars as pl

    made = bars(count, seed, drift=0.0)
    begin = datetime(2024, 1, 2, tzinfo=UTC)
    at = pl.Series([begin + timedelta(minutes=5 * place) for place in range(count)]).cast(pl.Datetime("us", "UTC"))
    known = at + timedelta(minutes=5)
    frame = made.frame.with_columns(at=at, known_at=known, learned_at=known)
    return Tape.of(
        Bars(instrument=made.instrument, timeframe=Timeframe.parse("5m"), basis=made.basis, frame=frame)
    )  # fmt: skip


class Cross(Planned):
    """Holds while the last days are above the last weeks; short where it may."""

    def plan(self, tape):
        slow = tape.mean(20)
        return np.where(np.isnan(slow), np.nan, np.where(tape.mean(5) > slow, 1.0, -0.5))


class Never(Planned):
    def plan(self, tape):
        return np.zeros(len(tape))


class Always(Planned):
    def plan(self, tape):
        return np.ones(len(tape))


def played(strategy=Cross, tapes=None, *, name="cross", cuts=1, costs=None, **more):
    given = {"ACME": tape()} if tapes is None else tapes
    return run(strategy, given, name=name, cuts=cuts, costs=costs or Costs(), **more)


@pytest.fixture(scope="session")
def result():
    """Two instruments with names that mean harm, long and short, on two years of days."""
    return played(tapes={EVIL: tape(700, 1, EVIL), FORMULA: tape(700, 2, FORMULA)}, name=f"+{EVIL}")


@pytest.fixture(scope="session")
def report(result):
    return backtest_report(result, command="ara backtest ACME --strategy cross", looks=7)
