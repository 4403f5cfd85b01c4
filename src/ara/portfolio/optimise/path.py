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
from ara.portfolio.optimise.widening import widened

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
    tangents let anything gain, or after 25 steps. Each portfolio is found among the instruments that may be in it,
    which takes seconds for thousands.

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
    mixed, bound, reach, rates = low.weights, high.gain, max(high.gain - low.gain, 1e-300), _Rates(goal, low, high)
    for _ in range(_STEPS):
        part = _part(low, high, matrix, goal)
        mixed = low.weights + part * (high.weights - low.weights)
        bound = min(bound, low.most(goal), high.most(goal))
        if bound - (low.gain + part * (high.gain - low.gain)) <= _NEAR * reach:
            break
        found = best(rates.next())
        if found is None:
            break
        rates.heard(found)
        if found.variance <= goal:
            low = found
        else:
            high = found
    return mixed


class _Rates:
    """Guesses at which rate the variance is what is wanted, by a line through the last two portfolios.

    Between one change of the holdings and the next the variance is linear in the square of the rate. Where a guess
    falls on the same side twice, the other side counts half (the Illinois rule), so that both come nearer.
    """

    def __init__(self, goal: float, low: _Point, high: _Point) -> None:
        self._goal, self._first = goal, (high.variance - low.variance) / (2 * max(high.gain - low.gain, 1e-300))
        self._low, self._high = (0.0, low.variance - goal), (math.inf, high.variance - goal)
        self._before, self._side = self._low, 0

    def next(self) -> float:
        (x, y), (other, beyond) = self._low, self._high
        if not math.isinf(other):
            return math.sqrt(x - y * (other - x) / (beyond - y))
        behind, lower = self._before
        return math.sqrt(x - 2 * y * (x - behind) / (y - lower)) if y > lower else 2 * math.sqrt(x) or self._first

    def heard(self, found: _Point) -> None:
        here, side = (found.rate**2, found.variance - self._goal), 1 if found.variance > self._goal else -1
        if side < 0:
            self._before, self._low = self._low, here
            if side == self._side:
                self._high = (self._high[0], self._high[1] / 2)
        else:
            self._high = here
            if side == self._side:
                self._low = (self._low[0], self._low[1] / 2)
        self._side = side


def _best(mean: _Array, matrix: _Array, limits: Limits, cost: _Array) -> Callable[[float], _Point | None]:
    """Give what finds the portfolio of a rate."""
    held = -matrix.mean(axis=1)  # slope of the variance where all are held alike, then where those found last are

    def best(rate: float) -> _Point | None:
        nonlocal held
        if math.isinf(rate):
            weights = richest(mean, limits, cost)
        else:
            weights = _weighed(mean * rate, matrix, limits, cost * rate, mean * rate + held)
        if weights is None:
            return None
        held = -(matrix @ weights)
        paid = 0.0 if limits.held is None else float(cost @ np.abs(weights - limits.held))
        variance = float(weights @ matrix @ weights)
        return _Point(rate=rate, weights=weights, variance=variance, gain=float(mean @ weights) - paid)

    return best


def _weighed(mean: _Array, matrix: _Array, limits: Limits, cost: _Array, slope: _Array) -> _Array | None:
    """Give the weights of the best gain less half of the variance, of all by those of some of them."""

    def of(here: NDArray[np.bool_]) -> tuple[_Array, _Array] | None:
        part = _solved(mean[here], matrix[np.ix_(here, here)], limits.among(here), cost[here])
        return None if part is None else (part, mean - matrix[:, here] @ part)

    return widened(slope, limits, cost, of)


def _solved(mean: _Array, matrix: _Array, limits: Limits, cost: _Array) -> _Array | None:
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
