"""What returns come to: wealth, growth a year, volatility, and the ratio of the two."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.inputs import checked, deviation, quotient, yearly
from ara.performance.tails import kurtosis, skewness

__all__ = ["adjusted_sharpe", "cagr", "cumulative", "mean", "sharpe", "total", "volatility", "wealth"]

_Array = NDArray[np.float64]


def wealth(returns: ArrayLike, *, start: float = 1.0) -> _Array:
    """Give the wealth after each bar: start · Π (1 + return).

    Raises
    ------
    ValidationError
        Where it grows beyond what a number holds, as returns do that are percent.
    """
    with np.errstate(over="ignore"):
        curve = start * np.cumprod(1.0 + checked(returns))
    if len(curve) and not math.isfinite(curve.max()):
        place = int(np.argmax(~np.isfinite(curve)))
        raise ValidationError(
            f"By returns[{place}] the wealth is more than a number holds.", hint="Give shares: 0.01 is 1 %."
        )
    return np.asarray(curve)


def cumulative(returns: ArrayLike) -> _Array:
    """Give the return since the beginning after each bar: Π (1 + return) - 1."""
    return wealth(returns) - 1.0


def total(returns: ArrayLike) -> float | None:
    """Give the return of all bars together: Π (1 + return) - 1; None without returns."""
    curve = wealth(returns)
    return float(curve[-1]) - 1.0 if len(curve) else None


def mean(returns: ArrayLike, *, per_year: float) -> float | None:
    """Give the arithmetic mean of a bar times the bars of a year; None without returns."""
    array = checked(returns)
    return float(array.mean()) * yearly(per_year) if len(array) else None


def cagr(returns: ArrayLike, *, per_year: float) -> float | None:
    """Give the growth of a year: (Π (1 + return))^(per_year / n) - 1.

    None without returns, and where so few bars are blown up to a year that no number holds the result.
    """
    curve = wealth(returns)
    yearly(per_year)
    if not len(curve):
        return None
    grown = float(curve[-1])
    if grown <= 0:
        return -1.0
    power = math.log(grown) * per_year / len(curve)
    return math.expm1(power) if power < 700 else None


def volatility(returns: ArrayLike, *, per_year: float, ddof: int = 1) -> float | None:
    """Give the standard deviation of a bar times √per_year; None with one bar or none.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    per_year
        Bars of a year by the venue's calendar.
    ddof
        1: of a sample (n - 1), ours. 0: of a population (n), as Bacon has it.
    """
    spread = deviation(checked(returns), ddof=ddof)
    return None if spread is None else spread * math.sqrt(yearly(per_year))


def sharpe(returns: ArrayLike, *, per_year: float, cash: ArrayLike = 0.0) -> float | None:
    """Give the Sharpe ratio of a year: mean excess of a bar / its sample deviation · √per_year.

    Not defined, so None: with one bar or none, and where the excess never changes (it is not infinite then).

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    per_year
        Bars of a year by the venue's calendar: 252 days of shares, 365 of coins.
    cash
        What cash earned in a bar: one number, or one a bar.

    References
    ----------
    Sharpe (1994), The Sharpe Ratio, Journal of Portfolio Management 21.
    """
    excess = checked(returns) - np.asarray(cash, np.float64)
    spread = deviation(excess)
    each = quotient(float(excess.mean()), spread) if spread is not None else None
    return None if each is None else each * math.sqrt(yearly(per_year))


def adjusted_sharpe(returns: ArrayLike, *, per_year: float, free: float = 0.0) -> float | None:
    """Give a Sharpe ratio that pays for skew and takes off for fat tails: S · (1 + skew / 6 · S - excess / 24 · S²).

    S is the yearly growth above `free` (a year) by the yearly sample volatility; skew and excess kurtosis are those of
    the population. None where S or they are not defined.

    References
    ----------
    Pezier and White (2006), The Relative Merits of Investable Hedge Fund Indices; Bacon (2008), Practical Portfolio
    Performance Measurement and Attribution, 2nd edition.
    """
    growth, spread = cagr(returns, per_year=per_year), volatility(returns, per_year=per_year)
    ratio = quotient(None if growth is None else growth - free, spread)
    lean, fat = skewness(returns), kurtosis(returns)
    if ratio is None or lean is None or fat is None:
        return None
    return ratio * (1 + lean / 6 * ratio - fat / 24 * ratio * ratio)
