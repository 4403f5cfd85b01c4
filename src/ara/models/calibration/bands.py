"""Bands that were missed too often, or too rarely, in calm or wild times of a class are stretched a little."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.calibration.pooling import pooled

__all__ = ["PROMISE", "stretches"]

_Array = NDArray[np.float64]

PROMISE: Final = 0.2
"""Share of returns that an 80 % band promises to leave outside."""

_SPREAD: Final = 0.008
_LEAST_ERROR: Final = 0.004
_SLOPE: Final = 0.45
_MOST: Final = 0.15


def stretches(missed: _Array, count: _Array, fading: _Array, *, overlap: float) -> _Array:
    """Give the log of the factor `[state]` for the bands of each state of volatility of one class and horizon.

    What a state's months say is drawn to what all of the class's say, and that to nothing, by their errors; the errors
    come from how months differ, and how far these overlap.

    Parameters
    ----------
    missed, count
        `[month, state]`: forecasts whose 80 % band was missed, and forecasts.
    fading
        `[month]`: weight of each month.
    overlap
        How far a month's forecasts reach into the months after it, in months.
    """

    def seen(misses: _Array, number: _Array) -> tuple[float, float]:
        excess, error = _excess(misses, number, fading)
        return excess, error * math.sqrt(1 + overlap)

    mean, spread = pooled(0.0, _SPREAD**2, *seen(missed.sum(axis=1), count.sum(axis=1)))
    out = np.zeros(missed.shape[1])
    for state in range(missed.shape[1]):
        own, _ = pooled(mean, spread + _SPREAD**2, *seen(missed[:, state], count[:, state]))
        out[state] = min(max(own / _SLOPE, -_MOST), _MOST)
    return out


def _excess(missed: _Array, count: _Array, fading: _Array) -> tuple[float, float]:
    """Give the share of misses beyond the promise, and its standard error; infinite where there is nothing."""
    total = float((fading * count).sum())
    if not total > 0:
        return 0.0, np.inf
    share = float((fading * missed).sum()) / total
    error = float(np.sqrt((fading**2 * (missed - share * count) ** 2).sum())) / total
    return share - PROMISE, max(error, _LEAST_ERROR)
