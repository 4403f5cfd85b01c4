import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.adjust import adjusted, quality
from ara.data.provider import BARS
from ara.market.bars import SCHEMA, Basis

START = datetime(2020, 1, 1, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")


def published(closes, factors=None):
    count = len(closes)
    at = [START + timedelta(days=day) for day in range(count)]
    known = [moment + timedelta(days=1) for moment in at]
    columns = {
        "at": at,
        "known_at": known,
        "learned_at": known,
        "open": [close * 0.99 for close in closes],
        "high": [close * 1.02 for close in closes],
        "low": [close * 0.98 for close in closes],
        "close": closes,
        "volume": [1000.0] * count,
        "adjusted": [None] * count
        if factors is None
        else [None if factor is None else close * factor for close, factor in zip(closes, factors, strict=True)],
    }
    return pl.DataFrame(columns, schema=BARS)


closes = st.floats(0.01, 1e6)
factors = st.floats(0.001, 10.0)
histories = st.lists(st.tuples(closes, factors), min_size=2, max_size=30)


def test_a_split_and_a_dividend_vanish_from_the_returns():
    # 4:1 before the third bar, a dividend of 1 % before the fourth
    frame, basis = adjusted(published([400.0, 404.0, 101.0, 99.99], [0.2475, 0.2475, 0.99, 1.0]), "here")
    assert basis is Basis.TOTAL
    assert frame["close"].to_list() == pytest.approx([99.0, 99.99, 99.99, 99.99])
    assert frame["open"].to_list() == pytest.approx([close * 0.99 for close in (99.0, 99.99, 99.99, 99.99)])
    assert frame["volume"].to_list() == [1000.0] * 4
    assert frame.schema == SCHEMA
    assert frame["source"].unique().to_list() == ["here"]
    assert frame["quality"].to_list() == [1.0] * 4
    assert not frame["imputed"].any()


def test_without_adjusted_closes_prices_stand():
    raw = published([400.0, 404.0, 101.0])
    frame, basis = adjusted(raw, "here")
    assert basis is Basis.SPLIT
    assert frame.select(PRICES).equals(raw.select(PRICES))


@given(histories, st.data())
def test_what_comes_after_changes_nothing(history, data):
    cut = data.draw(st.integers(1, len(history) - 1))
    prices, given_factors = [list(part) for part in zip(*history, strict=True)]
    early, _ = adjusted(published(prices[:cut], given_factors[:cut]), "here")
    again, _ = adjusted(published(prices, given_factors)[:cut], "here")
    assert early.equals(again)
    assert early.row(-1, named=True)["close"] == prices[cut - 1]


@given(histories, st.floats(0.01, 100))
def test_a_later_event_cancels(history, event):
    """A split after the last bar multiplies every factor before it; returns seen from the last bar are the same."""
    prices, given_factors = [list(part) for part in zip(*history, strict=True)]
    before, _ = adjusted(published(prices, given_factors), "here")
    after, _ = adjusted(published(prices, [factor * event for factor in given_factors]), "here")
    for name in PRICES:
        assert after[name].to_list() == pytest.approx(before[name].to_list(), rel=1e-12)
    assert after[-1].select(PRICES).equals(before[-1].select(PRICES))


def test_a_missing_factor_is_that_of_the_bar_before():
    frame, basis = adjusted(published([100.0, 100.0, 100.0, 100.0], [None, 0.5, None, 1.0]), "here")
    assert basis is Basis.TOTAL
    assert frame["close"].to_list() == [50.0, 50.0, 50.0, 100.0]


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, None])
def test_an_impossible_close_has_no_quality_and_no_say(bad):
    raw = published([100.0, 100.0, 100.0], [0.5, 0.5, 1.0]).with_columns(
        close=pl.Series([100.0, bad, 100.0], dtype=pl.Float64)
    )
    frame, _ = adjusted(raw, "here")
    assert frame["quality"].to_list() == [1.0, 0.0, 1.0]
    assert frame["close"][0] == 50.0
    assert frame["open"].to_list() == pytest.approx([49.5, 49.5, 99.0])


@pytest.mark.parametrize(
    "change",
    [{"high": 99.0}, {"low": 101.0}, {"open": 103.0}, {"open": 0.0}, {"low": -1.0}, {"high": math.nan}, {"open": None}],
)
def test_an_impossible_range_halves_the_quality(change):
    raw = published([100.0]).with_columns(**{name: pl.lit(value, pl.Float64) for name, value in change.items()})
    assert raw.select(quality())["quality"].to_list() == [0.5]
