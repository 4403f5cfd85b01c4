"""Tests and errors beside those of other packages, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ara.performance.chances import calibrated, pesaran_timmermann, rank_correlations, rise
from ara.performance.coverage import christoffersen, kupiec
from ara.performance.inference import (
    by_day,
    chi2_tail,
    diebold_mariano,
    discoveries,
    holm,
    newey_west,
    newey_west_matrix,
    overlapping,
    tail,
)


@given(st.floats(0, 300), st.integers(1, 12))
def test_the_tail_of_chi_squared(x, degrees):
    assert chi2_tail(x, degrees) == pytest.approx(stats.chi2.sf(x, degrees), rel=1e-9, abs=1e-300)


def test_tails_at_their_ends():
    assert (chi2_tail(-1.0, 1), chi2_tail(0.0, 2)) == (1.0, 1.0)
    assert math.isnan(chi2_tail(math.nan, 1))
    assert tail(1.6448536269514722) == pytest.approx(0.05)


def test_the_error_of_white_noise_and_of_what_hangs_together():
    random = np.random.default_rng(0)
    white = random.standard_normal(40_000)
    assert newey_west(white)[1] == pytest.approx(1 / 200, rel=0.05)
    sums = np.convolve(white, np.ones(5), "valid")
    assert newey_west(sums, 60)[1] == pytest.approx(5 / 200, rel=0.1)
    assert newey_west(sums)[1] > 3 * sums.std() / 200 / 2
    assert all(map(math.isnan, newey_west(white[:9])))
    column = newey_west_matrix(white[:500, None], 7)[0, 0]
    apart = white[:500] - white[:500].mean()
    by_hand = apart @ apart + 2 * sum((1 - k / 8) * (apart[k:] @ apart[:-k]) for k in range(1, 8))
    assert column == pytest.approx(by_hand / 500**2)


def overlapped(random, n, steps):
    return np.convolve(random.standard_normal(n + steps - 1), np.ones(steps), "valid")


@pytest.mark.parametrize(("n", "steps"), [(60, 5), (130, 21), (504, 21)])
def test_sums_that_overlap_prove_no_more_than_is_true(n, steps):
    random = np.random.default_rng(5)
    series = [overlapped(random, n, steps) for _ in range(400)]
    usual = np.mean([diebold_mariano(-one, steps - 1)[2] < 0.05 for one in series])
    own = np.mean([overlapping(one, steps) < 0.05 for one in series])
    assert usual > 0.075
    assert own < 0.075
    far = np.mean([overlapping(one + 3 * steps * math.sqrt(1 / n), steps) < 0.05 for one in series])
    assert far > 0.45


def test_slow_waves_are_those_of_the_cosine_transform():
    from scipy import fft

    values = overlapped(np.random.default_rng(6), 300, 5)
    waves = 300 // 10
    assert waves == 30 > int(0.4 * 300 ** (2 / 3))
    waves = int(0.4 * 300 ** (2 / 3))
    slow = fft.dct(values, norm="ortho")[1 : waves + 1]
    t = values.mean() / math.sqrt((slow**2).mean() / 300)
    assert overlapping(values, 5) == pytest.approx(stats.t.sf(t, waves), rel=1e-9)
    assert overlapping(-values, 5) == pytest.approx(1 - overlapping(values, 5))


def test_too_few_days_or_none_that_move_prove_nothing():
    assert math.isnan(overlapping(np.arange(125.0), 21))
    assert not math.isnan(overlapping(np.arange(126.0), 21))
    assert math.isnan(overlapping(np.zeros(500), 5))
    assert math.isnan(overlapping(np.full(0, 1.0), 5))


def test_days_with_more_forecasts_weigh_more():
    values, days = np.array([1.0, 1.0, 1.0, 5.0]), np.array([3, 3, 3, 1])
    assert by_day(days, values).mean() == pytest.approx(values.mean())
    assert by_day(days, values).tolist() == [2 + 3 * 2 / 4, 2 - 3 * 2 / 4]


def test_a_better_model_has_t_below_0():
    random = np.random.default_rng(1)
    mean, t, p = diebold_mariano(random.standard_normal(400) - 0.3, 0)
    assert mean < 0
    assert t < -4
    assert p < 1e-4
    error = newey_west(np.arange(50.0) % 7, 4)[1]
    _, other, _ = diebold_mariano(np.arange(50.0) % 7, 4)
    assert other == pytest.approx((np.arange(50.0) % 7).mean() / error * math.sqrt((51 - 10 + 5 * 4 / 50) / 50))


def test_corrections_by_hand():
    assert discoveries([0.001, 0.02, 0.04, 0.9]).tolist() == [True, True, False, False]
    assert discoveries([]).tolist() == []
    assert discoveries([0.9]).tolist() == [False]
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_kupiec_and_christoffersen():
    missed = np.zeros(100, bool)
    missed[:20] = True
    assert kupiec(missed, 0.2) > 0.99
    assert christoffersen(missed) < 1e-6
    missed[20:35] = True
    expected = stats.chi2.sf(2 * (35 * math.log(0.35 / 0.2) + 65 * math.log(0.65 / 0.8)), 1)
    assert kupiec(missed, 0.2) == pytest.approx(expected)
    assert kupiec(np.zeros(60, bool), 0.2) == pytest.approx(stats.chi2.sf(-120 * math.log(0.8), 1))
    assert christoffersen(np.zeros(60, bool)) == 1.0
    assert christoffersen(np.arange(100) % 5 == 0) < 0.01


def test_directions_told_better_than_by_chance():
    happened = np.tile([1.0, 0.0], 50)
    assert pesaran_timmermann(happened, happened)[1] < 1e-9
    assert pesaran_timmermann(np.ones(100), happened) == (0.0, 0.5)
    assert pesaran_timmermann(1 - happened, happened)[1] > 0.999


def test_the_chance_of_a_rise_from_quantiles():
    levels = np.array([0.01, 0.5, 0.99])
    rows = np.array([[-1, 0, 1], [-1, -0.5, 0.5], [1, 2, 3], [-3, -2, -1], [-2, -1, 0], [np.nan, 0, 1], [0, 0, 1]])
    told = rise(rows.astype(float), levels)
    assert told[:5] == pytest.approx([0.5, 1 - (0.5 + 0.49 / 2), 0.995, 0.005, 0.01])
    assert np.isnan(told[5])
    assert told[6] == pytest.approx(0.5)


def test_honest_chances_are_not_refused_and_others_are():
    random = np.random.default_rng(2)
    days, stated = np.repeat(np.arange(1000), 10), random.uniform(0.4, 0.6, 10_000)
    happened = (random.random(10_000) < stated).astype(float)
    honest = calibrated(stated, happened, days)
    assert honest.p > 0.05
    assert sum(count for *_, count in honest.bins) == 10_000
    assert honest.error < 2.5 * honest.floor
    loud = calibrated(np.where(stated > 0.5, 0.8, 0.2), happened, days)
    assert (loud.p, len(loud.bins)) == (pytest.approx(0, abs=1e-12), 2)
    assert loud.corrected == pytest.approx(0.25, abs=0.02)


def test_ranks_are_taken_within_a_day_and_class():
    random = np.random.default_rng(3)
    stated, happened = random.integers(0, 4, 24).astype(float), random.standard_normal(24)
    days, kinds = np.repeat([2, 1], 12), np.tile(np.repeat([0, 1], 6), 2)
    expected = [
        np.mean(
            [
                stats.spearmanr(*(x[(days == day) & (kinds == kind)] for x in (stated, happened))).statistic
                for kind in (0, 1)
            ]
        )
        for day in (1, 2)
    ]
    assert rank_correlations(days, kinds, stated, happened) == pytest.approx(expected)
    assert len(rank_correlations(days[:4], kinds[:4], stated[:4], happened[:4])) == 0
    assert len(rank_correlations(*(x[:0] for x in (days, kinds, stated, happened)))) == 0
    assert rank_correlations(days[:6], kinds[:6], np.ones(6), happened[:6]).tolist() == [0.0]
