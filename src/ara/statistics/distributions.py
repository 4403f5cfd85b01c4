"""Student's t in plain arithmetic: the same bytes on every machine, and nothing heavy to import."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "binomial_tail",
    "fit_student_t",
    "student_t_cdf",
    "student_t_quantiles",
    "summed_degrees",
    "summed_t_quantiles",
]

_DEGREES = (2.6, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 60.0)
_TINY = 1e-300
_TERMS, _LAST = 16, 500
_BEGINNINGS = tuple(range(1, _LAST, _TERMS))


def student_t_cdf(x: float, degrees: float) -> float:
    """Give the probability that a Student-t variable is at most `x`.

    References
    ----------
    Abramowitz and Stegun (1964), 26.7.1 and 26.5.8: by the regularised incomplete beta function.
    """
    if math.isinf(x):
        return float(x > 0)
    whole = degrees + x * x
    tail = 0.5 * _incomplete_beta(degrees / whole, x * x / whole, degrees / 2, 0.5)
    return 1 - tail if x > 0 else tail


@lru_cache(maxsize=4096)
def _quantile(level: float, degrees: float) -> float:
    if level == 0.5:
        return 0.0
    if level < 0.5:
        return -_quantile(1 - level, degrees)
    low, high = 0.0, 1.0
    while _often(high, degrees) < level:
        low, high = high, high * 2
    x = (low + high) / 2
    told = _often(x, degrees)
    for _ in range(200):
        error = told - level
        low, high = (x, high) if error < 0 else (low, x)
        step = x - error / math.exp(_log_density(x, degrees))
        following = step if low < step < high else (low + high) / 2
        if abs(following - x) <= 1e-15 * max(1.0, abs(x)):
            return following
        x = following
        told = student_t_cdf(x, degrees)
    return x


@lru_cache(maxsize=4096)
def _often(x: float, degrees: float) -> float:
    """Give the probability at a point from which the search for several levels goes on."""
    return student_t_cdf(x, degrees)


def student_t_quantiles(levels: Sequence[float], degrees: float) -> NDArray[np.float64]:
    """Give the quantiles of the Student-t distribution scaled to variance 1.

    Parameters
    ----------
    levels
        Probabilities, each above 0 and below 1.
    degrees
        Degrees of freedom, above 2 (else there is no variance); fewer make the tails heavier.
    """
    return _quantiles(tuple(levels), degrees).copy()


@lru_cache(maxsize=16_384)
def _quantiles(levels: tuple[float, ...], degrees: float) -> NDArray[np.float64]:
    unit = math.sqrt((degrees - 2) / degrees)
    return np.array([_quantile(round(level, 12), degrees) for level in levels]) * unit


def summed_degrees(degrees: float, count: int) -> float:
    """Give the degrees of freedom of the t that has the kurtosis of a sum of `count` independent t variables.

    The excess kurtosis 6 / (degrees - 4) falls as 1 / count. Where it is infinite (degrees up to 4.2) the tails are
    thinned by 0.2 degrees per term above 4.2, the rule of the baseline that users compare with.
    """
    if count == 1:
        return degrees
    return 4 + count * (degrees - 4) if degrees > 4.2 else 4.2 + 0.2 * count


@lru_cache(maxsize=1024)
def summed_t_quantiles(levels: tuple[float, ...], degrees: float, counts: tuple[int, ...]) -> NDArray[np.float64]:
    """Give `[count, level]`: such quantiles of sums of so many steps, each of variance 1; nobody can change it."""
    found = np.stack([_quantiles(levels, summed_degrees(degrees, count)) for count in counts])
    found.setflags(write=False)
    return found


def fit_student_t(values: NDArray[np.float64]) -> float:
    """Give the degrees of freedom, 2.6 to 60, under which `values` (scaled to variance 1) are likeliest."""
    scaled = values / max(float(values.std()), 1e-12)
    square = scaled * scaled
    best, chosen = math.inf, _DEGREES[0]
    for degrees in _DEGREES:
        shape = (degrees + 1) / 2
        constant = math.lgamma(degrees / 2) - math.lgamma(shape) + 0.5 * math.log(math.pi * (degrees - 2))
        loss = constant + shape * float(np.log1p(square / (degrees - 2)).mean())
        if loss < best:
            best, chosen = loss, degrees
    return chosen


def binomial_tail(successes: int, trials: int, chance: float = 0.5) -> float:
    """Give the probability of at least `successes` in `trials` when each succeeds with `chance`."""
    if successes <= 0:
        return 1.0
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(chance)
        + (trials - k) * math.log1p(-chance)
        for k in range(successes, trials + 1)
    )
    return min(1.0, math.fsum(math.exp(value) for value in logs))


def _log_density(x: float, degrees: float) -> float:
    return _log_height(degrees) - (degrees + 1) / 2 * math.log1p(x * x / degrees)


@lru_cache(maxsize=256)
def _log_height(degrees: float) -> float:
    return math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - 0.5 * math.log(degrees * math.pi)


@lru_cache(maxsize=256)
def _log_beta(a: float, b: float) -> float:
    """Give what stands before the powers in the incomplete beta function: the log of 1 / B(a, b)."""
    return math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)


def _incomplete_beta(x: float, y: float, a: float, b: float) -> float:
    """Give I_x(a, b), where y = 1 - x, by Lentz's continued fraction on the side where it converges quickly."""
    if x <= 0 or y <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(y, x, b, a)
    front = math.exp(_log_beta(a, b) + a * math.log(x) + b * math.log(y)) / a
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for first in _BEGINNINGS:
        for even, under_even, odd, under_odd in _terms(a, b, first):  # what is near 0 is moved from it, as `_away` does
            term = even * x / under_even
            d, c = 1.0 + term * d, 1.0 + term / c
            if d <= _TINY and d >= -_TINY:
                d = _TINY
            if c <= _TINY and c >= -_TINY:
                c = _TINY
            d = 1.0 / d
            value *= c * d
            term = odd * x / under_odd
            d, c = 1.0 + term * d, 1.0 + term / c
            if d <= _TINY and d >= -_TINY:
                d = _TINY
            if c <= _TINY and c >= -_TINY:
                c = _TINY
            d = 1.0 / d
            ratio = c * d
            value *= ratio
            if ratio == 1.0:  # no number is nearer to 1
                return front * value
    return front * value


@lru_cache(maxsize=1024)
def _terms(a: float, b: float, first: int) -> list[tuple[float, float, float, float]]:
    """Give what some terms of the fraction are made of, whatever x: of an even and an odd one, above and below x."""
    m = np.arange(first, min(first + _TERMS, _LAST), dtype=np.float64)
    at, whole = a + 2.0 * m, a + b
    parts = m * (b - m), (at - 1.0) * at, (-a - m) * (whole + m), at * (at + 1.0)
    return list(zip(*(part.tolist() for part in parts), strict=True))


def _away(x: float) -> float:
    return x if abs(x) > _TINY else _TINY
