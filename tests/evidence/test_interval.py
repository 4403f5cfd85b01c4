"""The interval of a skill holds the true one, in made-up markets where that is known exactly."""

import math
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest

from ara.data.files import read_bars
from ara.evidence import evaluate
from ara.evidence.forecasts import LEVELS, read_forecasts
from ara.evidence.interval import Range, skill_range
from ara.evidence.outcomes import HORIZONS
from ara.evidence.verdict import verdict
from ara.performance import crps
from tests.evidence import market

NORMAL = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
KINDS = {"narrower": (1.0, 1.25, 0.0, 0.0), "steadier": (1.0, 1.0, 0.15, 0.3), "as good": (1.0, 1.0, 0.3, 0.3)}
"""By which factor a model and its rival are too wide, and how much the log of their width strays."""

MEMORY, VOLATILE = 0.94, 0.15


def drawn(kind: str, horizon: int, *, seed: int, days: int = 756, symbols: int = 8):
    """Give days, symbols and the losses of a model and its rival: normal returns whose volatility wanders.

    Given the volatility, which both know but for what they are wrong by, each outcome is normal.
    """
    random = np.random.default_rng(seed)
    wide, rival_wide, stray, rival_stray = KINDS[kind]
    levels = waves(random, days + horizon, 1, 0.97) * VOLATILE / math.sqrt(1 - 0.97**2)
    each = 0.01 * np.exp(levels / 2) * np.linspace(0.5, 2, symbols)
    shocks = math.sqrt(0.5) * (
        random.standard_normal((days + horizon, 1)) + random.standard_normal((days + horizon, symbols))
    )
    sums = [np.vstack([np.zeros(symbols), np.cumsum(one, axis=0)]) for one in (each * shocks, each**2)]
    y, variance = ((one[horizon : days + horizon] - one[:days]).ravel() for one in sums)
    losses = []
    for factor, size in ((wide, stray), (rival_wide, rival_stray)):
        common, own = waves(random, days, 1, MEMORY), waves(random, days, symbols, MEMORY)
        width = np.sqrt(variance) * factor * np.exp(size * math.sqrt(0.5) * (common + own)).ravel()
        losses.append(crps(width[:, None] * NORMAL, y, LEVELS))
    return np.repeat(np.arange(days), symbols), np.tile(np.arange(symbols), days), *losses


def waves(random, days: int, count: int, memory: float):
    """Give series of variance 1 of which each value remembers the one before."""
    steps = random.standard_normal((days, count))
    for day in range(1, days):
        steps[day] = memory * steps[day - 1] + math.sqrt(1 - memory**2) * steps[day]
    return steps


def true_skill(kind: str) -> float:
    """Integrate the losses of normal forecasts that are wrong by so much, over normal outcomes."""
    wide, rival_wide, stray, rival_stray = KINDS[kind]
    outcomes = np.array([NormalDist().inv_cdf((place + 0.5) / 2000) for place in range(2000)])
    places = np.linspace(-4, 4, 41)
    weights = np.exp(-(places**2) / 2) / np.exp(-(places**2) / 2).sum()

    def loss(factor: float, size: float) -> float:
        told = [crps(np.tile(NORMAL * factor * math.exp(size * one), (2000, 1)), outcomes, LEVELS) for one in places]
        return float(weights @ [one.mean() for one in told])

    return 1 - loss(wide, stray) / loss(rival_wide, rival_stray)


def held(kind: str, horizon: int, times: int, **market) -> list[bool]:
    true = true_skill(kind)
    ends = [skill_range(*drawn(kind, horizon, seed=seed, **market), lag=horizon - 1) for seed in range(times)]
    return [low <= true <= high for low, high in ends]


def test_the_interval_holds_the_true_skill_of_a_few_markets() -> None:
    assert sum(held("steadier", 5, 30, days=300, symbols=3)) >= 26


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("horizon", HORIZONS)
def test_the_interval_holds_the_true_skill_in_nine_of_ten_markets(kind: str, horizon: int) -> None:
    assert sum(held(kind, horizon, 200)) >= 180


