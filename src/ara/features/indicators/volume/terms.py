"""What the volume indicators share: money flow of a bar, prices weighted by volume, exponential means bar by bar."""

import math

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import ema, quotient, sums

__all__ = ["Array", "Mean", "ema_step", "multiplier", "signalled", "signalled_step", "weighed", "wilder_step"]

Array = NDArray[np.float64]
"""One value per bar."""

Mean = tuple[float, float]
"""A mean bar by bar: how many values it has seen, and their sum, or the mean once they are enough."""


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


def ema_step(state: Mean | None, value: float, window: int) -> tuple[Mean, float]:
    """Give an exponential mean one value more: (count, sum of the first `window` or the mean) and the mean, or NaN."""
    return _mean_step(state, value, window, 2.0 / (window + 1.0))


def wilder_step(state: Mean | None, value: float, window: int) -> tuple[Mean, float]:
    """Give Wilder's mean one value more, as `ema_step` does."""
    return _mean_step(state, value, window, 1.0 / window)


def _mean_step(state: Mean | None, value: float, window: int, weight: float) -> tuple[Mean, float]:
    count, mean = state or (0.0, 0.0)
    count += 1.0
    if count < window:
        return (count, mean + value), math.nan
    if window == 1:
        return (count, value), value
    mean = (mean + value) / window if count == window else (value - mean) * weight + mean
    return (count, mean), mean


def signalled_step(state: Mean | None, line: float, signal: int) -> tuple[Mean | None, tuple[float, float, float]]:
    """Give `signalled` of one value more, which may be unknown at first only."""
    if state is None and math.isnan(line):
        return None, (math.nan,) * 3
    state, average = ema_step(state, line, signal)
    return state, (math.nan if math.isnan(average) else line, average, line - average)
