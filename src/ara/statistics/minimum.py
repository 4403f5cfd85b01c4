"""The lowest point of a smooth function of a few variables."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["minimise"]

_Array = NDArray[np.float64]

_STEPS: Final = 200
_LONGEST: Final = 2.0
_HALVINGS: Final = 40


def minimise(
    function: Callable[[_Array], tuple[float, _Array | Callable[[], _Array]]],
    start: _Array,
    *,
    metric: _Array | None = None,
    begun: tuple[float, _Array] | None = None,
    tolerance: float = 1e-9,
) -> _Array:
    """Go down from `start` until the slope is nowhere larger than `tolerance`, or no step goes farther down.

    Quasi-Newton: the curvature is learned from the slopes on the way. The same start gives the same end, always.

    Parameters
    ----------
    function
        Gives the value and the slope `[k]` at a point `[k]`, or in the slope's stead what gives it, which is called
        where the value is low enough to go there; a value that is not finite is no place to go.
    start
        Where to begin; its value must be finite.
    metric
        `[k, k]`: the inverse of the curvature at the start, as far as it is known; the unit matrix if not.
    begun
        What it gives at the start, slope and all, where that is known.
    tolerance
        On the largest slope.

    References
    ----------
    J. Nocedal and S. J. Wright (2006), Numerical Optimization, 2nd ed., algorithm 6.1 (BFGS), with backtracking.
    """
    size = len(start)
    inverse = np.eye(size) if metric is None else metric.copy()
    point = start
    value, slope = begun or _both(function(start))
    for _ in range(_STEPS):
        if np.abs(slope).max() <= tolerance:
            break
        way = -np.einsum("ij,j->i", inverse, slope)
        descent = float(np.einsum("i,i->", way, slope))
        if not descent < 0:
            inverse, way, descent = np.eye(size), -slope, -float(np.einsum("i,i->", slope, slope))
        found = _down(function, point, value, way, descent)
        if found is None:
            break
        moved, value, new_slope = found
        inverse = _learned(inverse, moved - point, new_slope - slope)
        point, slope = moved, new_slope
    return point


def _both(found: tuple[float, _Array | Callable[[], _Array]]) -> tuple[float, _Array]:
    value, slope = found
    return value, slope() if callable(slope) else slope


def _down(
    function: Callable[[_Array], tuple[float, _Array | Callable[[], _Array]]],
    point: _Array,
    value: float,
    way: _Array,
    descent: float,
) -> tuple[_Array, float, _Array] | None:
    """Give the first place on the way, halving it, that is lower as the slope lets hope; None if there is none."""
    length = min(1.0, _LONGEST / float(np.abs(way).max()))
    for _ in range(_HALVINGS):
        place = point + length * way
        found = function(place)
        if math.isfinite(found[0]) and found[0] <= value + 1e-4 * length * descent:
            there, slope = _both(found)
            if np.isfinite(slope).all():
                return (place, there, slope) if there < value else None
        length /= 2
    return None


def _learned(inverse: _Array, step: _Array, change: _Array) -> _Array:
    """Give the inverse curvature that explains how the slope changed with the step; as it was where it can't."""
    curve = float(np.einsum("i,i->", step, change))
    if curve <= 1e-300:
        return inverse
    turned = np.einsum("ij,j->i", inverse, change)
    weight = (1.0 + float(np.einsum("i,i->", change, turned)) / curve) / curve
    cross = np.outer(turned, step)
    return np.asarray(inverse + weight * np.outer(step, step) - (cross + cross.T) / curve)
