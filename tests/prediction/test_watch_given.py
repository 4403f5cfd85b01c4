"""Watching bars from sources that the caller gave, and what stands in the way: a late past, a look that breaks."""

from contextlib import aclosing
from datetime import UTC, date, datetime

import pytest

from ara.data.feed import MarketData
from ara.errors import DataProviderError, MissingKeyError
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.prediction import Kept, Missed, PredictionEngine
from ara.prediction.watch import Look, Trouble, each_bar
from ara.testing import FakeClock, FakeProvider, desk

EVENING = datetime(2021, 3, 30, 22, tzinfo=UTC)
NEXT = datetime(2021, 3, 31, 22, tzinfo=UTC)


@pytest.fixture
def clock():
    return FakeClock(EVENING)


@pytest.fixture
def source():
    return FakeProvider(symbols=("AAPL", "KO"), first=date(2018, 1, 2), last=date(2021, 4, 30))


async def test_a_given_source_is_followed_and_nothing_of_it_is_kept(clock, source):
    told = []
    async with (
        desk(clock=clock) as one,
        PredictionEngine(one, data_providers=[source]) as engine,
        aclosing(engine.watch(["AAPL"], 1, model="ewma_t", pause=0.01)) as live,
    ):
        async for each in live:
            told.append(each)
            if len(told) == 2:
                break
            clock.set(NEXT)
    assert [type(each) for each in told] == [Kept, Kept]
    assert [each.forecast.last for each in told] == [date(2021, 3, 30), date(2021, 3, 31)]
    assert {each.forecast.source for each in told} == {"fake"}


async def looked(one, source, look, count, symbols=("AAPL",)):
    """Give the first things that are told of each bar, the clock a day later after the first of them."""
    told = []
    async with MarketData(one, providers=[source]) as market:
        answers = each_bar(one, market, symbols, look(market), timeframe=DAY, given=True, pause=0.001)
        async with aclosing(answers) as live:
            async for each in live:
                told.append(each)
                one.clock.set(NEXT)
                if len(told) == count:
                    break
    return told


async def test_a_bar_that_its_sources_past_does_not_hold_yet_is_told_of_and_waited_for(clock, source):
    tried = []

    def lagging(market):
        async def look(symbol):
            tried.append(symbol)
            bars = await market.bars(resolve(symbol), as_of=EVENING if len(tried) <= 6 else NEXT)

            async def tell():
                return bars.frame["known_at"][-1]

            return Look(bars=bars, tell=tell)

        return look

    async with desk(clock=clock) as one:
        first, trouble, second = await looked(one, source, lagging, 3)
    assert (first.date(), second.date()) == (date(2021, 3, 30), date(2021, 3, 31))
    assert isinstance(trouble, Trouble)
    assert isinstance(trouble.error, DataProviderError)
    assert "is not in its source's past yet" in trouble.error.message
    assert len(tried) == 7  # once at first, five times for a bar that was not there, once when it was


async def test_a_look_that_breaks_breaks_the_watch_where_its_caller_is(clock, source):
    def broken(market):
        async def look(symbol):
            raise ZeroDivisionError(symbol)

        return look

    async with desk(clock=clock) as one:
        with pytest.raises(ZeroDivisionError, match="AAPL"):
            await looked(one, source, broken, 1)


async def test_one_that_can_not_be_looked_at_costs_no_other_anything(clock, source):
    def picky(market):
        async def look(symbol):
            if symbol == "KO":
                raise DataProviderError("nobody has it")
            bars = await market.bars(resolve(symbol), as_of=EVENING)

            async def tell():
                return symbol

            return Look(bars=bars, tell=tell)

        return look

    async with desk(clock=clock) as one:
        told = await looked(one, source, picky, 2, symbols=("KO", "AAPL"))
    assert {each.symbol if isinstance(each, Missed) else each for each in told} == {"KO", "AAPL"}
    assert sum(isinstance(each, Missed) for each in told) == 1


async def test_a_key_that_is_withdrawn_ends_the_watch_and_a_source_that_is_down_does_not(clock):
    class Locked(FakeProvider):
        refusal: DataProviderError | None = None

        async def history(self, kind, instrument, timeframe, *, start, end):
            if self.refusal is not None:
                raise self.refusal
            return await super().history(kind, instrument, timeframe, start=start, end=end)

        async def stream(self, kind, instruments):
            if self.refusal is not None:
                raise self.refusal
            async for bars in super().stream(kind, instruments):
                yield bars

    for refusal, kinds in (
        (DataProviderError("it is down"), [Kept, Trouble, Trouble]),
        (MissingKeyError("it has no key"), [Kept, Missed]),
    ):
        locked, told = Locked(symbols=("AAPL",), first=date(2018, 1, 2), last=date(2021, 4, 30)), []
        async with (
            desk(clock=FakeClock(EVENING)) as one,
            PredictionEngine(one, data_providers=[locked]) as engine,
            aclosing(engine.watch(["AAPL"], 1, model="ewma_t", pause=0.001)) as live,
        ):
            async for each in live:
                told.append(each)
                locked.refusal = refusal
                one.clock.set(NEXT)
                if len(told) == 3:
                    break
        assert [type(each) for each in told] == kinds
        assert {str(each.error.message) for each in told[1:]} == {refusal.message}
