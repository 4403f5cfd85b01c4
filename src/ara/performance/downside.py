"""Good bars and bad bars apart: how often and how far returns end below what was wanted, and above it."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.performance.inputs import checked, quotient, yearly

__all__ = [
    "d_ratio",
    "downside_deviation",
    "downside_frequency",
    "downside_potential",
    "omega",
    "sortino",
    "upside_deviation",
    "upside_frequency",
    "volatility_skewness",
]

_Array = NDArray[np.float64]
_Over = Literal["all", "below"]


def _apart(returns: ArrayLike, target: ArrayLike) -> _Array:
    return np.asarray(checked(returns) - np.asarray(target, np.float64))


def downside_deviation(
    returns: ArrayLike, *, target: ArrayLike = 0.0, per_year: float = 1.0, over: _Over = "all"
) -> float | None:
    """Give √(Σ min(return - target, 0)² / n) · √per_year: 0 where no bar ends below, None without returns.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    target
        What was wanted of a bar: one number, or one a bar.
    per_year
        Bars of a year; 1 leaves it a bar's.
    over
        What n is. "all": every bar, ours, so that a series with one bad bar isn't as risky as one of nothing else.
        "below": the bars below the target.

    References
    ----------
    Sortino and Price (1994), Performance Measurement in a Downside Risk Framework, Journal of Investing 3.
    """
    return _side(-_apart(returns, target), per_year, over)


def upside_deviation(returns: ArrayLike, *, target: ArrayLike = 0.0, per_year: float = 1.0) -> float | None:
    """Give √(Σ max(return - target, 0)² / n) · √per_year over all bars; None without returns.

    References
    ----------
    Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd edition (upside risk).
    """
    return _side(_apart(returns, target), per_year, "all")


def _side(values: _Array, per_year: float, over: _Over) -> float | None:
    yearly(per_year)
    beyond = np.maximum(values, 0.0)
    count = len(values) if over == "all" else int((beyond > 0).sum())
    if not len(values):
        return None
    return math.sqrt(float(np.dot(beyond, beyond)) / max(count, 1) * per_year)


def downside_potential(returns: ArrayLike, *, target: ArrayLike = 0.0) -> float | None:
    """Give Σ max(target - return, 0) / n: the mean shortfall of a bar, over all bars; None without returns.

    References
    ----------
    Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd edition.
    """
    short = np.maximum(-_apart(returns, target), 0.0)
    return float(short.mean()) if len(short) else None


def downside_frequency(returns: ArrayLike, *, target: ArrayLike = 0.0) -> float | None:
    """Give the share of bars that end below the target; None without returns."""
    apart = _apart(returns, target)
    return float((apart < 0).mean()) if len(apart) else None


def upside_frequency(returns: ArrayLike, *, target: ArrayLike = 0.0) -> float | None:
    """Give the share of bars that end above the target; None without returns."""
    apart = _apart(returns, target)
    return float((apart > 0).mean()) if len(apart) else None


def sortino(returns: ArrayLike, *, per_year: float, target: ArrayLike = 0.0, over: _Over = "all") -> float | None:
    """Give the Sortino ratio of a year: mean(return - target) / downside deviation · √per_year.

    None without returns, and where no bar ends below the target (it is not infinite then).

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    per_year
        Bars of a year by the venue's calendar; 1 leaves the ratio a bar's.
    target
        What was wanted of a bar: one number, or one a bar.
    over
        As in `downside_deviation`.

    References
    ----------
    Sortino and Price (1994), Performance Measurement in a Downside Risk Framework, Journal of Investing 3.
    """
    apart = _apart(returns, target)
    if not len(apart):
        return None
    each = quotient(float(apart.mean()), downside_deviation(returns, target=target, over=over))
    return None if each is None else each * math.sqrt(yearly(per_year))


def omega(returns: ArrayLike, *, target: ArrayLike = 0.0) -> float | None:
    """Give Σ max(return - target, 0) / Σ max(target - return, 0): above 1, more is gained above than lost below.

    With a target of 0 it is the ratio of Bernardo and Ledoit. None where no bar ends below the target.

    References
    ----------
    Keating and Shadwick (2002), A Universal Performance Measure, Journal of Performance Measurement 6; Bernardo and
    Ledoit (2000), Gain, Loss, and Asset Pricing, Journal of Political Economy 108.
    """
    apart = _apart(returns, target)
    return quotient(float(np.maximum(apart, 0.0).sum()), float(np.maximum(-apart, 0.0).sum()))


def d_ratio(returns: ArrayLike) -> float | None:
    """Give (bad bars · Σ losses) / (good bars · Σ gains): 0 is best; None where no bar gains.

    References
    ----------
    Lavinio (1999), The Hedge Fund Handbook.
    """
    array = checked(returns)
    gains, losses = float(np.maximum(array, 0.0).sum()), float(np.maximum(-array, 0.0).sum())
    return quotient(int((array < 0).sum()) * losses, int((array > 0).sum()) * gains)


def volatility_skewness(returns: ArrayLike, *, target: ArrayLike = 0.0) -> float | None:
    """Give the variance above the target by that below it, both over all bars; None where no bar ends below.

    References
    ----------
    Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd edition.
    """
    up, down = upside_deviation(returns, target=target), downside_deviation(returns, target=target)
    return None if up is None or down is None else quotient(up * up, down * down)
