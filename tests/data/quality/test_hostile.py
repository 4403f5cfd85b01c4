"""Whatever rows come, a report comes back, and every score lies between 0 and 1."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data.merge import merge
from ara.data.provider import BARS
from ara.data.quality import check, repair, scores
from ara.market import symbols
from ara.market.timeframe import Timeframe
from tests.data.quality.test_checking import COIN, walk

INSTRUMENTS = [symbols.resolve(name) for name in ("AAPL", "EURUSD", "BTC-USD")]
NUMBERS = st.sampled_from([None, float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 5e-324, 1e308, 100.0, 101.0])
TIMES = st.one_of(
    st.none(),
    st.sampled_from([datetime(year, 1, 1, tzinfo=UTC) for year in (1900, 1970, 2099)]),
    st.integers(0, 400).map(lambda hours: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=6 * hours)),
)  # fmt: skip
ROW = st.fixed_dictionaries({name: TIMES if kind != pl.Float64 else NUMBERS for name, kind in BARS.items()})


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(ROW, max_size=60),
    instrument=st.sampled_from(INSTRUMENTS),
    timeframe=st.sampled_from(["1m", "1h", "1d", "1w"]).map(Timeframe.parse),
)
def test_no_rows_break_a_rule(rows, instrument, timeframe):
    bars = pl.DataFrame(rows, schema=BARS)
    report = check(bars, instrument, timeframe, others={"other": bars[::2]})
    assert 0 <= report.score <= 1
    assert all(issue.count > 0 and issue.words for issue in report.issues)
    given_scores = scores(bars, instrument, timeframe)
    assert len(given_scores) == len(bars)
    assert given_scores.is_between(0, 1).all()
    fixed = repair(bars, instrument, timeframe, others={"a": bars, "b": bars})
    assert fixed["at"].is_unique().all()
    ascending = bars.filter(pl.col("at").is_not_null()).sort("at")
    merged = merge({"a": ascending, "b": ascending[::2]}, timeframe, weights={})
    assert merged["close"].is_finite().all()
    assert merged["at"].is_sorted()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_a_stamp_of_1970_among_minutes_is_a_stray_and_costs_no_memory(instrument):
    at = [datetime(1970, 1, 5, 15, tzinfo=UTC), *(datetime(2020, 1, 6, 15, n, tzinfo=UTC) for n in range(50))]
    bars = walk(COIN, at, Timeframe.parse("1m"))
    found = {issue.rule: issue.count for issue in check(bars, instrument, Timeframe.parse("1m")).issues}
    assert found["off_calendar"] == 1
    assert "missing" not in found


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_a_handful_of_minutes_years_apart_costs_no_memory(instrument):
    at = [datetime(year, 1, 5, 15, n, tzinfo=UTC) for year in (1970, 2020) for n in range(5)]
    bars = walk(COIN, at, Timeframe.parse("1m"))
    found = {issue.rule: issue.count for issue in check(bars, instrument, Timeframe.parse("1m")).issues}
    assert 10_000 < found["missing"] <= 100_000


def test_closes_alone_that_leap_are_not_called_made_up():
    days = [datetime(2015, 1, 1, tzinfo=UTC).date() + timedelta(days=n) for n in range(900)]
    bars = walk(COIN, days, steps=0.01 * np.random.default_rng(3).standard_t(3, 900))
    flat = bars.with_columns(pl.col("close").alias(name) for name in ("open", "high", "low"))
    assert "generated" not in {issue.rule for issue in check(flat.with_columns(volume=pl.lit(0.0)), COIN).issues}


def test_moves_of_one_size_are_called_made_up():
    days = [datetime(2015, 1, 1, tzinfo=UTC).date() + timedelta(days=n) for n in range(900)]
    bars = walk(COIN, days)
    close = pl.Series([100.0, 128.0] * 450)
    made = bars.with_columns(
        close.alias("open"),
        close.alias("close"),
        (close * 1.01).alias("high"),
        (close * 0.99).alias("low"),
        volume=pl.lit(0.0),
    )
    assert "generated" in {issue.rule for issue in check(made, COIN).issues}
