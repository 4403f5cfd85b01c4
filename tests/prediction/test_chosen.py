"""Which model answers a forecast: a champion where it may, else a fit of what was known, and it is said."""

import asyncio
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import IntegrityError, ModelError, PluginError, ValidationError
from ara.market.timeframe import WEEK
from ara.models.registry import Registry, stages
from ara.performance.trials import Trials
from ara.prediction import PredictionEngine
from ara.prediction.bulk import forecast_frame
from ara.prediction.chosen import trained as named_artefact
from ara.prediction.compute import Recipe
from ara.prediction.training import Lesson, bars_for, train_model
from ara.settings import Settings

PAIRS = ("AUDUSD", "EURUSD", "GBPUSD", "USDCAD", "USDCHF")


@pytest.fixture
async def desk(tmp_path, workers):
    settings = Settings.load({"home": str(tmp_path / "home"), "log.level": "error"}, environ={})
    async with Desk.open(settings, workers=workers) as desk:
        yield desk


async def champion(desk, family="har_t", symbols=("AAPL",), **rest):
    async with MarketData(desk) as market:
        bars = await bars_for(market, symbols, period="3y")
    rest = {"days": 5, "validate": False} | rest
    kept = (await train_model(desk, bars, Lesson(family=family, params={}, **rest))).kept
    await stages.deploy(Registry(desk), kept, force=True)
    return kept


async def test_a_champion_answers_and_the_lineage_names_it(desk):
    engine = PredictionEngine(desk)
    fitted = await engine.predict("AAPL", model="har_t")
    kept = await champion(desk)
    told = await engine.predict("AAPL", model="har_t")
    assert told.lineage.models == {"har_t": {"family": "har_t", "artefact": kept.id}}
    assert fitted.lineage.models == {"har_t": {"family": "har_t", "params": {}}}
    assert (told.warnings, told.model, told.id != fitted.id) == (fitted.warnings, "har_t", True)
    assert (await engine.predict("AAPL", model="har_t")).days == told.days
    assert await stages.cited(Registry(desk)) == {kept.id}


@pytest.mark.parametrize("name", ["har_t@1", "id"])
async def test_a_model_can_be_named(desk, name):
    kept = await champion(desk)
    told = await PredictionEngine(desk).predict("AAPL", model=kept.id[:9] if name == "id" else name)
    assert (told.model, told.lineage.models["har_t"]["artefact"]) == ("har_t", kept.id)


async def test_before_its_last_bar_the_family_is_fitted_and_it_is_said(desk):
    engine = PredictionEngine(desk)
    before = await engine.predict("AAPL", model="har_t", as_of="2020-02-20")
    await champion(desk)
    told = await engine.predict("AAPL", model="har_t", as_of="2020-02-20")
    assert (told.id, told.days) == (before.id, before.days)
    (words,) = set(told.warnings) - set(before.warnings)
    assert words.startswith("har_t@1 knows bars up to 2021-03-31 20:00 UTC, after the moment of the forecast")
    with pytest.raises(ModelError, match="after the moment of the forecast") as caught:
        await engine.predict("AAPL", model="har_t@1", as_of="2020-02-20")
    assert "--model har_t" in caught.value.hint


@pytest.mark.parametrize(
    ("symbol", "days", "words"),
    [("MSFT", 5, "was not trained on MSFT"), ("AAPL", 6, "was not trained to look 6 bars ahead")],
)
async def test_what_a_champion_was_not_trained_for_is_fitted(desk, symbol, days, words):
    await champion(desk, "pooled_har")
    told = await PredictionEngine(desk).predict(symbol, days, model="pooled_har")
    assert "artefact" not in told.lineage.models["pooled_har"]
    assert any(words in one for one in told.warnings)


