"""What lies beyond a high threshold, as a generalised Pareto distribution."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["fit_excess"]

_MOST: Final = 0.9
_LEAST: Final = -0.5
_FEWEST: Final = 5


def fit_excess(excesses: NDArray[np.float64]) -> tuple[float, float]:
    """Give shape and scale of the generalised Pareto distribution of what exceeds a threshold.

    P(excess > x) = (1 + shape · x / scale)^(-1 / shape). A shape above 0 is a heavy tail, whose moments from 1 / shape
    on are infinite; it is held to -0.5 to 0.9, so that the mean beyond a quantile exists.

    Parameters
    ----------
    excesses
        Five at the least, none below 0: losses minus the threshold.

    References
    ----------
    J. R. M. Hosking and J. R. Wallis (1987), Parameter and quantile estimation for the generalized Pareto distribution,
    Technometrics 29: probability-weighted moments, better than likelihood below 500 excesses.
    """
    if len(excesses) < _FEWEST or not np.isfinite(excesses).all() or (excesses < 0).any():
        raise ValidationError(f"A tail needs {_FEWEST} excesses, none of them negative.")
    ordered = np.sort(excesses)
    count = len(ordered)
    mean = float(ordered.mean())
    if mean <= 0 or not np.ptp(ordered):
        return 0.0, max(mean, 0.0)
    weighed = float((ordered * (count - np.arange(count) - 1)).sum()) / (count * (count - 1))
    shape = min(max(2 - mean / (mean - 2 * weighed), _LEAST), _MOST)
    return shape, mean * (1 - shape)
