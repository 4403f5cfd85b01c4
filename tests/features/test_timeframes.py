"""Longer bars: equal to plain loops and to the market's own, and never seen before they are closed."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.build import build
from ara.features.sets import FeatureSet, Item
from ara.features.timeframes import Higher
from ara.market.calendar import calendar
from ara.market.longer import resample
from ara.market.timeframe import DAY, WEEK, Timeframe
from tests.features.made import bars_of, cut, days, intraday, sample, walk

MARKET = os.environ.get("ARA_MARKET_DATA", "")


def plain(bars, timeframe):
    """One longer bar after the other, by the calendar's own methods for single instants."""
    venue = calendar(bars.instrument.calendar)
    found = {}
    for row in bars.frame.iter_rows(named=True):
        at = row["at"]
        day = venue.dated(at)
        opened, bell = venue.opens(day), venue.closes(day)
        inside = at + bars.timeframe.span > opened and at < bell
        if timeframe == DAY:
            if not inside:
                continue
            key, end = opened, bell
        elif timeframe == WEEK:
            if not inside:
                continue
            monday = day - timedelta(days=day.weekday())
            week = venue.sessions(monday, monday + timedelta(days=6)) or [monday]
            key, end = venue.opens(week[0]), venue.closes(week[-1])
            if at >= end:
                continue
        else:
            start = max(at, opened) if inside else at
            key = opened + (start - opened) // timeframe.span * timeframe.span
            end = min(key + timeframe.span, bell) if inside else key + timeframe.span
        own = found.setdefault((key, inside, day) if timeframe.span < DAY.span else key, [])
        if not own:
            shown = key if inside or timeframe.span >= DAY.span else at
            latest = max((one[2] for one in found.values() if one), default=end)
            own += [key, shown, max(end, latest), row["open"], row["high"], row["low"], row["close"], 0.0]
        elif row["known_at"] <= own[2]:
            own[4], own[5], own[6] = max(own[4], row["high"]), min(own[5], row["low"]), row["close"]
        if row["known_at"] <= own[2]:
            own[7] += row["volume"]
    first, last = bars.frame["at"][0], bars.frame["known_at"][-1]
    return [tuple(values[1:]) for values in found.values() if values[0] >= first and values[2] <= last]


def rows(bars):
    return bars.frame.select("at", "known_at", "open", "high", "low", "close", "volume").rows()


CASES = [
    (intraday("XNYS", date(2020, 11, 2), date(2020, 12, 31)), "2h 4h 1d 1w"),
    (intraday("XNYS", date(2020, 11, 23), date(2020, 12, 4), step="5m"), "15m 30m 1h 2h 4h 1d 1w"),
    (intraday("XNYS", date(2020, 11, 16), date(2020, 12, 4), step="30m", before=4, after=5), "1h 2h 4h 1d 1w"),
    (intraday("forex", date(2020, 10, 12), date(2020, 11, 13)), "2h 4h 1d 1w"),
    (intraday("24/7", date(2020, 3, 1), date(2020, 4, 5)), "2h 4h 1d 1w"),
    (sample("AAPL"), "1w"),
    (sample("EURUSD"), "1w"),
    (sample("BTC-USD"), "1w"),
]


@pytest.mark.parametrize(
    ("bars", "longer"),
    [pytest.param(bars, word, id=f"{n}-{word}") for n, (bars, words) in enumerate(CASES) for word in words.split()],
)
def test_longer_bars_are_those_of_a_plain_loop(bars, longer):
    found = resample(bars, Timeframe.parse(longer))
    expected = plain(bars, Timeframe.parse(longer))
    assert len(expected) > 1
    told = rows(found)
    assert [one[:2] for one in told] == [one[:2] for one in expected]
    assert np.allclose([one[2:] for one in told], [one[2:] for one in expected], rtol=1e-12)
    assert found.frame["known_at"].is_sorted()
    assert str(found.timeframe) == longer


@pytest.mark.skipif(not MARKET, reason="ARA_MARKET_DATA names no folder")
def test_days_of_hours_are_the_market_s_own_days():
    folder = Path(MARKET, "bars")
    hourly = pl.read_parquet(folder / "crypto_hourly_binance.parquet").filter(pl.col("symbol") == "BTC-USDT").sort("ts")
    daily = pl.read_parquet(folder / "crypto_daily_binance.parquet").filter(pl.col("symbol") == "BTC-USDT").sort("ts")
    whole = hourly.group_by(pl.col("ts").dt.date()).len().filter(pl.col("len") == 24)["ts"]
    hourly = hourly.unique("ts").sort("ts")
    found = resample(bars_of(hourly, symbol="BTC-USD", asset_class="crypto", timeframe=Timeframe.parse("1h")), DAY)
    both = found.frame.with_columns(day=pl.col("at").dt.date()).join(
        daily.with_columns(day=pl.col("ts").dt.date()), on="day", suffix="_own"
    )
    both = both.filter(pl.col("day").is_in(whole.implode()))
    assert both.height > 300
    for name in ("open", "high", "low", "close"):
        same = np.isclose(both[name].to_numpy(), both[f"{name}_own"].to_numpy(), rtol=1e-9)
        assert same.mean() > 0.99, name


