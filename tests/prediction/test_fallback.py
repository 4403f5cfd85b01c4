"""Each link of a forecast broken or slow, alone and two at once: an answer that says so, or a clear error."""

import asyncio
import importlib
import re
import shutil
import sys
import threading

import numpy as np
import pytest

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import DataProviderError, ModelError, StoreError
from ara.market.symbols import resolve
from ara.models import shipped
from ara.models.ensemble.answers import Answering
from ara.models.panel import Panel
from ara.models.registry.loading import load_artefact
from ara.prediction import Ledger, PredictionEngine, fallback
from ara.prediction import outlook as told
from ara.prediction.chosen import choose
from ara.prediction.replay import replay
from ara.prediction.widening import WIDER
from ara.settings import Settings
from ara.testing import FakeProvider

TEXT = """
import os, time
import numpy as np
from ara.testing import FakeModel

class Raises(FakeModel):
    family = "raises"
    def fit(self, *args, **rest):
        raise ZeroDivisionError("no luck")

class Hangs(FakeModel):
    family = "hangs"
    def fit(self, *args, **rest):
        time.sleep(3600)

class Dies(FakeModel):
    family = "dies"
    def fit(self, *args, **rest):
        os._exit(3)
"""


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Models of another package that raise, never come back, and kill their process."""
    place = tmp_path / "parts"
    place.mkdir()
    (place / "broken_models.py").write_text(TEXT)
    info = place / "broken-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.4\nName: broken\nVersion: 1.0\n")
    lines = "\n".join(f"{name} = broken_models:{name.title()}" for name in ("raises", "hangs", "dies"))
    info.joinpath("entry_points.txt").write_text(f"[ara.models]\n{lines}\n")
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv("PYTHONPATH", str(place))
    importlib.invalidate_caches()
    yield place
    sys.modules.pop("broken_models", None)


@pytest.fixture
def opened(tmp_path):
    """Open a desk with a time for each forecast, long enough for all that is not meant to be late."""

    def open_desk(seconds=600, **rest):
        told = {"home": str(tmp_path / "home"), "log.level": "error", "prediction.seconds": str(seconds), **rest}
        return Desk.open(Settings.load(told, environ={}))

    return open_desk


@pytest.fixture
def unshipped(tmp_path, monkeypatch):
    """Damage every model that came with the package."""
    copy = shutil.copytree(shipped.FOLDER, tmp_path / "shipped")
    for archive in copy.glob("*.xz"):
        archive.write_bytes(archive.read_bytes()[:-7])
    monkeypatch.setattr(shipped, "FOLDER", copy)


def narrower(one, two):
    """Say whether every band of one forecast is narrower than the other's, and its confidence higher."""
    pairs = zip(one.days, two.days, strict=True)
    return all(
        a.quantiles[-1] - a.quantiles[0] < b.quantiles[-1] - b.quantiles[0] and a.confidence > b.confidence
        for a, b in pairs
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "raises failed (.*no luck.*): fast answered instead"),
        ("dies", "dies failed .*: fast answered instead"),
    ],
)
async def test_a_model_that_breaks_is_replaced_by_what_came_with_ara(broken, opened, name, said):
    async with opened() as desk:
        engine = PredictionEngine(desk)
        healthy = await engine.predict("AAPL", 3, model="fast")
        forecast = await engine.predict("AAPL", 3, model=name)
        (kept, *_) = await Ledger(desk).list()
        again = await replay(desk, forecast.id)
    assert (forecast.model, len(forecast.degraded)) == ("fast", 1)
    assert re.search(said, forecast.degraded[0])
    assert kept.forecast.degraded == forecast.degraded
    assert forecast.lineage.settings["failed"] == 1
    assert forecast.id != healthy.id
    assert narrower(healthy, forecast)
    assert [a.price for a in forecast.days] == [b.price for b in healthy.days]
    assert again.same


