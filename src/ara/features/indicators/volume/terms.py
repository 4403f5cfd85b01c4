"""What the volume indicators share: money flow of a bar, prices weighted by volume, exponential means bar by bar."""

import math

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import ema, quotient, sums

__all__ = ["Array", "ema_step", "multiplier", "signalled", "weighed"]

Array = NDArray[np.float64]
"""One value per bar."""

_Mean = tuple[float, float]


def multiplier(high: Array, low: Array, close: Array) -> Array:
    """Give where the close lies in its bar: -1 at the low, 1 at the high; 0 where the bar has no range."""
    return quotient((close - low) - (high - close), high - low, otherwise=0.0)


def weighed(values: Array, volume: Array, window: int) -> Array:
    """Give the mean of the last values weighted by volume; NaN where nothing was traded."""
    return quotient(sums(values * volume, window), sums(volume, window))


def signalled(line: Array, signal: int, *, seeded: bool = True) -> tuple[Array, Array, Array]:
    """Give a line, the exponential mean of it, and their difference, all from the bar where the mean is known."""
    average = ema(line, signal, seeded=seeded)
    return np.where(np.isnan(average), np.nan, line), average, line - average


def ema_step(state: _Mean | None, value: float, window: int) -> tuple[_Mean, float]:
    """Give an exponential mean one value more: (count, sum of the first `window` or the mean) and the mean, or NaN."""
    count, mean = state or (0.0, 0.0)
    count += 1.0
    if count < window:
        return (count, mean + value), math.nan
    mean = (mean + value) / window if count == window else mean + 2.0 / (window + 1.0) * (value - mean)
    return (count, mean), mean
