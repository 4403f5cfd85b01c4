"""Points of the frontier where limits have to give way first, or trading costs."""

import sys

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.portfolio import Limits
from ara.portfolio import optimise as o
from ara.portfolio.optimise import path
from ara.portfolio.optimise.mean_variance import _root
from ara.risk import together
from tests.portfolio.test_thousands import many

MEAN = np.array([0.02, 0.05, 0.09])
SPREAD = np.array([[0.02, 0.005, 0.0], [0.005, 0.05, 0.01], [0.0, 0.01, 0.09]])
NARROW = Limits(highest=0.2)


def test_a_target_of_return_is_met_once_narrow_limits_gave_way():
    found = o.mean_variance(MEAN, SPREAD, target_return=0.05, limits=NARROW)
    assert found.weights.sum() == pytest.approx(1)
    assert found.weights @ MEAN >= 0.05 - 1e-6
    assert "the highest weights gave way" in found.relaxed[0]
    assert found.limits.bounds(3)[1] == pytest.approx(np.full(3, 1 / 3), abs=1e-4)


def test_a_target_of_volatility_is_met_once_narrow_limits_gave_way():
    found = o.mean_variance(MEAN, SPREAD, target_volatility=0.2, limits=NARROW)
    assert found.weights == pytest.approx(np.full(3, 1 / 3), abs=1e-3)
    assert "the highest weights gave way" in found.relaxed[0]


def test_a_frontier_is_drawn_within_the_limits_that_are_left():
    found = o.frontier(MEAN, SPREAD, points=3, limits=NARROW)
    assert len(found) == 3
    assert found[0].relaxed
    assert all(one.weights == pytest.approx(np.full(3, 1 / 3), abs=1e-3) for one in found)


def test_a_mean_tail_is_made_least_once_narrow_limits_gave_way():
    returns = many(3, bars=60).returns
    found = o.mean_cvar(returns, target_return=float(returns.mean()) - 0.001, limits=NARROW)
    assert found.weights == pytest.approx(np.full(3, 1 / 3), abs=1e-3)


def test_dear_trades_keep_what_is_held_under_a_target_of_volatility():
    held = np.array([0.5, 0.3, 0.2])
    calm = o.mean_variance(MEAN, SPREAD, target_volatility=0.25, limits=Limits(held=held), costs=1.0)
    free = o.mean_variance(MEAN, SPREAD, target_volatility=0.25, limits=Limits(held=held))
    assert calm.weights == pytest.approx(held, abs=1e-4)
    assert free.weights @ MEAN > calm.weights @ MEAN + 0.01


@pytest.mark.parametrize("matrix", [SPREAD, np.zeros((3, 3)), np.outer(MEAN, MEAN)])
def test_a_root_squares_to_its_matrix_also_where_it_is_singular(matrix):
    root = _root(matrix)
    assert root.T @ root == pytest.approx(matrix, abs=1e-12)


@pytest.mark.parametrize("held", [None, np.full(40, 1 / 40)])
@pytest.mark.parametrize("wilder", [1.02, 1.2, 9.0])
@pytest.mark.parametrize("more", [50, 4])
def test_a_target_of_volatility_along_the_frontier_is_that_of_the_cone(monkeypatch, held, wilder, more):
    monkeypatch.setattr("ara.portfolio.optimise.widening._MORE", more)
    returns = many(40, bars=300).returns
    mean, matrix, costs = returns.mean(axis=0), np.cov(returns.T), np.full(40, 1e-4)
    limits = Limits(highest=0.2, held=held, turnover=None if held is None else 1.2)
    least = o.minimum_volatility(matrix, limits=limits).weights
    most = wilder * float(least @ matrix @ least) ** 0.5
    whole = o.mean_variance(mean, matrix, target_volatility=most, limits=limits, costs=1e-4).weights
    found = path.calm(mean, matrix, most, limits, costs)
    assert float(found @ matrix @ found) ** 0.5 <= most * (1 + 1e-9)
    gain, best = (each @ mean - (0 if held is None else costs @ np.abs(each - held)) for each in (found, whole))
    assert gain == pytest.approx(best, abs=2e-5 * np.ptp(mean))
    assert found.sum() == pytest.approx(1)
    assert path.calm(mean, matrix, most / wilder * 0.98, limits, costs) is None


def test_a_target_of_volatility_among_thousands_goes_along_the_frontier(monkeypatch):
    returns = many(30, bars=200).returns
    mean, matrix = returns.mean(axis=0), np.cov(returns.T)
    least = o.minimum_volatility(matrix).weights
    most = 1.2 * float(least @ matrix @ least) ** 0.5
    cone = o.mean_variance(mean, matrix, target_volatility=most)
    monkeypatch.setattr(sys.modules["ara.portfolio.optimise.mean_variance"], "_CONE", 20)
    found = o.mean_variance(mean, matrix, target_volatility=most)
    calmest = o.mean_variance(mean, matrix, target_volatility=most / 2)
    narrow = o.mean_variance(mean, matrix, target_volatility=2 * most, limits=Limits(highest=0.02))
    assert (cone.relaxed, found.relaxed) == ((), ())
    assert found.weights @ mean == pytest.approx(cone.weights @ mean, rel=1e-4)
    assert "can't be had" in calmest.relaxed[0]
    assert "the highest weights gave way" in narrow.relaxed[0]


@pytest.mark.parametrize("wilder", [1.01, 1.1, 1.5, 2.0, 2.5])
def test_the_way_to_a_target_of_volatility_is_short(monkeypatch, wilder):
    returns, asked = many(60, bars=200).returns, []
    mean, matrix = returns.mean(axis=0), np.cov(returns.T)
    least = o.minimum_volatility(matrix).weights
    before = path._weighed

    def counted(*given):
        asked.append(1)
        return before(*given)

    monkeypatch.setattr(path, "_weighed", counted)
    most = wilder * float(least @ matrix @ least) ** 0.5
    found = path.calm(mean, matrix, most, Limits(), np.zeros(60))
    assert float(found @ matrix @ found) ** 0.5 == pytest.approx(most)
    assert len(asked) <= 10


def test_ties_need_a_week():
    with pytest.raises(ValidationError, match="5 days in common"):
        together(many(2, bars=5))
