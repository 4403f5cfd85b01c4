"""One series of several sources: who is heard, what is taken, what is said of the rest."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ara.data.merge import MERGED, WITNESSES, explain, merge
from ara.data.provider import BARS
from ara.errors import ValidationError
from ara.market.timeframe import DAY, Timeframe
from tests.data.quality.test_checking import APPLE, put, scaled, sessions, walk

HOUR = Timeframe.parse("1h")


@pytest.fixture(scope="module")
def apple():
    bars = walk(APPLE, sessions(APPLE, date(2015, 1, 2), date(2015, 12, 30)))
    return bars.with_columns(learned_at=pl.col("known_at") + pl.duration(minutes=5)).select(BARS.names())


def test_sources_that_agree_all_vote(apple):
    merged = merge({"a": apple, "b": scaled(apple, 0, 9999, 1.0005), "c": apple}, DAY, weights={"b": 0.5})
    assert merged.schema == MERGED
    assert_frame_equal(merged.select(BARS.names()), apple)
    assert merged.select("source", "votes", "quality", "conflict").unique().rows() == [("a+c+b", 3, 1.0, "")]


def test_no_sources_or_no_bars_give_no_bars(apple):
    assert_frame_equal(merge({}, DAY, weights={}), MERGED.to_frame())
    assert_frame_equal(merge({"a": apple.clear()}, DAY, weights={}), MERGED.to_frame())
    assert_frame_equal(merge({"a": apple}, DAY, weights={"a": 0}), MERGED.to_frame())


def test_one_source_is_taken_as_it_is_with_its_own_score(apple):
    scored = apple.with_columns(quality=pl.when(pl.int_range(pl.len()) == 3).then(0.5).otherwise(1.0))
    merged = merge({"a": scored}, DAY, weights={})
    assert_frame_equal(merged.select(BARS.names()), apple)
    assert merged["quality"].to_list() == scored["quality"].to_list()
    assert merged["votes"].unique().to_list() == [1]


def test_most_of_the_weight_has_it_and_the_rest_is_said(apple):
    wrong = scaled(apple, 9, 9, 1.07)
    merged = merge({"a": wrong, "b": apple, "c": apple}, DAY, weights={"a": 1.5})
    assert_frame_equal(merged.select(BARS.names()), apple)
    close = apple["close"][9]
    row = merged.row(9, named=True)
    assert (row["source"], row["votes"], row["quality"]) == ("b+c", 2, pytest.approx(2 / 3.5))
    assert row["conflict"].startswith("a has the ")
    assert row["conflict"].endswith("(7.00% apart)")
    heavy = merge({"a": wrong, "b": apple, "c": apple}, DAY, weights={"a": 2.5})
    assert heavy["close"][9] == pytest.approx(close * 1.07)
    assert heavy["conflict"][9].count("; ") == 1


def test_between_two_of_the_same_weight_the_first_named_has_it(apple):
    other = scaled(apple, 0, 9999, 1.1)
    assert merge({"a": apple, "b": other}, DAY, weights={})["close"].equals(apple["close"])
    assert merge({"b": other, "a": apple}, DAY, weights={})["close"].equals(other["close"])
    assert merge({"a": apple, "b": other}, DAY, weights={"b": 1.1})["source"].unique().to_list() == ["b"]


def test_a_bar_s_own_score_lowers_its_weight(apple):
    doubted = scaled(apple, 9, 9, 1.07).with_columns(
        quality=pl.when(pl.int_range(pl.len()) == 9).then(0.5).otherwise(1.0)
    )
    merged = merge({"a": doubted, "b": apple}, DAY, weights={})
    assert merged["close"].equals(apple["close"])
    assert merged["quality"][9] == pytest.approx(1 / 1.5)


def test_a_bar_that_cannot_be_is_heard_only_where_there_is_no_other(apple):
    wrong = put(put(apple, 9, high=1.0), 11, close=-1.0)
    merged = merge({"a": wrong, "b": apple}, DAY, weights={"a": 5})
    assert merged["close"].equals(apple["close"])
    assert merged["source"][9] == merged["source"][11] == "b"
    assert merged["conflict"][9] == "a has a bar that can't be"
    alone = merge({"a": wrong}, DAY, weights={})
    assert alone["high"][9] == 1.0
    assert len(alone) == len(apple) - 1


def test_missing_bars_of_one_come_from_the_other(apple):
    merged = merge({"a": apple[:100], "b": apple[50:]}, DAY, weights={})
    assert_frame_equal(merged.select(BARS.names()), apple)
    assert merged["source"].to_list() == ["a"] * 50 + ["a+b"] * 50 + ["b"] * (len(apple) - 100)


def test_volume_is_asked_of_those_who_know_it(apple):
    silent = apple.with_columns(volume=pl.lit(None, pl.Float64))
    assert merge({"a": silent, "b": apple}, DAY, weights={"a": 9})["volume"].equals(apple["volume"])
    assert merge({"a": silent}, DAY, weights={})["volume"].null_count() == len(apple)


def test_the_factor_is_that_of_the_heaviest_who_has_one(apple):
    adjusted = scaled(apple, 0, 9999, 1.001).with_columns(adjusted=pl.col("close") * 0.25)
    merged = merge({"a": apple, "b": adjusted}, DAY, weights={"b": 0.5})
    assert np.allclose(merged["adjusted"] / merged["close"], 0.25)


def test_a_merged_bar_is_known_and_learned_when_the_last_voter_was(apple):
    late = apple.with_columns(pl.col("known_at", "learned_at") + pl.duration(hours=3))
    merged = merge({"a": apple, "b": late, "c": scaled(late, 0, 9999, 2.0)}, DAY, weights={})
    assert merged["known_at"].equals(late["known_at"])
    assert merged["learned_at"].equals(late["learned_at"])
    outvoted = merge({"a": apple, "b": apple, "c": scaled(late, 0, 9999, 2.0)}, DAY, weights={})
    assert outvoted["known_at"].equals(apple["known_at"])


def test_times_that_are_not_told_are_the_bar_s_end(apple):
    bare = apple.drop("learned_at").with_columns(known_at=pl.lit(None, pl.Datetime("us", "UTC")))
    merged = merge({"a": bare}, DAY, weights={})
    assert merged["known_at"].equals(merged["learned_at"])
    assert (merged["known_at"] - merged["at"]).unique().to_list() == [timedelta(days=1)]


def test_bars_that_open_a_little_apart_are_one(apple):
    moved = apple.with_columns(pl.col("at") + pl.duration(minutes=20))
    merged = merge({"a": apple, "b": moved}, DAY, weights={})
    assert merged["at"].equals(apple["at"])
    assert merged["votes"].unique().to_list() == [2]
    apart = merge({"a": apple, "b": moved}, DAY, weights={}, tolerance=timedelta(minutes=19))
    assert len(apart) == 2 * len(apple)
    assert apart["at"].is_sorted()


def test_two_bars_of_one_source_stay_two(apple):
    at = datetime(2020, 1, 1, tzinfo=UTC)
    one = apple[:1].with_columns(at=pl.lit(at).cast(BARS["at"]))
    two = pl.concat([one, one.with_columns(pl.col("at") + pl.duration(minutes=5))])
    merged = merge({"a": one, "b": two}, HOUR, weights={})
    assert merged["source"].to_list() == ["a+b", "b"]


@pytest.mark.parametrize("lag", [1, -1])
def test_a_source_whose_labels_stand_beside_is_left_out(lag, apple):
    columns = ["open", "high", "low", "close", "volume"]
    moved = apple.with_columns(pl.col(columns).shift(lag)).drop_nulls("close")
    merged = merge({"b": moved, "a": apple, "c": apple}, DAY, weights={"b": 1.9})
    known = merged.filter(pl.col("at").is_between(apple["at"][60], apple["at"][-2]))
    assert known["source"].unique().to_list() == ["a+c"]
    way = "late" if lag > 0 else "early"
    assert known["conflict"].unique().to_list() == [f"b is left out: its labels stand one bar {way}"]
    heavier = merge({"b": moved, "a": apple, "c": apple}, DAY, weights={"b": 2.1})
    assert set(heavier.filter(pl.col("at").is_between(apple["at"][60], apple["at"][200]))["source"]) == {"b"}


@pytest.fixture(scope="module")
def long_walk():
    bars = walk(APPLE, sessions(APPLE, date(2013, 1, 2), date(2015, 12, 30)))
    return bars.with_columns(learned_at=pl.col("known_at") + pl.duration(minutes=5)).select(BARS.names())


def leaking(bars):
    """Closes taken when the day begins, with the day's own high and low: these tell the next close."""
    high, low = pl.max_horizontal("high", "open"), pl.min_horizontal("low", "open")
    return bars.with_columns(close=pl.col("open"), open=pl.col("open").shift(1, fill_value=100.0)).with_columns(
        high=high, low=low
    )


