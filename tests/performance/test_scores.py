"""Closed forms beside the integrals and ensembles that they stand for; two forecasters side by side."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from ara.errors import ValidationError
from ara.performance.rivals import clark_west, equal_accuracy
from ara.performance.scores import (
    brier,
    crps_ensemble,
    crps_laplace,
    crps_mixture,
    crps_normal,
    crps_poisson,
    crps_student_t,
    energy_score,
    interval_score,
    log_score_ensemble,
    variogram_score,
)

DRAWS = np.random.Generator(np.random.PCG64(2)).normal(0, 1, (2, 40))


def integral(cdf, outcome):
    low = integrate.quad(lambda x: cdf(x) ** 2, outcome - 60, outcome, limit=200)[0]
    return low + integrate.quad(lambda x: (1 - cdf(x)) ** 2, outcome, outcome + 60, limit=200)[0]


@pytest.mark.parametrize("outcome", [-3.0, 0.2, 4.5])
def test_the_crps_is_the_integral(outcome):
    assert crps_normal(outcome, mean=0.5, sd=2) == pytest.approx(integral(stats.norm(0.5, 2).cdf, outcome), rel=1e-6)
    assert crps_laplace(outcome, mean=0.5, scale=2) == pytest.approx(
        integral(stats.laplace(0.5, 2).cdf, outcome), rel=1e-6
    )
    told = crps_student_t(outcome, degrees=7, mean=0.5, scale=2)
    assert told == pytest.approx(integral(stats.t(7, 0.5, 2).cdf, outcome), rel=1e-6)
    assert crps_mixture(outcome, means=[0, 2], sds=[1, 3], weights=[0.3, 0.7]) == pytest.approx(
        integral(lambda x: 0.3 * stats.norm.cdf(x) + 0.7 * stats.norm.cdf(x, 2, 3), outcome), rel=1e-6
    )
    assert crps_mixture(outcome, means=[0, 0], sds=[2, 2]) == pytest.approx(crps_normal(outcome, sd=2))


@pytest.mark.parametrize(("outcome", "mean"), [(-1.0, 0.3), (2.0, 3.0), (2.5, 3.0), (1200.0, 1000.0)])
def test_the_poisson_score_is_the_sum(outcome, mean):
    k = np.arange(0, 3000)
    below = stats.poisson(mean).cdf(k)
    here = np.clip(outcome - k, 0, 1)
    whole = (here * below**2 + (1 - here) * (1 - below) ** 2).sum() + max(-outcome, 0)
    assert crps_poisson(outcome, mean=mean) == pytest.approx(whole, rel=1e-9)


def test_ensembles_by_their_pairs():
    one = DRAWS[0]
    pairs = np.abs(one[:, None] - one[None, :])
    first = np.abs(one - 0.3).mean()
    assert crps_ensemble(0.3, one) == pytest.approx(first - pairs.mean() / 2)
    assert crps_ensemble(0.3, one, fair=True) == pytest.approx(first - pairs.sum() / (40 * 39) / 2)
    assert crps_ensemble(0.3, [0.5]) == pytest.approx(0.2)
    assert energy_score([0.3], one[None, :]) == pytest.approx(crps_ensemble(0.3, one))
    assert variogram_score([1.0, 2.0], [[1.0, 1.0], [2.0, 2.0]]) == 0.0
    assert variogram_score([1.0, 3.0], [[1.0], [2.0]], power=1) == pytest.approx(2.0)
    assert energy_score([1.0, 3.0], [[1.0], [2.0]]) == 1.0


def test_a_smoothed_ensemble_is_a_density():
    one = DRAWS[0]
    low, high = np.quantile(one, (0.25, 0.75))
    wide = 1.06 * min(one.std(ddof=1), (high - low) / 1.34) * 40**-0.2
    assert log_score_ensemble(0.3, one) == pytest.approx(-math.log(stats.norm.pdf(0.3, one, wide).mean()))
    assert math.isfinite(log_score_ensemble(1e4, one))
    assert math.isfinite(log_score_ensemble(0.0, [0.0, 0.0, 0.0, 0.0, 5.0]))


def test_bands_and_chances():
    assert interval_score(0.2, 0.0, 0.5, alpha=0.2) == 0.5
    assert interval_score(-0.1, 0.0, 0.5, alpha=0.2) == pytest.approx(0.5 + 10 * 0.1)
    assert interval_score(0.6, 0.0, 0.5, alpha=0.2) == pytest.approx(0.5 + 10 * 0.1)
    assert brier([0.2, 0.9], [0, 1]) == pytest.approx((0.04 + 0.01) / 2)


def test_equal_accuracy_by_hand():
    errors, rival = DRAWS * np.array([[1.0], [1.4]])
    apart = errors**2 - rival**2
    found = equal_accuracy(errors, rival)
    stat = apart.mean() / math.sqrt(apart.var() / 40) * math.sqrt(39 / 40)
    assert found.stat == pytest.approx(stat)
    assert found.p == pytest.approx(2 * stats.t(39).cdf(-abs(stat)))
    assert found.p_less + found.p_greater == pytest.approx(1)
    turned = equal_accuracy(rival, errors)
    assert (turned.stat, turned.p_less) == (pytest.approx(-found.stat), pytest.approx(found.p_greater))
    wide = equal_accuracy(errors, rival, ahead=3, loss="absolute", variance="bartlett")
    d = np.abs(errors) - np.abs(rival)
    auto = [np.dot((d - d.mean())[k:], (d - d.mean())[: 40 - k]) / 40 for k in range(3)]
    spread = auto[0] + 2 * (2 / 3 * auto[1] + 1 / 3 * auto[2])
    factor = (40 + 1 - 6 + 6 / 40) / 40
    assert wide.stat == pytest.approx(d.mean() / math.sqrt(spread / 40) * math.sqrt(factor))


def test_a_larger_model_is_judged_without_its_own_noise():
    errors, larger = DRAWS[0], 0.5 * DRAWS[0] + 0.3 * DRAWS[1]
    found = clark_west(errors, larger)
    gained = errors**2 - (larger**2 - (errors - larger) ** 2)
    assert found.stat == pytest.approx(gained.mean() / math.sqrt(gained.var() / 40))
    assert found.p_greater == pytest.approx(stats.norm.sf(found.stat))
    assert (found.p, found.p_less) == (None, None)


@pytest.mark.parametrize(
    "call",
    [
        lambda: brier([1.2], [1]),
        lambda: brier([], []),
        lambda: interval_score(0, 1, 0, alpha=0.5),
        lambda: interval_score(0, 0, 1, alpha=1),
        lambda: crps_ensemble(0, []),
        lambda: crps_ensemble(0, [1.0], fair=True),
        lambda: crps_normal(0, sd=0),
        lambda: crps_student_t(0, degrees=1),
        lambda: crps_poisson(0, mean=1e9),
        lambda: crps_mixture(0, means=[0], sds=[1], weights=[0.5]),
        lambda: crps_mixture(0, means=[0, 1], sds=[1]),
        lambda: log_score_ensemble(0, [1.0]),
        lambda: log_score_ensemble(0, [1.0, 1.0]),
        lambda: energy_score([0, 1], [[1, 2]]),
        lambda: equal_accuracy([1.0], [2.0]),
        lambda: equal_accuracy([1.0, 2.0], [1.0, 2.0, 3.0]),
        lambda: equal_accuracy([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        lambda: equal_accuracy([2.0, 1.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0], ahead=2),
    ],
)
def test_what_cant_be_scored_is_refused(call):
    with pytest.raises(ValidationError):
        call()
