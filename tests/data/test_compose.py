"""Longer bars out of shorter ones: by session, whole, and the same however much came later."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data import answers
from ara.data.compose import compose, shorter
from ara.data.coverage import oldest
from ara.data.provider import BARS, Kind
from ara.data.providers.binance import Binance
from ara.data.providers.coinbase import Coinbase
from ara.data.providers.kraken import Kraken
from ara.data.providers.polygon import Polygon
from ara.data.providers.yahoo import Yahoo
from ara.errors import DataProviderError
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.symbols import resolve
from ara.market.timeframe import DAY, TIMEFRAMES, WEEK, Timeframe
from tests.venues.kraken import KrakenVenue
from tests.venues.polygon import PolygonVenue
from tests.venues.sample_days import opened

APPLE, COIN, EURO = map(resolve, ("AAPL", "BTC-USD", "EURUSD"))
HOUR, TWO, FOUR, HALF = map(Timeframe.parse, ("1h", "2h", "4h", "30m"))
THURSDAY = datetime(2020, 1, 2, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def bars(one, step, begin, count, *, without=()):
    """Bars that differ in every price, by the calendar; whole sessions for days."""
    hours = calendar(one.calendar)
    if step == DAY:
        opens = pl.Series([hours.opens(day) for day in hours.following(begin.date() - timedelta(days=1), count)])
    else:
        opens = pl.Series([begin + number * step.span for number in range(count)])
    known = spans(opens, hours, step)["known_at"]
    place = pl.int_range(len(opens), eager=True).cast(pl.Float64)
    frame = pl.DataFrame(
        {"at": opens, "known_at": known, "learned_at": known, "open": 100 + place, "high": 110 + place}
        | {"low": 90 + place, "close": 101 + place, "volume": 1 + place, "adjusted": [None] * len(opens)},
        schema=BARS,
    )
    return frame.filter(~place.is_in([float(one) for one in without]))


def test_two_hours_are_made_of_the_hours_in_them():
    made = compose(bars(COIN, HOUR, THURSDAY, 6), COIN, TWO)
    assert made.schema == BARS
    assert made.select("at", "known_at").rows() == [
        (THURSDAY + timedelta(hours=n), THURSDAY + timedelta(hours=n + 2)) for n in (0, 2, 4)
    ]
    assert made.select("open", "high", "low", "close", "volume").rows() == [
        (100 + n, 111 + n, 90 + n, 102 + n, 3 + 2 * n) for n in (0.0, 2.0, 4.0)
    ]
    assert (made["learned_at"] >= made["known_at"]).all()


def test_an_end_that_is_not_there_is_waited_for():
    hours = bars(COIN, HOUR, THURSDAY, 6)
    assert len(compose(hours.head(5), COIN, TWO)) == 2
    assert len(compose(hours[1:], COIN, TWO)) == 2  # nor is a bar without its beginning whole
    assert compose(bars(COIN, HOUR, THURSDAY, 6, without=[3]), COIN, TWO)["close"].to_list() == [102, 103, 106]
    assert compose(hours.clear(), COIN, TWO).is_empty()
    assert compose(hours.with_columns(volume=pl.lit(None, pl.Float64)), COIN, TWO)["volume"].null_count() == 3


def test_a_session_ends_its_last_bar_and_what_trades_outside_is_left_out():
    bell = at("2020-11-27T18:00")  # an early one
    made = compose(bars(APPLE, HALF, at("2020-11-27T13:00"), 14), APPLE, TWO)
    assert made["at"].to_list() == [at("2020-11-27T14:30"), at("2020-11-27T16:30")]
    assert made["known_at"].to_list() == [at("2020-11-27T16:30"), bell]
    assert made["open"][0] == 103


def test_bars_by_the_clock_do_not_fit_a_session_that_opens_at_half_past():
    assert compose(bars(APPLE, HOUR, at("2020-11-30T14:00"), 8), APPLE, TWO) is None


def test_weeks_are_of_their_sessions():
    days = bars(APPLE, DAY, at("2020-11-23T00:00"), 9)
    made = compose(days, APPLE, WEEK)
    assert made["at"].to_list() == [at("2020-11-23T14:30"), at("2020-11-30T14:30")]
    assert made["known_at"].to_list() == [at("2020-11-27T18:00"), at("2020-12-04T21:00")]
    assert len(compose(days.head(8), APPLE, WEEK)) == 1
    assert len(compose(days[1:], APPLE, WEEK)) == 1
    assert compose(bars(COIN, DAY, at("2020-01-06T00:00"), 14), COIN, WEEK)["at"].dt.weekday().to_list() == [1, 1]
    monday_off = bars(APPLE, DAY, at("2020-01-20T00:00"), 4)  # a Monday without a session
    assert compose(monday_off, APPLE, WEEK)["at"].to_list() == [at("2020-01-21T14:30")]


@settings(max_examples=25, deadline=None)
@given(
    one=st.sampled_from([APPLE, COIN, EURO]),
    steps=st.sampled_from([("30m", "1h"), ("30m", "2h"), ("30m", "4h"), ("1h", "4h"), ("1d", "1w")]),
    without=st.sets(st.integers(0, 59), max_size=12),
    seen=st.integers(1, 60),
)
def test_what_comes_later_changes_no_bar(one, steps, without, seen):
    step, longer = map(Timeframe.parse, steps)
    parts = bars(one, step, calendar(one.calendar).opens(date(2020, 3, 3)), 60, without=without)
    whole, early = compose(parts, one, longer), compose(parts.head(seen), one, longer)
    assert (whole is None) or early is not None
    if whole is None or early is None:
        return
    assert early.equals(whole.head(len(early)))
    assert not (early["known_at"] > parts.head(seen)["known_at"].max()).any()
    assert (early["low"] <= early["high"]).all()


def test_each_venue_says_what_it_lacks():
    made = {
        source.name: [str(one) for one in TIMEFRAMES if shorter(source, one)]
        for source in (Yahoo, Binance, Kraken, Coinbase, Polygon)
    }
    assert made == {
        "yahoo": ["2h", "4h"],
        "binance": [],
        "kraken": ["2h", "1w"],
        "coinbase": ["4h", "1w"],
        "polygon": ["2h", "4h", "1w"],
    }
    assert [str(one) for one in shorter(Polygon, FOUR)] == ["1h", "30m", "15m", "5m", "1m"]
    now = THURSDAY
    with KrakenVenue() as venue:
        assert now - oldest(opened(Kraken, venue), TWO, now) == timedelta(hours=720)


async def test_kraken_gives_weeks_and_two_hours():
    with KrakenVenue() as venue:
        hour = int(THURSDAY.timestamp())
        venue.bars["XXBTZUSD"][60] = [(hour + n * 3600, 10 + n, 12 + n, 9 + n, 11 + n, 1.0) for n in range(9)]
        kraken = opened(Kraken, venue)
        two = await answers.bars(kraken, COIN, TWO, start=THURSDAY + timedelta(hours=2), end=venue.clock.now())
        assert two.select("at", "open", "close").rows() == [
            (THURSDAY + timedelta(hours=n), 10 + n, 12 + n) for n in (2, 4, 6)
        ]
        weeks = await answers.bars(kraken, COIN, WEEK, start=at("2019-12-01T00:00"), end=venue.clock.now())
        days = await answers.bars(kraken, COIN, DAY, start=at("2020-01-06T00:00"), end=at("2020-01-13T00:00"))
        assert weeks["at"][0] == at("2019-12-02T00:00")
        assert weeks["at"][-1] == at("2020-01-06T00:00")
        assert (weeks["high"][-1], weeks["close"][-1]) == (days["high"].max(), days["close"][-1])
        await kraken.close()


async def test_polygon_takes_the_length_that_fits_its_sessions():
    with PolygonVenue() as venue:
        begin = at("2022-03-10T14:00")
        rows = lambda step, count: [  # noqa: E731
            (int((begin + n * step.span).timestamp()), 10.0 + n, 12.0 + n, 9.0 + n, 11.0 + n, 5) for n in range(count)
        ]
        venue.minutes = {("AAPL", "1/hour"): rows(HOUR, 7), ("AAPL", "30/minute"): rows(HALF, 14)}
        polygon = opened(Polygon, venue, key="K3Y")
        made = await answers.bars(polygon, APPLE, TWO, start=at("2022-03-10T00:00"), end=venue.clock.now())
        assert made["at"].to_list() == [
            at("2022-03-10T14:30"),
            at("2022-03-10T16:30"),
            at("2022-03-10T18:30"),
            at("2022-03-10T20:30"),
        ]
        assert [one.path.split("/")[-4:-2] for one in venue.requests] == [["1", "hour"], ["30", "minute"]]
        with pytest.raises(DataProviderError, match="of prices as traded none are made"):
            await answers.bars(polygon, APPLE, WEEK, start=at("2022-01-01T00:00"), end=venue.clock.now())
        venue.minutes[("AAPL", "30/minute")] = [(row[0] + 900, *row[1:]) for row in rows(HALF, 14)]
        with pytest.raises(DataProviderError, match="shorter ones don't fit into the sessions"):
            await answers.bars(polygon, APPLE, TWO, start=at("2022-03-10T00:00"), end=venue.clock.now())
        await polygon.close()


async def test_a_source_that_says_nothing_is_asked_for_the_length_itself():
    class Plain:
        name = "plain"
        offers = frozenset({Kind.BARS})

        async def history(self, kind, instrument, timeframe, *, start, end):
            return bars(COIN, HOUR, THURSDAY, 3).with_columns(volume=pl.lit(float(timeframe.count)))

    frame = await answers.bars(Plain(), COIN, TWO, start=THURSDAY, end=THURSDAY + timedelta(days=1))
    assert frame["volume"].to_list() == [2.0, 2.0, 2.0]
