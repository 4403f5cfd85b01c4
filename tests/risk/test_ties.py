"""Correlations, their bounds and breaks, leads, groups; pairs against an independent implementation."""

import math

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.risk import changed, clusters, cointegrated, interval, lead, pairs, rolling_correlation
from ara.risk.pairs import _chance


@pytest.fixture
def dice():
    return np.random.default_rng(4)


def test_each_window_has_the_correlation_of_its_own_bars(dice):
    x, y = dice.standard_normal((2, 60))
    y[40:50] = 0.0
    found = rolling_correlation(x, y, 10)
    assert np.isnan(found[:9]).all()
    assert found[20] == pytest.approx(np.corrcoef(x[11:21], y[11:21])[0, 1])
    assert math.isnan(found[49])
    assert np.isnan(rolling_correlation(x[:5], y[:5], 10)).all()
    with pytest.raises(ValidationError, match="7 are the least"):
        rolling_correlation(x, y, 6)


def test_bounds_hold_the_truth_as_often_as_they_say(dice):
    held = 0
    for _ in range(300):
        x, e = dice.standard_normal((2, 60))
        low, high = interval(float(np.corrcoef(x, 0.5 * x + 0.75**0.5 * e)[0, 1]), 60)
        held += low < 0.5 < high
    assert 0.91 < held / 300 < 0.985
    assert interval(0.2, 3) == (-1, 1)
    assert interval(1.0, 50)[1] == pytest.approx(1)


def test_a_break_is_large_and_sure(dice):
    x, e = dice.standard_normal((2, 500))
    tied = np.where(np.arange(500) < 440, 0.9, -0.2)
    y = tied * x + np.sqrt(1 - tied**2) * e
    found = changed(x, y, 60)
    assert found.broken
    assert found.before == pytest.approx(0.9, abs=0.05)
    assert found.now == pytest.approx(-0.2, abs=0.3)
    assert not changed(x, 0.9 * x + 0.44 * e, 60).broken
    assert not changed(x, y, 60, p=0.0).broken
    assert changed(x, y, 251) is None
    assert changed(x, np.zeros(500), 60) is None
    with pytest.raises(ValidationError, match="least"):
        changed(x, y, 5)


def test_who_comes_first_is_found_and_chance_is_not(dice):
    x, e = dice.standard_normal((2, 400))
    later = np.r_[e[:3], x[:-3]] + 0.5 * e
    found = lead(x, later)
    assert (found.bars, found.correlation > 0.8) == (3, True)
    assert lead(later, x).bars == -3
    assert sum(lead(*dice.standard_normal((2, 200))) is not None for _ in range(100)) <= 12
    assert lead(x[:5], e[:5]) is None
    assert set(found.as_dict()) == {"bars", "correlation", "p"}


def test_groups_are_joined_by_the_mean_of_their_ties():
    tied = np.array([[1, 0.8, 0.1, 0.6], [0.8, 1, 0.1, 0.2], [0.1, 0.1, 1, 0.1], [0.6, 0.2, 0.1, 1]])
    assert clusters(tied) == [[0, 1], [2], [3]]
    assert clusters(tied, above=0.35) == [[0, 1, 3], [2]]
    assert clusters(tied, above=-1) == [[0, 1, 2, 3]]
    assert clusters(np.ones((1, 1))) == [[0]]


def judged(dice):
    """Give a pair that stays together and one that does not, and how long half of a distance lasts in the first."""
    x = np.cumsum(dice.standard_normal(400)) * 0.01
    e = np.zeros(400)
    for place in range(1, 400):
        e[place] = 0.8 * e[place - 1] + 0.01 * dice.standard_normal()
    return x, 1.5 * x + e, np.cumsum(dice.standard_normal(400)) * 0.01


def test_a_pair_is_judged_as_statsmodels_does(dice):
    x, near, far = judged(dice)
    tied, apart = cointegrated(near, x), cointegrated(far, x)
    # statsmodels 0.15: coint(y, x, maxlag=1, autolag=None)
    assert (tied.statistic, tied.p) == (pytest.approx(-6.420932348766793), pytest.approx(1.9033403202902983e-07))
    assert (apart.statistic, apart.p) == (pytest.approx(-2.503887423735047), pytest.approx(0.2773572475317665))
    assert tied.hedge == pytest.approx(1.5, abs=0.1)
    assert tied.half_life == pytest.approx(math.log(0.5) / math.log(0.8), rel=0.5)
    assert abs(tied.distance) < 5


@pytest.mark.slow
def test_a_pair_is_judged_as_the_installed_statsmodels_does(dice):
    from statsmodels.tsa.stattools import coint

    x, *others = judged(dice)
    for y in others:
        statistic, p, _ = coint(y, x, maxlag=1, autolag=None)
        ours = cointegrated(y, x)
        assert (ours.statistic, ours.p) == (pytest.approx(statistic), pytest.approx(p))


MACKINNON = (  # mackinnonp(statistic, "c", 2) of statsmodels 0.15
    (-25.0, 0.0),
    (-18.0, 1.8689844738018625e-29),
    (-4.0, 0.00718130705505248),
    (-2.7, 0.19957866516520906),
    (-2.5, 0.2790690234367212),
    (-1.0, 0.902847226038779),
    (0.5, 0.9926499199201502),
    (1.0, 1.0),
)


def test_chances_are_mackinnons():
    for statistic, chance in MACKINNON:
        assert _chance(statistic) == pytest.approx(chance, abs=1e-12)


def test_many_pairs_are_corrected_for_how_many_they_are(dice):
    walks = np.cumsum(dice.standard_normal((300, 4)), axis=0) * 0.01
    walks[:, 3] = walks[:, 0] + 0.01 * dice.standard_normal(300)
    found = pairs(("A", "B", "C", "D"), np.exp(walks))
    assert len(found) == 6
    assert {found[0].first, found[0].second} == {"A", "D"}
    assert found[0].corrected == pytest.approx(min(1, 12 * found[0].p))
    assert [one.corrected for one in found] == sorted(one.corrected for one in found)
    assert found[0].corrected < 0.01 < 0.05 < found[1].corrected
    assert all(one.corrected <= 1 for one in found)
    away, steps = np.zeros(300), np.random.default_rng(1).standard_normal(300) * 0.01
    for place in range(1, 300):
        away[place] = 0.9 * away[place - 1] + steps[place - 1]
    walks[:, 2] = walks[:, 1] + away
    second = pairs(("A", "B", "C", "D"), np.exp(walks))[1]
    assert {second.first, second.second} == {"B", "C"}
    assert 1e-6 < second.p < 1e-3
    assert second.corrected == pytest.approx(10 * second.p)


def test_what_is_the_same_never_parts():
    x = np.cumsum(np.random.default_rng(0).standard_normal(100)) * 0.01
    same = cointegrated(x, 2 * x)
    assert (same.p, same.half_life, same.distance) == (0.0, None, 0.0)
    still = cointegrated(x, np.zeros(100))
    assert still.hedge == 0
    assert still.p > 0.05
    assert set(same.as_dict()) >= {"hedge", "p_corrected", "half_life"}


def test_pairs_that_can_not_be_are_refused():
    ones = np.ones((100, 2))
    for ask, said in (
        (lambda: pairs(("A",), ones[:, :1]), "two are the least"),
        (lambda: pairs(("A", "B"), -ones), "no logarithm"),
        (lambda: cointegrated(np.ones(10), np.ones(10)), "60 of each"),
        (lambda: cointegrated(np.full(100, np.nan), np.ones(100)), "finite"),
    ):
        with pytest.raises(ValidationError, match=said):
            ask()
