"""Forecasts that were given without calibration, without reasons, or by the next model: replayed byte for byte."""

import asyncio

import pytest

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.market.symbols import resolve
from ara.models.ensemble.answers import Answering
from ara.prediction import PredictionEngine
from ara.prediction import outlook as told
from ara.prediction.difference import change
from ara.prediction.replay import replay
from ara.settings import Settings
from ara.testing import desk


def fails(*_, **__):
    raise ZeroDivisionError("no state")


BROKEN = {
    "calibration": [(Answering, "_surprise")],
    "reasons": [(told, "whys")],
    "regime": [(told, "mood")],
    "members": [(Answering, "_surprise"), (Answering, "_mixed")],
    "calibration and reasons": [(Answering, "_surprise"), (told, "sureness")],
    "calibration and regime": [(Answering, "_surprise"), (told, "mood")],
}


@pytest.mark.parametrize("links", BROKEN.values(), ids=BROKEN)
async def test_what_was_degraded_comes_out_again_as_it_was_given(monkeypatch, links):
    async with desk() as one:
        engine = PredictionEngine(one)
        healthy = await engine.keep("AAPL", 2, as_of="2020-02-20")
        with monkeypatch.context() as broken:
            for where, name in links:
                broken.setattr(where, name, fails)
            kept = await engine.keep("AAPL", 2, as_of="2020-02-20")
        assert kept.forecast.degraded
        again, moved = await replay(one, kept.id), await change(one, healthy.id, kept.id)
    assert (again.same, again.differences) == (True, ())
    assert again.forecast.id == kept.id != healthy.id
    assert sum(step.price for step in moved.steps) == pytest.approx(moved.total.price, abs=1e-12)


async def test_bars_taken_from_what_is_kept_are_replayed(monkeypatch, tmp_path):
    whole = MarketData.bars

    async def gone(self, *args, learned=None, **rest):
        if learned is None:
            await asyncio.Event().wait()
        return await whole(self, *args, learned=learned, **rest)

    async def named(self, text):
        return resolve(text)

    told = {"home": str(tmp_path), "log.level": "error", "prediction.seconds": "8"}
    async with Desk.open(Settings.load(told, environ={})) as one:
        await PredictionEngine(one).keep("AAPL", 2)
        with monkeypatch.context() as slow:
            slow.setattr(MarketData, "bars", gone)
            slow.setattr(MarketData, "instrument", named)
            kept = await PredictionEngine(one).keep("AAPL", 3, model="ewma_t")
        again = await replay(one, kept.id)
    assert "the bars that are kept were taken" in kept.forecast.degraded[0]
    assert (again.same, again.differences) == (True, ())
