import numpy as np
import pytest

from ara.performance import compared


def walk(seed, n=600):
    return np.random.default_rng(seed).gamma(2.0, 1.0, n)


def test_a_better_forecaster_is_found_and_a_worse_one_too():
    rival = walk(1)
    found = compared(rival * 0.97, rival, np.arange(600))
    assert found.skill == pytest.approx(0.03)
    assert found.low == pytest.approx(0.03, abs=0.005)
    assert found.p < 1e-6
    worse = compared(rival * 1.03, rival, np.arange(600))
    assert (worse.skill < 0, worse.high < 0, worse.p > 0.999) == (True, True, True)
    assert (found.forecasts, found.days) == (600, 600)
    assert found.loss == pytest.approx(found.rival * 0.97)


def test_equals_are_not_told_apart():
    rival = walk(2)
    same = compared(rival, rival, np.arange(600))
    assert (same.skill, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)


def test_a_gap_that_never_varies_is_certain():
    rival = np.full(100, 2.0)
    assert compared(rival - 0.5, rival, np.arange(100)).p == 0.0
    assert compared(rival + 0.5, rival, np.arange(100)).p == 1.0


def test_few_days_prove_nothing():
    rival = walk(3, 290)
    found = compared(rival * 0.5, rival, np.arange(290) // 10)
    assert (found.days, found.low, found.high, found.p) == (29, None, None, 1.0)
    assert found.skill == pytest.approx(0.5)
    none = compared(rival[:0], rival[:0], np.arange(0))
    assert (none.forecasts, none.p, none.low) == (0, 1.0, None)
    zero = compared(np.zeros(60), np.zeros(60), np.arange(60))
    assert (zero.skill, zero.p) == (0.0, 1.0)


def test_days_for_six_horizons_are_the_fewest_that_prove_something():
    rival = walk(4, 126)
    assert compared(rival * 0.5, rival, np.arange(126), horizon=21).low is not None
    assert (compared(rival[1:] * 0.5, rival[1:], np.arange(125), horizon=21).p) == 1.0


@pytest.mark.parametrize("horizon", [1, 5, 21])
def test_five_percent_of_equals_look_better_by_chance(horizon):
    """Overlapping forecasts of instruments that fall together: the error allows for both."""
    random, wins, runs = np.random.default_rng(5), 0, 400
    for _ in range(runs):
        market = np.convolve(random.standard_normal(300 + horizon), np.ones(horizon), "valid")[:300]
        losses = np.repeat(market, 4) + 0.3 * random.standard_normal(1200)
        base = np.full(1200, 10.0)
        wins += compared(base + losses, base, np.repeat(np.arange(300), 4), horizon=horizon).p < 0.05
    assert 0.02 <= wins / runs <= 0.075


def test_days_with_more_instruments_count_for_more():
    days = np.concatenate([np.repeat(np.arange(50), 3), np.arange(50, 100)])
    rival = np.ones(len(days))
    losses = np.where(days < 50, 0.9, 1.0)
    assert compared(losses, rival, days).skill == pytest.approx(0.075)
