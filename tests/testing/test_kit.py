import asyncio
import math
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ara.data import BARS, Kind
from ara.data.checks import check_provider
from ara.data.feed import MarketData
from ara.errors import DataProviderError, UnknownSymbolError, ValidationError
from ara.market import DAY, Timeframe, calendar
from ara.market.symbols import resolve
from ara.models.checks import check_model, toy_panel
from ara.settings import Settings, StoreSettings
from ara.testing import FakeClock, FakeModel, FakeProvider, Fault, desk

AAPL, EURUSD = resolve("AAPL"), resolve("EURUSD")
ALL = {"start": datetime(2000, 1, 1, tzinfo=UTC), "end": datetime(2030, 1, 1, tzinfo=UTC)}


def test_the_clock_stands_still_until_it_is_moved():
    clock = FakeClock()
    assert clock.now() == clock.now()
    assert clock.now().tzinfo is UTC
    before = clock.now()
    assert clock.advance(hours=2) == before + timedelta(hours=2) == clock.now()
    assert clock.advance(timedelta(days=-1)) == before - timedelta(hours=22)
    clock.set(datetime(2020, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == datetime(2020, 1, 1, tzinfo=UTC)
    assert FakeClock(datetime(2021, 1, 1, tzinfo=UTC)).now().year == 2021
    with pytest.raises(ValidationError, match="2020-01-01 00:00:00 has no time zone"):
        clock.set(datetime(2020, 1, 1))  # noqa: DTZ001


async def test_the_provider_keeps_the_promises_of_its_room():
    assert [check for check in await check_provider(FakeProvider()) if not check.ok] == []
    assert [check for check in await check_provider(FakeProvider) if not check.ok] == []


async def test_the_bars_follow_from_the_seed_and_the_calendar():
    one, same, other = (FakeProvider(seed=seed) for seed in (1, 1, 2))
    bars = await one.history(Kind.BARS, AAPL, DAY, **ALL)
    assert bars.schema == BARS
    assert bars.equals(await same.history(Kind.BARS, AAPL, DAY, **ALL))
    assert not bars.equals(await other.history(Kind.BARS, AAPL, DAY, **ALL))
    assert len(bars) == len(calendar("XNYS").sessions(date(2018, 1, 1), date(2020, 12, 31)))
    euro = await one.history(Kind.BARS, EURUSD, DAY, **ALL)
    assert not np.allclose(euro["close"][:500], bars["close"][:500])
    part = await one.history(Kind.BARS, AAPL, DAY, start=bars["at"][3], end=bars["at"][5])
    assert part.equals(bars[3:5])
    few = FakeProvider(first=date(2020, 1, 1), last=date(2020, 1, 7))
    assert len(await few.history(Kind.BARS, AAPL, DAY, **ALL)) == 4


async def test_given_frames_are_given_back():
    frame = (await FakeProvider().history(Kind.BARS, AAPL, DAY, **ALL)).head(7)
    source = FakeProvider({"MSFT": frame}, symbols=["AAPL"])
    assert [one.symbol for one in await source.symbols()] == ["AAPL", "MSFT"]
    assert [one.symbol for one in await source.symbols("micro")] == ["MSFT"]
    assert (await source.history(Kind.BARS, resolve("MSFT"), DAY, **ALL)).equals(frame)
    newest = await source.latest(Kind.BARS, [resolve("MSFT"), AAPL])
    assert newest["symbol"].to_list() == ["MSFT", "AAPL"]
    assert newest.columns == ["symbol", *BARS.names()]
    streamed = [bar async for bar in source.stream(Kind.BARS, [resolve("MSFT")])]
    assert pl.concat(streamed).drop("symbol").equals(frame.tail(3))


async def test_faults_come_in_the_order_in_which_they_were_scripted():
    source = FakeProvider(delay=0.0)
    right = await source.history(Kind.BARS, AAPL, DAY, **ALL)
    source.fail("error", Fault.EMPTY, Fault.WRONG_SYMBOL, Fault.SLOW)
    with pytest.raises(DataProviderError, match="as it was told to"):
        await source.history(Kind.BARS, AAPL, DAY, **ALL)
    empty = await source.history(Kind.BARS, AAPL, DAY, **ALL)
    assert (len(empty), empty.schema) == (0, BARS)
    assert not (await source.history(Kind.BARS, AAPL, DAY, **ALL))["close"].equals(right["close"])
    assert (await source.history(Kind.BARS, AAPL, DAY, **ALL)).equals(right)
    assert (await source.history(Kind.BARS, AAPL, DAY, **ALL)).equals(right)
    assert source.asked == ("AAPL",) * 6
    lonely = FakeProvider(symbols=["AAPL"])
    lonely.fail("wrong_symbol")
    assert len(await lonely.history(Kind.BARS, AAPL, DAY, **ALL)) > 0
    with pytest.raises(ValidationError, match="There is no fault 'fire'; there are error, slow, empty, wrong_symbol"):
        source.fail("fire")


async def test_a_slow_answer_is_late():
    source = FakeProvider(delay=60)
    source.fail(Fault.SLOW)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await source.history(Kind.BARS, AAPL, DAY, **ALL)


async def test_what_the_provider_does_not_have_is_refused():
    source = FakeProvider(symbols=["AAPL"])
    with pytest.raises(UnknownSymbolError, match="has no EURUSD"):
        await source.history(Kind.BARS, EURUSD, DAY, **ALL)
    with pytest.raises(DataProviderError, match=r"none of 1h"):
        await source.history(Kind.BARS, AAPL, Timeframe.parse("1h"), **ALL)
    with pytest.raises(DataProviderError, match="offers bars, no quotes"):
        await source.latest(Kind.QUOTES, [AAPL])
    await source.close()
    await source.close()
    assert source.closed == 2


def test_the_model_is_the_normal_distribution_it_says_it_is():
    panel = toy_panel(horizons=(1, 4))
    rows = np.array([0, 450])
    heard = []
    fitted = FakeModel(sigma=0.02).fit(panel, rows, rows, seed=0, watch=lambda p: heard.append(p) or True)
    answer = fitted.predict(panel, rows)
    assert answer.at(0.5) == pytest.approx(np.zeros((2, 2)), abs=1e-12)
    assert answer.at(0.975)[1] == pytest.approx([0.02 * 1.959964, 0.04 * 1.959964], rel=1e-5)
    assert answer.above(0.0) == pytest.approx(0.5)
    assert len(heard) == 1
    leaning = FakeModel(lean=0.5).fit(panel, rows, rows, seed=0, watch=lambda _: True).predict(panel, rows)
    assert leaning.at(0.5)[1, 0] == pytest.approx(panel.bars[450, 3] / 2)
    assert leaning.at(0.5)[0, 0] == pytest.approx(0.0), "a first bar has no return"


def test_the_model_keeps_the_promises_of_its_room(elsewhere):
    assert [check for check in check_model(FakeModel(lean=0.1), elsewhere=elsewhere) if not check.ok] == []
    assert [check.name for check in check_model(FakeModel(), elsewhere=elsewhere) if not check.ok] == [
        "sees the present"
    ]


def test_the_desk_is_whole_and_leaves_nothing_behind():
    clock = FakeClock(datetime(2021, 1, 4, tzinfo=UTC))

    async def work():
        async with desk(clock=clock) as opened:
            bars = await MarketData(opened).bars(AAPL, as_of=clock.now())
            assert bars.frame["known_at"].max() <= clock.now()
            opened.vault.put("key", "value")
            assert math.isclose(await opened.workers.run(math.sqrt, 4.0), 2.0)
            assert opened.clock is clock
            return Path(opened.settings.home)

    assert not asyncio.run(work()).exists()


async def test_the_desk_takes_settings_as_they_are(tmp_path):
    settings = Settings(home=str(tmp_path), store=StoreSettings(url="memory:"))
    async with desk(settings=settings) as opened:
        assert opened.settings is settings
