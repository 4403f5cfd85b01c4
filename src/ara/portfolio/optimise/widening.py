"""The best weights of thousands of instruments by those of some of them."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.portfolio.limits import Limits
from ara.portfolio.optimise.solution import richest

__all__ = ["widened"]

_Array = NDArray[np.float64]

_MORE: Final = 50
_NEAR: Final = 1e-6


def widened(
    slope: _Array,
    limits: Limits,
    cost: _Array,
    solved: Callable[[NDArray[np.bool_]], tuple[_Array, _Array] | None],
) -> _Array | None:
    """Give the best weights of thousands of instruments by those of some of them, as many as it takes.

    Most of so many are not held in the end. The slope of the goal where some were weighed alone tells how much all of
    them could be better at the most; when that is nothing, the weights are those of all.

    Parameters
    ----------
    slope
        How much each may help, to begin with.
    limits, cost
        Of all of them; of changing a weight by 1.
    solved
        Gives the best weights of some of them, and by how much each of all would help; None where there are none.

    References
    ----------
    B. von Hohenbalken (1977), Simplicial decomposition in nonlinear programming algorithms, Mathematical Programming
    13.
    """
    count = len(slope)
    low, high = limits.bounds(count)
    held = np.zeros(count) if limits.held is None else limits.held
    here = (low > 0) | (high < 0) | (held != 0)
    corner = richest(slope, limits, cost)
    while corner is not None:
        here |= np.abs(corner) > _NEAR
        here[np.argsort(-np.where(here, -np.inf, slope), kind="stable")[: max(int(here.sum()), _MORE)]] = True
        found = solved(here)
        if found is None and here.all():
            break
        if found is None:
            continue
        weights = np.zeros(count)
        weights[here], slope = found
        corner = richest(slope, limits, cost)
        if corner is None or here.all():
            return weights
        gain = float(slope @ (corner - weights) - cost @ (np.abs(corner - held) - np.abs(weights - held)))
        if gain <= _NEAR * float(np.abs(slope).max()):
            return weights
    return None
