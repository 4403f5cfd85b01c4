"""The shape of returns: how far apart, how lopsided, how fat the tails, what is lost on bad bars."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.inputs import checked, deviation, quotient

__all__ = [
    "conditional_value_at_risk",
    "correlation",
    "gini_mean_difference",
    "kurtosis",
    "mean_absolute_deviation",
    "skewness",
    "skewness_kurtosis_ratio",
    "tail_ratio",
    "value_at_risk",
    "variance",
    "worst",
]

_Array = NDArray[np.float64]

_Quantile = Literal["linear", "order"]


def value_at_risk(returns: ArrayLike, *, level: float = 0.95, quantile: _Quantile = "linear") -> float | None:
    """Give the return of a bar that is fallen short of in a share 1 - `level` of the bars: below 0 is a loss.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    level
        0.95: the 5 % quantile.
    quantile
        "linear": between the ordered returns (Hyndman and Fan's seventh, as empyrical has it), ours. "order": the
        ordered return number ⌈(1 - level) · n⌉ from the worst, as skfolio has it.

    References
    ----------
    Jorion (2006), Value at Risk, 3rd edition; Hyndman and Fan (1996), Sample Quantiles in Statistical Packages.
    """
    array = np.sort(checked(returns))
    share = _share(level)
    if not len(array):
        return None
    if quantile == "order":
        return float(array[max(math.ceil(round(share * len(array), 9)) - 1, 0)])
    return float(np.quantile(array, share))


def conditional_value_at_risk(
    returns: ArrayLike, *, level: float = 0.95, quantile: _Quantile = "linear"
) -> float | None:
    """Give the mean of the returns at or below the value at risk: below 0 is a loss; None without returns.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    level
        0.95: the worst 5 %.
    quantile
        "linear": the mean of what is at or below the linear quantile, ours. "order": the mean of exactly the worst
        share, of which the last counts with what is left of it, as skfolio has it.

    References
    ----------
    Rockafellar and Uryasev (2002), Conditional Value-at-Risk for General Loss Distributions, Journal of Banking and
    Finance 26.
    """
    array = np.sort(checked(returns))
    if not len(array):
        return None
    if quantile == "linear":
        edge = float(np.quantile(array, _share(level)))
        beyond = array[: max(int(np.searchsorted(array, edge, side="right")), 1)]
        return min(float(beyond.mean()), edge)
    mass = _share(level) * len(array)
    whole = max(math.ceil(round(mass, 9)) - 1, 0)
    return float((array[:whole].sum() + (mass - whole) * array[whole]) / mass)


def _share(level: float) -> float:
    if not 0 < level < 1:
        raise ValidationError(f"level is {level:g}.", hint="Give a share between 0 and 1, as 0.95.")
    return 1.0 - level


def tail_ratio(returns: ArrayLike) -> float | None:
    """Give |95 % quantile| / |5 % quantile| of a bar: above 1, good bars are larger than bad ones.

    None without returns, and where the 5 % quantile is 0.
    """
    array = checked(returns)
    if not len(array):
        return None
    low, high = np.quantile(array, (0.05, 0.95))
    return quotient(abs(float(high)), abs(float(low)))


def skewness(returns: ArrayLike, *, sample: bool = False) -> float | None:
    """Give m3 / m2^(3/2) of the population: below 0, the large moves are losses. None where nothing moves.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    sample
        True: G1, without the lean of small samples, as spreadsheets have it; wants three bars.

    References
    ----------
    Joanes and Gill (1998), Comparing Measures of Sample Skewness and Kurtosis, The Statistician 47 (g1, G1).
    """
    array = checked(returns)
    n, spread = len(array), deviation(array, ddof=0)
    if not spread or (sample and n < 3):
        return None
    third = float(np.mean(((array - array.mean()) / spread) ** 3))
    return third * math.sqrt(n * (n - 1)) / (n - 2) if sample else third


def kurtosis(returns: ArrayLike, *, excess: bool = True, sample: bool = False) -> float | None:
    """Give m4 / m2² - 3: 0 for normal returns, above it fat tails. None where nothing moves.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    excess
        False leaves the 3 in, or what stands for it in a sample.
    sample
        True: G2, without the lean of small samples, as spreadsheets have it; wants four bars.

    References
    ----------
    Joanes and Gill (1998), Comparing Measures of Sample Skewness and Kurtosis, The Statistician 47 (g2, G2).
    """
    array = checked(returns)
    n, spread = len(array), deviation(array, ddof=0)
    if not spread or (sample and n < 4):
        return None
    fourth = float(np.mean(((array - array.mean()) / spread) ** 4))
    if not sample:
        return fourth - 3.0 if excess else fourth
    usual = 3.0 * (n - 1) ** 2 / ((n - 2) * (n - 3))
    return (n + 1) * (n - 1) / ((n - 2) * (n - 3)) * fourth - (usual if excess else 0.0)


def skewness_kurtosis_ratio(returns: ArrayLike) -> float | None:
    """Give skewness / (kurtosis + 3), both of the population; None where nothing moves.

    References
    ----------
    Watanabe (2006), Is Sharpe Ratio Still Effective?, Journal of Performance Measurement.
    """
    return quotient(skewness(returns), kurtosis(returns, excess=False))


def variance(returns: ArrayLike, *, ddof: int = 1) -> float | None:
    """Give the mean squared distance from the mean, of a bar: of a sample (`ddof` 1) or a population (0)."""
    spread = deviation(checked(returns), ddof=ddof)
    return None if spread is None else spread * spread


def worst(returns: ArrayLike) -> float | None:
    """Give the smallest return; None without returns."""
    array = checked(returns)
    return float(array.min()) if len(array) else None


def mean_absolute_deviation(returns: ArrayLike) -> float | None:
    """Give the mean distance from the mean; None without returns."""
    array = checked(returns)
    return float(np.abs(array - array.mean()).mean()) if len(array) else None


def gini_mean_difference(returns: ArrayLike) -> float | None:
    """Give the mean distance between two bars, over all pairs; None with one bar or none.

    References
    ----------
    Yitzhaki (1982), Stochastic Dominance, Mean Variance, and Gini's Mean Difference, American Economic Review 72.
    """
    array = np.sort(checked(returns))
    n = len(array)
    if n < 2:
        return None
    return float(np.dot(2.0 * np.arange(1, n + 1) - n - 1, array)) * 2.0 / (n * (n - 1))


def correlation(returns: ArrayLike, other: ArrayLike) -> float | None:
    """Give the correlation of Pearson; None where one of the two never moves.

    References
    ----------
    Pearson (1895), Note on Regression and Inheritance in the Case of Two Parents.
    """
    x, y = checked(returns), checked(other)
    if len(x) != len(y):
        raise ValidationError(f"Series have {len(x)} and {len(y)} bars.", hint="Give one number a bar in each.")
    wide, high = deviation(x, ddof=0), deviation(y, ddof=0)
    if not wide or not high:
        return None
    return float(np.clip(np.mean((x - x.mean()) / wide * ((y - y.mean()) / high)), -1.0, 1.0))
