"""Watching an instrument: a forecast at each closed bar, from bars that are kept, whatever its source does."""

from contextlib import aclosing
from datetime import timedelta
from threading import Semaphore

import pytest

from ara.data.feed import MarketData
from ara.errors import DataProviderError, ShapeError, UnknownSymbolError
from ara.market.timeframe import DAY, Timeframe
from ara.prediction import Kept, Ledger, Missed, PredictionEngine
from ara.prediction.replay import replay
from ara.prediction.watch import Trouble, _Watch
from ara.settings import Settings
from ara.testing import FakeClock, Reply, desk
from tests.venues.binance import NOW, BinanceVenue, minutes

ONE = Timeframe.parse("1m")
MINUTE = timedelta(minutes=1)
BARS = 120


@pytest.fixture
def venue():
    with BinanceVenue(FakeClock(NOW + 5 * timedelta(seconds=1))) as one:
        one.bars["BTCUSDT"]["1m"] = minutes(NOW - BARS * MINUTE, BARS + 9, price=100)
        yield one


def at(venue, home):
    """Open a desk at the venue's time that knows no other source."""
    chosen = {
        "home": str(home),
        "log.level": "error",
        "data.providers": "binance",
        "data.providers.binance.url": venue.url,
        "data.providers.binance.socket": venue.socket_url,
    }
    settings = Settings.load(chosen, environ={}, folder=home)
    return desk(settings=settings, clock=venue.clock)


def ends(venue, line, number):
    """Let a minute pass and tell of the bar that it closed; the venue's past has it already."""
    venue.clock.set(NOW + (number + 1) * MINUTE + timedelta(seconds=2))
    price = 100.0 + BARS + number
    venue.kline(line, "BTCUSDT", NOW + number * MINUTE, (price,) * 4, final=True)


async def heard(engine, count, symbols=("BTC-USDT",), *, each=lambda one: None):
    """Give the first things that a watch tells, and tell `each` of them."""
    told = []
    async with aclosing(engine.watch(symbols, 2, timeframe=ONE, pause=0.01)) as live:
        async for one in live:
            told.append(one)
            each(one)
            if len(told) >= count:
                break
    return told


async def test_each_closed_bar_brings_a_forecast_that_can_be_replayed(venue, tmp_path):
    given = Semaphore(0)

    def script(line):
        for number in range(2):
            given.acquire()
            ends(venue, line, number)
        line.wait(600)

    venue.stream(script)
    async with at(venue, tmp_path) as one, PredictionEngine(one) as engine:
        told = await heard(engine, 3, each=lambda _: given.release())
        entries = [entry.id async for entry in Ledger(one).all()]
        again = [await replay(one, entry) for entry in entries]
        alone = await engine.keep("BTC-USDT", 2, timeframe=ONE)
    assert [type(kept) for kept in told] == [Kept] * 3
    assert [kept.forecast.as_of for kept in told] == [NOW, NOW + MINUTE, NOW + 2 * MINUTE]
    assert [kept.id for kept in told] == entries
    assert all(one.same for one in again)
    assert alone.id == entries[-1]


async def test_a_source_that_breaks_is_told_of_and_followed_again_without_a_gap(venue, tmp_path):
    """The bar that closes while the source's past can't be read is forecast from once it can."""
    given, lines, right = Semaphore(0), [], venue._klines

    def script(line):
        lines.append(line)
        if len(lines) == 1:
            given.acquire()
            venue.on("/api/v3/klines", json={"odd": "an answer of another shape"})
            ends(venue, line, 0)
        line.wait(600)

    def mended(one):
        if isinstance(one, Trouble):
            venue.on("/api/v3/klines", handler=lambda request: Reply.json(right(request)))
            venue.clock.advance(seconds=10)  # by now the bar is overdue, and nobody will tell of it again
        given.release()

    venue.stream(script)
    async with at(venue, tmp_path) as one, PredictionEngine(one) as engine:
        first, trouble, second = await heard(engine, 3, each=mended)
    assert (first.forecast.as_of, second.forecast.as_of) == (NOW, NOW + MINUTE)
    assert (trouble.symbol, type(trouble.error), trouble.seconds) == ("BTC-USDT", ShapeError, 0.01)


async def test_what_can_not_be_watched_is_missed_and_ends_the_watch(venue, tmp_path):
    async with at(venue, tmp_path) as one, PredictionEngine(one) as engine:
        told = await heard(engine, 9, ["nope", "AAPL"])
        kept = [entry.id async for entry in Ledger(one).all()]
    assert kept == []
    assert all(isinstance(one, Missed) for one in told)
    assert {one.symbol: type(one.error) for one in told} == {"nope": UnknownSymbolError, "AAPL": DataProviderError}


async def test_where_nothing_new_can_be_had_the_first_forecast_is_of_what_is_kept(venue, tmp_path):
    """A watch begins while its source's past can't be read: that is told, and the bars of before are forecast from."""
    venue.stream(lambda line: line.wait(600))
    async with at(venue, tmp_path) as one, PredictionEngine(one) as engine:
        (before,) = await heard(engine, 1)
        venue.on("/api/v3/klines", json={"odd": "an answer of another shape"})
        trouble, again = await heard(engine, 2)
    assert isinstance(trouble, Trouble)
    assert (type(trouble.error), trouble.seconds) == (ShapeError, 0.0)
    assert again.forecast.as_of == before.forecast.as_of == NOW


@pytest.mark.parametrize(("key", "followed"), [("", "yahoo"), ("abc", "polygon")])
async def test_a_source_without_its_key_is_not_followed_in_the_place_of_one_that_is_away(tmp_path, key, followed):
    """Yahoo failed, which counts against its health; Polygon never did, and may not be asked without a key."""
    given = {"data.providers.polygon.key": key} if key else {}
    chosen = {"home": str(tmp_path), "log.level": "error", "data.online": "yahoo,polygon", **given}
    async with (
        desk(settings=Settings.load(chosen, environ={}, folder=tmp_path), clock=FakeClock(NOW)) as one,
        MarketData(one) as market,
    ):
        market.online.report("yahoo", quality=0.0, freshness=1e7)
        apple = await market.instrument("AAPL")
        assert market.online.live(apple) == ["polygon", "yahoo"]
        assert [market.online.locked(name) for name in ("polygon", "yahoo")] == [not key, False]
        watch = _Watch(one, market, "AAPL", None, DAY, given=False, pause=1.0)
        assert watch._source(apple).name == followed
