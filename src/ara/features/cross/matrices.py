"""What features of many instruments are made of: returns, moving figures of columns, figures across a row.

Every function takes matrices `[time, series]` and gives such ones; NaN stands where a series has no bar. A moving
figure needs a whole window of rows and, of each series, three quarters of them; rows before the first one in which any
series has a value don't count.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.feature import Matrix
from ara.features.indicator import Param
from ara.features.loops import moving_sums

__all__ = [
    "ALL",
    "GAP",
    "POSITIVE",
    "Joint",
    "across",
    "averages",
    "enough",
    "joint",
    "line_average",
    "line_spread",
    "moved",
    "of_others",
    "ranks",
    "returns",
    "scores",
    "shifted",
    "spreads",
    "window_of",
]

ALL: Final = (-math.inf, math.inf)
"""The bounds of what may be of any size."""

POSITIVE: Final = (0.0, math.inf)
"""The bounds of what is 0 or more."""

GAP: Final = 5
"""Rows over which a series' last price still stands for it: after a shorter gap its return is that over the gap."""

_SHARE: Final = 0.75
_NOTHING: Final = 1e-12
_FEWEST: Final = 2


def window_of(default: int, words: str = "", *, low: int = 2) -> Param:
    """Give the parameter that says how many rows count."""
    told = words or "Bars that count; more of them are steadier and later."
    return Param(default=default, low=low, high=5000, whole=True, words=told)


def enough(window: int) -> int:
    """Give how many rows of a window a series must have."""
    return max(_FEWEST, math.ceil(_SHARE * window))


def shifted(values: Matrix, rows: int) -> Matrix:
    """Give the values of some rows ago."""
    out = np.full_like(values, np.nan)
    if rows < len(values):
        out[rows:] = values[: len(values) - rows]
    return out


def returns(close: Matrix) -> Matrix:
    """Give each row's log return since the series' price before, which is at most a short gap old."""
    return moved(close, 1)


def moved(close: Matrix, rows: int) -> Matrix:
    """Give the log of the price over that of some rows ago, or of the last one before within a short gap."""
    known = np.where(close > 0, close, np.nan)
    before = shifted(_carried(known), rows)
    return np.asarray(np.log(known / before))


def _carried(values: Matrix) -> Matrix:
    """Give the last known value of each series, no older than a short gap."""
    rows = np.arange(len(values))[:, None]
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, rows), axis=0) if len(values) else rows
    there = (last >= 0) & (rows - last <= GAP)
    return np.where(there, np.take_along_axis(values, np.maximum(last, 0), axis=0), np.nan)


def _sums(values: Matrix, window: int) -> Matrix:
    """Give the moving sum of each column, each window added anew; NaN before the first whole window."""
    out = np.empty_like(values)
    for column in range(values.shape[1]):
        out[:, column] = moving_sums(values[:, column], window)
    return out


def _counted(known: NDArray[np.bool_], window: int) -> Matrix:
    """Give how many of the last values of each column are known; NaN where too few, or rows, are there."""
    count = _sums(known.astype(np.float64), window)
    begun = known.any(axis=1)
    start = int(np.argmax(begun)) if begun.any() else len(known)
    late = np.arange(len(known))[:, None] >= start + window - 1
    return np.where(late & (count >= enough(window)), count, np.nan)


def averages(values: Matrix, window: int) -> Matrix:
    """Give the mean of the known ones of the last values, where there are enough."""
    known = np.isfinite(values)
    return np.asarray(_sums(np.where(known, values, 0.0), window) / _counted(known, window))


def spreads(values: Matrix, window: int) -> Matrix:
    """Give the standard deviation, that of the population, of the known ones of the last values."""
    return np.asarray(np.sqrt(joint(values, values, window).variance))


