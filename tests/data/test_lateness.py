"""A source whose newest bar is old: it is noticed, passed over where another one has more, and said."""

from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta

import pytest

from ara.data.failover import Tried
from ara.data.feed import MarketData
from ara.data.lateness import behind, late, short
from ara.desk import Desk
from ara.market.symbols import resolve
from ara.market.timeframe import DAY, WEEK, Timeframe, Unit
from ara.settings import Settings
from ara.testing import FakeClock
from tests.venues.polygon import PolygonVenue
from tests.venues.yahoo import YahooVenue

MICROSOFT, COIN = resolve("MSFT"), resolve("BTC-USD")
HOUR = Timeframe(1, Unit.HOUR)
FROZEN, NOW = datetime(2019, 1, 31, 23, tzinfo=UTC), datetime(2019, 3, 1, 23, tzinfo=UTC)
START = datetime(2019, 1, 1, tzinfo=UTC)
OLD = "the newest bar of MSFT is of 2019-01-31: 20 sessions have closed since by 2019-03-01"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture
def venues(clock):
    with YahooVenue(FakeClock(FROZEN)) as yahoo, PolygonVenue() as polygon:
        polygon.clock = clock
        yield yahoo, polygon


@pytest.fixture
async def market(tmp_path, clock, venues):
    """Open market data over both venues, as often as wanted, over one home."""
    async with AsyncExitStack() as stack:

        async def make(key=venues[1].key):
            flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers": "yahoo,polygon"}
            flags |= {
                f"data.providers.{one}.url": venue.url for one, venue in zip(("yahoo", "polygon"), venues, strict=True)
            }
            flags |= {"data.retries": "0", "data.providers.polygon.per_minute": "6000"} | (
                {"data.providers.polygon.key": key} if key else {}
            )
            desk = await stack.enter_async_context(
                Desk.open(Settings.load(flags, environ={}, folder=tmp_path), clock=clock)
            )
            return await stack.enter_async_context(MarketData(desk))

        yield make


async def updated(market):
    (one,) = [one async for one in market.collector.update([MICROSOFT])]
    return one


def health(market, name):
    return next(row for row in market.sources.health().iter_rows(named=True) if row["source"] == name)


async def test_a_frozen_source_is_passed_over_for_a_fresh_one(market):
    data = await market()
    found = await data.collector.fetch(MICROSOFT, start=START)
    assert (found.source, f"{found.last:%Y-%m-%d}", found.behind) == ("polygon", "2019-03-01", None)
    passed = found.tried[0]
    assert (passed.source, passed.ok, passed.words, passed.code) == ("yahoo", False, f"{OLD}.", "")
    told = await data.why(MICROSOFT, date(2019, 2, 14))
    assert told.fetches[0].tried[0] == {"source": "yahoo", "ok": False, "words": f"{OLD}.", "code": ""}


async def test_where_nobody_has_more_the_old_answer_stands_and_says_how_old_it_is(market):
    data = await market(key="")
    found = await data.collector.fetch(MICROSOFT, start=START)
    assert (found.source, found.behind.sessions, found.behind.stale, found.behind.words) == ("yahoo", 20, True, OLD)
    assert [(one.source, one.ok) for one in found.tried] == [("yahoo", True), ("polygon", False)]
    assert OLD in (await data.bars(MICROSOFT)).notes
    again = await updated(data)
    assert (again.new, again.behind.sessions) == (0, 20)


async def test_an_update_asks_the_next_one_too(market, clock):
    data = await market(key="")
    await data.collector.fetch(MICROSOFT, start=START)
    assert (await updated(data)).source == "yahoo"
    keyed = await market()
    found = await updated(keyed)
    assert (found.source, found.new > 18, found.behind) == ("polygon", True, None)
    clock.advance(days=3)
    assert (await updated(keyed)).source == "polygon"


def judged(own, *, kept=None, known=False, moment="2019-03-01T23:00"):
    days = {"begin": START, "moment": at(moment), "kept": kept and at(kept), "known": known}
    return short(own and at(own), MICROSOFT, DAY, **days)


