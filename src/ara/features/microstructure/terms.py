"""What the microstructure indicators share: parameters, money traded, slopes, volume split into bought and sold."""

import math
from functools import cache
from statistics import NormalDist

import numpy as np

from ara.features.arrays import Array, moments, quotient, sums
from ara.features.indicator import Param
from ara.features.indicators.trend.terms import length
from ara.features.indicators.volatility.terms import returns
from ara.features.loops import joint_moments

__all__ = [
    "WINDOW",
    "average",
    "bought",
    "normal",
    "normal_quantiles",
    "signed_volume",
    "slope",
    "switch",
    "usual",
    "window_of",
]

WINDOW = length(20, "Bars that count; more of them are steadier and later.")
"""The window of the estimates, a month of daily bars."""


def window_of(default: int, *, low: int = 2) -> Param:
    """Give the parameter that says how many bars an estimate takes."""
    return length(default, "Bars that count; more of them are steadier and later.", low=low)


def usual(default: int = 50) -> Param:
    """Give the parameter that says how many returns tell what move is usual."""
    return length(default, "Returns that say what move is usual, by which volume is split.", low=2)


def switch(default: int, words: str) -> Param:
    """Give a parameter that is 1 or 0."""
    return Param(default=default, low=0, high=1, whole=True, words=words)


def average(values: Array, window: int) -> Array:
    """Give the mean of the last `window` values, each added anew."""
    return sums(values, window) / window


def normal(values: Array) -> Array:
    """Give the standard normal distribution function."""
    root = math.sqrt(0.5)
    return np.array([0.5 * math.erfc(-root * value) for value in values.tolist()], np.float64)


@cache
def normal_quantiles(count: int) -> Array:
    """Give the standard normal quantile at `(1 + k / count) / 2` for k = 0 to count; infinite for the last."""
    unit = NormalDist()
    return np.array([unit.inv_cdf(0.5 + 0.5 * k / count) for k in range(count)] + [math.inf])


def bought(close: Array, window: int) -> Array:
    """Give the share of each bar's volume that is taken to be bought, by how unusual its move is.

    The normal distribution function of the bar's log return over the standard deviation of the last `window` returns;
    a half where none of them moved (D. Easley, M. M. Lopez de Prado, M. O'Hara, 2012).
    """
    moved = returns(close)
    return normal(quotient(moved, np.sqrt(moments(moved, window)[1]), otherwise=0.0))


def signed_volume(close: Array, volume: Array) -> Array:
    """Give the volume of rising bars as it is, that of falling ones below 0, and 0 where the price stood still."""
    return np.asarray(np.sign(returns(close)) * volume)


def slope(y: Array, x: Array, window: int) -> Array:
    """Give the slope of the least-squares line of `y` on `x` over the last bars; 0 where `x` does not vary."""
    _, _, spread, _, together = joint_moments(x, y, window)
    return quotient(together, np.where(spread > 0.0, spread, 0.0) + 0.0 * together, otherwise=0.0)
