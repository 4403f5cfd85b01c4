"""The list of forecasts that wait for outcomes follows the ledger, and scoring reads no more than it has to."""

from datetime import UTC, datetime

import pytest

from ara.desk import Desk
from ara.prediction import Ledger, PredictionEngine
from ara.prediction.scoring import score
from ara.prediction.unscored import Unscored, waiting
from ara.store.migrating import migrate
from ara.store.scores import forecasts, scores
from ara.testing import FakeClock, desk


async def listed(one: Desk) -> dict[str, bool]:
    """Give by symbol whether a forecast of it waits."""
    rows = await one.store.tables.execute(forecasts.select())
    return {row["symbol"]: row["scored_at"] is None for row in rows}


async def test_a_forecast_is_struck_out_with_its_last_outcome() -> None:
    clock = FakeClock(datetime(2019, 5, 1, 22, tzinfo=UTC))
    async with desk(clock=clock) as one:
        await PredictionEngine(one).predict("SPY", days=2, model="ewma_t")
        seen = []
        for day in (1, 2, 3):
            clock.set(datetime(2019, 5, day, 22, tzinfo=UTC))
            seen.append(((await score(one)).came_due, await listed(one)))
    assert seen == [(0, {"SPY": True}), (1, {"SPY": True}), (1, {"SPY": False})]


async def test_scoring_reads_what_is_new_and_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        for symbol in ("AAPL", "KO", "MSFT"):
            await engine.predict(symbol, days=1, as_of="2017-06-01", model="ewma_t")
        assert (await score(one)).came_due == 3
        late = await engine.predict("SPY", days=1, as_of="2017-06-01", model="ewma_t")
        read: list[str] = []
        every = Ledger.all

        async def noted(ledger: Ledger, *, after: int = 0):  # type: ignore[no-untyped-def]
            async for kept in every(ledger, after=after):
                read.append(kept.id)
                yield kept

        monkeypatch.setattr(Ledger, "all", noted)
        report = await score(one)
    assert (report.came_due, report.scored) == (1, 4)
    assert read[-1] == late.id
    assert len(read) <= 3  # the last that was known, to see that it is the same ledger, and the new one


async def test_a_list_that_was_dropped_or_is_of_another_ledger_is_made_anew() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        await engine.predict("AAPL", days=1, as_of="2017-06-01", model="ewma_t")
        assert (await score(one)).came_due == 1
        await engine.predict("KO", days=1, model="ewma_t")
        await migrate(one.store, "0002")
        await migrate(one.store)
        assert (await score(one)).came_due == 0
        assert await listed(one) == {"AAPL": False, "KO": True}
        await one.store.tables.execute(forecasts.delete())
        strange = {"forecast_id": "x", "sequence": 7, "symbol": "NOPE", "scored_at": None}
        await one.store.tables.insert(forecasts, [strange])
        assert (await score(one)).came_due == 0
        assert await listed(one) == {"AAPL": False, "KO": True}


async def test_who_died_between_the_scores_and_the_list_loses_nothing() -> None:
    async with desk() as one:
        await PredictionEngine(one).predict("AAPL", days=2, as_of="2017-06-01", model="ewma_t")
        assert (await score(one)).came_due == 2
        await one.store.tables.execute(forecasts.update().values(scored_at=None))
        assert (await score(one)).came_due == 0
        assert await listed(one) == {"AAPL": False}
        assert len(await one.store.tables.execute(scores.select())) == 2


async def test_what_waits_and_is_not_in_the_ledger_is_passed_over() -> None:
    async with desk() as one:
        kept = await PredictionEngine(one).predict("AAPL", days=1, model="ewma_t")
        unscored = Unscored(one)
        await unscored.read()
        gone = {"forecast_id": "f" * 64, "sequence": 0, "symbol": "AAPL", "scored_at": None}
        await one.store.tables.insert(forecasts, [gone])
        assert len(await one.store.tables.execute(waiting())) == 2
        assert [found.id for found in await Unscored(one).of(("AAPL",))] == [kept.id]


async def test_a_list_whose_last_place_is_another_forecast_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The place is there, but what stands at it is not what was listed: the store is that of another ledger."""
    monkeypatch.setattr("ara.prediction.unscored._BATCH", 1)
    async with desk() as one:
        for symbol in ("AAPL", "KO"):
            await PredictionEngine(one).predict(symbol, days=1, model="ewma_t")
        strange = {"forecast_id": "x", "sequence": 2, "symbol": "NOPE", "scored_at": None}
        await one.store.tables.insert(forecasts, [strange])
        await Unscored(one).read()
        assert await listed(one) == {"AAPL": True, "KO": True}
