"""The rarer measures of the books, each written out once more with plain sums."""

import math

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.performance import against, downside, drawdown, growth, tails
from ara.performance.breakdown import bars_a_year
from ara.performance.inputs import quotient

MINE = np.array([0.02, -0.01, 0.03, -0.04, 0.01, 0.05, -0.02, 0.0])
OTHER = np.array([0.01, -0.02, 0.02, -0.03, 0.02, 0.03, -0.01, 0.01])
R, B = (np.prod(1 + one) ** (12 / 8) - 1 for one in (MINE, OTHER))
SLOPE = np.cov(MINE, OTHER)[0, 1] / np.var(OTHER, ddof=1)
LOW, LOW_OTHER = (math.sqrt((np.minimum(one - 0.005, 0) ** 2).mean()) for one in (MINE, OTHER))
YEAR = {"per_year": 12}


def test_both_sides_of_a_target():
    apart = MINE - 0.005
    assert downside.downside_potential(MINE, target=0.005) == pytest.approx(np.maximum(-apart, 0).mean())
    assert downside.downside_frequency(MINE, target=0.005) == 4 / 8
    assert downside.upside_frequency(MINE, target=0.005) == 4 / 8
    assert downside.upside_deviation(MINE, target=0.005) == pytest.approx(math.sqrt((np.maximum(apart, 0) ** 2).mean()))
    ratio = (np.maximum(apart, 0) ** 2).sum() / (np.maximum(-apart, 0) ** 2).sum()
    assert downside.volatility_skewness(MINE, target=0.005) == pytest.approx(ratio)
    assert downside.d_ratio(MINE) == pytest.approx(3 * 0.07 / (4 * 0.11))


def test_risk_divides_into_two():
    wide = OTHER.std() * math.sqrt(12)
    assert against.systematic_risk(MINE, OTHER, **YEAR) == pytest.approx(SLOPE * wide)
    left = (MINE - SLOPE * OTHER).std() * math.sqrt(12)
    assert against.specific_risk(MINE, OTHER, **YEAR) == pytest.approx(left)
    assert against.total_risk(MINE, OTHER, **YEAR) == pytest.approx(MINE.std() * math.sqrt(12))
    assert against.systematic_risk(-MINE, OTHER, **YEAR) == pytest.approx(SLOPE * wide)


def test_growth_at_the_risk_of_the_benchmark():
    assert against.m_squared(MINE, OTHER, **YEAR, free=0.01) == pytest.approx(
        (R - 0.01) * OTHER.std() / MINE.std() + 0.01
    )
    ratio = (MINE.mean() - 0.005) / LOW
    for yearly, root in ((True, math.sqrt(12)), (False, 1)):
        told = against.m2_sortino(MINE, OTHER, **YEAR, target=0.005, yearly_ratio=yearly)
        assert told == pytest.approx(R + ratio * root * (LOW_OTHER - LOW) * math.sqrt(12))
    excess = against.omega_excess_return(MINE, OTHER, **YEAR, target=0.005)
    assert excess == pytest.approx(R - 3 * LOW * LOW_OTHER * 12)


def test_what_neither_alpha_nor_beta_explains():
    a = MINE.mean() - SLOPE * OTHER.mean()
    for yearly, years in ((True, 12), (False, 1)):
        told = against.capm_epsilon(MINE, OTHER, **YEAR, yearly_alpha=yearly)
        assert told == pytest.approx(R - SLOPE * B - a * years)


def test_ratios_with_shape():
    wide = MINE.std(ddof=1) * math.sqrt(12)
    third, fourth = (((MINE - MINE.mean()) / MINE.std()) ** k for k in (3, 4))
    ratio = (R - 0.01) / wide
    assert growth.adjusted_sharpe(MINE, **YEAR, free=0.01) == pytest.approx(
        ratio * (1 + third.mean() / 6 * ratio - (fourth.mean() - 3) / 24 * ratio**2)
    )
    assert tails.skewness_kurtosis_ratio(MINE) == pytest.approx(third.mean() / fourth.mean())
    below = 1 - np.cumprod(1 + MINE) / np.maximum.accumulate(np.cumprod(1 + MINE))
    assert drawdown.martin(MINE, **YEAR, free=0.01) == pytest.approx((R - 0.01) / math.sqrt((below**2).mean()))
    assert tails.variance(MINE) == pytest.approx(MINE.var(ddof=1))
    assert tails.kurtosis(MINE, sample=True) == pytest.approx((9 * 7 / (6 * 5)) * fourth.mean() - 3 * 49 / (6 * 5))
    assert tails.correlation(MINE, OTHER) == pytest.approx(np.corrcoef(MINE, OTHER)[0, 1])
    assert growth.wealth(MINE, start=100)[-1] == pytest.approx(100 * (1 + growth.cumulative(MINE)[-1]))


def test_without_bars_or_moves_there_is_none():
    flat, alone = np.zeros(5), (growth.adjusted_sharpe, drawdown.martin)
    assert {one(flat, **YEAR) for one in alone} == {one([], **YEAR) for one in alone} == {None}
    both = (
        against.m_squared,
        against.m2_sortino,
        against.jensen_alpha,
        against.capm_epsilon,
        against.systematic_risk,
        against.specific_risk,
        against.total_risk,
        against.information_ratio,
    )
    assert {one(flat, flat, **YEAR) for one in both} == {one([], [], **YEAR) for one in both} == {None}
    assert against.omega_excess_return([], [], **YEAR) is None
    sides = (
        downside.downside_potential,
        downside.downside_frequency,
        downside.upside_frequency,
        downside.upside_deviation,
        downside.volatility_skewness,
        downside.d_ratio,
        tails.mean_absolute_deviation,
        tails.gini_mean_difference,
        tails.worst,
        tails.variance,
        tails.value_at_risk,
        drawdown.average_drawdown,
        drawdown.drawdown_at_risk,
        drawdown.pain,
    )
    assert {one([]) for one in sides} == {None}
    assert downside.sortino([], **YEAR) is None
    assert tails.correlation(flat, flat) is None
    assert against.capture(flat, flat, "up") is None
    assert quotient(1e308, 1e-308) is None


def test_dates_that_tell_no_year_are_refused():
    with pytest.raises(ValidationError):
        bars_a_year(np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"))
    with pytest.raises(ValidationError):
        bars_a_year(np.array(["2020-01-01", "2020-01-03", "2020-01-02"], "datetime64[D]"))
