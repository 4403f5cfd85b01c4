"""Weights of hundreds and thousands of instruments: the same as those of the plain way, without what is needless."""

import sys
from datetime import date, timedelta

import numpy as np
import pytest

from ara.portfolio import Limits, Plan, allocate
from ara.portfolio.allocation import METHODS
from ara.portfolio.optimise import mean_variance, minimum_volatility, tails
from ara.portfolio.optimise.widening import widened
from ara.risk import Moves
from ara.statistics.covariance import covariance, nearest_psd


def many(count, bars=1000):
    dice = np.random.default_rng(1)
    led = dice.normal(0.0003, 0.005, (bars, 5)) @ dice.normal(0.5, 0.5, (count, 5)).T
    own = dice.normal(0, 0.015, (bars, count)) * dice.uniform(0.5, 2, count)
    days = tuple(date(2016, 1, 1) + timedelta(one) for one in range(bars))
    return Moves(symbols=tuple(f"S{one}" for one in range(count)), dates=days, returns=led + own, per_year=252.0)


def both_ways(monkeypatch, moves, method, limits):
    """Give what is chosen by widening, and by all at once."""
    found = []
    for large in (0, 10**9):
        monkeypatch.setattr(tails, "_LARGE", large)
        found.append(allocate(moves, Plan(method=method, cost=0.002, fraction=1.0), limits=limits))
    return found


@pytest.mark.parametrize("method", ["mean_cvar", "kelly"])
@pytest.mark.parametrize("most", [1.0, 0.02])
def test_weights_found_by_widening_are_those_of_all_at_once(monkeypatch, method, most):
    moves = many(120, bars=250)
    held = np.where(np.arange(120) < 4, 0.25, 0.0)
    limits = Limits(highest=most, held=held, turnover=1.5) if method == "mean_cvar" and most == 1 else None
    wide, whole = both_ways(monkeypatch, moves, method, limits or Limits(highest=most))
    one, other = (np.array(list(each.weights.values())) for each in (wide, whole))
    if method == "kelly":
        grown = [float(np.log1p(moves.returns @ each).mean()) for each in (one, other)]
        # what is maximised are the means that the plan believes in, so both are judged by the weights themselves
        assert np.abs(one - other).max() < 1e-3
        assert grown[0] == pytest.approx(grown[1], abs=1e-7)
    else:
        worst = [np.sort(-(moves.returns @ each))[-13:] for each in (one, other)]
        assert worst[0].mean() == pytest.approx(worst[1].mean(), rel=0.01)
        assert np.abs(one - other).max() < 0.01
    assert wide.relaxed == whole.relaxed


def test_widening_ends_where_no_weights_meet_the_limits():
    limits = Limits(highest=0.001)
    assert widened(np.ones(100), limits, np.zeros(100), lambda _: None) is None
    assert widened(np.ones(2000), limits, np.zeros(2000), lambda _: None) is None


def test_limits_of_some_are_those_of_all_where_the_others_are_not_held():
    limits = Limits(highest=0.5, group=("a", "b", "a"), groups={"a": (0.0, 0.3)}, held=np.array([0.0, 0.5, 0.5]))
    some = limits.among(np.array([False, True, True]))
    assert some.bounds(2)[1].tolist() == [0.5, 0.5]
    assert list(some.group) == ["b", "a"]
    assert [one.loads.tolist() for one in some.rows()] == [[0.0, 1.0]]
    assert some.held.tolist() == [0.5, 0.5]
    some.check(2)


def test_a_valid_covariance_is_not_taken_apart(monkeypatch):
    moves = many(300)

    def refuse(*_, **__):
        raise AssertionError("an eigen-decomposition that nobody needs")

    for name in ("eigh", "eigvalsh", "pinv", "svd"):
        monkeypatch.setattr(np.linalg, name, refuse)
    for method in ("equal", "hrp", "risk_parity", "minimum_volatility", "mean_variance"):
        assert sum(allocate(moves, Plan(method=method)).weights.values()) == pytest.approx(1)


def test_factors_of_many_are_those_of_all_eigenvalues(monkeypatch):
    returns = many(300, bars=290).returns
    few = covariance(returns, "factor")
    monkeypatch.setattr(sys.modules[covariance.__module__], "_MANY", 10**6)
    assert few == pytest.approx(covariance(returns, "factor"), rel=1e-8, abs=1e-12)


def test_a_large_covariance_is_repaired_in_few_rounds():
    dice = np.random.default_rng(2)
    broken = np.clip(np.corrcoef(dice.normal(size=(300, 320))) + dice.normal(0, 0.2, (300, 300)), -1, 1)
    broken = (broken + broken.T) / 2
    np.fill_diagonal(broken, 4.0)
    broken += 3.0 - np.eye(300) * 3.0
    broken -= np.linalg.norm(broken) * 0.02 * np.ones((300, 300))
    np.fill_diagonal(broken, 4.0)
    assert np.linalg.eigvalsh(broken)[0] < -0.1
    found = nearest_psd(broken)
    assert np.linalg.eigvalsh(found)[0] > -1e-9
    assert np.diag(found) == pytest.approx(np.full(300, 4.0))


@pytest.mark.slow
def test_every_method_answers_for_two_thousand():
    moves = many(2000)
    for method in METHODS:
        found = allocate(moves, Plan(method=method))
        weights = np.array(list(found.weights.values()))
        assert weights.min() >= -1e-9
        assert weights.sum() == pytest.approx(1, abs=1e-6) or method == "kelly"
        assert found.relaxed == ()


@pytest.fixture(scope="module")
def two_thousand():
    """Means and a covariance of two thousand, and the least deviation that a portfolio of them has."""
    returns = many(2000).returns
    matrix = covariance(returns, "ledoit_wolf")
    least = minimum_volatility(matrix).weights
    return returns.mean(axis=0), matrix, float(least @ matrix @ least) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("wilder", [1.2, 3.0])
def test_a_target_of_volatility_is_met_among_two_thousand(two_thousand, wilder):
    mean, matrix, least = two_thousand
    found = mean_variance(mean, matrix, target_volatility=wilder * least)
    assert found.relaxed == ()
    assert float(found.weights @ matrix @ found.weights) ** 0.5 == pytest.approx(wilder * least, rel=1e-4)
    assert found.weights.min() >= -1e-9
