"""How good forecasts were: scores of quantiles against what happened."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["crps", "inside", "pinball"]


def pinball(
    quantiles: NDArray[np.float64], outcome: NDArray[np.float64], levels: Sequence[float]
) -> NDArray[np.float64]:
    """Give the quantile loss `[row, level]`: level · e where e = outcome - quantile ≥ 0, (level - 1) · e below.

    References
    ----------
    Koenker and Bassett (1978), Regression Quantiles, Econometrica 46.
    """
    p = np.asarray(levels)
    error = outcome[:, None] - quantiles
    return np.asarray(np.maximum(p * error, (p - 1) * error))


def crps(quantiles: NDArray[np.float64], outcome: NDArray[np.float64], levels: Sequence[float]) -> NDArray[np.float64]:
    """Give the continuous ranked probability score `[row]`: twice the integral of the pinball loss over the levels.

    By the trapezoid rule over the given levels, with a loss of 0 at levels 0 and 1. In the unit of the outcome;
    smaller is better.

    References
    ----------
    Gneiting and Ranjan (2011), Comparing Density Forecasts Using Threshold- and Quantile-Weighted Scoring Rules.
    """
    edges = np.concatenate(([0.0], levels, [1.0]))
    weights = (edges[2:] - edges[:-2]) / 2
    return np.asarray(2 * np.einsum("rl,l->r", pinball(quantiles, outcome, levels), weights))


def inside(
    quantiles: NDArray[np.float64], outcome: NDArray[np.float64], levels: Sequence[float], share: float
) -> NDArray[np.bool_]:
    """Tell for each row whether the outcome lies in the central band that holds `share` (0.5, 0.8, 0.95 …)."""
    tail = round((1 - share) / 2, 6)
    low, high = levels.index(tail), levels.index(round(1 - tail, 6))
    return np.asarray((outcome >= quantiles[:, low]) & (outcome <= quantiles[:, high]))
