"""Features on one scale, and the weighted sums that are learned of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.models.graphs import Linear

__all__ = ["Standard", "WeightedSum"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """A linear model as a regressor of one target.

    Parameters
    ----------
    linear
        Its arrays; they are all that there is of it.
    """

    linear: Linear

    def predict(self, x: NDArray[Any]) -> _Array:
        """Give the forecast of each row."""
        return self.linear.predict(x)

    def part(self) -> Linear:
        """Give what stands in a graph for it."""
        return self.linear


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standard:
    """Features as standard deviations from their means.

    Parameters
    ----------
    means, deviations
        `[F]`.
    z
        `[n, F]`; 0 for a feature that never moved.
    """

    means: _Array
    deviations: _Array
    z: _Array

    @classmethod
    def of(cls, x: NDArray[Any]) -> "Standard":
        """Give the features of a refit on one scale."""
        means, deviations = x.mean(axis=0), x.std(axis=0)
        z = np.where(deviations > 0, (x - means) / np.where(deviations > 0, deviations, 1.0), 0.0)
        return cls(means=means, deviations=deviations, z=np.asarray(z))

    def summed(self, weights: _Array, intercept: float) -> WeightedSum:
        """Give the sum with weights of the standardised features, for features as they come."""
        return WeightedSum(Linear.of(weights, intercept, means=self.means, deviations=self.deviations))
