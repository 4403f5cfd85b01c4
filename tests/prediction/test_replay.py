"""A kept forecast comes out again from what was known then; and what moved one to another adds up."""

import shutil
import socket
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ara.data.bar_store import ROWS
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import ModelError, ValidationError
from ara.lineage import canonical
from ara.market.symbols import resolve
from ara.market.timeframe import Timeframe
from ara.models.registry import Registry, stages
from ara.prediction import Ledger, PredictionEngine
from ara.prediction import replay as module
from ara.prediction.difference import CAUSES, change
from ara.prediction.document import to_document
from ara.prediction.replay import replay
from ara.prediction.training import Lesson, bars_for, train_model
from ara.settings import Settings
from ara.testing import FakeClock


@pytest.fixture
async def desk(workers, tmp_path, monkeypatch):
    def refused(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    settings = Settings.load({"home": str(tmp_path / "home"), "log.level": "error"}, environ={})
    async with Desk.open(settings, workers=workers) as desk:
        yield desk


async def trained(desk, family="har_t", symbols=("AAPL",)):
    async with MarketData(desk) as market:
        bars = await bars_for(market, symbols, period="3y")
    kept = (await train_model(desk, bars, Lesson(family=family, params={}, days=5, validate=False))).kept
    await stages.deploy(Registry(desk), kept, force=True)
    return kept


def rows(bars, *, learned, factor=1.0):
    """Give bars as a store keeps them, the closes of the last ten times a factor."""
    frame = bars.frame.select("at", "known_at", "open", "high", "low", "close", "volume", "quality", "imputed")
    late = pl.int_range(pl.len()) >= pl.len() - 10
    return frame.with_columns(
        close=pl.when(late).then(pl.col("close") * factor).otherwise(pl.col("close")),
        symbol=pl.lit("AAPL"),
        asset_class=pl.lit("stock"),
        timeframe=pl.lit("1d"),
        source=pl.lit("mine"),
        learned_at=pl.lit(learned, ROWS["learned_at"]),
        adjusted=pl.col("close"),
        basis=pl.lit("total"),
        fetch=pl.lit(""),
    ).select(ROWS.names())


@pytest.mark.parametrize(
    ("symbol", "rest"),
    [
        ("AAPL", {}),
        ("AAPL", {"model": "ewma_t", "as_of": "2020-08-31"}),
        ("BTC-USD", {"days": 30, "as_of": "2019-06-01"}),
        ("EURUSD", {"model": "har_t"}),
    ],
)
async def test_a_forecast_comes_out_again_to_the_byte(desk, symbol, rest):
    kept = await PredictionEngine(desk).keep(symbol, **rest)
    found = await replay(desk, kept.id[:8])
    assert (found.same, found.ok, found.differences, found.gap) == (True, True, (), 0.0)
    in_ledger = (await Ledger(desk).show(kept.id)).forecast
    assert canonical(to_document(found.forecast)) == canonical(to_document(in_ledger))


async def test_a_pooled_model_is_asked_with_the_others_beside_it(desk):
    await trained(desk, "pooled_har", ("AUDUSD", "EURUSD", "GBPUSD", "USDCAD", "USDCHF"))
    kept = await PredictionEngine(desk).keep("EURUSD", model="pooled_har")
    assert "artefact" in kept.forecast.lineage.models["pooled_har"]
    assert (await replay(desk, kept.id)).same


async def test_a_model_that_went_or_was_damaged_is_named(desk):
    mine = await trained(desk)
    kept = await PredictionEngine(desk).keep("AAPL", model="har_t")
    (Registry(desk).shelf.place(mine.id) / "params.json").write_text("{}")
    found = await replay(desk, kept.id)
    assert (found.same, found.ok, found.forecast) == (False, False, None)
    assert [one.part for one in found.differences] == ["model"]
    assert "params.json was changed" in found.differences[0].words
    with pytest.raises(ModelError, match=r"can't be computed again: .*params\.json"):
        await change(desk, kept.id, kept.id)


async def test_a_model_that_the_registry_lost_is_named_by_its_family_and_id(desk):
    mine = await trained(desk)
    kept = await PredictionEngine(desk).keep("AAPL", model="har_t")
    await desk.store.remove(type(mine), mine.id)
    found = await replay(desk, kept.id)
    assert (found.ok, found.forecast) == (False, None)
    assert found.differences[0].part == "model"
    assert found.differences[0].words == f"the trained model har_t {mine.id[:8]} is not here any more"


@pytest.mark.parametrize(
    ("lineage", "part", "words"),
    [
        ({"models": {"ewma_t": {"params": {"decay": 0.5}}}}, "model", "ewma_t is not the same in "),
        ({"models": {}}, "model", "ewma_t is not the same in "),
        ({"settings": {"days": 3}}, "settings", "settings were {"),
    ],
    ids=("another parameter", "no model", "other settings"),
)
async def test_what_is_not_as_it_was_is_named(desk, monkeypatch, lineage, part, words):
    """As where the code that answers has changed since: what comes out says that it was made in another way."""
    kept = await PredictionEngine(desk).keep("KO", 2, model="ewma_t")
    whole = module.outlook

    def another(*args, **rest):
        told = whole(*args, **rest)
        return replace(told, lineage=replace(told.lineage, **lineage))

    monkeypatch.setattr(module, "outlook", another)
    found = await replay(desk, kept.id)
    assert (found.same, found.ok, found.gap) == (False, False, 0.0)
    assert [one.part for one in found.differences] == [part]
    assert found.differences[0].words.startswith(words)


async def test_words_that_differ_beside_the_same_figures_are_found(desk, monkeypatch):
    kept = await PredictionEngine(desk).keep("KO", 2, model="ewma_t")
    whole = module.outlook

    def other_words(*args, **rest):
        told = whole(*args, **rest)
        return replace(told, days=tuple(replace(day, factors=()) for day in told.days))

    monkeypatch.setattr(module, "outlook", other_words)
    found = await replay(desk, kept.id)
    assert (found.same, found.ok, found.gap) == (False, False, 0.0)
    assert [one.words for one in found.differences] == ["what is told beside the bands is not the same"]


async def test_what_comes_out_otherwise_can_not_be_compared(desk, monkeypatch):
    kept = await PredictionEngine(desk).keep("KO", 2, model="ewma_t")
    monkeypatch.setattr("ara.prediction.outlook.ENGINE", "999")
    with pytest.raises(ModelError, match=f"{kept.id[:6]} comes out as another forecast now"):
        await change(desk, kept.id, kept.id)


async def test_bars_of_two_lengths_are_not_compared(desk):
    engine = PredictionEngine(desk)
    day, week = [await engine.keep("AAPL", 2, timeframe=Timeframe.parse(step)) for step in ("1d", "1w")]
    with pytest.raises(ValidationError, match="one forecast is over bars of 1d, the other of 1w"):
        await change(desk, day.id, week.id)


async def test_other_arithmetic_and_another_machine_are_told_apart(desk, monkeypatch):
    kept = await PredictionEngine(desk).keep("KO", 2)
    here = dict(kept.forecast.lineage.platform)
    monkeypatch.setattr("ara.prediction.replay.platform_facts", lambda: {**here, "numpy": "9.9"})
    monkeypatch.setattr("ara.prediction.outlook.platform_facts", lambda: {**here, "numpy": "9.9"})
    moved = await replay(desk, kept.id)
    assert (moved.same, moved.ok, [one.part for one in moved.differences]) == (False, True, ["platform"])
    assert "numpy" in moved.differences[0].words
    monkeypatch.setattr("ara.prediction.replay.ENGINE", "999")
    monkeypatch.setattr("ara.prediction.outlook.ENGINE", "999")
    other = await replay(desk, kept.id)
    assert (other.ok, {one.part for one in other.differences}) == (False, {"platform", "engine"})


async def test_figures_that_differ_are_never_called_the_same(desk, monkeypatch):
    kept = await PredictionEngine(desk).keep("KO", 2)
    whole = module.outlook

    def moved(*args, **rest):
        told = whole(*args, **rest)
        days = [replace(day, quantiles=tuple(value + 1e-9 for value in day.quantiles)) for day in told.days]
        return replace(told, days=tuple(days))

    monkeypatch.setattr(module, "outlook", moved)
    found = await replay(desk, kept.id)
    assert (found.same, found.ok, [one.part for one in found.differences]) == (False, False, ["figures"])
    assert found.gap == pytest.approx(1e-9, rel=1e-3)


async def test_what_moved_a_forecast_adds_up(desk):
    engine = PredictionEngine(desk)
    one = await engine.keep("AAPL", 5, as_of="2021-03-01")
    two = await engine.keep("AAPL", 4, as_of="2021-03-03", model="ewma_t")
    found = await change(desk, one.id[:8], two.id[:8])
    assert found.target == date(2021, 3, 8)
    assert [step.causes for step in found.steps] == [("data",), ("model",), ("settings",)]
    before, after = one.forecast.days[-1], two.forecast.days[2]
    for name, was, now in (
        ("price", before.price, after.price),
        ("p_up", before.p_up, after.p_up),
        ("confidence", before.confidence, after.confidence),
        ("low", before.band_80[0], after.band_80[0]),
        ("high", before.band_80[1], after.band_80[1]),
    ):
        assert getattr(found.total, name) == pytest.approx(now - was, abs=1e-9)
        assert sum(getattr(step, name) for step in found.steps) == pytest.approx(now - was, abs=1e-9)
    data = await engine.predict("AAPL", 5, as_of="2021-03-03")
    assert found.steps[0].price == pytest.approx(data.days[2].price - before.price)
    assert found.steps[2].price == 0.0
    assert found.as_dict()["order"] == list(CAUSES)


async def test_a_model_that_knows_what_came_later_goes_in_one_step_with_the_data(desk):
    engine = PredictionEngine(desk)
    one = await engine.keep("AAPL", 5, as_of="2021-01-06")
    two = await engine.keep("AAPL", 5, as_of="2020-12-30")
    assert one.forecast.lineage.models != two.forecast.lineage.models
    found = await change(desk, one.id, two.id)
    assert [step.causes for step in found.steps] == [("data", "model")]
    forward = await change(desk, two.id, one.id)
    assert [step.causes for step in forward.steps] == [("data",), ("model",)]
    assert forward.total.price == pytest.approx(-found.total.price)


async def test_what_was_corrected_since_is_left_out_of_the_replay_and_shown_as_data(desk):
    clock = FakeClock(datetime(2021, 5, 1, tzinfo=UTC))
    async with Desk.open(desk.settings, clock=clock) as one:
        async with MarketData(one) as market:
            bars = await market.bars(resolve("AAPL"))
            market.store.append(rows(bars, learned=clock.now()))
        clock.set(clock.now() + timedelta(days=1))
        before = await PredictionEngine(one).keep("AAPL", 2)
        assert before.forecast.source == "mine"
        clock.set(clock.now() + timedelta(days=1))
        async with MarketData(one) as market:
            market.store.append(rows(bars, learned=clock.now(), factor=1.01))
        clock.set(clock.now() + timedelta(days=1))
        after = await PredictionEngine(one).keep("AAPL", 2)
        earlier = await PredictionEngine(one).keep("AAPL", 3, learned=before.made_at)
        assert after.forecast.close == pytest.approx(before.forecast.close * 1.01)
        assert earlier.forecast.close == before.forecast.close
        for kept in (before, after, earlier):
            assert (await replay(one, kept.id)).same
        found = await change(one, before.id, after.id)
        assert [step.causes for step in found.steps] == [("data",)]
        assert found.steps[0].words == "bars of the same days, corrected or learned since"
        shutil.rmtree(Path(one.settings.home) / "lake")
        gone = await replay(one, before.id)
        assert (gone.ok, gone.forecast, [one.part for one in gone.differences]) == (False, None, ["data"])


async def test_a_forecast_and_itself_differ_in_nothing(desk):
    kept = await PredictionEngine(desk).keep("AAPL", 2)
    found = await change(desk, kept.id, kept.id)
    assert (found.steps, found.total.price) == ((), 0.0)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (("KO", "2021-03-01"), "one forecast is of AAPL, the other of KO"),
        (("AAPL", "2020-03-02"), "no bar in common"),
    ],
)
async def test_what_can_not_be_compared_is_refused(desk, other, said):
    engine = PredictionEngine(desk)
    one = await engine.keep("AAPL", 2, as_of="2021-03-01")
    two = await engine.keep(other[0], 2, as_of=other[1])
    with pytest.raises(ValidationError, match=said):
        await change(desk, one.id, two.id)
