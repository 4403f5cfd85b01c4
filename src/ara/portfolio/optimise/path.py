"""The best of so much volatility among thousands of instruments: along the frontier, without a cone of all of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.portfolio.limits import Limits
from ara.portfolio.optimise.program import Program
from ara.portfolio.optimise.solution import limited, richest

__all__ = ["calm"]

_Array = NDArray[np.float64]

_STEPS: Final = 25
_NEAR: Final = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """A portfolio that is best for one trade of half the variance against gain, `rate`: inf looks at gain alone."""

    rate: float
    weights: _Array
    variance: float
    gain: float

    def most(self, variance: float) -> float:
        """Give what no portfolio of so much variance can gain more than."""
        return self.gain + (variance - self.variance) / (2 * self.rate) if self.rate else math.inf


def calm(mean: _Array, matrix: _Array, most: float, limits: Limits, cost: _Array) -> _Array | None:
    """Give the weights of the best gain whose deviation is at most so much; None where there is none so calm.

    Two portfolios of the frontier, one calmer and one wilder, come ever nearer to the deviation that is wanted. A mix
    of both meets every limit, and what lies between two neighbours whose holdings are the same is such a mix. It is
    done where the mix lacks a hundred thousandth of the way from the calmest to the richest to what the frontier's
    tangents let anything gain, or after 25 steps.

    Parameters
    ----------
    mean
        Expected returns.
    matrix
        Covariance, valid.
    most
        The deviation, in the unit of `matrix`.
    limits, cost
        As for `mean_variance`; a cost for each instrument.

    References
    ----------
    H. Markowitz (1956), The optimization of a quadratic function subject to linear constraints, Naval Research
    Logistics Quarterly 3: along the frontier the weights are linear between one change of the holdings and the next.
    """
    best, goal = _best(mean, matrix, limits, cost), most**2
    low = best(0.0)
    if low is None or low.variance > goal:
        return None
    high = best(math.inf)
    if high is None or high.variance <= goal:
        return None if high is None else high.weights
    mixed, bound, reach = low.weights, high.gain, max(high.gain - low.gain, 1e-300)
    for _ in range(_STEPS):
        part = _part(low, high, matrix, goal)
        mixed = low.weights + part * (high.weights - low.weights)
        bound = min(bound, low.most(goal), high.most(goal))
        if bound - (low.gain + part * (high.gain - low.gain)) <= _NEAR * reach:
            break
        if math.isinf(high.rate):
            rate = (high.variance - low.variance) / (2 * (high.gain - low.gain))
        else:
            rate = low.rate + part * (high.rate - low.rate)
        found = best(rate)
        if found is None:
            break
        if found.variance <= goal:
            low = found
        else:
            high = found
    return mixed


def _best(mean: _Array, matrix: _Array, limits: Limits, cost: _Array) -> Callable[[float], _Point | None]:
    """Give what finds the portfolio of a rate."""

    def best(rate: float) -> _Point | None:
        weights = (
            richest(mean, limits, cost) if math.isinf(rate) else _weighed(mean * rate, matrix, limits, cost * rate)
        )
        if weights is None:
            return None
        paid = 0.0 if limits.held is None else float(cost @ np.abs(weights - limits.held))
        variance = float(weights @ matrix @ weights)
        return _Point(rate=rate, weights=weights, variance=variance, gain=float(mean @ weights) - paid)

    return best


def _weighed(mean: _Array, matrix: _Array, limits: Limits, cost: _Array) -> _Array | None:
    program = Program()
    weights = program.add(len(mean))
    sizes = limited(program, weights, limits)
    linear = np.zeros(program.size)
    linear[weights] = -mean
    if sizes is not None:
        linear[sizes] = cost
    found = program.solve(linear, [(weights, matrix)])
    return None if found is None else found[weights]


def _part(low: _Point, high: _Point, matrix: _Array, goal: float) -> float:
    """Give how far from the calmer to the wilder one the variance is what is wanted."""
    way = high.weights - low.weights
    square, cross = float(way @ matrix @ way), float(low.weights @ matrix @ way)
    room = max(goal - low.variance, 0.0)
    if square <= 0:
        return 1.0
    return min((math.sqrt(cross * cross + square * room) - cross) / square, 1.0)
