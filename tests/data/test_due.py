"""When sources are asked again: never before there can be something new."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from ara.data.access.attempts import Attempt
from ara.data.due import due, lacks, next_close
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import UnknownSymbolError
from ara.market.symbols import guess, resolve
from ara.market.timeframe import DAY, WEEK, Timeframe
from ara.settings import Settings
from ara.testing import FakeClock, Reply
from tests.venues.polygon import PolygonVenue
from tests.venues.yahoo import YahooVenue

APPLE, COIN = resolve("AAPL"), resolve("BTC-USD")
HOUR = Timeframe.parse("1h")
FRIDAY = datetime(2020, 11, 6, 21, tzinfo=UTC)  # the close of the last bar that is kept
MONDAY = datetime(2020, 11, 9, 21, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rows(newest=FRIDAY):
    moments = pl.Series([] if newest is None else [newest], dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame({"at": moments, "known_at": moments})


@pytest.mark.parametrize(
    ("one", "timeframe", "moment", "closes"),
    [
        (APPLE, DAY, "2020-11-06T20:59", "2020-11-06T21:00"),
        (APPLE, DAY, "2020-11-06T21:00", "2020-11-09T21:00"),
        (APPLE, DAY, "2020-11-27T12:00", "2020-11-27T18:00"),
        (APPLE, WEEK, "2020-11-04T12:00", "2020-11-06T21:00"),
        (APPLE, WEEK, "2020-11-07T12:00", "2020-11-13T21:00"),
        (APPLE, HOUR, "2020-11-06T15:00", "2020-11-06T15:30"),
        (APPLE, HOUR, "2020-11-06T20:45", "2020-11-06T21:00"),
        (APPLE, HOUR, "2020-11-06T22:00", "2020-11-09T15:30"),
        (COIN, DAY, "2020-11-06T00:00", "2020-11-07T00:00"),
        (COIN, HOUR, "2020-11-06T23:30", "2020-11-07T00:00"),
    ],
)
def test_the_next_close_is_by_the_calendar(one, timeframe, moment, closes):
    assert next_close(at(moment), one, timeframe) == at(closes)


@pytest.mark.parametrize(
    ("attempt", "now", "moment", "asks"),
    [
        (None, MONDAY, None, True),
        # it answered on Saturday: nothing can be new before Monday's close
        (Attempt(at=at("2020-11-07T12:00"), newest=FRIDAY), MONDAY - timedelta(minutes=1), None, False),
        (Attempt(at=at("2020-11-07T12:00"), newest=FRIDAY), MONDAY, None, True),
        # Monday's bar wasn't in the answer ten minutes after the bell: it may be late by as much again
        (Attempt(at=MONDAY + timedelta(minutes=10), newest=FRIDAY), MONDAY + timedelta(minutes=19), None, False),
        (Attempt(at=MONDAY + timedelta(minutes=10), newest=FRIDAY), MONDAY + timedelta(minutes=20), None, True),
        (Attempt(at=MONDAY + timedelta(minutes=1), newest=FRIDAY), MONDAY + timedelta(minutes=5), None, False),
        (Attempt(at=MONDAY + timedelta(minutes=1), newest=FRIDAY), MONDAY + timedelta(minutes=6), None, True),
        # what trades no more is asked for once a session
        (Attempt(at=at("2021-11-08T22:00"), newest=FRIDAY), at("2021-11-09T20:59"), None, False),
        (Attempt(at=at("2021-11-08T22:00"), newest=FRIDAY), at("2021-11-09T21:00"), None, True),
        # and never again for a day that was over when it was asked
        (Attempt(at=at("2021-11-08T22:00"), newest=FRIDAY), at("2021-11-19T21:00"), at("2020-12-01T00:00"), False),
        # the store was emptied since; the clock was set back
        (Attempt(at=at("2020-11-10T12:00"), newest=MONDAY), at("2020-11-10T12:01"), None, True),
        (Attempt(at=at("2020-12-10T12:00"), newest=FRIDAY), at("2020-11-10T12:00"), None, True),
        # it failed
        (Attempt(at=MONDAY, code="data_provider", words="no"), MONDAY + timedelta(minutes=4), None, False),
        (Attempt(at=MONDAY, code="data_provider", words="no"), MONDAY + timedelta(minutes=5), None, True),
    ],
)
def test_a_source_is_asked_again_when_there_can_be_something_new(attempt, now, moment, asks):
    assert due(attempt, rows(), APPLE, DAY, moment=moment or now, now=now) is asks


def test_where_nothing_is_kept_only_an_unknown_symbol_is_not_asked_for_again():
    later = MONDAY + timedelta(minutes=1)
    for code, asks in (("data_provider", True), ("unknown_symbol", False), ("", True)):
        attempt = Attempt(at=MONDAY, code=code, words="no")
        assert due(attempt, rows(None), APPLE, DAY, moment=later, now=later) is asks
    done = Attempt(at=MONDAY)
    assert due(done, rows(), APPLE, DAY, moment=FRIDAY, now=later) is False


def test_one_kept_bar_is_enough_where_one_is_wanted():
    assert lacks(None, APPLE, DAY, moment=MONDAY)
    assert lacks(rows(None), APPLE, DAY, moment=MONDAY)
    assert lacks(rows(), APPLE, DAY, moment=MONDAY)
    assert lacks(rows(), APPLE, DAY, moment=MONDAY, wanted=MONDAY)
    assert not lacks(rows(), APPLE, DAY, moment=MONDAY, wanted=FRIDAY)
    assert not lacks(rows(), APPLE, DAY, moment=MONDAY - timedelta(seconds=1))


@pytest.fixture
def clock():
    return FakeClock(datetime(2020, 11, 7, tzinfo=UTC))


@pytest.fixture
def venue(clock):
    with YahooVenue(clock) as one:
        real = one.daily
        one.daily = lambda symbol: [row for row in real(symbol) if row[0] <= clock.now().timestamp()]
        yield one


@pytest.fixture
async def opened(tmp_path, clock, venue):
    async with AsyncExitStack() as stack:

        async def make(**flags):
            flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers": "yahoo,sample", **flags}
            flags |= {"data.providers.yahoo.url": venue.url, "data.retries": "0"}
            settings = Settings.load(flags, environ={}, folder=tmp_path)
            desk = await stack.enter_async_context(Desk.open(settings, clock=clock))
            return await stack.enter_async_context(MarketData(desk))

        yield make


async def test_what_one_asked_another_does_not_ask(opened, venue, clock):
    await (await opened()).bars(APPLE)
    count = len(venue.requests)
    clock.set(MONDAY - timedelta(seconds=1))
    await (await opened()).bars(APPLE)
    assert len(venue.requests) == count
    clock.set(MONDAY + timedelta(hours=2))
    assert (await (await opened()).bars(APPLE)).frame["known_at"][-1] == MONDAY
    assert len(venue.requests) > count


async def test_a_kept_day_is_told_of_without_asking(opened, venue, clock):
    await (await opened()).bars(APPLE)
    count = len(venue.requests)
    clock.set(datetime(2021, 3, 5, tzinfo=UTC))
    told = await (await opened()).why(APPLE, date(2020, 8, 28))
    assert [one.source for one in told.witnesses] == ["yahoo"]
    assert len(venue.requests) == count
    await (await opened()).why(APPLE, date(2021, 2, 26))
    assert len(venue.requests) > count


async def test_a_failure_is_remembered_and_said_with_the_way_past_it(opened, venue, clock):
    await (await opened()).bars(APPLE)
    clock.set(MONDAY + timedelta(hours=2))
    venue.on("/v8/finance/chart/AAPL", Reply(status=503, body=b"down"))
    first = await (await opened()).bars(APPLE)
    count = len(venue.requests)
    again = await (await opened()).bars(APPLE)
    assert len(venue.requests) == count
    assert first.notes == again.notes != ()
    assert "503" in again.notes[0]


async def test_an_unknown_symbol_is_asked_for_once(opened, venue):
    for _ in range(2):
        with pytest.raises(UnknownSymbolError, match="NOSUCH"):
            await (await opened()).bars(guess("NOSUCH"))
        count = len(venue.requests)
    assert count == len([one for one in venue.requests if one.path.endswith("NOSUCH")]) == 1


async def test_a_key_that_was_missing_counts_as_soon_as_it_is_there(opened, clock):
    await (await opened()).bars(APPLE)
    clock.set(MONDAY + timedelta(hours=2))
    with PolygonVenue(clock) as polygon:
        asks = {"data.providers": "polygon", "data.providers.polygon.url": polygon.url}
        without = await (await opened(**asks)).bars(APPLE)
        assert "answers only with a key" in without.notes[0]
        assert not polygon.requests
        with_key = await (await opened(**asks, **{"data.providers.polygon.key": "K3Y"})).bars(APPLE)
        assert with_key.frame["known_at"][-1] == MONDAY


async def test_an_answer_without_a_bar_says_nothing_of_the_quality_of_its_source(opened, venue):
    market = await opened()
    await market.bars(APPLE)
    before = market.sources.health()["quality"][0]
    venue.daily = lambda symbol: []
    (told,) = [one async for one in market.collector.update([APPLE])]
    assert (told.bars, market.sources.health()["quality"][0]) == (0, before)


async def test_many_at_once_ask_once(opened, venue):
    market = await opened()
    await asyncio.gather(*(market.bars(APPLE) for _ in range(20)))
    whole = [one for one in venue.requests if one.path == "/v8/finance/chart/AAPL" and one.query["period1"][0] == "-"]
    assert len(whole) == 2  # bars, and splits and dividends
