"""Variance of a bar, read from its range: it tells more of a day than the close alone."""

import math
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.statistics.prefixes import Prefixes

__all__ = ["floored", "range_variance"]

_Array = NDArray[np.float64]

_BODY: Final = 2 * math.log(2) - 1
_LONGEST: Final = 8192


def range_variance(bars: _Array) -> _Array:
    """Give the variance of each bar's log return: Garman-Klass of its session, and the square of the gap before it.

    v = max(0, (high - low)² / 2 - (2 ln 2 - 1) (close - open)²) + open²

    It is known at the bar's close. A bar that has only a close (all four are equal) gives the square of its return, and
    so does one whose other prices are missing. NaN where there is no return.

    Parameters
    ----------
    bars
        `[n, 4]`: logs of open, high, low and close over the previous close, as a panel has them.

    References
    ----------
    M. B. Garman and M. J. Klass (1980), Journal of Business 53, the practical estimator; that the variance of a gap is
    added to that of the session: D. Yang and Q. Zhang (2000), Journal of Business 73.
    """
    opened, high, low, close = bars.T
    session = 0.5 * (high - low) ** 2 - _BODY * (close - opened) ** 2
    variance = np.maximum(session, 0.0) + opened * opened
    return np.asarray(np.where(np.isnan(variance), close * close, variance))


def floored(variance: _Array, *, share: float = 0.01, bars: int = 250, least: float = 1e-12) -> _Array:
    """Give the variance, but nowhere less than a share of its usual one, so that its log may be taken.

    The usual one is the median of the last `bars` values known at each bar, of fewer at the beginning. NaN stays NaN.

    Parameters
    ----------
    variance
        Of one series, ascending in time.
    share
        Of the median.
    bars
        How far the median looks back.
    least
        Added to the floor; it holds where all is still.
    """
    known = np.flatnonzero(~np.isnan(variance))
    first = int(known[0]) if len(known) else len(variance)
    usual = np.zeros(len(variance))
    rest = np.ascontiguousarray(variance[first:], np.float64)
    usual[first:] = _usual(rest, bars) if len(rest) > _LONGEST else _again(rest, bars)
    return np.asarray(np.maximum(variance, share * usual + least))


def _usual(variance: _Array, bars: int) -> _Array:
    found = pl.Series(variance, nan_to_null=True).rolling_median(bars, min_samples=1).to_numpy()
    return np.where(np.isnan(found), 0.0, found)


_again: Final = Prefixes(_usual)
"""Several ask in turn for the usual variance of the same series."""
