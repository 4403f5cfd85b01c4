"""An answer in the place of another one is nowhere surer than the simplest model of the same bars."""

import numpy as np
import pytest

from ara.models.ensemble.answers import Answering
from ara.models.quantiles import LEVELS
from ara.models.registry.serving import Choice
from ara.prediction import PredictionEngine, chosen, outlook, widening
from ara.prediction.difference import change
from ara.prediction.replay import replay
from ara.testing import desk

MIDDLE = LEVELS.index(0.5)
AT = {"as_of": "2020-02-20"}
SAID = "; its bands are held at least as wide as those of ewma_t"


def fails(*_, **__):
    raise ZeroDivisionError("no state")


def broken(monkeypatch):
    """Break the ensemble with its calibration: the single model answers."""
    monkeypatch.setattr(Answering, "_surprise", fails)
    monkeypatch.setattr(Answering, "_mixed", fails)


def halves(day):
    """Give how far each level lies from the median."""
    return np.abs(np.array(day.quantiles) - day.quantiles[MIDDLE])


def no_surer(forecast, plain, factor=1.0):
    """See that each level is at least so much farther out, and the confidence no higher."""
    for mine, simple in zip(forecast.days, plain.days, strict=True):
        assert (halves(mine) >= factor * halves(simple) * (1 - 1e-12)).all()
        assert mine.confidence <= simple.confidence
        assert list(mine.quantiles) == sorted(mine.quantiles)


@pytest.mark.parametrize("symbol", ["AAPL", "SPY", "EURUSD", "BTC-USD", "KO"])
async def test_the_next_model_is_no_surer_than_ewma_t(monkeypatch, symbol):
    async with desk() as one:
        engine = PredictionEngine(one)
        plain = await engine.predict(symbol, 5, model="ewma_t", **AT)
        sound = await engine.predict(symbol, 5, model="har_t", **AT)
        broken(monkeypatch)
        kept = await engine.keep(symbol, 5, model="fast", **AT)
        again, moved = await replay(one, kept.id), await change(one, sound.id, kept.id)
    found, settings = kept.forecast, kept.forecast.lineage.settings
    assert (found.model, settings["failed"]) == ("har_t", 1)
    no_surer(found, plain, widening.WIDER)
    no_surer(found, sound, widening.WIDER)
    narrower = [(halves(mine) < halves(simple)).any() for mine, simple in zip(sound.days, plain.days, strict=True)]
    assert settings.get("held", 0) == any(narrower)
    assert found.degraded[0].endswith(SAID) == any(narrower)
    assert [day.price for day in found.days] == [day.price for day in sound.days]
    assert again.same
    assert sum(step.price for step in moved.steps) == pytest.approx(moved.total.price, abs=1e-12)
    for day in found.days:
        assert sum(factor.contribution for factor in day.factors) == pytest.approx(day.wider, abs=1e-9)
        assert sum(factor.contribution for factor in day.sure) == pytest.approx(day.confidence - 0.8, abs=1e-9)


async def test_an_ensemble_without_its_calibration_is_no_surer_either(monkeypatch):
    async with desk() as one:
        engine = PredictionEngine(one)
        plain = await engine.predict("AAPL", 3, model="ewma_t", **AT)
        monkeypatch.setattr(Answering, "_surprise", fails)
        kept = await engine.keep("AAPL", 3, **AT)
        again = await replay(one, kept.id)
        monkeypatch.setattr(outlook, "_no_surer", lambda answer, *_: answer)
        bare = await engine.keep("AAPL", 2, **AT)
        monkeypatch.undo()
        before = await replay(one, bare.id)
    found, earlier = kept.forecast, bare.forecast
    no_surer(found, plain, widening.WIDER)
    assert (found.model, found.lineage.settings["held"], found.lineage.settings["uncalibrated"]) == ("fast", 1, 1)
    assert found.degraded[0].endswith("its bands are not calibrated, but held at least as wide as those of ewma_t")
    assert earlier.degraded[0].endswith("its bands are not calibrated")
    assert "held" not in earlier.lineage.settings  # as it was given before bands were held: it comes out so again
    assert (again.same, before.same) == (True, True)


async def test_where_the_simplest_model_can_not_be_asked_the_answer_stands(monkeypatch):
    whole = outlook.compute

    def asked(panel, rows, recipe, **rest):
        return fails() if recipe.model == "ewma_t" else whole(panel, rows, recipe, **rest)

    broken(monkeypatch)
    monkeypatch.setattr(outlook, "compute", asked)
    async with desk() as one:
        found = await PredictionEngine(one).predict("AAPL", 2, model="fast", **AT)
    assert (found.model, found.lineage.settings["failed"], "held" in found.lineage.settings) == ("har_t", 1, False)
    assert found.degraded == ("fast failed (ZeroDivisionError: no state): har_t answered instead",)


async def test_the_stand_in_of_a_damaged_model_is_held_alone_and_among_many(monkeypatch):
    async def damaged(*_, **__):
        return Choice(words="its file is damaged. har_t was fitted anew instead.", broken=True)

    async with desk() as one:
        engine = PredictionEngine(one)
        plain = await engine.predict("AAPL", 2, model="ewma_t", **AT)
        monkeypatch.setattr(chosen, "champion_for", damaged)
        many = [each async for each in engine.keep_many(["AAPL", "SPY"], 2, model="har_t", **AT)]
        alone = await engine.predict("AAPL", 2, model="har_t", **AT)
    no_surer(alone, plain, widening.WIDER)
    said = "its file is damaged. har_t was fitted anew instead; its bands are held at least as wide as those of ewma_t."
    assert (alone.degraded, alone.lineage.settings["held"]) == ((said,), 1)
    assert (many[0].forecast.id, many[0].forecast.degraded) == (alone.id, alone.degraded)


async def test_what_is_sound_is_not_held(monkeypatch):
    monkeypatch.setattr(outlook, "_no_surer", fails)
    async with desk() as one:
        found = await PredictionEngine(one).predict("AAPL", 2, **AT)
    assert (found.degraded, "held" in found.lineage.settings) == ((), False)
