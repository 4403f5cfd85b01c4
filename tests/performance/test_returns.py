"""Measures of returns: by hand, by their properties, and where they are not defined."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ara.errors import ValidationError
from ara.performance import drawdowns, measure, present, returns_of
from ara.performance.against import alpha, beta, capture, information_ratio, jensen_alpha, total_risk
from ara.performance.downside import d_ratio, downside_deviation, omega, sortino
from ara.performance.drawdown import drawdown_at_risk, max_drawdown, rolling_drawdown, underwater
from ara.performance.growth import cagr, sharpe, volatility
from ara.performance.tails import (
    conditional_value_at_risk,
    correlation,
    kurtosis,
    skewness,
    tail_ratio,
    value_at_risk,
)

SERIES = arrays(np.float64, st.integers(2, 60), elements=st.floats(-0.9, 2.0))
MOVES = np.array([0.02, -0.01, 0.0, 0.03, -0.04, 0.01])


def test_measures_by_hand():
    found = measure(MOVES, per_year=252)
    grown = 1.02 * 0.99 * 1.03 * 0.96 * 1.01
    assert found.count == 6
    assert found.total == pytest.approx(grown - 1)
    assert found.cagr == pytest.approx(grown**42 - 1)
    assert found.mean == pytest.approx(0.01 / 6 * 252)
    assert found.volatility == pytest.approx(np.std(MOVES, ddof=1) * math.sqrt(252))
    assert found.sharpe == pytest.approx(found.mean / found.volatility)
    assert found.sortino == pytest.approx(0.01 / 6 / math.sqrt(0.0017 / 6) * math.sqrt(252))
    assert (found.omega, found.profit_factor) == (pytest.approx(0.06 / 0.05), pytest.approx(0.06 / 0.05))
    assert found.drawdown == pytest.approx(-0.04)
    assert (found.drawdown_bars, found.recovery_bars) == (1, None)
    assert found.calmar == pytest.approx(found.cagr / 0.04)
    assert found.win_rate == pytest.approx(3 / 5)
    assert found.expectancy == pytest.approx(0.002)
    below = np.array([0, 0.01, 0.01, 0, 0.04, 1 - 0.96 * 1.01])
    assert found.pain == pytest.approx(below.mean())
    assert found.ulcer == pytest.approx(math.sqrt((below**2).mean()))
    assert found.var_95 == pytest.approx(-0.04 + 0.25 * 0.03)
    assert found.cvar_95 == pytest.approx(-0.04)
    assert found.alpha is None


def test_cash_is_taken_off_and_earns_for_a_year():
    cash = 1.05 ** (1 / 12) - 1
    found = measure(MOVES, per_year=12, free=0.05)
    assert found.sharpe == pytest.approx((MOVES - cash).mean() / MOVES.std(ddof=1) * math.sqrt(12))
    assert found.sortino == pytest.approx(sortino(MOVES, per_year=12, target=cash))
    assert found.volatility == volatility(MOVES, per_year=12)


@pytest.mark.parametrize(
    ("returns", "none"), [([], "total"), ([0.01], "sharpe"), ([0.01] * 9, "sharpe"), ([0.0], "omega")]
)
def test_what_is_not_defined_is_none_and_never_infinite(returns, none):
    found = measure(returns, per_year=252, benchmark=returns)
    assert getattr(found, none) is None
    assert (found.alpha, found.beta, found.information_ratio) == (None, None, None)
    assert all(value is None or math.isfinite(value) for value in found.as_dict().values())


def test_without_a_loss_there_is_nothing_to_divide_by():
    found = measure([0.01, 0.02, 0.03], per_year=12)
    assert (found.drawdown, found.ulcer, found.pain, found.win_rate) == (0.0, 0.0, 0.0, 1.0)
    assert (found.sortino, found.calmar, found.omega, found.profit_factor) == (None, None, None, None)
    assert downside_deviation([0.01, 0.02]) == 0.0


def test_all_lost_is_a_number():
    found = measure([0.5, -1.0, 0.2], per_year=252)
    assert (found.total, found.cagr, found.drawdown, found.calmar) == (-1.0, -1.0, -1.0, -1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -1.5])
def test_what_no_measure_can_be_true_of_is_refused_by_its_place(bad):
    with pytest.raises(ValidationError, match=r"returns\[2\]"):
        measure([0.1, 0.2, bad], per_year=252)
    with pytest.raises(ValidationError, match=r"benchmark\[1\]"):
        measure([0.1, 0.2], per_year=252, benchmark=[0.1, bad])


@pytest.mark.parametrize(
    "call",
    [
        lambda: measure(MOVES, per_year=0),
        lambda: measure(MOVES, per_year=math.nan),
        lambda: measure(MOVES, per_year=252, free=-1),
        lambda: measure(MOVES, per_year=252, benchmark=MOVES[1:]),
        lambda: measure([MOVES, MOVES], per_year=252),
        lambda: beta(MOVES, MOVES[1:]),
        lambda: correlation(MOVES, MOVES[1:]),
        lambda: value_at_risk(MOVES, level=1.0),
        lambda: drawdown_at_risk(MOVES, level=0.0),
        lambda: rolling_drawdown(MOVES, 0),
        lambda: present(MOVES, MOVES[1:]),
        lambda: returns_of([0.0, 1.0]),
        lambda: returns_of([1.0, math.nan]),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValidationError):
        call()


def test_an_equity_that_comes_to_nothing_stays_there():
    assert returns_of([100, 50, -10, 40]).tolist() == [-0.5, -1.0, 0.0]
    assert returns_of([]).tolist() == []
    found = drawdowns([100, 50, -10, 40])
    assert found.underwater.tolist() == [0.0, -0.5, -1.0, -1.0]
    assert (found.worst[0].ended, found.worst[0].bars_back) == (None, None)


def test_what_is_missing_in_one_series_is_left_out_of_all():
    mine, other = present([0.1, math.nan, 0.3, 0.4], [0.0, 0.1, math.nan, 0.2])
    assert (mine.tolist(), other.tolist()) == ([0.1, 0.4], [0.0, 0.2])


def test_times_under_water_are_listed_by_depth():
    found = drawdowns([100, 90, 100, 120, 60, 90, 130, 130, 117])
    assert [(one.began, one.bottom, one.ended) for one in found.worst] == [(3, 4, 6), (0, 1, 2), (7, 8, None)]
    assert [one.depth for one in found.worst] == pytest.approx([-0.5, -0.1, -0.1])
    assert [one.bars_down for one in found.worst] == [1, 1, 1]
    assert [one.bars_back for one in found.worst] == [2, 1, None]
    assert found.longest == 3
    assert len(drawdowns([100, 90, 100, 120, 60, 90, 130], most=1).worst) == 1
    assert drawdowns([100, 100, 110]).worst == ()
    assert drawdowns([]).longest == 0


def test_the_running_sum_falls_by_shares_of_the_first_wealth():
    assert underwater([0.5, -0.3, -0.3], compounded=False).tolist() == pytest.approx([0, -0.3, -0.6])
    assert max_drawdown([], compounded=False) is None


@settings(max_examples=60, deadline=None)
@given(SERIES)
def test_properties_of_one_series(returns):
    found = measure(returns, per_year=252)
    assert -1 <= found.drawdown <= 0 <= found.pain <= found.ulcer + 1e-12
    assert found.ulcer <= -found.drawdown + 1e-12
    assert found.cvar_95 <= found.var_95
    assert found.drawdown == pytest.approx(underwater(returns).min(), abs=1e-12)
    assert rolling_drawdown(returns, len(returns)).tolist() == [pytest.approx(found.drawdown, abs=1e-12)]
    assert found.volatility == pytest.approx(measure(returns[::-1], per_year=252).volatility)
    whole = np.concatenate(([1.0], np.cumprod(1 + returns)))
    assert returns_of(whole) == pytest.approx(returns, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(SERIES, st.floats(0.1, 3.0))
def test_properties_of_two_series(returns, size):
    found = measure(returns, per_year=252, benchmark=returns)
    if found.beta is None:
        return
    assert (found.beta, found.alpha) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-9))
    assert (found.tracking_error, found.information_ratio) == (0.0, None)
    assert all(one is None or one == pytest.approx(1.0) for one in (found.up_capture, found.down_capture))
    small = returns * 0.3
    assert beta(small * size, small) == pytest.approx(size)
    both = total_risk(small * size, small, per_year=252)
    assert both == pytest.approx(volatility(small * size, per_year=252, ddof=0))


def test_a_sharpe_ratio_grows_with_the_root_of_the_year_and_not_with_size():
    one = sharpe(MOVES, per_year=252)
    assert sharpe(MOVES * 0.5, per_year=252) == pytest.approx(one)
    assert sharpe(MOVES, per_year=63) == pytest.approx(one / 2)
    assert sharpe(MOVES, per_year=252, cash=MOVES) is None


def test_the_other_definitions_are_offered():
    assert sortino(MOVES, per_year=1, over="below") == pytest.approx(0.01 / 6 / math.sqrt(0.0017 / 2))
    assert value_at_risk(MOVES, level=0.75, quantile="order") == -0.01
    assert value_at_risk(MOVES, level=0.75) == pytest.approx(-0.0075)
    assert conditional_value_at_risk(MOVES, level=0.75, quantile="order") == pytest.approx((-0.04 - 0.5 * 0.01) / 1.5)
    assert omega(MOVES, target=0.01) == pytest.approx(0.03 / 0.08)
    other = np.array([0.01, -0.01, 0.01, 0.02, -0.03, 0.0])
    a = MOVES.mean() - beta(MOVES, other) * other.mean()
    assert alpha(MOVES, other, per_year=12) == pytest.approx(12 * a)
    assert alpha(MOVES, other, per_year=12, compounded=True) == pytest.approx((1 + a) ** 12 - 1)
    assert alpha([-1.0, -1.0], [0.5, 0.6], per_year=12, compounded=True) == -1.0
    assert capture(MOVES, other, "up") == pytest.approx(
        ((1.02 * 1.03) ** (1 / 3) - 1) / ((1.01**2 * 1.02) ** (1 / 3) - 1)
    )
    yearly = (0.99 * 0.96) ** (12 / 2) - 1
    assert capture(MOVES, other, "down", per_year=12) == pytest.approx(yearly / ((0.99 * 0.97) ** 6 - 1))
    assert jensen_alpha(MOVES, other, per_year=12) == pytest.approx(
        cagr(MOVES, per_year=12) - beta(MOVES, other) * cagr(other, per_year=12)
    )
    assert information_ratio(MOVES, 0.0, per_year=12) == pytest.approx(sharpe(MOVES, per_year=12))
    assert kurtosis(MOVES, excess=False) == pytest.approx(kurtosis(MOVES) + 3)
    assert kurtosis(MOVES[:3], sample=True) is None
    assert skewness(MOVES[:2], sample=True) is None
    assert skewness(MOVES, sample=True) == pytest.approx(skewness(MOVES) * math.sqrt(30) / 4)
    assert conditional_value_at_risk([], quantile="order") is None
    assert tail_ratio([]) is None
    assert tail_ratio([0.0, 0.0]) is None
    assert d_ratio(MOVES) == pytest.approx(2 * 0.05 / (3 * 0.06))


def test_wealth_beyond_all_numbers_is_refused():
    with pytest.raises(ValidationError, match=r"By returns\[396\] the wealth is more than a number holds"):
        measure([5.0] * 400, per_year=252)
    with pytest.raises(ValidationError, match="a window"):
        rolling_drawdown([5.0] * 400, 400)


def test_a_few_bars_blown_up_to_a_year_are_no_number():
    assert cagr([2.0], per_year=525_600) is None
    assert measure([2.0], per_year=525_600).calmar is None
