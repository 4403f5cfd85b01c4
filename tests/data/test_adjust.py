import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.actions import Action
from ara.data.adjust import adjusted, as_traded, quality, seen_from_last
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


@given(histories)
def test_a_factor_that_is_missing_changes_no_other(history):
    """What is whole takes a shorter way: both lead to the same bits."""
    ends, told = zip(*history, strict=True)
    whole, _ = adjusted(published(ends, told), "a")
    holed, _ = adjusted(published(ends, (None, *told[1:])), "a")
    assert holed[1:].equals(whole[1:])
    assert holed.schema == whole.schema


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
    assert raw.select(quality(raw))["quality"].to_list() == [0.5]


def split(day, ratio):
    return Action(split=True, effective=micro(day), value=ratio, sources=("here",))


def dividend(day, cash):
    return Action(split=False, effective=micro(day), value=cash, currency="USD", sources=("here",))


def micro(day):
    return int((START + timedelta(days=day)).timestamp() * 1_000_000)


def test_a_split_divides_prices_before_it_and_multiplies_volume():
    frame = seen_from_last(published([400.0, 404.0, 101.0, 100.0]), [split(2, 4.0)], "here")
    assert frame["close"].to_list() == [100.0, 101.0, 101.0, 100.0]
    assert frame["volume"].to_list() == [4000.0, 4000.0, 1000.0, 1000.0]
    assert frame.schema == SCHEMA
    assert frame["votes"].to_list() == [1] * 4


def test_a_dividend_takes_its_share_of_the_close_before_it():
    frame = seen_from_last(published([100.0, 50.0, 49.0]), [dividend(2, 1.0)], "here")
    assert frame["close"].to_list() == pytest.approx([98.0, 49.0, 49.0])
    assert frame["volume"].to_list() == [1000.0] * 3


@pytest.mark.parametrize("event", [split(0, 4.0), split(3, 4.0), split(9, 4.0), dividend(2, 101.0), dividend(0, 1.0)])
def test_what_took_effect_before_the_first_or_after_the_last_bar_does_nothing(event):
    raw = published([100.0, 101.0, 102.0])
    assert seen_from_last(raw, [event], "here").select(PRICES).equals(raw.select(PRICES))


def test_what_stands_in_the_rows_stands():
    rows = published([100.0, 101.0]).with_columns(source=pl.lit("a+b"), votes=pl.lit(2), quality=pl.lit(0.5))
    frame = seen_from_last(rows, [], "here")
    assert frame.select("source", "votes", "quality").rows() == [("a+b", 2, 0.5)] * 2


def test_what_a_source_had_adjusted_comes_back_as_it_was_traded():
    """Received after the split, so divided by it; the third bar was received before it and was not."""
    raw = published([100.0, 101.0, 404.0, 100.0]).with_columns(
        learned_at=pl.Series([START + timedelta(days=day) for day in (9, 9, 3, 9)], dtype=pl.Datetime("us", "UTC")),
    )
    back = as_traded(raw, [split(3, 4.0)])
    assert back["close"].to_list() == [400.0, 404.0, 404.0, 100.0]
    assert back["volume"].to_list() == [250.0, 250.0, 1000.0, 1000.0]
    assert as_traded(raw, []).equals(raw)


@given(
    st.lists(st.floats(1, 1e4), min_size=2, max_size=20),
    st.lists(st.tuples(st.integers(1, 19), st.sampled_from([2.0, 4.0, 0.1, 1.5])), max_size=4),
    st.data(),
)
def test_no_later_action_touches_an_earlier_view(closes, events, data):
    """The last bar is as traded, and a view that ends earlier knows nothing of what came later."""
    actions = [split(day, ratio) for day, ratio in events]
    cut = data.draw(st.integers(1, len(closes)))
    frame = seen_from_last(published(closes[:cut]), actions, "here")
    assert frame["close"][-1] == closes[cut - 1]
    known = [one for one in actions if one.effective <= micro(cut - 1)]
    assert frame.equals(seen_from_last(published(closes[:cut]), known, "here"))
    again = as_traded(published(closes).with_columns(learned_at=pl.lit(START + timedelta(days=99))), actions)
    factor = [math.prod(ratio for at, ratio in events if at > day) for day in range(len(closes))]
    assert again["close"].to_list() == pytest.approx([c * f for c, f in zip(closes, factor, strict=True)])
