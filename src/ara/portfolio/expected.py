"""What returns to expect from the past, which says little of them."""

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.statistics.covariance import firm

__all__ = ["historical_mean", "shrunk_mean"]

_Array = NDArray[np.float64]


def historical_mean(returns: _Array) -> _Array:
    """Give the mean return of each, `[asset]`, from `[bar, asset]`."""
    if returns.ndim != 2 or not len(returns) or not np.isfinite(returns).all():
        raise ValidationError("Returns are a table with a column for each instrument, without gaps.")
    return np.asarray(returns.mean(axis=0))


def shrunk_mean(returns: _Array, covariance: _Array) -> tuple[_Array, float]:
    """Give the means drawn to that of the portfolio of least variance, and how far (1: all alike).

    With n assets and T bars the share is (n + 2) / (n + 2 + T · d), d = (m - m0)' V^-1 (m - m0): means that differ no
    more than chance would have it are nearly made one.

    Parameters
    ----------
    returns
        `[bar, asset]`, finite.
    covariance
        Of these, `[asset, asset]`.

    References
    ----------
    P. Jorion (1986), Bayes-Stein estimation for portfolio analysis, Journal of Financial and Quantitative Analysis 21.
    """
    mean = historical_mean(returns)
    bars, count = returns.shape
    ones = np.ones(count)
    pulled, moved = _solved(covariance, np.column_stack((ones, mean))).T
    whole = float(ones @ pulled)
    level = float(ones @ moved) / whole if whole > 0 else float(mean.mean())
    away = mean - level
    distance = max(float(away @ (moved - level * pulled)), 0.0)
    share = (count + 2) / (count + 2 + bars * distance)
    return np.asarray((1 - share) * mean + share * level), share


def _solved(covariance: _Array, right: _Array) -> _Array:
    """Give V^-1 of columns; of what is nearly singular by its pseudoinverse, which takes twenty times as long."""
    if firm(covariance):
        return np.asarray(np.linalg.solve(covariance, right))
    return np.asarray(np.linalg.pinv(covariance, hermitian=True) @ right)
