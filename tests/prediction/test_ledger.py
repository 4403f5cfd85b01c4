import sqlite3
from contextlib import closing

import pytest

from ara.desk import Desk
from ara.errors import IntegrityError, StoreError, ValidationError
from ara.lineage import digest
from ara.prediction import Ledger, PredictionEngine
from ara.prediction.scoring import score
from ara.settings import Settings
from ara.testing import desk


async def test_the_newest_come_first_and_of_one_symbol_if_asked() -> None:
    async with desk() as one:
        engine, ledger = PredictionEngine(one), Ledger(one)
        for symbol, days in (("AAPL", 1), ("KO", 1), ("AAPL", 2), ("SPY", 1)):
            await engine.predict(symbol, days=days)
        assert [kept.sequence for kept in await ledger.list()] == [4, 3, 2, 1]
        assert [kept.sequence for kept in await ledger.list(2)] == [4, 3]
        assert [kept.sequence for kept in await ledger.list(5, "AAPL")] == [3, 1]
        assert [kept.sequence async for kept in ledger.all(after=2)] == [3, 4]


async def test_an_entry_is_found_by_the_beginning_of_its_id() -> None:
    async with desk() as one:
        forecast = await PredictionEngine(one).predict("AAPL")
        await PredictionEngine(one).predict("KO")
        ledger = Ledger(one)
        assert (await ledger.show(forecast.id[:8])).forecast == forecast
        assert (await ledger.show(forecast.id)).id == forecast.id
        for prefix in ("zz", "", "%", "_" * 8):
            with pytest.raises(ValidationError, match="no forecast"):
                await ledger.show(prefix)


async def test_a_beginning_that_fits_several_is_refused() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        ids = [(await engine.predict("AAPL", days=days)).id for days in range(1, 31)]
        shared = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
        with pytest.raises(ValidationError, match="more than one"):
            await Ledger(one).show(shared)


async def test_the_chain_verifies_and_its_anchor_can_be_computed_by_anyone() -> None:
    async with desk() as one:
        ledger = Ledger(one)
        with pytest.raises(StoreError, match="empty"):
            await ledger.anchor()
        kept = await PredictionEngine(one).keep("AAPL")
        assert (await ledger.verify()).ok
        head = await one.store.log("ledger").head()
        anchor = await ledger.anchor()
    assert (anchor.sequence, anchor.hash) == (1, kept.hash)
    assert anchor.digest == digest({"sequence": 1, "hash": kept.hash, "at": head.at, "public_key": head.public_key})
    assert anchor.at == kept.made_at


async def test_an_edited_forecast_is_neither_shown_nor_scored_nor_given_again(tmp_path) -> None:
    settings = Settings.load({"home": str(tmp_path)}, environ={}, folder=tmp_path)
    async with Desk.open(settings) as one:
        forecast = await PredictionEngine(one).predict("AAPL", days=2, as_of="2020-02-20")
    with closing(sqlite3.connect(tmp_path / "ara.db")) as database:
        (body,) = database.execute("select body from entries").fetchone()
        forged = body.replace(b'"p_up":0.5', b'"p_up":0.9')
        assert forged != body
        database.execute("update entries set body = ?", (forged,))
        database.commit()
    async with Desk.open(settings) as one:
        ledger = Ledger(one)
        for question in (
            ledger.list(),
            ledger.show(forecast.id),
            PredictionEngine(one).predict("AAPL", days=2, as_of="2020-02-20"),
            score(one),
        ):
            with pytest.raises(IntegrityError, match="1") as caught:
                await question
            assert "ara ledger verify" in caught.value.hint
        assert (await ledger.verify()).sequence == 1


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"\xff\x00", b'{"days":1e999}'])
async def test_an_entry_that_is_no_forecast_is_named(body: bytes) -> None:
    async with desk() as one:
        await one.store.log("ledger").append([body], keys=["strange"])
        with pytest.raises(IntegrityError, match="entry 1 of the ledger is no forecast"):
            await Ledger(one).list()


async def test_a_long_ledger_is_read_back_page_by_page(monkeypatch) -> None:
    monkeypatch.setattr("ara.prediction.ledger._PAGE", 2)
    async with desk() as one:
        ledger = Ledger(one)
        forecasts = [await PredictionEngine(one).predict("KO", days=days, model="ewma_t") for days in range(1, 6)]
        told = [[kept.sequence for kept in await ledger.list(limit)] for limit in (5, 3)]
        before = [kept.id for kept in await ledger.list(2, before=4)]
    assert told == [[5, 4, 3, 2, 1], [5, 4, 3]]
    assert before == [forecasts[2].id, forecasts[1].id]


async def test_a_ledger_whose_head_was_lost_is_still_read_to_its_end(tmp_path) -> None:
    settings = Settings.load({"home": str(tmp_path), "log.level": "error"}, environ={})
    async with Desk.open(settings) as one:
        for days in (1, 2):
            await PredictionEngine(one).predict("KO", days=days, model="ewma_t")
    for file in (tmp_path / "heads").iterdir():
        file.write_bytes(b"{")
    async with Desk.open(settings) as one:
        assert [kept.sequence for kept in await Ledger(one).list()] == [2, 1]


async def test_the_same_forecast_is_one_in_a_set() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        first, again, other = [await engine.predict("KO", days=days, model="ewma_t") for days in (1, 1, 2)]
    assert {first, again, other} == {first, other}
    assert len({first, again, other}) == 2