async def test_a_model_that_never_comes_back_is_stopped(broken, opened, monkeypatch):
    monkeypatch.setattr(fallback, "_DATA", 100.0)  # bars may take what they take
    async with opened(seconds=4) as desk:
        forecast = await PredictionEngine(desk).predict("AAPL", 2, model="hangs")
    assert "hangs did not answer in the 4 s that a forecast has" in forecast.degraded[0]
    assert forecast.model in {"fast", "har_t", "ewma_t"}
    assert forecast.lineage.settings["failed"] == len(forecast.degraded)
    assert len(forecast.days) == 2


async def test_two_models_that_break_leave_the_single_one(broken, opened, unshipped):
    async with opened() as desk:
        engine = PredictionEngine(desk)
        healthy = await engine.predict("AAPL", 3, model="har_t")
        forecast = await engine.predict("AAPL", 3, model="raises")
    assert forecast.model == "har_t"
    assert "har_t answered instead" in forecast.degraded[0]
    assert narrower(healthy, forecast)


async def test_where_nothing_but_the_baseline_can_answer_it_does(broken, opened, unshipped, monkeypatch):
    def refused(*_, **__):
        raise FloatingPointError("the ranges are none")

    async with opened() as desk:
        engine = PredictionEngine(desk)
        healthy = await engine.predict("AAPL", 3, model="ewma_t")
        monkeypatch.setattr("ara.models.fits._fits", {})
        monkeypatch.setattr("ara.models.families.har.HarT.fit", refused)
        forecast = await engine.predict("AAPL", 3, model="raises")
        assert forecast.model == "ewma_t"
        assert [line.split(" failed")[0] for line in forecast.degraded] == ["raises", "har_t"]
        assert "FloatingPointError: the ranges are none" in forecast.degraded[1]
        assert narrower(healthy, forecast)
        monkeypatch.setattr("ara.models.fits._fits", {})
        monkeypatch.setattr("ara.models.families.ewma_t.EwmaT.fit", refused)
        before = len(await Ledger(desk).list())
        with pytest.raises(Exception, match="no luck"):
            await engine.predict("AAPL", 3, model="raises")
        assert len(await Ledger(desk).list()) == before


async def test_a_model_that_is_named_and_says_why_is_not_replaced(opened):
    async with opened() as desk:
        fast = await PredictionEngine(desk).predict("AAPL", 1, model="fast")
        artefact = fast.lineage.models["fast"]["artefact"]
        with pytest.raises(ModelError, match="knows bars up to"):
            await PredictionEngine(desk).predict("AAPL", 1, model=artefact, as_of="2019-01-02")
        assert len(await Ledger(desk).list()) == 1


async def test_reasons_that_can_not_be_told_leave_the_bands(opened, monkeypatch):
    async with opened() as desk:
        engine = PredictionEngine(desk)
        healthy = await engine.predict("KO", 3)

        def lost(*_, **__):
            raise ZeroDivisionError("no state")

        monkeypatch.setattr(told, "mood", lost)
        forecast = await engine.predict("KO", 3)
    assert forecast.regime is None
    assert forecast.degraded == (
        "the reasons could not be told (ZeroDivisionError: no state): the bands stand without",
    )
    assert narrower(healthy, forecast)


def fails(*_, **__):
    raise ZeroDivisionError("no state")


@pytest.mark.parametrize("how", ["raises", "gives nothing"])
async def test_calibration_that_fails_leaves_the_members(opened, monkeypatch, how):
    async with opened() as desk:
        engine = PredictionEngine(desk)
        healthy = await engine.predict("AAPL", 3, model="fast", why=False)
        bare = fails if how == "raises" else lambda *_: lambda rows: np.full(len(rows), np.nan)
        monkeypatch.setattr(Answering, "_surprise", bare)
        forecast = await engine.predict("AAPL", 3, model="fast", why=False)
    said = "ZeroDivisionError: no state" if how == "raises" else "it gave no finite bands"
    (line,) = forecast.degraded
    assert line.startswith(f"the calibration of fast failed ({said}): its bands are not calibrated")
    assert forecast.model == "fast"
    assert (forecast.lineage.settings["failed"], forecast.lineage.settings["uncalibrated"]) == (1, 1)
    assert forecast.id != healthy.id
    assert all(day.quantiles == tuple(sorted(day.quantiles)) for day in forecast.days)
    monkeypatch.undo()
    panel, row, fitted = await members(opened)
    (mixed,) = fitted.bare(panel, row).values
    halves = [day.quantiles[20] - day.quantiles[4] for day in forecast.days]
    assert (np.array(halves) >= WIDER * (mixed[:, 20] - mixed[:, 4]) * (1 - 1e-9)).all()