def test_a_week_with_a_holiday_is_known_on_its_last_session():
    weeks = resample(sample("AAPL"), WEEK).frame
    good_friday = weeks.filter(pl.col("at").dt.date() == date(2019, 4, 15))
    assert good_friday["known_at"][0] == datetime(2019, 4, 18, 20, tzinfo=UTC)
    labour_day = weeks.filter(pl.col("at").dt.date() == date(2019, 9, 3))
    assert labour_day["at"][0] == datetime(2019, 9, 3, 13, 30, tzinfo=UTC)
    assert labour_day["known_at"][0] == datetime(2019, 9, 6, 20, tzinfo=UTC)


def test_hours_are_counted_from_the_opening_on_both_sides_of_a_change_of_clocks():
    longer = resample(intraday("XNYS", date(2021, 3, 8), date(2021, 3, 19)), Timeframe.parse("2h")).frame
    first = longer.group_by(pl.col("at").dt.date(), maintain_order=True).first()
    assert {str(moment) for moment in first["known_at"].dt.time()} == {"16:30:00", "15:30:00"}
    last = longer.group_by(pl.col("at").dt.date().alias("day"), maintain_order=True).last()
    assert {str(moment) for moment in last["known_at"].dt.time()} == {"21:00:00", "20:00:00"}


def test_a_session_that_ends_early_ends_its_bars():
    longer = resample(intraday("XNYS", date(2020, 11, 23), date(2020, 12, 1)), Timeframe.parse("4h")).frame
    friday = longer.filter(pl.col("at").dt.date() == date(2020, 11, 27))
    assert friday.height == 1
    assert friday["known_at"][0] == datetime(2020, 11, 27, 18, tzinfo=UTC)


def test_what_trades_outside_of_the_session_belongs_to_no_day():
    plain_days = resample(intraday("XNYS", date(2020, 6, 1), date(2020, 6, 12), step="30m"), DAY)
    wide = intraday("XNYS", date(2020, 6, 1), date(2020, 6, 12), step="30m", before=3, after=3)
    assert resample(wide, DAY).frame["at"].to_list() == plain_days.frame["at"].to_list()
    inside = wide.frame.filter(pl.col("at") >= datetime(2020, 6, 3, 13, 30, tzinfo=UTC))[:13]
    third = resample(wide, DAY).frame[2]
    assert third["volume"][0] == inside["volume"].sum()
    assert third["high"][0] == inside["high"].max()


def test_the_last_longer_bar_waits_for_its_close_and_the_first_begins_with_its_opening():
    bars = sample("AAPL")
    thursday = bars.frame.filter(pl.col("at").dt.date() <= date(2019, 6, 13)).height
    weeks = resample(cut(bars, thursday), WEEK).frame
    assert weeks["at"][-1].date() == date(2019, 6, 3)
    assert resample(cut(bars, thursday + 1), WEEK).frame["at"][-1].date() == date(2019, 6, 10)
    assert resample(cut(bars, thursday + 1, thursday - 8), WEEK).frame["at"][0].date() == date(2019, 6, 10)


def test_each_bar_sees_the_last_longer_bar_that_was_known_at_its_close():
    bars = sample("AAPL")
    higher = Higher.of(bars, WEEK)
    closes = higher.seen(higher.bars.frame["close"].to_numpy())
    known = higher.bars.frame.select("known_at", "close").rows()
    for row in range(200):
        moment = bars.frame["known_at"][row]
        there = [close for when, close in known if when <= moment]
        assert np.isnan(closes[row]) if not there else closes[row] == there[-1]
    friday = bars.frame["at"].dt.weekday().to_numpy() == 5
    same = closes == bars.frame["close"].to_numpy()
    assert same[friday][2:].all()
    assert not same[~friday].mean() > 0.1