def reaching(bars):
    """Highs and lows that reach to the next close."""
    after = pl.col("close").shift(-1)
    return bars.with_columns(high=pl.max_horizontal("high", after), low=pl.min_horizontal("low", after))


def late(bars):
    """Closes of the day before."""
    return bars.with_columns(close=pl.col("close").shift(1, fill_value=100.0)).with_columns(
        high=pl.max_horizontal("high", "close"), low=pl.min_horizontal("low", "close")
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(leaking, "bars tell their next"), (reaching, "bars tell their next"), (late, "closes stand at")],
)
def test_a_source_that_convicts_itself_has_no_vote_however_heavy(wrong, words, long_walk):
    frames, weights = {"a": wrong(long_walk), "b": long_walk}, {"a": 1.0, "b": 0.5}
    merged = merge(frames, DAY, weights=weights)
    after = merged.slice(400)
    assert after["source"].unique().to_list() == ["b"]
    assert_frame_equal(after.select(BARS.names()), long_walk[400:])
    assert set(merged["source"][:200]) != {"b"}
    told = explain(frames, long_walk["at"][600], DAY, weights=weights)
    assert dict(told.select("source", "weight").iter_rows()) == {"a": 0.0, "b": 1.0}
    assert f"a has no vote: its {words}" in told.filter(source="a")["conflict"][0]