def test_when_another_source_is_asked_too():
    assert judged("2019-01-31T21:00") == (20, f"{OLD}.")
    assert judged("2019-01-31T21:00", kept="2019-01-31T21:00") == (20, f"{OLD}.")
    assert judged("2019-01-31T21:00", kept="2019-01-31T21:00", known=True) is None  # the others were just asked
    assert judged("2019-02-27T21:00", kept="2019-02-27T21:00") is None  # a day late is no reason
    assert judged("2019-02-27T21:00", kept="2019-02-28T21:00", known=True)[0] == 2  # it lacks even what is kept
    assert judged("2019-02-27T21:00", kept="2019-03-01T21:00", known=True) is None  # nobody can have more
    assert judged(None) is None
    empty = judged(None, kept="2019-02-28T21:00")
    assert empty == (41, "it has no bar of MSFT from 2019-01-01 on.")


async def test_freshness_counts_in_the_order_of_asking(market, venues):
    data = await market()
    await data.collector.fetch(MICROSOFT, start=START)
    assert (health(data, "yahoo")["freshness_s"], health(data, "polygon")["freshness_s"]) == (7 * 86_400, 0)
    assert data.sources.live(MICROSOFT) == ["polygon", "yahoo"]
    asked = len(venues[0].requests)
    await data.collector.fetch(MICROSOFT, start=START)
    assert len(venues[0].requests) == asked


async def test_a_range_that_ends_in_the_past_lacks_what_closed_until_then(market):
    data = await market(key="")
    found = await data.collector.fetch(MICROSOFT, start=START, end=at("2019-02-05"))
    assert (found.behind.sessions, found.behind.stale) == (2, False)
    assert health(data, "yahoo")["freshness_s"] is None
    within = await data.collector.fetch(MICROSOFT, start=START, end=at("2019-01-20"))
    assert within.behind is None
    assert list(within.tried) == [Tried(source="yahoo", ok=True, words="", seconds=within.tried[0].seconds)]


@pytest.mark.parametrize(
    ("one", "step", "newest", "moment", "sessions", "stale"),
    [
        (MICROSOFT, DAY, "2019-01-31T21:00", "2019-02-01T20:59", None, None),
        (MICROSOFT, DAY, "2019-01-31T21:00", "2019-02-01T21:00", 1, False),
        (MICROSOFT, DAY, "2019-01-31T21:00", "2019-02-03T12:00", 1, False),
        (MICROSOFT, DAY, "2019-01-31T21:00", "2019-02-07T22:00", 5, False),
        (MICROSOFT, DAY, "2019-01-31T21:00", "2019-02-08T21:00", 6, True),
        (MICROSOFT, WEEK, "2019-02-01T21:00", "2019-02-08T20:00", None, None),
        (MICROSOFT, WEEK, "2019-02-01T21:00", "2019-02-13T22:00", 8, False),
        (MICROSOFT, WEEK, "2019-02-01T21:00", "2019-02-15T22:00", 10, True),
        (MICROSOFT, HOUR, "2019-01-31T16:30", "2019-01-31T22:00", None, None),
        (COIN, DAY, "2019-01-31T00:00", "2019-02-05T23:59", 5, False),
        (COIN, DAY, "2019-01-31T00:00", "2019-02-06T00:00", 6, True),
    ],
)
def test_sessions_that_have_closed_since(one, step, newest, moment, sessions, stale):
    found = behind(at(newest), one, step, moment=at(moment))
    assert (found and found.sessions, found and found.stale) == (sessions, stale)


def test_how_long_the_next_bar_could_have_been_there():
    newest = at("2019-02-01T21:00")
    assert late(newest, MICROSOFT, DAY, now=at("2019-02-04T20:59")) == timedelta()
    assert late(newest, MICROSOFT, DAY, now=at("2019-02-04T23:00")) == timedelta(hours=2)
