"""Watching the state of a market: told again at each closed day, with what changed since."""

from contextlib import aclosing
from datetime import timedelta

import pytest

from ara.data.feed import MarketData
from ara.errors import DataProviderError, UnknownSymbolError
from ara.prediction import Missed
from ara.prediction.looking import Looks
from ara.prediction.watch_regimes import watch_regimes
from ara.settings import Settings
from ara.testing import desk
from tests.venues.falls import FALL, FIRST, settings_of, venue_that_falls


@pytest.fixture
def venue():
    with venue_that_falls() as one:
        yield one


def at(venue, home):
    chosen = {"home": str(home), "log.level": "error", **settings_of(venue)}
    return desk(settings=Settings.load(chosen, environ={}, folder=home), clock=venue.clock)


async def test_each_closed_day_tells_the_state_and_each_change_once(venue, tmp_path):
    told = []
    async with at(venue, tmp_path) as one, MarketData(one) as market:
        async with aclosing(watch_regimes(one, market, ["BTC-USDT"], pause=0.01)) as live:
            async for stood in live:
                told.append(stood)
                if len(told) == 4:
                    break
                venue.clock.advance(seconds=86_400)
        alone = await Looks(one, market).regime("BTC-USDT", as_of=one.clock.now())
    assert [stood.now.dates[-1] for stood in told] == [FIRST + timedelta(days=n) for n in range(4)]
    assert told[-1].now.as_dict() == alone.as_dict()
    first, quiet, fallen, after = told
    assert (first.news, quiet.news, after.news) == (None, (), ())
    (change,) = fallen.news
    assert (fallen.now.dates[change.bar], change.after) == (FALL, "high volatility")
    assert [one.as_dict()["news"] for one in (first, quiet, after)] == [[], [], []]
    assert fallen.as_dict()["news"] == [fallen.now.as_dict()["changed"]]


async def test_what_can_not_be_watched_is_missed_and_ends_the_watch(venue, tmp_path):
    async with at(venue, tmp_path) as one, MarketData(one) as market:
        told = [found async for found in watch_regimes(one, market, ["nope", "AAPL"])]
    assert all(isinstance(one, Missed) for one in told)
    assert {one.symbol: type(one.error) for one in told} == {"nope": UnknownSymbolError, "AAPL": DataProviderError}
