"""What has a champion trained anew, each in a world where that alone was planted; and a world where nothing was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.desk import Desk
from ara.market import symbols
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.timeframe import DAY
from ara.models.registry import Registry
from ara.prediction.compute import Recipe
from ara.prediction.standing import standing
from ara.prediction.training import Lesson, train_model
from ara.settings import Settings
from ara.testing import FakeClock

LEARNED, AFTER = 500, 200
NAMES = ("AAPL", "MSFT", "SPY")
FIRST = datetime(2015, 1, 1, tzinfo=UTC)


def bars_of(returns, name):
    """Give bars of a path of log returns, one a day."""
    close = 100 * np.exp(np.cumsum(returns))
    start = np.append(100.0, close[:-1])
    at = [FIRST + timedelta(days=day) for day in range(len(returns))]
    known = [one + timedelta(days=1) for one in at]
    frame = pl.DataFrame(
        {
            "at": at,
            "known_at": known,
            "learned_at": known,
            "open": start,
            "high": np.maximum(start, close) * 1.002,
            "low": np.minimum(start, close) * 0.998,
            "close": close,
            "volume": np.full(len(returns), 1e6),
            "source": "made",
            "quality": 1.0,
            "imputed": False,
            "votes": 1,
        },
        schema=SCHEMA,
    )
    return Bars(instrument=symbols.resolve(name), timeframe=DAY, basis=Basis.TOTAL, frame=frame)


def calm(random, days):
    return 0.01 * random.standard_normal((len(NAMES), days))


@pytest.fixture
def stood(workers):
    """Train on a world up to some day, by a clock that stands there, and look at the model `AFTER` days later."""

    async def look(home, after, *, family="ewma_t", before=None, old=10_000, seed=5):
        random = np.random.default_rng(seed)
        returns = np.concatenate(((before or calm)(random, LEARNED), after(random, AFTER)), axis=1)
        whole = [bars_of(row, name) for row, name in zip(returns, NAMES, strict=True)]
        past = [replace(one, frame=one.frame[:LEARNED]) for one in whole]
        clock = FakeClock(FIRST + timedelta(days=LEARNED))
        settings = Settings.load({"home": str(home), "log.level": "error"}, environ={})
        async with Desk.open(settings, clock=clock, workers=workers) as desk:
            kept = (await train_model(desk, past, Lesson(family=family, params={}, days=1, validate=False))).kept
            recipe = Recipe(model=family, artefact=await Registry(desk).artefact(kept))
            return standing(whole, kept, recipe, old=timedelta(days=old))

    return look


async def test_a_world_that_goes_on_as_it_was_gives_no_reason(stood, tmp_path):
    for seed in range(6):
        seen = await stood(tmp_path / str(seed), calm, seed=seed)
        assert (seen.reasons, seen.lost) == ((), False)
        assert seen.days == AFTER - 1


async def test_age_alone_is_a_reason_and_no_failure(stood, tmp_path):
    young = await stood(tmp_path / "young", calm, old=AFTER + 1)
    due = await stood(tmp_path / "due", calm, old=AFTER)
    assert young.reasons == ()
    assert due.reasons == (f"bars of {AFTER} days came since its training",)
    assert not due.lost


async def test_a_band_that_holds_too_few_is_found_and_one_that_holds_all(stood, tmp_path):
    def wild(random, days):
        return 0.01 * random.choice([-1.5, 0.0, 0.1, 1.5], (len(NAMES), days)) + 0.01 * calm(random, days)

    def even(random, days):
        return 0.01 * random.choice([-1.0, 1.0], (len(NAMES), days))

    for name, world, held in (("few", wild, (0, 0.75)), ("all", even, (0.99, 1))):
        seen = await stood(tmp_path / name, world)
        assert held[0] <= seen.held <= held[1]
        assert seen.coverage >= 40
        assert seen.lost
        assert f"its 80 % band held {seen.held:.0%} since it was made, which is no chance" in seen.reasons
        assert seen.drift < 40


@pytest.mark.parametrize(("lean", "side"), [(0.35, "higher"), (-0.35, "lower")])
async def test_prices_that_drift_to_one_side_are_found(stood, tmp_path, lean, side):
    def leaning(random, days):
        return calm(random, days) + 0.01 * lean

    seen = await stood(tmp_path, leaning)
    assert seen.drift >= 40
    assert seen.coverage < 40
    assert seen.lost
    (reason,) = seen.reasons
    assert reason.startswith("prices have drifted")
    assert f"they ended {side} in its forecasts" in reason


async def test_an_edge_that_is_gone_is_found(stood, tmp_path):
    def waves(random, days):
        size = np.where(np.arange(days) // 40 % 2 == 0, 0.3, 1.7)
        return size * calm(random, days)

    seen = await stood(tmp_path, waves, family="hist", before=waves)
    assert seen.against >= 20
    assert seen.better < 0
    assert seen.lost
    assert "since it was made ewma_t is surely better" in seen.reasons
