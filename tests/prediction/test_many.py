"""Many instruments at once: what each would be alone, whatever happens to its neighbours."""

import asyncio
from contextlib import aclosing
from datetime import UTC, date, datetime

import pytest

from ara.clock import FixedClock
from ara.data.feed import MarketData
from ara.errors import ModelError, StoreError, UnknownSymbolError, WorkerError
from ara.lineage import canonical
from ara.market import symbols
from ara.prediction import Kept, Ledger, PredictionEngine
from ara.prediction import many as module
from ara.prediction.asking import distinct
from ara.prediction.compute import Recipe
from ara.prediction.document import to_document
from ara.prediction.many import Missed, Question, outlooks
from ara.prediction.outlook import outlook
from ara.testing import FakeProvider, desk

NOW = FixedClock(datetime(2020, 2, 20, 22, tzinfo=UTC))
ASKED = ("AAPL", "nope", "EURUSD", "BTC-USD", "aapl")


def told(kept: Kept | Missed) -> bytes:
    assert isinstance(kept, Kept)
    return canonical(to_document(kept.forecast))


async def test_many_are_what_each_is_alone() -> None:
    async with desk(clock=NOW) as one, desk(clock=NOW) as two:
        together = [answer async for answer in PredictionEngine(one).keep_many(ASKED, 3)]
        entries = [told(kept) async for kept in Ledger(one).all()]
        alone = [await PredictionEngine(two).keep(symbol, 3) for symbol in ("AAPL", "EURUSD", "BTC-USD")]
        assert entries == [told(kept) async for kept in Ledger(two).all()]
        assert (await Ledger(one).verify()).ok
    missed = [answer for answer in together if isinstance(answer, Missed)]
    whole = [answer for answer in together if isinstance(answer, Kept)]
    assert [(answer.symbol, type(answer.error)) for answer in missed] == [("nope", UnknownSymbolError)]
    assert [told(kept) for kept in whole] == [told(kept) for kept in alone]
    assert [kept.sequence for kept in whole] == [1, 2, 3]


@pytest.mark.parametrize("size", [1, 3, 64])
async def test_blocks_of_any_size_are_given_and_kept_in_the_order_asked(monkeypatch, size) -> None:
    monkeypatch.setattr(module, "BLOCK", size)
    names = ["KO", "AAPL", "nope", "MSFT", "EURUSD"]
    async with desk(clock=NOW) as one:
        asked = PredictionEngine(one, models="ewma_t").keep_many(names, 1, why=False)
        found = [a.symbol if isinstance(a, Missed) else a.forecast.instrument.symbol async for a in asked]
        entries = [entry.forecast async for entry in Ledger(one).all()]
    assert found == names
    assert [entry.instrument.symbol for entry in entries] == ["KO", "AAPL", "MSFT", "EURUSD"]
    assert {entry.days[0].factors for entry in entries} == {()}


async def test_spellings_of_one_instrument_are_one_in_the_place_of_the_first() -> None:
    names = ["btc/usd", "AAPL", "aapl", "BTC-USD", "bitcoin", "nope", "NOPE", "", "", " aapl "]
    assert distinct(names) == ["btc/usd", "AAPL", "nope", ""]
    async with desk(clock=NOW) as one:
        asked = PredictionEngine(one, models="ewma_t").keep_many(names, 1, why=False)
        given = [answer async for answer in asked]
    assert [getattr(answer, "symbol", None) for answer in given] == [None, None, "nope", ""]
    assert [answer.forecast.instrument.symbol for answer in given[:2]] == ["BTC-USD", "AAPL"]


async def test_none_asked_is_none_given() -> None:
    async with desk(clock=NOW) as one:
        assert [answer async for answer in PredictionEngine(one).keep_many([])] == []


async def test_one_that_fails_says_what_it_says_alone_and_costs_no_other_anything() -> None:
    """Of AAPL the sample had five bars by then, too few for any model; of the others none."""
    moment = "2009-01-09"
    async with desk() as one, desk() as two:
        asked = PredictionEngine(one, models="garch_t").keep_many(["AAPL", "EURUSD", "BTC-USD"], 1, as_of=moment)
        answers = [answer async for answer in asked]
        assert isinstance(answers[0], Missed)
        assert isinstance(answers[0].error, ModelError)
        for answer in answers:
            assert isinstance(answer, Missed)
            with pytest.raises(type(answer.error)) as caught:
                await PredictionEngine(two, models="garch_t").keep(answer.symbol, 1, as_of=moment)
            assert (caught.value.message, caught.value.hint) == (answer.error.message, answer.error.hint)