def test_a_label_on_the_left_would_be_seen_as_a_leak():
    """The planted fault: a week joined from its beginning shows Friday's close on Monday."""
    bars = sample("AAPL")
    higher = Higher.of(bars, WEEK)
    opened = higher.bars.frame["at"].dt.epoch("us").to_numpy()
    moments = bars.frame["at"].dt.epoch("us").to_numpy()
    leaking = replace(higher, last=np.searchsorted(opened, moments, side="right") - 1)
    close = higher.bars.frame["close"].to_numpy()
    later = bars.frame["close"].shift(-1).to_numpy()[:-1]
    moved = later / bars.frame["close"].to_numpy()[:-1] - 1

    def knows(one):
        told = one.seen(close)[:-1] / bars.frame["close"].to_numpy()[:-1] - 1
        there = np.isfinite(told) & (bars.frame["at"].dt.weekday().to_numpy()[:-1] < 5)
        return np.corrcoef(told[there], moved[there])[0, 1]

    assert knows(leaking) > 0.3
    assert abs(knows(higher)) < 0.1
    assert not cut_is_equal(bars, leaking.seen(close), lambda part: old_join(part, close, opened))


def old_join(part, close, opened):
    weeks = resample(part, WEEK).frame
    place = np.searchsorted(weeks["at"].dt.epoch("us").to_numpy(), part.frame["at"].dt.epoch("us").to_numpy(), "right")
    return np.where(place > 0, weeks["close"].to_numpy()[np.maximum(place - 1, 0)], np.nan)


def cut_is_equal(bars, whole, again):
    return all(
        np.array_equal(again(cut(bars, end))[-1:], whole[end - 1 : end], equal_nan=True) for end in range(300, 330)
    )


ITEMS = FeatureSet(
    name="longer",
    items=[
        Item.parse(text) for text in ("rsi(window=3)@1w", "sma(window=2)@1w", "close - lag(close, 1)@1w", "log_return")
    ],
)
HOURS = FeatureSet(
    name="hours",
    items=[
        Item.parse(text) for text in ("rsi(window=3)@4h", "sma(window=2)@1d", "sma(window=2)@1w", "rvol(window=3)@1d")
    ],
)


@given(end=st.integers(30, 700))
@settings(deadline=None, max_examples=25)
def test_features_of_cut_bars_are_those_of_all_bars(end):
    bars = cut(sample("AAPL"), 700)
    whole, part = build(ITEMS, bars).x, build(ITEMS, cut(bars, end)).x
    assert np.array_equal(part, whole[:end], equal_nan=True)


@given(end=st.integers(5, 900), name=st.sampled_from(["XNYS", "forex", "24/7"]), outside=st.integers(0, 3))
@settings(deadline=None, max_examples=25)
def test_features_of_cut_hours_are_those_of_all_hours(end, name, outside):
    bars = intraday(name, date(2020, 10, 5), date(2020, 12, 4), before=outside, after=outside)
    whole, part = build(HOURS, bars).x, build(HOURS, cut(bars, end)).x
    assert np.array_equal(part, whole[: len(part)], equal_nan=True)


@given(late=st.integers(0, 200), end=st.integers(5, 200))
@settings(deadline=None, max_examples=15)
def test_bars_that_are_public_late_make_longer_bars_that_are(late, end):
    bars = intraday("XNYS", date(2020, 11, 16), date(2020, 12, 31))
    later = bars.frame.with_columns(known_at=pl.col("known_at") + timedelta(minutes=late))
    bars = replace(bars, frame=later)
    whole, part = build(HOURS, bars).x, build(HOURS, cut(bars, end)).x
    assert np.array_equal(part, whole[:end], equal_nan=True)
    found = resample(bars, DAY).frame
    bell = [calendar("XNYS").closes(at.date()) for at in found["at"]]
    assert (found["known_at"] - pl.Series(bell).cast(pl.Datetime("us", "UTC"))).unique().to_list() == [
        timedelta(minutes=late)
    ]


def test_bars_without_a_price_are_passed_over_and_volume_is_unknown_where_none_is_told():
    bars = days(21, start=date(2020, 1, 6))
    gaps = bars.frame.with_columns(
        close=pl.when(pl.int_range(21) == 3).then(float("nan")).otherwise("close"),
        volume=pl.when(pl.int_range(21) >= 14).then(None).otherwise("volume"),
    )
    weeks = resample(replace(bars, frame=gaps), WEEK).frame
    assert weeks.height == 3
    assert weeks["volume"][0] == pytest.approx(bars.frame["volume"][:7].sum() - bars.frame["volume"][3])
    assert np.isnan(weeks["volume"][2])