async def members(opened):
    """Give the last row of AAPL, and `fast` as it answers for it."""
    async with opened() as desk, MarketData(desk) as market:
        bars = await market.bars(resolve("AAPL"))
        asked = await choose(desk, "fast", bars, days=3)
    panel = Panel.build([bars], range(1, 4))
    return panel, np.array([len(panel) - 1]), load_artefact(asked.recipe.artefact)


async def test_calibration_and_reasons_broken_at_once_are_both_said(opened, monkeypatch):
    async with opened() as desk:
        engine = PredictionEngine(desk)
        monkeypatch.setattr(Answering, "_surprise", fails)
        one = await engine.predict("AAPL", 3, model="fast", why=False)
        monkeypatch.setattr(told, "mood", fails)
        both = await engine.predict("AAPL", 3, model="fast")
    assert len(both.degraded) == 2
    assert "calibration of fast failed" in both.degraded[0]
    assert "the reasons could not be told" in both.degraded[1]
    assert narrower(one, both)


async def test_calibration_that_hangs_costs_the_ensemble_and_no_more_than_its_time(opened, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(fallback, "_DATA", 100.0)
    monkeypatch.setattr(Answering, "_leant", lambda *_: gate.wait(60))
    async with opened(seconds=3) as desk:
        try:
            forecast = await PredictionEngine(desk).predict("AAPL", 2, model="fast", why=False)
        finally:
            gate.set()
    assert forecast.model in {"har_t", "ewma_t"}
    assert "fast did not answer in the 3 s that a forecast has" in forecast.degraded[0]


async def test_members_that_fail_with_calibration_leave_the_next_model(opened, monkeypatch):
    monkeypatch.setattr(Answering, "_surprise", fails)
    monkeypatch.setattr(Answering, "_mixed", fails)
    async with opened() as desk:
        forecast = await PredictionEngine(desk).predict("AAPL", 2)
    assert forecast.model == "har_t"
    assert forecast.degraded[0].startswith("fast failed (ZeroDivisionError: no state): har_t answered instead")


class Slow(FakeProvider):
    """A source that never answers."""

    async def history(self, *args, **rest):
        await asyncio.Event().wait()


@pytest.fixture
def named(monkeypatch):
    """Have instruments known at once, so that bars alone can be late."""

    async def instrument(self, text):
        return resolve(text)

    monkeypatch.setattr(MarketData, "instrument", instrument)


@pytest.mark.usefixtures("named")
async def test_a_source_that_never_answers_is_a_clear_error_where_nothing_is_kept(opened):
    async with opened(seconds=1) as desk:
        engine = PredictionEngine(desk, data_providers=[Slow()])
        with pytest.raises(DataProviderError, match=r"no source of AAPL answered within 0\.1 s") as caught:
            await engine.predict("AAPL", 2)
        assert await Ledger(desk).list() == []
    assert "prediction.seconds" in caught.value.hint


@pytest.mark.usefixtures("named")
async def test_a_slow_source_and_a_slow_model_at_once(broken, opened, monkeypatch):
    whole = MarketData.bars

    async def slow(self, *args, learned=None, **rest):
        if learned is None:
            await asyncio.Event().wait()
        return await whole(self, *args, learned=learned, **rest)

    monkeypatch.setattr(MarketData, "bars", slow)
    async with opened(seconds=4) as desk:
        forecast = await PredictionEngine(desk).predict("AAPL", 2, model="hangs")
    assert forecast.degraded[0] == "no source of AAPL answered within 0.4 s: the bars that are kept were taken"
    assert "hangs did not answer" in forecast.degraded[1]
    assert forecast.lineage.settings["failed"] == len(forecast.degraded)


async def test_reasons_that_hang_cost_no_more_than_the_reasons_of_the_baseline(opened, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(fallback, "_DATA", 100.0)
    async with opened() as desk:
        healthy = await PredictionEngine(desk).predict("AAPL", 2, model="ewma_t")
    monkeypatch.setattr(told, "mood", lambda *_: gate.wait(60))
    async with opened(seconds=2) as desk:
        try:
            forecast = await PredictionEngine(desk).predict("AAPL", 2, model="ewma_t")
            again = await replay(desk, forecast.id)
        finally:
            gate.set()
    assert forecast.degraded == ("the reasons took too long: the bands stand without",)
    assert (forecast.model, forecast.regime, forecast.lineage.settings["failed"]) == ("ewma_t", None, 1)
    assert not any(day.factors for day in forecast.days)
    assert narrower(healthy, forecast)
    assert again.same


@pytest.mark.usefixtures("named")
async def test_a_slow_source_and_slow_reasons_at_once(opened, monkeypatch):
    gate, whole = threading.Event(), MarketData.bars

    async def slow(self, *args, learned=None, **rest):
        if learned is None:
            await asyncio.Event().wait()
        return await whole(self, *args, learned=learned, **rest)

    monkeypatch.setattr(MarketData, "bars", slow)
    monkeypatch.setattr(told, "mood", lambda *_: gate.wait(60))
    async with opened(seconds=2) as desk:
        try:
            forecast = await PredictionEngine(desk).predict("AAPL", 2)
        finally:
            gate.set()
    assert forecast.degraded[0] == "no source of AAPL answered within 0.2 s: the bars that are kept were taken"
    assert forecast.degraded[-1] == "the reasons took too long: the bands stand without"
    assert (forecast.model, forecast.lineage.settings["failed"]) == ("ewma_t", len(forecast.degraded))


async def test_a_name_that_no_source_explains_in_time_is_a_clear_error(opened, monkeypatch):
    async def never(self, text):
        await asyncio.Event().wait()

    monkeypatch.setattr(MarketData, "instrument", never)
    async with opened(seconds=1) as desk:
        with pytest.raises(DataProviderError, match="no source said in time what 'AAPL' is") as caught:
            await PredictionEngine(desk).predict("AAPL", 2)
        assert await Ledger(desk).list() == []
    assert "prediction.seconds" in caught.value.hint


async def test_models_that_can_not_be_looked_up_as_the_first_one_breaks_leave_the_single_one(
    broken, opened, monkeypatch
):
    async def lost(*_, **__):
        raise StoreError("the store is busy")

    monkeypatch.setattr(fallback, "champion_for", lost)
    async with opened() as desk:
        forecast = await PredictionEngine(desk).predict("AAPL", 2, model="raises")
    assert forecast.model == "har_t"
    assert "no luck" in forecast.degraded[0]


async def test_features_that_break_cost_the_models_that_look_at_them(opened, monkeypatch):
    """One of the figures that the pooled members look at can't be made: a model that has no need of it answers."""
    from ara.models.families.pooled import model as pooled

    async with opened() as desk:
        engine = PredictionEngine(desk)
        healthy = await engine.predict("AAPL", 3, model="har_t")

        def broken(*_, **__):
            raise FloatingPointError("the volume has no logarithm")

        monkeypatch.setattr(pooled, "table", broken)
        forecast = await engine.predict("AAPL", 3)
    assert forecast.model == "har_t"
    assert any("the volume has no logarithm" in line for line in forecast.degraded)
    assert forecast.lineage.settings["failed"] > 0
    assert narrower(healthy, forecast)
    assert all(factor.name != "volume" for day in forecast.days for factor in day.factors)
