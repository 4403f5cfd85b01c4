"""A model in the shadow is held against the forecasts that were given, from the bars of each, and nobody is told."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import numpy as np
import pytest

from ara.cli.render.accuracy import page, reported
from ara.cli.screen import Flags, Screen
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.models.quantiles import LEVELS
from ara.models.registry import Registry, stages
from ara.performance import crps
from ara.prediction import PredictionEngine
from ara.prediction.accuracy import accuracy
from ara.prediction.challengers import challengers
from ara.prediction.scoring import score
from ara.prediction.training import Lesson, bars_for, train_model
from ara.settings import Settings
from ara.testing import FakeClock


@pytest.fixture
def clock():
    return FakeClock(datetime(2030, 7, 1, 12, tzinfo=UTC))


@pytest.fixture
def opened(clock, tmp_path, workers):
    @asynccontextmanager
    async def desk():
        settings = Settings.load({"home": str(tmp_path / "home"), "log.level": "error"}, environ={})
        async with Desk.open(settings, clock=clock, workers=workers) as found:
            yield found

    return desk


async def trained(desk, until):
    async with MarketData(desk) as market:
        bars = await bars_for(market, ("AAPL",), as_of=datetime.fromisoformat(until))
    return (await train_model(desk, bars, Lesson(family="har_t", params={}, days=5, validate=False))).kept


async def test_a_shadow_is_scored_beside_what_was_given(opened, clock):
    async with opened() as desk, PredictionEngine(desk) as engine:
        registry, asked = Registry(desk), {"as_of": "2019-07-08", "model": "har_t"}
        await stages.deploy(registry, await trained(desk, "2018-07-02T00:00:00+00:00"), force=True)
        before = await engine.keep("AAPL", 2, **asked)  # the shadow is made after it: that proves nothing
        clock.set(datetime(2030, 7, 2, 12, tzinfo=UTC))
        assert await challengers(desk, replayed=True) == []
        shadow = await stages.shadow(registry, await trained(desk, "2019-06-29T00:00:00+00:00"))
        clock.set(datetime(2030, 7, 3, 12, tzinfo=UTC))
        given = [await engine.keep("AAPL", 5, **asked), await engine.keep("AAPL", 1, **asked, why=False)]
        await engine.keep("AAPL", 1, **{**asked, "model": "ewma_t"})
        await engine.keep("AAPL", 1, **{**asked, "as_of": "2019-06-20"})  # the shadow knows what came after it
        await engine.keep("MSFT", 1, **{**asked, "model": "har_t"})  # the shadow was never asked of it
        assert await challengers(desk, replayed=True) == []  # nothing of it is scored
        rows = {(row["forecast_id"], row["day"]): row for row in (await score(desk)).rows}
        own = await engine.predict("AAPL", 5, **{**asked, "model": shadow.name})
        assert await challengers(desk) == []  # all replay the past
        (told,) = await challengers(desk, replayed=True)

        assert (told.model, told.outcomes, told.apart) == ("har_t@2", 6, 1)
        assert all((before.id, day) in rows for day in (1, 2))
        errors, served = [], []
        for entry in given:
            for day in own.days[: len(entry.forecast.days)]:
                row = rows[entry.id, day.number]
                y = np.log(row["outcome"] / row["close"])
                errors.append(float(crps(np.array([day.quantiles]), np.array([y]), LEVELS)[0]))
                served.append(row)
        assert told.less == pytest.approx(1 - sum(errors) / sum(row["crps"] for row in served))
        assert told.less != 0
        assert told.as_dict()["less"] == told.less
        assert told.served_inside_80 == np.mean([row["inside_80"] for row in served])

        found = await accuracy(desk, replayed=True)
        plain = reported(found, Screen(Flags(width=100), runner=asyncio.run), [told])
        assert "in the shadow  outcomes" in plain
        assert "har_t@2" in plain
        assert "har_t@2" not in reported(found, Screen(Flags(width=100), runner=asyncio.run))
        assert "<td>har_t@2</td>" in page(found, [told])
        for file in registry.shelf.place(shadow.id).iterdir():
            file.unlink()
        assert await challengers(desk, replayed=True) == []  # what is damaged says nothing
