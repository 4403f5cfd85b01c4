"""Weights by means and covariances: least volatility, the frontier, the best ratio of the two."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.portfolio.limits import Limits
from ara.portfolio.optimise import path
from ara.portfolio.optimise.program import Program
from ara.portfolio.optimise.solution import Solution, costs_of, limited, richest, settled
from ara.statistics.covariance import nearest_psd

__all__ = ["frontier", "maximum_sharpe", "mean_variance", "minimum_volatility"]

_Array = NDArray[np.float64]

_RIDGE: Final = 1e-9
_CONE: Final = 1000  # instruments above which a cone of all of them takes minutes


def minimum_volatility(covariance: _Array, *, limits: Limits | None = None, costs: float | _Array = 0.0) -> Solution:
    """Give the weights of least volatility within limits.

    Parameters
    ----------
    covariance
        `[asset, asset]`; what is no valid covariance is repaired.
    limits
        Long only and wholly invested, if None.
    costs
        Of changing a weight by 1 from `limits.held`, in the unit of the variance; one for all or one for each.

    References
    ----------
    H. Markowitz (1952), Portfolio selection, Journal of Finance 7.
    """
    count = len(covariance)
    return _quadratic(np.zeros(count), covariance, 1.0, limits or Limits(), costs)


def mean_variance(
    expected: _Array,
    covariance: _Array,
    *,
    aversion: float = 1.0,
    target_return: float | None = None,
    target_volatility: float | None = None,
    limits: Limits | None = None,
    costs: float | _Array = 0.0,
) -> Solution:
    """Give the weights of the best expected return less `aversion` / 2 times the variance, or a point of the frontier.

    With `target_return` those of least variance that are expected to earn so much, or the most that can be; with
    `target_volatility` those of the best expected return that vary no more, or of the least volatility. Whichever of
    the two can't be reached is told in `relaxed`. With more than 1,000 instruments the volatility is found step by step
    along the frontier, within a hundred thousandth of the best return.

    Parameters
    ----------
    expected
        Return of each, in the span of the covariance: both a day, or both a year.
    covariance
        `[asset, asset]`; what is no valid covariance is repaired.
    aversion
        To variance: 1 is bold, 10 is timid.
    target_return, target_volatility
        A point of the frontier, one of the two at the most.
    limits
        Long only and wholly invested, if None.
    costs
        Of changing a weight by 1 from `limits.held`, as a share, over the same span.
    """
    wanted = limits or Limits()
    mean = _expected(expected, len(covariance))
    if target_return is not None and target_volatility is not None:
        raise ValidationError("A target of return and one of volatility can't both be met.", hint="Give one of them.")
    if target_return is not None:
        return _earning(mean, covariance, target_return, wanted, costs)
    if target_volatility is not None:
        return _calm(mean, covariance, target_volatility, wanted, costs)
    if not 0 < aversion < np.inf:
        raise ValidationError(f"The aversion is {aversion}; it is above 0.")
    return _quadratic(mean, covariance, aversion, wanted, costs)


def maximum_sharpe(
    expected: _Array,
    covariance: _Array,
    *,
    free: float = 0.0,
    even: float = 0.0,
    limits: Limits | None = None,
    costs: float | _Array = 0.0,
) -> Solution:
    """Give the weights with the best expected return above `free` for each unit of volatility.

    Where none is expected to earn more than `free`, the ratio says nothing: then those of least volatility are given,
    and `relaxed` says so.

    Parameters
    ----------
    expected, covariance, limits, costs
        As for `mean_variance`.
    free
        What cash earns over the same span.
    even
        Added to each variance before the ratio is taken, 0 or above: the larger, the more even the weights.

    References
    ----------
    W. Sharpe (1966), Mutual fund performance, Journal of Business 39; G. Cornuejols and R. Tütüncü (2007),
    Optimization Methods in Finance, section 8.2: made convex by letting the sum of the weights free.
    """
    wanted = limits or Limits()
    mean = _expected(expected, len(covariance)) - free
    if not 0 <= even < np.inf:
        raise ValidationError(f"even is {even}; it is at least 0.")
    spread, _ = _scaled(covariance + even * np.eye(len(covariance)))
    top = max(float(np.abs(mean).max()), 1e-300)
    cost = costs_of(costs, len(mean))

    def attempt(now: Limits) -> _Array | None:
        program = Program()
        weights, scale = program.add(len(mean)), program.add(1)
        program.at_most([(scale, -np.ones((1, 1)))], np.zeros(1))
        sizes = limited(program, weights, now, scale=scale)
        earned = [(weights, -mean[None, :] / top)]
        if sizes is not None:
            earned.append((sizes, cost[None, :] / top))
        program.at_most(earned, -np.ones(1))
        found = program.solve(np.zeros(program.size), [(weights, spread)])
        if found is None or found[scale][0] <= 1e-9:
            return None
        return np.asarray(found[weights] / found[scale][0])

    wanted.check(len(mean))
    first = attempt(wanted)
    if first is None:
        best = settled(len(mean), wanted, lambda now: richest(mean, now, cost))
        if float(best.weights @ mean) <= 1e-12 * top:
            calm = minimum_volatility(covariance, limits=wanted, costs=costs)
            words = "nothing is expected to earn more than cash: these are the weights of least volatility"
            return Solution(weights=calm.weights, relaxed=(words, *calm.relaxed), limits=calm.limits)

    def loss(weights: _Array) -> float:
        paid = 0.0 if wanted.held is None else float(cost @ np.abs(weights - wanted.held))
        return -(float(mean @ weights) - paid) / math.sqrt(max(float(weights @ spread @ weights), 1e-300))

    return settled(len(mean), wanted, attempt, first=first, loss=loss)


def frontier(
    expected: _Array, covariance: _Array, *, points: int = 20, limits: Limits | None = None
) -> Sequence[Solution]:
    """Give so many portfolios from the least volatility to the best expected return, evenly apart in return.

    Parameters
    ----------
    expected, covariance, limits
        As for `mean_variance`.
    points
        2 to 1000.
    """
    if not 2 <= points <= 1000:
        raise ValidationError(f"The frontier has {points} points; it is 2 to 1000.")
    wanted = limits or Limits()
    mean = _expected(expected, len(covariance))
    low = minimum_volatility(covariance, limits=wanted)
    high = settled(len(mean), wanted, lambda now: richest(mean, now, np.zeros(len(mean))))
    if low.relaxed:
        wanted = low.limits
    first, last = float(low.weights @ mean), float(high.weights @ mean)
    if last - first <= 1e-12 * max(abs(first), abs(last), 1e-300):
        return [low] * points
    between = np.linspace(first, last, points)[1:-1]
    return [low, *(_earning(mean, covariance, float(one), wanted, 0.0) for one in between), high]


def _quadratic(mean: _Array, covariance: _Array, aversion: float, limits: Limits, costs: float | _Array) -> Solution:
    even, size = _scaled(covariance)
    cost = costs_of(costs, len(mean))

    def attempt(now: Limits) -> _Array | None:
        program = Program()
        weights = program.add(len(mean))
        sizes = limited(program, weights, now)
        linear = np.zeros(program.size)
        linear[weights] = -mean / (aversion * size)
        if sizes is not None:
            linear[sizes] = cost / (aversion * size)
        found = program.solve(linear, [(weights, even)])
        return None if found is None else found[weights]

    def loss(weights: _Array) -> float:
        paid = 0.0 if limits.held is None else float(cost @ np.abs(weights - limits.held))
        return float(weights @ even @ weights) / 2 - (float(mean @ weights) - paid) / (aversion * size)

    return settled(len(mean), limits, attempt, loss=loss)


def _earning(mean: _Array, covariance: _Array, target: float, limits: Limits, costs: float | _Array) -> Solution:
    even, size = _scaled(covariance)
    cost, top = costs_of(costs, len(mean)), max(float(np.abs(mean).max()), 1e-300)

    def attempt(now: Limits) -> _Array | None:
        program = Program()
        weights = program.add(len(mean))
        sizes = limited(program, weights, now)
        earned = [(weights, -mean[None, :] / top)]
        linear = np.zeros(program.size)
        if sizes is not None:
            earned.append((sizes, cost[None, :] / top))
            linear[sizes] = cost * 1e-6 / size  # of two that earn as much, the one that trades less
        program.at_most(earned, np.array([-target / top]))
        found = program.solve(linear, [(weights, even)])
        return None if found is None else found[weights]

    limits.check(len(mean))
    found = attempt(limits)
    if found is not None:
        return settled(len(mean), limits, attempt, first=found)
    best = settled(len(mean), limits, lambda now: richest(mean, now, cost))
    reached = float(best.weights @ mean)
    if reached >= target:
        looser = settled(len(mean), best.limits, attempt)
        return replace(looser, relaxed=(*best.relaxed, *looser.relaxed))
    words = f"a return of {target:.4g} can't be expected: the most within the limits is {reached:.4g}"
    return Solution(weights=best.weights, relaxed=(words, *best.relaxed), limits=best.limits)


def _calm(mean: _Array, covariance: _Array, target: float, limits: Limits, costs: float | _Array) -> Solution:
    if not target > 0:
        raise ValidationError(f"The target of volatility is {target}; it is above 0.")
    even, size = _scaled(covariance)
    root = _root(even) if len(mean) <= _CONE else even
    cost = costs_of(costs, len(mean))
    top = max(float(np.abs(mean).max()), 1e-300)

    def attempt(now: Limits) -> _Array | None:
        if len(mean) > _CONE:
            return path.calm(mean / top, even, target / np.sqrt(size), now, cost / top)
        program = Program()
        weights = program.add(len(mean))
        sizes = limited(program, weights, now)
        linear = np.zeros(program.size)
        linear[weights] = -mean / top
        if sizes is not None:
            linear[sizes] = cost / top
        rows = np.vstack([np.zeros((1, len(mean))), -root])
        program.ball([(weights, rows)], np.concatenate([[target / np.sqrt(size)], np.zeros(len(mean))]))
        found = program.solve(linear)
        return None if found is None else found[weights]

    limits.check(len(mean))
    first = attempt(limits)
    if first is not None:
        return settled(len(mean), limits, attempt, first=first)
    calm = minimum_volatility(covariance, limits=limits)
    reached = float(np.sqrt(max(float(calm.weights @ covariance @ calm.weights), 0.0)))
    if reached <= target:
        looser = settled(len(mean), calm.limits, attempt)
        return replace(looser, relaxed=(*calm.relaxed, *looser.relaxed))
    words = f"a volatility of {target:.4g} can't be had: the least within the limits is {reached:.4g}"
    return Solution(weights=calm.weights, relaxed=(words, *calm.relaxed), limits=calm.limits)


def _root(even: _Array) -> _Array:
    """Give the R of R' R = V; by a triangle where rounding lets it be one, which takes a tenth of the time."""
    try:
        return np.asarray(np.linalg.cholesky(even).T)
    except np.linalg.LinAlgError:
        sizes, ways = np.linalg.eigh(even)
        return np.asarray((ways * np.sqrt(np.maximum(sizes, 0.0))).T)


def _expected(expected: _Array, count: int) -> _Array:
    mean = np.asarray(expected, np.float64)
    if mean.shape != (count,) or not np.isfinite(mean).all():
        raise ValidationError(f"There are expected returns of {mean.size} instruments, and covariances of {count}.")
    return mean


def _scaled(covariance: _Array) -> tuple[_Array, float]:
    """Give a valid covariance whose mean variance is 1, just off singular, and what it was divided by."""
    valid = nearest_psd(np.asarray(covariance, np.float64))
    size = float(np.trace(valid)) / len(valid) or 1.0
    return np.asarray(valid / size + np.eye(len(valid)) * _RIDGE), size
