"""What makes cached bars stale, from end to end: a new bar, the close, a price that moves far, and by hand."""

from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ara.data.cache import Key, Reason
from ara.data.feed import MarketData
from ara.data.newest import NEWEST, follow, latest
from ara.data.provider import Kind
from ara.desk import Desk
from ara.errors import DataProviderError
from ara.market.symbols import resolve
from ara.market.timeframe import DAY, Timeframe
from ara.settings import Settings
from ara.testing import FakeClock
from tests.data.cache.conftest import frame
from tests.data.test_live import BEGIN, BTC, Scripted, bar
from tests.venues.yahoo import YahooVenue, epoch

APPLE, MICROSOFT = resolve("AAPL"), resolve("MSFT")
NOON = datetime(2020, 10, 7, 16, tzinfo=UTC)
BELL = datetime(2020, 10, 7, 20, tzinfo=UTC)


class Open(YahooVenue):
    """Has the bar that runs, at a price that the test may move."""

    factor = 1.0

    def daily(self, symbol):
        rows = [row for row in super().daily(symbol) if row[0] <= self.clock.now().timestamp()]
        at, *prices, volume, adjusted = rows[-1]
        if at == epoch(self.clock.now().date()):
            rows[-1] = (at, *(price * self.factor for price in prices), volume, adjusted)
        return rows


@pytest.fixture
def clock():
    return FakeClock(NOON)


@pytest.fixture
def venue(clock):
    with Open(clock) as one:
        yield one


@pytest.fixture
async def opened(tmp_path, clock, venue):
    async with AsyncExitStack() as stack:

        async def make(names="yahoo", **given):
            flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers": names, "data.retries": "0"}
            flags["data.providers.yahoo.url"] = venue.url
            settings = Settings.load(flags, environ={}, folder=tmp_path)
            desk = await stack.enter_async_context(Desk.open(settings, clock=clock))
            return await stack.enter_async_context(MarketData(desk, **given))

        yield make


def dropped(market):
    return market.cache.stats()["dropped"]


def loads(market):
    return market.cache.stats()["loads"]


async def test_the_newest_bar_is_the_one_that_runs_and_stands_for_seconds(opened, venue, clock):
    market = await opened()
    row = await latest(market, APPLE)
    assert row.schema == NEWEST
    assert row["at"].to_list() == [datetime(2020, 10, 7, 13, 30, tzinfo=UTC)]
    assert row["learned_at"][0] < row["known_at"][0]
    assert row["source"].to_list() == ["yahoo"]
    asked = len(venue.requests)
    assert (await latest(market, APPLE)).equals(row)
    assert len(venue.requests) == asked
    clock.advance(timedelta(seconds=11))
    venue.factor = 1.01
    assert (await latest(market, APPLE))["close"][0] == pytest.approx(row["close"][0] * 1.01)


async def test_a_price_that_moves_far_drops_the_bars_once(opened, venue, clock):
    market = await opened()
    await market.bars(MICROSOFT)
    await market.bars(APPLE)
    venue.factor = 1.001
    await latest(market, MICROSOFT)
    assert "move" not in dropped(market)
    clock.advance(timedelta(seconds=11))
    venue.factor = 0.8
    await latest(market, MICROSOFT)
    assert dropped(market)["move"] >= 1
    before, moves = loads(market), dropped(market)["move"]
    await market.bars(APPLE)
    assert loads(market) == before
    await market.bars(MICROSOFT)
    assert loads(market) > before
    for _ in range(3):
        clock.advance(timedelta(seconds=11))
        await latest(market, MICROSOFT)
    assert dropped(market)["move"] == moves


async def test_the_close_ends_what_was_cached_before_it(opened, venue, clock):
    market = await opened()
    clock.set(BELL - timedelta(minutes=1))
    seen = await market.bars(APPLE)
    await market.bars(APPLE)
    assert (dropped(market).get("close", 0), seen.frame["known_at"][-1]) == (0, BELL - timedelta(days=1))
    clock.set(BELL + timedelta(seconds=1))
    assert (await market.bars(APPLE)).frame["known_at"][-1] == BELL
    assert dropped(market)["close"] == 1


async def test_a_new_bar_drops_what_was_cached_and_a_known_one_does_not(opened, clock):
    market = await opened()
    await market.bars(APPLE)
    before = dropped(market).get("bar", 0)
    await market.collector.fetch(APPLE)
    assert dropped(market).get("bar", 0) == before
    clock.set(BELL + timedelta(minutes=1))
    await market.collector.fetch(APPLE)
    assert (await market.bars(APPLE)).frame["known_at"][-1] == BELL
    await market.cache.drop("AAPL")
    assert dropped(market)["manual"] >= 1


async def test_a_close_of_a_stream_that_lies_far_drops_what_is_cached(opened, clock):
    clock.set(BEGIN)
    source = Scripted([pl.concat([row_of(0, 100.0)]), row_of(1, 150.0)], clock=clock)
    market = await opened(providers=[source])
    await market.cache.get(Key(kind=Kind.BARS, symbol="BTC-USD", timeframe=DAY), some)
    got = []
    async with aclosing(follow(market, [BTC], Timeframe.parse("1m"), clock=clock)) as bars:
        async for rows in bars:
            got += rows["close"].to_list()
            if len(got) == 2:
                break
    assert got == [100.0, 150.0]
    assert dropped(market) == {str(Reason.MOVE): 1}


async def test_who_has_no_price_says_so(opened, venue):
    market = await opened()
    venue.factor = float("nan")
    venue.daily = lambda symbol: []
    with pytest.raises(DataProviderError, match="AAPL"):
        await latest(market, APPLE)
    with pytest.raises(DataProviderError, match="No source has live bars of EURUSD, BTC-USD together"):
        await anext(follow(await opened("ecb"), [resolve("EURUSD"), BTC], clock=FakeClock(NOON)))


def row_of(number, close):
    return pl.DataFrame([bar(number, close)], schema=SCHEMA, orient="row")


SCHEMA = {"symbol": pl.String(), **{name: kind for name, kind in NEWEST.items() if name != "source"}}


async def some():
    return frame(100)
