"""Stated confidence beside what happened: honest ones hold, vain ones don't; the usual move is that of forecasts."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from ara.evidence.forecasts import LEVELS
from ara.evidence.losses import Sample, within
from ara.evidence.sureness import held_sure, with_usual
from ara.models.panel import Panel
from ara.prediction.bulk import series
from ara.prediction.confidence import usual_move

DAYS, SYMBOLS = 400, 6


def sample(stated, inside) -> Sample:
    """Give forecasts that said so and ended so: within a usual move of 1 around a median of 0."""
    first = datetime(2020, 1, 1, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "instant": np.repeat([first + timedelta(days=day) for day in range(DAYS)], SYMBOLS).tolist(),
            "code": np.tile(np.arange(SYMBOLS), DAYS),
            "sure": stated,
            "usual": np.ones(len(stated)),
            "med": np.zeros(len(stated)),
            "y": np.where(inside, 0.5, 2.0),
        }
    )
    return Sample(model="one", horizon=1, frame=frame, grid=1.0)


@pytest.mark.parametrize(("vain", "least", "most"), [(0.0, 8, 10), (0.08, 0, 3)])
def test_honest_confidence_holds_and_vain_does_not(vain: float, least: int, most: int) -> None:
    random = np.random.default_rng(4)
    true = random.uniform(0.55, 0.9, DAYS * SYMBOLS)
    told = held_sure(sample(true + vain, random.random(len(true)) < true))["sure"]
    assert sum(one["n"] for one in told["bins"]) == told["n"] == len(true)
    assert len(told["bins"]) == 10
    assert least <= sum(one["held"] for one in told["bins"]) <= most
    assert told["t"] < -2
    assert told["brier"] < told["brier_constant"]
    assert told["brier"] == pytest.approx(true.mean() - (true**2).mean() + vain**2, abs=0.02)


def test_nothing_is_said_of_a_few() -> None:
    stated = np.full(DAYS * SYMBOLS, 0.8)
    own = sample(stated, np.ones(len(stated), bool))
    few = own.only(np.arange(len(stated)) < 99)
    assert held_sure(few) == {}
    assert held_sure(own.only(np.zeros(len(stated), bool))) == {}


def test_the_chance_within_a_move_is_that_of_the_distribution() -> None:
    scale = np.array([0.01, 0.02])
    q = scale[:, None] * stats.norm.ppf(LEVELS)
    np.testing.assert_allclose(within(q, 1.2816 * scale), [0.8, 0.8], atol=1e-3)
    np.testing.assert_allclose(within(q, 0.0 * scale), [0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(within(q, 99.0 * scale), [0.98, 0.98], atol=1e-9)


def test_the_usual_move_is_the_one_of_forecasts() -> None:
    random = np.random.default_rng(2)
    days = pl.date_range(date(2016, 1, 1), date(2020, 12, 31), "1d", eager=True)
    days = days.filter(days.dt.weekday() < 6).cast(pl.Datetime("us", "UTC"))
    frames = []
    for name in ("AAA", "BBB"):
        close = 100 * np.exp(np.cumsum(0.01 * random.standard_normal(len(days))))
        prices = dict.fromkeys(("open", "high", "low", "close"), close)
        frames.append(pl.DataFrame({"symbol": name, "ts": days, **prices, "volume": 1.0, "asset_class": "stock"}))
    bars = pl.concat(frames)
    asked = bars.filter(pl.int_range(pl.len()).over("symbol").is_in([3, 400, 900])).select(
        "symbol", instant="ts", horizon=pl.lit(5, pl.Int64)
    )
    found = with_usual(pl.concat([asked, asked]), bars)["usual"].to_numpy()
    panel = Panel.build(series(bars), (5,))
    rows = np.flatnonzero(np.isin(np.arange(len(bars)) % len(days), [3, 400, 900]))
    expected = usual_move(panel, rows)[:, 0]
    assert np.isnan(expected[[0, 3]]).all()
    np.testing.assert_allclose(found, np.tile(expected, 2), rtol=1e-9)
