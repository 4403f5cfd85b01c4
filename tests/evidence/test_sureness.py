"""Stated confidence beside what happened: honest ones hold, vain ones don't; the usual move is that of forecasts."""

from dataclasses import replace
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


def honest(*, seed: int, vain: float = 0.0):
    """Give stated chances that are true but for what is vain, and what came of them."""
    random = np.random.default_rng(seed)
    true = random.uniform(0.55, 0.9, DAYS * SYMBOLS)
    return true + vain, random.random(len(true)) < true


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


def test_ten_bins_are_judged_at_once_by_wider_intervals() -> None:
    told = held_sure(sample(*honest(seed=4)))["sure"]
    assert told["errors_together"] == pytest.approx(stats.norm.ppf((1 + 0.95**0.1) / 2))
    assert told["errors_together"] == pytest.approx(2.80, abs=0.005)
    for one in told["bins"]:
        assert one["held"] == (abs(one["gap_se"]) <= stats.norm.ppf(0.975))
    assert told["hold_together"] == (max(abs(one["gap_se"]) for one in told["bins"]) <= told["errors_together"])


def test_of_honest_tables_one_in_twenty_fails_together_though_two_in_five_miss_a_bin() -> None:
    tables = [held_sure(sample(*honest(seed=seed)))["sure"] for seed in range(60)]
    assert sum(one["hold_together"] for one in tables) >= 52
    assert 10 <= sum(any(not bin["held"] for bin in one["bins"]) for one in tables) <= 38
    vain = [held_sure(sample(*honest(seed=seed, vain=0.08)))["sure"] for seed in range(10)]
    assert not any(one["hold_together"] for one in vain)


def test_fewer_bins_are_judged_by_narrower_intervals_and_none_by_none() -> None:
    """Two stated values make two bins; where each has too few days for an error, nothing is judged."""
    stated = np.tile([0.7, 0.9], DAYS * SYMBOLS // 2)
    own = sample(stated, np.random.default_rng(3).random(len(stated)) < stated)
    told = held_sure(own)["sure"]
    assert len(told["bins"]) == 2
    assert told["errors_together"] == pytest.approx(stats.norm.ppf((1 + 0.95**0.5) / 2))
    assert told["hold_together"] is True
    brief = replace(own, frame=own.frame.with_columns(instant=pl.lit(datetime(2020, 1, 1, tzinfo=UTC))))
    told = held_sure(brief)["sure"]
    assert (told["errors_together"], told["hold_together"]) == (None, None)
    assert {one["held"] for one in told["bins"]} == {one["gap_se"] for one in told["bins"]} == {None}


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
