"""Means of series that hang together, and what they prove: errors, tests, and how many tests were made."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.statistics.distributions import student_t_cdf

__all__ = [
    "FEWEST_WAVES",
    "apart",
    "by_day",
    "chi2_tail",
    "diebold_mariano",
    "discoveries",
    "holm",
    "newey_west",
    "newey_west_matrix",
    "overlapping",
    "slow_error",
    "slow_waves",
    "tail",
]

_Array = NDArray[np.float64]

_FEWEST = 10

FEWEST_WAVES: Final = 3
"""How many cosines an error needs to be told at all."""


def apart(spans: Sequence[tuple[datetime, datetime]]) -> int:
    """Give how many spans of time can be chosen without two that overlap: so many outcomes are surely independent."""
    count, until = 0, None
    for began, ended in sorted(spans, key=lambda span: span[1]):
        if until is None or began >= until:
            count, until = count + 1, ended
    return count


def by_day(days: NDArray[np.int64], values: _Array) -> _Array:
    """Give one value a day, ascending, whose mean is that of all values: days with more of them weigh more.

    Values are taken apart from their mean before they are summed, so that a changing number of them is no noise.
    """
    mean = values.mean()
    which = np.unique(days, return_inverse=True)[1]
    sums = np.bincount(which, values - mean)
    return np.asarray(mean + sums * len(sums) / len(values))


def newey_west(values: _Array, lag: int = 0) -> tuple[float, float]:
    """Give the mean and its standard error, which allows for values that hang together over `lag` steps; NaN below 10.

    The lag is at least 4 (n / 100)^(2/9), with the weights of Bartlett.

    References
    ----------
    Newey and West (1987), A Simple, Positive Semi-Definite, Heteroskedasticity and Autocorrelation Consistent
    Covariance Matrix, Econometrica 55.
    """
    x = values[np.isfinite(values)]
    n = len(x)
    if n < _FEWEST:
        return math.nan, math.nan
    lag = max(int(4 * (n / 100) ** (2 / 9)), lag)
    mean = float(x.mean())
    apart = x - mean
    spread = float(np.dot(apart, apart)) / n
    for step in range(1, min(lag, n - 1) + 1):
        spread += 2 * (1 - step / (lag + 1)) * float(np.dot(apart[step:], apart[:-step])) / n
    return mean, math.sqrt(max(spread, 1e-300) / n)


def newey_west_matrix(values: _Array, lag: int) -> _Array:
    """Give the covariance of the means of columns `[row, column]`, by the same weights over exactly `lag` steps."""
    n = len(values)
    apart = values - values.mean(axis=0)
    whole = apart.T @ apart / n
    for step in range(1, min(lag, n - 1) + 1):
        crossed = apart[step:].T @ apart[:-step] / n
        whole += (1 - step / (lag + 1)) * (crossed + crossed.T)
    return np.asarray(whole / n)


def diebold_mariano(differences: _Array, lag: int) -> tuple[float, float, float]:
    """Give mean, t and the one-sided p of losses less those of a rival, one a day: t below 0 where the model is better.

    References
    ----------
    Diebold and Mariano (1995), Journal of Business & Economic Statistics 13; with the factor of Harvey, Leybourne and
    Newbold (1997), International Journal of Forecasting 13, for forecasts `lag` + 1 steps ahead.
    """
    mean, error = newey_west(differences, lag)
    n, ahead = len(differences), lag + 1
    factor = math.sqrt(max((n + 1 - 2 * ahead + ahead * (ahead - 1) / n) / n, 0.1))
    t = mean / error * factor
    return mean, t, student_t_cdf(t, n - 1) if math.isfinite(t) else math.nan


def slow_waves(count: int, horizon: int) -> int:
    """Give how many cosines tell the error of a mean: those slower than outcomes of `horizon` steps overlap."""
    return int(min(0.4 * count ** (2 / 3), count / (2 * horizon)))


def slow_error(values: _Array, waves: int) -> float:
    """Give the standard error of the mean of values that follow each other, by their slowest cosines.

    References
    ----------
    Lazarus, Lewis, Stock and Watson (2018), HAR Inference: Recommendations for Practice, Journal of Business & Economic
    Statistics 36: equal weights, and Student's t with as many degrees of freedom as there are cosines.
    """
    n = len(values)
    turns = np.pi * np.outer(np.arange(1, waves + 1), (np.arange(n) + 0.5) / n)
    sizes = np.sqrt(2 / n) * np.einsum("wn,n->w", np.cos(turns), values - values.mean())
    return float(np.sqrt(np.einsum("w,w->", sizes, sizes) / waves / n))


def overlapping(values: _Array, horizon: int) -> float:
    """Give the chance of so high a mean where the true one is 0, of values that overlap over `horizon` steps.

    The weights of Bartlett over as many steps see two thirds of how much such sums vary, and less of few: a
    test of 5 % by them is one of 8 to 12 %. By slow cosines it is one of 5 to 6 %. NaN with fewer than three of these.
    """
    x = values[np.isfinite(values)]
    waves = slow_waves(len(x), horizon)
    if waves < FEWEST_WAVES:
        return math.nan
    error = slow_error(x, waves)
    return student_t_cdf(-float(x.mean()) / error, waves) if error > 0 else math.nan


def discoveries(chances: Sequence[float], share: float = 0.05) -> NDArray[np.bool_]:
    """Tell which tests stand out when so many are made: at most that share of those told is false, on average.

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the False Discovery Rate, Journal of the Royal Statistical Society B 57.
    """
    p = np.asarray(chances, float)
    out = np.zeros(len(p), bool)
    order = np.argsort(p)
    below = np.flatnonzero(p[order] <= share * np.arange(1, len(p) + 1) / max(len(p), 1))
    out[order[: below[-1] + 1 if len(below) else 0]] = True
    return out


def holm(chances: Sequence[float]) -> list[float]:
    """Give chances corrected for how many tests were made: that any of those told at a level is false is no likelier.

    References
    ----------
    Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6.
    """
    out, worst = [1.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda one: chances[one])):
        worst = max(worst, min(1.0, chances[place] * (len(chances) - rank)))
        out[place] = worst
    return out


def tail(z: float) -> float:
    """Give the probability that a normal variable is beyond `z`."""
    return math.erfc(z / math.sqrt(2)) / 2


def chi2_tail(x: float, degrees: int) -> float:
    """Give the probability that a chi-squared variable with so many whole degrees is beyond `x`.

    References
    ----------
    Abramowitz and Stegun (1964), 26.4.4 and 26.4.5.
    """
    if not x > 0:
        return 1.0 if x <= 0 else math.nan
    half = x / 2
    if degrees % 2:
        term, total = math.sqrt(half) * math.exp(-half) / math.gamma(1.5), 0.0
        for step in range(1, (degrees - 1) // 2 + 1):
            total += term
            term *= half / (step + 0.5)
        return math.erfc(math.sqrt(half)) + total
    term, total = math.exp(-half), 0.0
    for step in range(1, degrees // 2 + 1):
        total += term
        term *= half / step
    return total