@pytest.mark.parametrize(("bars", "longer"), [(days(5), "1h"), (days(5), "1d"), (sample("AAPL"), "30m")])
def test_bars_are_never_made_shorter(bars, longer):
    with pytest.raises(FeatureEngineeringError, match=r"can't be made into bars of"):
        resample(bars, Timeframe.parse(longer))


def test_no_bars_make_none():
    bars = cut(days(10), 0)
    assert len(resample(bars, WEEK)) == 0
    assert Higher.of(bars, WEEK).seen(np.empty(0)).shape == (0,)
    assert len(resample(cut(days(10), 9, 5), WEEK)) == 0
    outside = intraday("XNYS", date(2020, 6, 1), date(2020, 6, 1), step="30m", before=3)
    assert len(resample(cut(outside, 3), DAY)) == 0
    one = Higher.of(days(1), WEEK)
    assert np.isnan(one.seen(np.empty(0))).all()
    nothing = days(10).frame.with_columns(close=pl.lit(float("nan")))
    assert len(resample(replace(days(10), frame=nothing), WEEK)) == 0


def test_bars_on_odd_stamps_belong_to_the_session_that_they_reach_into():
    """A venue that stamps by the full hour: its bar of 9:00 holds the session's first half hour."""
    stamps = [datetime(2020, 6, day, hour, tzinfo=UTC) for day in range(1, 6) for hour in range(13, 20)]
    bars = bars_of(walk(stamps), timeframe=Timeframe.parse("1h"))
    found = resample(bars, DAY).frame
    assert found.height == 5
    assert found["open"][1] == bars.frame["open"][7]
    hours = resample(bars, Timeframe.parse("2h")).frame
    assert hours["at"][0] == datetime(2020, 6, 1, 13, 30, tzinfo=UTC)


@given(seed=st.integers(0, 50), end=st.integers(5, 200))
@settings(deadline=None, max_examples=15)
def test_a_bar_that_comes_too_late_belongs_to_no_longer_bar(seed, end):
    bars = intraday("XNYS", date(2020, 11, 16), date(2020, 12, 31))
    random = np.random.default_rng(seed)
    late = np.where(random.random(len(bars)) < 0.2, random.integers(0, 300, len(bars)), 0)
    known = bars.frame["known_at"].dt.epoch("us").to_numpy() + late * 60_000_000
    moments = pl.Series(np.maximum.accumulate(known)).cast(pl.Datetime("us", "UTC"))
    bars = replace(bars, frame=bars.frame.with_columns(known_at=moments))
    whole, part = build(HOURS, bars).x, build(HOURS, cut(bars, end)).x
    assert np.array_equal(part, whole[:end], equal_nan=True)


def test_what_a_source_gives_after_the_week_has_closed_is_not_in_it():
    stamps = [date(2020, 6, day) for day in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12)]
    rows = walk([datetime(day.year, day.month, day.day, tzinfo=UTC) for day in stamps])
    bars = bars_of(rows, symbol="EURUSD", asset_class="forex")
    weeks = resample(bars, WEEK).frame
    assert weeks["close"].to_list() == [rows["close"][4], rows["close"][10]]
    assert weeks["known_at"][0] == datetime(2020, 6, 5, 21, tzinfo=UTC)


def test_hours_before_and_after_the_bell_belong_to_no_session():
    bars = intraday("XNYS", date(2021, 3, 4), date(2021, 3, 9), step="30m", before=2, after=3)
    columns = catalogue.columns(bars, ("high", "low", "close", "volume", "session"))
    outside = np.isnan(columns["session"])
    wall = bars.frame["at"].dt.convert_time_zone("America/New_York")
    minutes = (wall.dt.hour().cast(int) * 60 + wall.dt.minute()).to_numpy()
    np.testing.assert_array_equal(outside, (minutes < 570) | (minutes >= 960))
    days = np.unique(columns["session"][~outside])
    assert [date(1970, 1, 1) + timedelta(days=int(day)) for day in days] == [date(2021, 3, day) for day in (4, 5, 8, 9)]
    (line,) = catalogue.compute("session_vwap", columns)
    assert np.isnan(line[outside]).all()
    first = np.flatnonzero(~outside & (minutes == 570))
    np.testing.assert_allclose(line[first], ((columns["high"] + columns["low"] + columns["close"]) / 3)[first])
    inside = {name: values[~outside] for name, values in columns.items()}
    np.testing.assert_array_equal(catalogue.compute("session_vwap", inside)[0], line[~outside])
    hourly = catalogue.compute("pivot_standard", bars, whole=0)[0]
    daily = catalogue.compute("pivot_standard", resample(bars, DAY), whole=0)[0]
    np.testing.assert_allclose(hourly[first][1:3], daily[1:3])