def test_it_is_no_wider_than_skills_stray() -> None:
    """Of markets alike, nineteen of twenty skills lie within two thirds to three halves of the mean interval."""
    ends = [skill_range(*drawn("steadier", 1, seed=seed, days=300, symbols=3), lag=0) for seed in range(30)]
    middle = np.array([(low + high) / 2 for low, high in ends])
    reach = float(np.mean([(high - low) / 2 for low, high in ends]))
    assert 1.96 * middle.std() / 1.5 < reach < 1.96 * middle.std() * 1.5


def test_the_skill_itself_lies_within_and_few_days_tell_nothing() -> None:
    days, symbols, own, rival = drawn("narrower", 1, seed=1, days=60, symbols=2)
    low, high = skill_range(days, symbols, own, rival, lag=0)
    means = [np.bincount(symbols, one) / np.bincount(symbols) for one in (own, rival)]
    assert low < 1 - math.exp(np.log(means[0] / means[1]).mean()) < high < 1
    assert skill_range(days, symbols, own, own, lag=0) == (0.0, 0.0)
    assert all(map(math.isnan, skill_range(days, symbols, own, rival, lag=20)))
    assert all(map(math.isnan, skill_range(days, symbols, own, np.zeros(len(own)), lag=0)))


@pytest.mark.parametrize(
    ("low", "high", "told"), [(0.01, 0.02, "above"), (0.001, 0.009, "below"), (0.0, 0.01, "open"), (-1, 1, "open")]
)
def test_what_is_asked_lies_below_within_or_above(low: float, high: float, told: str) -> None:
    assert Range(horizon=1, got=0.01, low=low, high=high, least=0.01).told == told


def test_rows_and_verdict_have_it(tmp_path) -> None:
    market.bars().write_parquet(tmp_path / "bars.parquet")
    table = market.forecasts()
    rival = table.filter(pl.col("model") == "hist").with_columns(model=pl.lit("garch_t"))
    pl.concat([table, rival]).write_parquet(tmp_path / "forecasts.parquet")
    found = evaluate(
        read_bars(tmp_path / "bars.parquet"), read_forecasts([tmp_path / "forecasts.parquet"]), baselines=False
    )
    rows = {row["horizon"]: row for row in found.rows if row["model"] == "mine"}
    lines = {line.name: line for line in found.verdicts["mine"]}
    skill, over = lines["CRPS skill over ewma_t"], lines["over the best of GARCH-t, HAR, mean of 3"]
    assert [(one.horizon, one.least) for one in skill.ranges] == [(1, 0.01), (5, 0.014)]
    assert {one.least for one in over.ranges} == {0.003}
    for name, told in (("crps_skill", skill), ("over_best", over)):
        for one in told.ranges:
            low, high = ("skill_low", "skill_high") if told is skill else ("over_best_low", "over_best_high")
            row = rows[one.horizon]
            assert (one.got, one.low, one.high) == (row[name], row[low], row[high])
            assert one.low < one.got < one.high
    base = next(row for row in found.rows if (row["model"], row["horizon"]) == ("garch_t", 1))
    assert rows[1]["best_rival"] == "garch_t"
    assert base["skill_low"] < base["crps_skill"] < base["skill_high"]
    assert skill.as_dict()["ranges"][0]["told"] in {"above", "below", "open"}
    assert "ranges" not in lines["every origin answered"].as_dict()


def test_an_interval_neither_passes_nor_fails() -> None:
    row = {"crps_skill": 0.02, "dm_p": 0.001, "skill_low": -0.5, "skill_high": 0.5}
    checks = dict.fromkeys(("nan", "crossing", "duplicates", "p_range", "p_vs_quantiles"), 0.0)
    line = next(one for one in verdict(dict.fromkeys(HORIZONS, row), checks, {}) if one.name.startswith("CRPS"))
    assert line.passed
    assert [one.told for one in line.ranges] == ["open"] * 3
