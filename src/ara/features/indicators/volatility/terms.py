"""What the volatility indicators share: parameters in one wording, returns, estimates of one bar's variance."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import clean, logs, previous, sums
from ara.features.indicator import Param
from ara.features.loops import quantiles
from ara.features.shared import shared

__all__ = [
    "YEAR",
    "Array",
    "flag",
    "mean_square",
    "median",
    "move",
    "returns",
    "returns_variance",
    "root",
    "times",
    "window_mean",
]

Array = NDArray[np.float64]
"""One value per bar."""

YEAR: Final = Param(
    default=252, low=1, high=1e7, words="Bars in a year, which the figure is told for; 1 tells it for one bar."
)
"""What a volatility is told for; 252 daily bars of a stock market, 365 of a market that never closes."""


def flag(default: int, words: str) -> Param:
    """Give a parameter that is 1 or 0."""
    return Param(default=default, low=0, high=1, whole=True, words=words)


def times(default: float, words: str) -> Param:
    """Give the parameter that says how many times a spread the bands lie away."""
    return Param(default=default, low=0.0, high=100.0, words=words)


@shared
def returns(close: Array) -> Array:
    """Give the log return of each bar; NaN for the first."""
    known = logs(close)
    return np.asarray(known - previous(known))


def median(values: Array, window: int) -> Array:
    """Give the median of the last `window` values; begun anew after a gap."""
    return quantiles(clean(values), window, 0.5)[0]


@shared
def move(newer: Array, older: Array) -> Array:
    """Give `ln(newer / older)` of prices above 0; exactly 0 where they are equal."""
    return logs(newer) - logs(older)


def window_mean(values: Array, window: int) -> Array:
    """Give the mean of the last `window` values, each added anew."""
    return sums(values, window) / window


def mean_square(values: Array, window: int) -> Array:
    """Give the mean of the squares of the last `window` values."""
    return window_mean(values * values, window)


def root(variance: Array, year: float = 1.0) -> Array:
    """Give the standard deviation for a year of so many bars; what rounding left below 0 counts as 0."""
    return np.sqrt(np.maximum(variance, 0.0) * year)


@shared
def returns_variance(moved: Array, window: int) -> Array:
    """Give the variance of the last `window` returns, that of the population; exactly 0 where all are 0.

    Returns lie around 0, so the mean of squares less the square of the mean loses nothing that matters.
    """
    average = window_mean(moved, window)
    return np.maximum(window_mean(moved * moved, window) - average * average, 0.0)
