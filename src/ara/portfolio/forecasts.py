"""Forecasts as views: what each expects of its instrument, as sure as its own width says."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.models.quantiles import LEVELS
from ara.portfolio.optimise.views import Posterior, black_litterman, equilibrium
from ara.prediction.forecast import Day

__all__ = ["believed", "views"]

_Array = NDArray[np.float64]

_MIDDLE: Final = np.diff(np.array((0.0, *LEVELS, 1.0)))
_AVERSION: Final = 2.5


def views(days: Sequence[Day]) -> tuple[_Array, _Array]:
    """Give the mean simple return of a bar that each forecast expects, and the variance of that mean.

    Over h bars a forecast expects m and varies by s, from its quantiles, between which it is taken as even. The mean of
    a bar is then m / h, known to (s / h)². The further ahead, the surer the mean, as it is with returns.

    Parameters
    ----------
    days
        The last target bar of each forecast.
    """
    if not days:
        raise ValidationError("There is no forecast to take a view from.")
    moves = np.expm1(np.array([one.quantiles for one in days], np.float64))
    ahead = np.array([one.number for one in days], np.float64)
    edges = np.column_stack([moves[:, :1], moves, moves[:, -1:]])
    mean = ((edges[:, 1:] + edges[:, :-1]) / 2) @ _MIDDLE
    left, right = edges[:, :-1], edges[:, 1:]
    square = ((left * left + left * right + right * right) / 3) @ _MIDDLE
    return mean / ahead, np.maximum(square - mean * mean, 0.0) / ahead**2


def believed(days: Sequence[Day], covariance: _Array, *, aversion: float = _AVERSION, tau: float = 0.05) -> Posterior:
    """Give the means that follow when forecasts move what equal parts imply, by Black and Litterman's rule.

    Parameters
    ----------
    days
        The last target bar of each instrument's forecast, in the order of the covariance.
    covariance
        Of a bar's returns.
    aversion
        To variance, of the holder of equal parts that the prior is taken from.
    tau
        How little is known of the prior, against the covariance.
    """
    count = len(covariance)
    if len(days) != count:
        raise ValidationError(f"There are {len(days)} forecasts of {count} instruments.")
    expected, doubt = views(days)
    prior = equilibrium(covariance, np.full(count, 1 / count), aversion=aversion)
    return black_litterman(covariance, prior, np.eye(count), expected, doubt, tau=tau)
