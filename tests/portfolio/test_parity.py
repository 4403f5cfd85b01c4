"""Equal shares of the risk: against descent along one weight at a time, for many, few, alike and opposite ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.portfolio import optimise as o


def market(width, *, days=0, seed=0, twins=False):
    """Give a covariance of one common factor and own moves that differ by a hundred times in size."""
    dice = np.random.default_rng(seed)
    count = days or 2 * width
    common = dice.normal(0, 0.01, (count, 1)) * dice.uniform(-0.3, 1.6, width)
    returns = (common + dice.normal(0, 0.01, (count, width))) * np.exp(dice.normal(0, 1.0, width))
    if twins:
        returns[:, width // 2 :] = returns[:, : width - width // 2] * 1.7
    return np.cov(returns, rowvar=False)


def shares(weights, covariance):
    parts = weights * (covariance @ weights)
    return parts / parts.sum()


def one_at_a_time(covariance, budget):
    """Solve each weight's own quadratic equation in turn until nothing changes: slow, and plain to read."""
    weights = np.sqrt(budget / np.diag(covariance))
    for _ in range(20_000):
        before = weights.copy()
        for place, variance in enumerate(np.diag(covariance)):
            rest = covariance[place] @ weights - variance * weights[place]
            weights[place] = (np.sqrt(rest * rest + 4 * variance * budget[place]) - rest) / (2 * variance)
        if np.abs(weights / before - 1).max() < 1e-14:
            break
    return weights / weights.sum()


@settings(max_examples=25, deadline=None)
@given(width=st.integers(2, 7), seed=st.integers(0, 10_000), twins=st.booleans(), uneven=st.booleans())
def test_it_is_what_one_weight_at_a_time_comes_to(width, seed, twins, uneven):
    covariance = market(width, days=60, seed=seed, twins=twins)
    budget = np.random.default_rng(seed).uniform(0.05, 1.0, width) if uneven else np.ones(width)
    found = o.risk_parity(covariance, budget=budget).weights
    assert found == pytest.approx(one_at_a_time(covariance, budget / budget.sum()), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("width", "days", "twins"),
    [(300, 0, False), (240, 90, False), (240, 0, True), pytest.param(2000, 750, False, marks=pytest.mark.slow)],
)
def test_many_bring_the_same_risk_each(width, days, twins):
    covariance = market(width, days=days, twins=twins)  # fewer days than instruments: it is singular
    found = o.risk_parity(covariance).weights
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert (found > 0).all()
    assert shares(found, covariance) * width == pytest.approx(np.ones(width), abs=1e-6)


def test_shares_that_differ_a_thousandfold_are_met_too():
    covariance, budget = market(120), np.geomspace(1, 1000, 120)
    found = o.risk_parity(covariance, budget=budget).weights
    assert shares(found, covariance) == pytest.approx(budget / budget.sum(), rel=1e-6)


def test_one_alone_has_all_and_what_never_moves_has_nothing():
    assert o.risk_parity(np.array([[4e-4]])).weights.tolist() == [1.0]
    assert o.risk_parity(np.zeros((1, 1))).weights.tolist() == [1.0]
    assert o.risk_parity(np.diag([4e-4, 0.0, 1e-4])).weights == pytest.approx([1 / 3, 0, 2 / 3])


def test_perfectly_tied_ones_share_by_their_deviations():
    deviation = np.linspace(0.005, 0.05, 300)
    found = o.risk_parity(np.outer(deviation, deviation)).weights
    assert found == pytest.approx(1 / deviation / (1 / deviation).sum(), rel=1e-6)


def test_ones_that_cancel_each_other_have_an_answer():
    found = o.risk_parity(np.array([[1e-4, -2e-4], [-2e-4, 4e-4]])).weights
    assert found == pytest.approx([2 / 3, 1 / 3], rel=1e-6)
    signs = np.where(np.arange(200) % 2, -0.01, 0.01)
    found = o.risk_parity(np.outer(signs, signs)).weights
    assert found == pytest.approx(np.full(200, 1 / 200), rel=1e-4)


def test_an_empty_covariance_is_told():
    for empty in (np.zeros((0, 0)), np.zeros(0), np.zeros((2, 0))):
        for way in (o.risk_parity, o.hrp, o.inverse_volatility, o.minimum_volatility):
            with pytest.raises(ValidationError, match="square table"):
                way(empty)
