"""A linear model that shrinks: the least that can learn from many features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.statistics.linear import products, solve_positive

__all__ = ["Ridge", "RidgeFit"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RidgeFit:
    """What a ridge regression learned.

    Parameters
    ----------
    means, spreads
        Of the features it was fitted on.
    weights
        Of the features after they were taken less their means, over their spreads.
    level
        The mean of the target.
    """

    means: _Array
    spreads: _Array
    weights: _Array
    level: float

    def predict(self, x: _Array) -> _Array:
        """Give the forecast for each row; a missing value counts as the feature's mean."""
        return np.asarray(np.einsum("ij,j->i", _standard(x, self.means, self.spreads), self.weights) + self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridge:
    """Ridge regression of a target on standardised features.

    w = (Z'Z + a n I)^-1 Z'(y - mean y)

    Parameters
    ----------
    penalty
        The a of the formula; larger pulls all weights nearer to 0.

    References
    ----------
    A. E. Hoerl and R. W. Kennard (1970), Ridge Regression, Technometrics 12.
    """

    penalty: float = 0.1

    def fit(self, x: _Array, y: _Array) -> RidgeFit:
        """Learn from rows of features and their targets; missing values count as the feature's mean."""
        known = np.isfinite(x)
        count = np.maximum(known.sum(axis=0), 1)
        means = np.where(known, x, 0.0).sum(axis=0) / count
        gaps = np.where(known, x - means, 0.0)
        spreads = np.sqrt((gaps * gaps).sum(axis=0) / count)
        z = _standard(x, means, spreads)
        level = float(y.mean())
        matrix = products(z) + self.penalty * len(y) * np.eye(x.shape[1])
        weights = solve_positive(matrix, products(z, y - level))
        return RidgeFit(means=means, spreads=spreads, weights=weights, level=level)


def _standard(x: _Array, means: _Array, spreads: _Array) -> _Array:
    safe = np.where(spreads > 0, spreads, 1.0)
    return np.where(np.isfinite(x) & (spreads > 0), (x - means) / safe, 0.0)