def test_a_conviction_is_of_the_past_and_not_of_what_comes(long_walk):
    frames = {"a": leaking(long_walk), "b": long_walk}
    whole = merge(frames, DAY, weights={})
    for count in (200, 450):
        early = merge({name: frame.head(count) for name, frame in frames.items()}, DAY, weights={})
        assert_frame_equal(early, whole.head(count))


def test_a_source_that_convicts_itself_still_has_the_bars_that_nobody_else_has(long_walk):
    merged = merge({"a": leaking(long_walk), "b": long_walk.head(600)}, DAY, weights={})
    assert merged["source"][599] == "b"
    assert merged["source"][600:].unique().to_list() == ["a"]


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused(weight, apple):
    with pytest.raises(ValidationError, match="the weight of a is"):
        merge({"a": apple}, DAY, weights={"a": weight})


def test_a_bar_is_explained_source_by_source(apple):
    wrong, absent = scaled(apple, 9, 9, 1.07), apple.filter(pl.col("at") != apple["at"][9])
    frames = {"a": wrong, "b": apple, "c": apple, "d": absent}
    told = explain(frames, apple["at"][9], DAY, weights={"a": 1.5})
    assert told.schema == WITNESSES
    assert told["source"].to_list() == ["a", "b", "c"]
    assert told["vote"].to_list() == [False, True, True]
    assert told["weight"].to_list() == pytest.approx([1.5 / 3.5, 1 / 3.5, 1 / 3.5])
    assert told["close"][0] == pytest.approx(apple["close"][9] * 1.07)
    assert told["conflict"][0].endswith("(7.00% apart)")
    assert told["conflict"][1:].to_list() == ["", ""]


def test_what_no_source_has_is_explained_by_nothing(apple):
    assert explain({}, apple["at"][0], DAY, weights={}).is_empty()
    assert explain({"a": apple.clear()}, apple["at"][0], DAY, weights={}).is_empty()
    assert explain({"a": apple}, apple["at"][0] - timedelta(days=3), DAY, weights={}).is_empty()
    assert len(explain({"a": apple}, apple["at"][0] - timedelta(hours=3), DAY, weights={})) == 1


def test_a_witness_that_is_not_heard_weighs_nothing(apple):
    told = explain({"a": put(apple, 9, close=-1.0)}, apple["at"][9], DAY, weights={})
    assert told.select("weight", "vote", "conflict").rows() == [(0.0, False, "a has a bar that can't be")]


PRICE = st.floats(1.0, 1e6)


@settings(max_examples=25, deadline=None)
@given(
    bars=st.lists(st.tuples(PRICE, PRICE, PRICE, PRICE), min_size=1, max_size=5),
    weights=st.lists(st.floats(0.01, 10), min_size=5, max_size=5),
)
def test_possible_bars_make_a_possible_bar_of_prices_that_somebody_gave(bars, weights):
    at = datetime(2020, 1, 1, tzinfo=UTC)
    frames = {}
    for name, prices in zip("abcde", bars, strict=False):
        opened, close = prices[:2]
        row = {"at": at, "known_at": at, "learned_at": at, "open": opened, "high": max(prices), "low": min(prices)}
        frames[name] = pl.DataFrame([{**row, "close": close, "volume": None, "adjusted": None}], schema=BARS)
    merged = merge(frames, DAY, weights=dict(zip("abcde", weights, strict=True)))
    row = merged.row(0, named=True)
    assert row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"]
    for field in ("open", "high", "low", "close"):
        given_prices = {name: frame[field][0] for name, frame in frames.items()}
        assert row[field] in given_prices.values()
        share = [weights["abcde".index(name)] for name in frames]
        below = sum(w for w, p in zip(share, given_prices.values(), strict=True) if p < row[field])
        above = sum(w for w, p in zip(share, given_prices.values(), strict=True) if p > row[field])
        assert max(below, above) <= sum(share) / 2 * (1 + 1e-6)
