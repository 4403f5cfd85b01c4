"""Linear quantile regression of many rows: a smoothed check loss, and steps along the products of the columns."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.shape import weighted_quantiles
from ara.models.quantiles import LEVELS
from ara.statistics.linear import products, solve_positive

__all__ = ["fit_quantiles"]

_Array = NDArray[np.float64]

_STEPS: Final = 60
_STILL: Final = 1e-4
_LEAST: Final = 0.05
_THIN: Final = 1e-3


def fit_quantiles(
    z: _Array, y: _Array, weight: _Array, levels: Sequence[float], penalty: float
) -> tuple[_Array, _Array]:
    """Give the weights `[F, levels]` and intercepts `[levels]` of linear quantiles.

    The check loss is smoothed over a logistic kernel of width ((F + ln n) / n)^(2/5) deviations. A step goes along
    (Z'WZ + a I)^-1 times the slope, over the density of what is left around 0: Newton's, with one density for all rows.
    A step that makes a level's loss no smaller is taken back and halved.

    Parameters
    ----------
    z
        `[n, F]`: standardised features.
    y, weight
        `[n]`; the weights sum to the number of outcomes that don't overlap.
    levels
        0 to 1, ascending.
    penalty
        In outcomes: a ridge on the weights, not on the intercepts.

    References
    ----------
    X. He, X. Pan, K. M. Tan and W.-X. Zhou (2023), Journal of Econometrics 232.
    """
    share = weight / weight.sum()
    columns = np.concatenate([np.ones((len(z), 1)), z], axis=1)
    ridge = np.full(columns.shape[1], penalty / weight.sum())
    ridge[0] = 0.0
    matrix = products(columns, weights=share) + np.diag(ridge)
    goal = np.array(levels)
    best = np.zeros((columns.shape[1], len(goal)))
    best[0] = _start(y, share, goal)
    least, pace = np.full(len(goal), np.inf), np.ones(len(goal))
    step = np.zeros_like(best)
    for _ in range(_STEPS):
        b = best - pace * step
        left = y[:, None] - np.einsum("nf,fq->nq", columns, b)
        width = np.maximum(_width(left, share, columns.shape[1]), _LEAST)
        over = 1.0 / (1.0 + np.exp(np.clip(left / width, -40, 40)))  # how surely y lies below the quantile
        density = np.maximum(np.einsum("n,nq->q", share, over * (1 - over)) / width, _THIN)
        loss = (
            np.einsum("n,nq->q", share, left * (goal - (left < 0))) + density * np.einsum("f,fq->q", ridge, b * b) / 2
        )
        better = loss < least
        slope = np.einsum("nf,nq->fq", columns * share[:, None], over - goal) + density * ridge[:, None] * b
        onward = np.clip(solve_positive(matrix, slope) / density, -1.0, 1.0)
        best, least = np.where(better, b, best), np.where(better, loss, least)
        step, pace = np.where(better, onward, step), np.where(better, np.minimum(2 * pace, 1.0), pace / 2)
        if np.abs(pace * step).max() < _STILL:
            break
    return best[1:], best[0]


def _start(y: _Array, share: _Array, goal: _Array) -> _Array:
    order = np.argsort(y, kind="stable")
    return np.asarray(np.interp(goal, LEVELS, weighted_quantiles(y[order], share[order], 1.0)))


def _width(left: _Array, share: _Array, columns: int) -> _Array:
    middle = np.einsum("n,nq->q", share, left)
    deviation = np.sqrt(np.einsum("n,nq->q", share, (left - middle) ** 2))
    return np.asarray(deviation * ((columns + math.log(len(left))) / len(left)) ** 0.4)