async def test_a_damaged_champion_is_replaced_by_a_fit_and_the_forecast_says_so(desk):
    kept = await champion(desk)
    (Registry(desk).shelf.place(kept.id) / "params.json").write_text("{}")
    told = await PredictionEngine(desk).predict("AAPL", model="har_t")
    assert "artefact" not in told.lineage.models["har_t"]
    (words,) = told.degraded
    assert "params.json was changed" in words
    with pytest.raises(IntegrityError, match=r"params\.json was changed"):
        await PredictionEngine(desk).predict("AAPL", model="har_t@1")


async def test_a_pooled_champion_answers_for_its_class_with_the_others_beside_it(desk):
    kept = await champion(desk, "pooled_har", PAIRS)
    engine = PredictionEngine(desk)
    own = await engine.predict("EURUSD", model="pooled_har")
    assert own.lineage.models["pooled_har"]["artefact"] == kept.id
    other = await engine.predict("USDJPY", model="pooled_har")
    assert other.lineage.models["pooled_har"]["artefact"] == kept.id
    assert other.warnings == (await engine.predict("USDJPY", model="ewma_t")).warnings
    foreign = await engine.predict("AAPL", model="pooled_har")
    assert any("was not trained on AAPL nor on 5 of its class" in one for one in foreign.warnings)


async def test_others_that_nobody_knows_are_told(desk, monkeypatch):
    await champion(desk, "pooled_har", PAIRS)
    whole = MarketData.instrument

    async def lost(self, text):
        if text != "EURUSD":
            raise ValidationError("nobody knows it")
        return await whole(self, text)

    monkeypatch.setattr(MarketData, "instrument", lost)
    told = await PredictionEngine(desk).predict("EURUSD", model="pooled_har")
    assert "the model looks at 4 other instruments, and 0 of them are known here" in told.warnings


async def test_others_that_are_late_are_done_without_and_told(tmp_path, workers, monkeypatch):
    told = {"home": str(tmp_path / "home"), "log.level": "error", "prediction.seconds": "40"}
    async with Desk.open(Settings.load(told, environ={}), workers=workers) as desk:
        await champion(desk, "pooled_har", PAIRS)
        whole = MarketData.instrument

        async def late(self, text):
            if text != "EURUSD":
                await asyncio.Event().wait()
            return await whole(self, text)

        monkeypatch.setattr(MarketData, "instrument", late)
        forecast = await PredictionEngine(desk).predict("EURUSD", model="pooled_har")
    assert forecast.model == "pooled_har"
    assert "the model looks at 4 other instruments, and 0 of them are known here" in forecast.warnings


async def test_names_that_nobody_knows(desk):
    with pytest.raises(PluginError, match="There is no model named 'har_tt'"):
        await PredictionEngine(desk).predict("AAPL", model="har_tt")
    with pytest.raises(ValidationError, match="no model is called 'har_t@9'"):
        await PredictionEngine(desk).predict("AAPL", model="har_t@9")


async def test_in_bulk_a_named_model_answers_and_refuses_what_it_knows_already(desk):
    kept = await champion(desk)
    artefact = await named_artefact(desk, "har_t@1")
    assert artefact.id == kept.id
    assert await named_artefact(desk, "har_t") is None
    async with MarketData(desk) as market:
        (bars,) = await bars_for(market, ["AAPL"], period="2y")
    frame = bars.frame.select(
        "open", "high", "low", "close", "volume", symbol=pl.lit("AAPL"), asset_class=pl.lit("stock"), ts="at"
    )
    last = frame["ts"].tail(1)
    recipe = Recipe(model="har_t", artefact=artefact)

    def origins(ts):
        return pl.DataFrame({"symbol": ["AAPL"], "origin": ts, "instant": ts, "horizon": [1]})

    told = forecast_frame(frame, origins(last), recipe)
    single = await PredictionEngine(desk).predict("AAPL", 1, model="har_t@1")
    assert np.isclose(told["q0.5"][0], single.days[0].price, rtol=1e-3)
    with pytest.raises(ModelError, match="1 of 1 origins are earlier, the first of AAPL"):
        forecast_frame(frame, origins(frame["ts"].tail(2).head(1)), recipe)


