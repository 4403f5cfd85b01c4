"""What keeps an installation well, where there is something to do, and where it is told to stop."""

from datetime import timedelta

import pytest

from ara.data.feed import MarketData
from ara.errors import DataProviderError, ValidationError
from ara.jobs import Drift, Predict, Update
from ara.jobs.upkeep import keep_up
from ara.jobs.work import do
from ara.market.timeframe import Timeframe
from ara.testing import FakeClock
from tests.venues.binance import NOW, BinanceVenue

DAY = Timeframe.parse("1d")


def go_on(progress):
    return True


def stop(progress):
    return False


@pytest.fixture
def venue():
    with BinanceVenue(FakeClock(NOW)) as one:
        yield one


def brought(venue):
    """The settings of a house that fetches coins."""
    asked = {"data.online": "binance", "data.providers.binance.url": venue.url, "data.retries": "0"}
    return {"data_providers": "sample", **asked}


async def test_an_update_brings_the_bars_that_are_missing_and_stops_where_it_is_told_to(opened, clock, venue):
    clock.instant = NOW - timedelta(days=5)
    venue.clock.set(clock.instant)
    async with opened("memory:", **brought(venue)) as desk:
        async with MarketData(desk) as market:
            pairs = [await market.instrument(one) for one in ("BTC-USDT", "ETH-USDT")]
            start = NOW - timedelta(days=20)
            for one in pairs:
                await market.collector.fetch(one, DAY, start=start)
        clock.instant = NOW
        venue.clock.set(NOW)
        assert await do(desk, Update(), watch=stop) == {"instruments": 1, "bars": 5, "rates": 0, "failed": {}}
        rest = await do(desk, Update(), watch=go_on)
        assert (rest["instruments"], rest["bars"] in {0, 5}, rest["failed"]) == (2, True, {})
        assert (await do(desk, Update(), watch=go_on))["bars"] == 0


async def test_an_update_names_what_it_could_not_bring_and_fails_where_that_is_all(opened, clock, venue):
    clock.instant = NOW - timedelta(days=5)
    venue.clock.set(clock.instant)
    settings = brought(venue)
    async with opened("memory:", **settings) as desk, MarketData(desk) as market:
        for one in ("BTC-USDT", "ETH-USDT"):
            await market.collector.fetch(await market.instrument(one), DAY, start=NOW - timedelta(days=20))
    clock.instant = NOW
    venue.clock.set(NOW)
    settings["data.providers.binance.url"] = "http://127.0.0.1:1"
    async with opened("memory:", **settings) as desk:
        heard = []
        with pytest.raises(DataProviderError, match="Nothing could be brought up to date"):
            await do(desk, Update(), watch=lambda progress: heard.append(progress.done) or True)
        assert heard == [1, 2]


async def test_what_is_many_stops_after_one_where_it_is_told_to(opened, clock):
    clock.instant = NOW
    async with opened("memory:", data_providers="sample") as desk:
        many = Predict(symbols=("AAPL", "MSFT"), days=1, as_of="2019-12-31", model="hist")
        assert list((await do(desk, many, watch=stop))["forecasts"]) == ["AAPL"]
        found = await do(desk, Drift(symbols=("AAPL", "MSFT"), window=100), watch=stop)
        assert (list(found["drifted"]), found["failed"]) == (["AAPL"], {})


async def test_what_is_no_upkeep_is_refused(opened):
    async with opened("memory:", data_providers="sample") as desk:
        with pytest.raises(ValidationError, match="no upkeep"):
            await keep_up(desk, Predict(symbols=("AAPL",)), watch=go_on)
