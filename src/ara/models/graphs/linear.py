"""Linear models as plain arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError

__all__ = ["Linear"]

_FIELDS = ("weights", "intercept", "centre")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linear:
    """A weighted sum of the features.

    Parameters
    ----------
    weights
        `[F]`, of the features as they come.
    intercept
        Added to the sum.
    centre
        `[F]`: the usual row, from which Shapley values count; zeros where none is said.
    """

    weights: NDArray[np.float64]
    intercept: float
    centre: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.weights.ndim != 1 or self.centre.shape != self.weights.shape:
            raise ModelError("a linear model has one weight and one centre for each feature")
        if not (np.isfinite(self.weights).all() and np.isfinite(self.centre).all() and np.isfinite(self.intercept)):
            raise ModelError("a number in the linear model is not finite")

    @classmethod
    def of(
        cls,
        weights: NDArray[Any],
        intercept: float,
        *,
        means: NDArray[Any] | None = None,
        deviations: NDArray[Any] | None = None,
    ) -> "Linear":
        """Make a linear model; with `means` and `deviations` its weights are of (feature - mean) / deviation.

        A feature whose deviation is 0 never moved and counts for nothing.
        """
        own = np.asarray(weights, np.float64).ravel()
        centre = np.zeros_like(own) if means is None else np.asarray(means, np.float64)
        if deviations is not None:
            spread = np.asarray(deviations, np.float64)
            own = np.where(spread > 0, own / np.where(spread > 0, spread, 1.0), 0.0)
        shift = 0.0 if means is None else float(np.einsum("f,f->", own, centre))
        return cls(weights=own, intercept=float(intercept) - shift, centre=centre)

    def predict(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Give the sum for each row of features."""
        return np.asarray(np.einsum("nf,f->n", np.asarray(x, np.float64), self.weights) + self.intercept)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name, to be kept."""
        return {name: np.asarray(getattr(self, name), np.float64) for name in _FIELDS}

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "Linear":
        """Make the model of kept arrays."""
        return cls(weights=arrays["weights"], intercept=float(arrays["intercept"]), centre=arrays["centre"])