async def test_training_judges_counts_and_keeps(desk):
    async with MarketData(desk) as market:
        bars = await bars_for(market, ["AAPL", "AAPL", "aapl"], period="max")
        assert [one.instrument.symbol for one in bars] == ["AAPL"]
    seen = []
    outcome = await train_model(
        desk, bars, Lesson(family="hist", params={}, days=5), watch=lambda one: bool(seen.append(one)) or True
    )
    card = outcome.kept.card
    assert (outcome.new, outcome.words, card.holdout.look, len(card.scores)) == (True, "", 1, 2)
    assert card.holdout.cut < card.holdout.first < card.holdout.last < card.trained_to
    assert card.trained_to == datetime(2021, 3, 31, 20, tzinfo=UTC)
    assert seen
    again = await train_model(desk, bars, Lesson(family="hist", params={}, days=5))
    assert (again.new, again.kept.card) == (False, card)
    other = await train_model(desk, bars, Lesson(family="drift", params={}, days=5))
    assert other.kept.card.holdout.look == 3


async def test_a_burnt_hold_out_judges_nothing(tmp_path):
    settings = Settings.load({"home": str(tmp_path), "models.looks": "1", "log.level": "error"}, environ={})
    async with Desk.open(settings) as desk, MarketData(desk) as market:
        bars = await bars_for(market, ["AAPL"])
        await train_model(desk, bars, Lesson(family="hist", params={}, days=1))
        burnt = await train_model(desk, bars, Lesson(family="drift", params={}, days=1))
        assert "its hold-out was looked at as often as the setting models.looks allows, which is 1" in burnt.words
        assert (await Trials(desk).verify()).entries == 1, "a look that was not taken is not counted"
        assert (burnt.kept.card.scores, burnt.kept.card.holdout) == ((), None)
        with pytest.raises(ModelError, match="never held against the baseline"):
            await stages.deploy(Registry(desk), burnt.kept)


@pytest.mark.parametrize(
    ("given", "words"),
    [("5", "The period is '5'"), ("0y", "The period is"), ("y5", "The period is"), ("1q", "5y, 18m")],
)
async def test_periods_that_are_none(desk, given, words):
    async with MarketData(desk) as market:
        with pytest.raises(ValidationError) as caught:
            await bars_for(market, ["AAPL"], period=given)
    assert words in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(("period", "bars"), [("1y", 253), ("12m", 253), ("52w", 252), ("365 d", 253)])
async def test_periods(desk, period, bars):
    async with MarketData(desk) as market:
        (found,) = await bars_for(market, ["AAPL"], period=period)
    assert abs(len(found) - bars) <= 1


@pytest.mark.parametrize("share", [0.0, 0.6, float("nan")])
async def test_a_hold_out_of_no_sense(desk, share):
    async with MarketData(desk) as market:
        bars = await bars_for(market, ["AAPL"])
    with pytest.raises(ValidationError, match="The hold-out is"):
        await train_model(desk, bars, Lesson(family="hist", params={}, days=1, share=share))


async def test_bars_that_are_no_days_are_told_how_more_than_the_baseline_answers_them(desk):
    engine = PredictionEngine(desk)
    asked = {"days": 1, "timeframe": WEEK, "as_of": "2020-02-20"}
    plain = await engine.predict("AAPL", **asked)
    (words,) = [one for one in plain.warnings if "was trained on bars of 1d" in one]
    way = '; --model fast (over HTTP "model": "fast") is fitted on bars of 1w, in some seconds'
    assert words.endswith(f"was trained on bars of 1d: ewma_t answered instead{way}")
    assert (plain.model, plain.degraded) == ("ewma_t", ())
    fitted = await engine.predict("AAPL", **asked, model="fast")
    assert (fitted.model, fitted.degraded) == ("fast", ())
    assert not [one for one in fitted.warnings if "--model" in one]
    day = await engine.predict("AAPL", days=1, as_of="2013-09-02")
    assert [one for one in day.warnings if one.endswith(": ewma_t answered instead")], "days know no such way"