def line_average(line: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Give the moving mean of one number per row, as `averages` does of columns."""
    return averages(line[:, None], window)[:, 0]


def line_spread(line: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Give the moving standard deviation of one number per row, as `spreads` does of columns."""
    return spreads(line[:, None], window)[:, 0]


@dataclass(frozen=True, slots=True)
class Joint:
    """Moving moments of two matrices where both are known: means, variances and covariance of the population.

    Parameters
    ----------
    mean, other_mean
        Of either.
    variance, other_variance
        Of either; exactly 0 where nothing varies.
    covariance
        Of both.
    """

    mean: Matrix
    other_mean: Matrix
    variance: Matrix
    other_variance: Matrix
    covariance: Matrix

    @property
    def correlation(self) -> Matrix:
        """Their correlation; 0 where one doesn't vary."""
        scale = np.sqrt(self.variance * self.other_variance)
        found = np.where(scale > 0, self.covariance / scale, np.where(np.isnan(scale), np.nan, 0.0))
        return np.asarray(np.clip(found, -1.0, 1.0))

    @property
    def slope(self) -> Matrix:
        """The slope of the least-squares line of the first on the other; 0 where that doesn't vary."""
        below = self.other_variance
        return np.where(below > 0, self.covariance / below, np.where(np.isnan(below), np.nan, 0.0))


def joint(values: Matrix, other: Matrix, window: int) -> Joint:
    """Give moving moments over the rows in which both are known, where these are enough."""
    both = np.isfinite(values) & np.isfinite(other)
    x, y = np.where(both, values, 0.0), np.where(both, other, 0.0)
    count = _counted(both, window)
    mean_x, mean_y = _sums(x, window) / count, _sums(y, window) / count
    raw_x, raw_y = _sums(x * x, window) / count, _sums(y * y, window) / count
    return Joint(
        mean=mean_x,
        other_mean=mean_y,
        variance=_varied(raw_x - mean_x**2, raw_x),
        other_variance=_varied(raw_y - mean_y**2, raw_y),
        covariance=_sums(x * y, window) / count - mean_x * mean_y,
    )


def _varied(variance: Matrix, raw: Matrix) -> Matrix:
    """Give a variance, 0 where it is no more than what rounding leaves of the mean square."""
    return np.where(variance <= _NOTHING * raw, 0.0 * raw, variance)


def across(values: Matrix, *, fewest: int = _FEWEST) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the mean of each row's known values and their standard deviation; NaN where there are too few."""
    known = np.isfinite(values)
    count = known.sum(axis=1).astype(np.float64)
    count[count < fewest] = np.nan
    mean = np.where(known, values, 0.0).sum(axis=1) / count
    apart = np.where(known, values - mean[:, None], 0.0)
    return mean, np.sqrt((apart * apart).sum(axis=1) / count)


def of_others(values: Matrix) -> Matrix:
    """Give, for each series, the mean of the known values of all the others."""
    known = np.isfinite(values)
    plain = np.where(known, values, 0.0)
    count = known.sum(axis=1, keepdims=True) - known
    total = plain.sum(axis=1, keepdims=True) - plain
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def ranks(values: Matrix) -> Matrix:
    """Give the place of each known value in its row, from 0 for the smallest to 1 for the largest; equal ones share."""
    rows, width = values.shape
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    order = np.argsort(values, axis=1, kind="stable")
    line = np.take_along_axis(values, order, axis=1)
    place = np.broadcast_to(np.arange(width), (rows, width))
    differs = np.ones((rows, width), bool)
    differs[:, 1:] = line[:, 1:] != line[:, :-1]
    first = np.maximum.accumulate(np.where(differs, place, 0), axis=1)
    ends = np.ones((rows, width), bool)
    ends[:, :-1] = differs[:, 1:]
    last = np.minimum.accumulate(np.where(ends, place, width)[:, ::-1], axis=1)[:, ::-1]
    out = np.empty_like(values)
    np.put_along_axis(out, order, (first + last) / 2.0, axis=1)
    known = np.isfinite(values) & (count >= _FEWEST)
    return np.where(known, out / np.maximum(count - 1, 1), np.nan)


def scores(values: Matrix) -> Matrix:
    """Give how many standard deviations each value is above the mean of its row; 0 where all are equal."""
    mean, spread = across(values)
    apart = values - mean[:, None]
    equal = spread[:, None] <= _NOTHING * np.abs(mean)[:, None]
    return np.where(equal, 0.0 * apart, apart / np.where(equal, 1.0, spread[:, None]))
