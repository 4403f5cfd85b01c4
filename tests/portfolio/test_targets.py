"""Points of the frontier where limits have to give way first, or trading costs."""

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.portfolio import Limits
from ara.portfolio import optimise as o
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
    assert found.limits.bounds(3)[1] == pytest.approx(np.full(3, 1 / 3), abs=1e-4)


def test_a_target_of_volatility_is_met_once_narrow_limits_gave_way():
    found = o.mean_variance(MEAN, SPREAD, target_volatility=0.2, limits=NARROW)
    assert found.weights == pytest.approx(np.full(3, 1 / 3), abs=1e-3)


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


def test_ties_need_a_week():
    with pytest.raises(ValidationError, match="5 days in common"):
        together(many(2, bars=5))