async def test_no_more_than_the_next_block_is_read_ahead(monkeypatch) -> None:
    """So memory does not grow with the number of instruments."""
    monkeypatch.setattr(module, "BLOCK", 2)
    names = ["AAPL", "KO", "MSFT", "IBM", "XOM", "JPM", "SPY", "QQQ"]
    source = FakeProvider(symbols=names, first=date(2020, 1, 1), last=date(2020, 6, 30))
    async with desk(clock=NOW) as one:
        engine = PredictionEngine(one, models="ewma_t", data_providers=[source])
        async with aclosing(engine.keep_many(names, 1, why=False)) as asked:
            first = await anext(asked)
            assert isinstance(first, Kept)
            assert set(source.asked) <= set(names[:4])
        kept = [entry.forecast.instrument.symbol async for entry in Ledger(one).all()]
    assert kept == names[:2]


class Slow(FakeProvider):
    """A source that has nothing of KO before it is told to."""

    def __init__(self) -> None:
        super().__init__(symbols=["AAPL", "MSFT", "KO", "IBM"], first=date(2020, 1, 1), last=date(2020, 6, 30))
        self.told = asyncio.Event()

    async def history(self, kind, instrument, timeframe, *, start, end):
        if instrument.symbol == "KO":
            await self.told.wait()
        return await super().history(kind, instrument, timeframe, start=start, end=end)


async def test_a_block_is_given_while_the_next_is_still_read(monkeypatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    source, names = Slow(), ["AAPL", "MSFT", "KO", "IBM"]
    async with desk(clock=NOW) as one, asyncio.timeout(60):
        engine = PredictionEngine(one, models="ewma_t", data_providers=[source])
        found = []
        async with aclosing(engine.keep_many(names, 1, why=False)) as asked:
            async for answer in asked:
                assert isinstance(answer, Kept)
                found.append(answer.forecast.instrument.symbol)
                if len(found) == 2:
                    source.told.set()
    assert found == names


@pytest.mark.parametrize("count", [0, 1, 7, 64])
def test_parts_are_all_of_them_and_the_last_are_small(count) -> None:
    parts = module._parts(list(range(count)), turns=4)
    assert [place for part in parts for place in part] == list(range(count))
    assert all(1 <= len(part) <= 8 for part in parts)
    assert all(len(part) == 1 for part in parts[-3:])


@pytest.mark.parametrize("count", [0, 1, 7, 20])
def test_parts_that_one_takes_by_itself_are_as_large_as_may_be(count) -> None:
    parts = module._parts(list(range(count)), turns=1)
    assert [place for part in parts for place in part] == list(range(count))
    assert all(len(part) == 8 for part in parts[:-1])


async def test_what_can_not_be_kept_is_not_given() -> None:
    async with desk(clock=NOW) as one:
        await one.store.log("ledger").close()
        answers = [answer async for answer in PredictionEngine(one, models="ewma_t").keep_many(["KO", "nope"], 1)]
    assert [type(answer.error) for answer in answers if isinstance(answer, Missed)] == [StoreError, UnknownSymbolError]


async def test_a_question_that_breaks_is_left_open_and_its_neighbour_is_answered() -> None:
    async with desk(clock=NOW) as one:
        bars = await MarketData(one).bars(symbols.resolve("KO"))
    good, bad = Recipe(), Recipe(model="no_such_model")
    answers = outlooks([Question(bars=bars, days=2, recipe=recipe) for recipe in (bad, good)])
    assert answers == [None, outlook(bars, 2, good)]


@pytest.mark.slow
async def test_processes_give_the_same_bytes_as_threads(monkeypatch) -> None:
    async with desk(clock=NOW) as one, desk(clock=NOW) as two:
        alone = [told(kept) async for kept in PredictionEngine(one).keep_many(["AAPL", "EURUSD"], 3)]
        monkeypatch.setattr(module, "_CROWD", 0)
        monkeypatch.setattr(module, "_PART", 1)
        apart = [told(kept) async for kept in PredictionEngine(two).keep_many(["AAPL", "EURUSD"], 3)]
    assert alone == apart


async def test_where_a_whole_part_breaks_each_is_answered_alone(monkeypatch) -> None:
    def lost(questions: list[Question]) -> None:
        raise WorkerError("its process has died")

    names = ["KO", "EURUSD", "AAPL"]
    async with desk(clock=NOW) as one, desk(clock=NOW) as two:
        whole = [told(kept) async for kept in PredictionEngine(one, models="ewma_t").keep_many(names, 1)]
        monkeypatch.setattr(module, "outlooks", lost)
        apart = [told(kept) async for kept in PredictionEngine(two, models="ewma_t").keep_many(names, 1)]
    assert apart == whole
