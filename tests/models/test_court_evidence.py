"""How often the court lets in a challenger that is no better, looked at each day; and how soon one that is."""

import os
from pathlib import Path

import numpy as np
import pytest

from ara.statistics.betting import bounded, wealth

pytestmark = pytest.mark.slow

WORLDS, DAYS = 2000, 750
HORIZONS = (1, 5, 21)
SKILLS = (0.05, 0.10, 0.15, 0.25)
NORMAL_95 = 1.6449


def gaps(random: np.random.Generator, *, horizon: int = 1, mean: float = 0.0) -> np.ndarray:
    """Daily differences of scores: heavy tails, volatility that clusters, and the overlap of long horizons."""
    count = DAYS + horizon - 1
    volatility = np.exp(0.5 * np.cumsum(random.normal(0, 0.05, count)))
    steps = volatility * random.standard_t(4, count) / np.sqrt(2)
    summed = np.convolve(steps, np.ones(horizon) / np.sqrt(horizon), "valid")
    return summed + mean * np.median(np.abs(summed)) / 0.6745


def fires(values: np.ndarray) -> bool:
    gains, _ = bounded(values)
    return bool((wealth(gains) >= 20).any())


def t_test_fires(values: np.ndarray) -> bool:
    count = np.arange(1, len(values) + 1)
    mean, square = np.cumsum(values) / count, np.cumsum(values**2) / count
    told = mean / np.sqrt((square - mean**2) / count + 1e-300)
    return bool((told[20:] > NORMAL_95).any())


@pytest.fixture(scope="module")
def rates() -> dict[int, tuple[float, float, float]]:
    found = {}
    for horizon in HORIZONS:
        random = np.random.default_rng(horizon)
        worlds = [gaps(random, horizon=horizon) for _ in range(WORLDS)]
        found[horizon] = (
            float(np.mean([t_test_fires(world) for world in worlds])),
            float(np.mean([fires(world) for world in worlds])),
            float(np.mean([fires(world[::horizon]) for world in worlds])),
        )
    return found


@pytest.fixture(scope="module")
def delays() -> dict[float, tuple[float, float]]:
    found = {}
    for skill in SKILLS:
        random = np.random.default_rng(int(100 * skill))
        paths = [wealth(bounded(gaps(random, mean=skill))[0]) for _ in range(WORLDS // 4)]
        hits = [int(np.argmax(path >= 20)) + 21 for path in paths if (path >= 20).any()]
        found[skill] = (len(hits) / len(paths), float(np.median(hits)) if hits else float("nan"))
    return found


def test_a_challenger_that_is_no_better_is_seldom_let_in_whenever_one_looks(rates):
    for _, _, apart in rates.values():
        assert apart <= 0.05
    assert rates[1][0] > 0.2
    assert rates[5][1] > 0.05  # overlapping scores are no fair bets: why days apart are judged


def test_one_that_is_better_is_let_in(delays):
    assert delays[0.25][0] > 0.9
    assert list(dict(sorted(delays.items())).values()) == sorted(delays.values(), key=lambda one: one[0])


def test_the_page_is_written(rates, delays):
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        pytest.skip("ARA_EVIDENCE names no folder")
    lines = [
        "# The court: a challenger replaces the champion only by evidence",
        "",
        f"{WORLDS} made-up pairs of models that are equally good, {DAYS} days each, looked at every day; differences",
        "of scores have heavy tails and clustered volatility. Made by `make slow`, or",
        "`ARA_EVIDENCE=docs/evidence pytest -m slow tests/models/test_court_evidence.py`.",
        "",
        "How often a challenger that is no better was let in at some time, at a stated 5 %:",
        "",
        "| horizon | t-test each day | wealth, all days | wealth, each horizon's first day (Ara's) |",
        "|---|---|---|---|",
        *(f"| {h} | {one:.1%} | {two:.1%} | {three:.1%} |" for h, (one, two, three) in rates.items()),
        "",
        "How often and how soon one that is better is let in, by its mean daily advantage in standard deviations",
        f"({WORLDS // 4} pairs each, {DAYS} days, horizon 1):",
        "",
        "| advantage | let in | median day |",
        "|---|---|---|",
        *(f"| {skill:.2f} | {share:.0%} | {day:.0f} |" for skill, (share, day) in delays.items()),
        "",
    ]
    Path(folder, "court.md").write_text("\n".join(lines), encoding="utf-8")
