"""Volatility known at each bar."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.statistics.prefixes import Prefixes

__all__ = ["ewma_variance"]

_LONGEST: Final = 8192


def ewma_variance(returns: NDArray[np.float64], *, decay: float = 0.94, seed_bars: int = 20) -> NDArray[np.float64]:
    """Give the exponentially weighted variance of one bar's log return, as known at each bar's close.

    v[t] = decay · v[t-1] + (1 - decay) · r[t]², begun with the mean square of the first `seed_bars` returns.

    Parameters
    ----------
    returns
        Log returns of one series, ascending in time. A NaN (the first bar has no return) leaves the variance as it is.
    decay
        Weight of yesterday's variance, 0 to 1; nearer to 1 is slower. 0.94 is RiskMetrics' value for daily bars.
    seed_bars
        Returns needed before there is a value; NaN until then.

    References
    ----------
    J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th ed., section 5.2.
    """
    known = np.flatnonzero(~np.isnan(returns))
    first = int(known[0]) if len(known) else len(returns)
    out = np.full(len(returns), np.nan)
    rest = np.ascontiguousarray(returns[first:], np.float64)
    if len(rest) > _LONGEST:
        out[first:] = _variance(rest, decay, seed_bars)
    elif len(rest):
        out[first:] = _again(rest, decay, seed_bars)
    return out


def _variance(returns: NDArray[np.float64], decay: float, seed_bars: int) -> NDArray[np.float64]:
    out = np.full(len(returns), np.nan)
    square = returns * returns
    known = np.flatnonzero(~np.isnan(square))
    if len(known) < seed_bars:
        return out
    first = int(known[seed_bars - 1])
    start = float(square[known[:seed_bars]].sum()) / seed_bars
    rest = ((1.0 - decay) * square[first + 1 :]).tolist()
    now = start
    if math.isnan(sum(rest)):
        line = [now := now if math.isnan(part) else decay * now + part for part in rest]
    else:
        line = [now := decay * now + part for part in rest]
    out[first], out[first + 1 :] = start, line
    return out


_again: Final = Prefixes(_variance)
"""A panel, its features and each of the members ask in turn for the variance of the same returns."""
