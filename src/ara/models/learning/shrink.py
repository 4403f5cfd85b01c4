"""How much of a forecast is believed, by what forecasts made in the same way were worth outside of their sample."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Slope", "centred", "slope", "trust"]

_Array = NDArray[np.float64]
_Cells = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope and its standard error, which is infinite where nothing can be told."""

    value: float
    error: float

    @property
    def t(self) -> float:
        """The slope over its standard error."""
        return self.value / self.error if self.error > 0 else 0.0


def centred(values: _Array, weight: _Array, cells: _Cells) -> _Array:
    """Give values less the weighted mean of their cell (a class in a block of time)."""
    total = np.bincount(cells, weight)
    mean = np.bincount(cells, weight * values) / np.where(total > 0, total, 1.0)
    return np.asarray(values - mean[cells])


def slope(x: _Array, y: _Array, weight: _Array, clusters: _Cells) -> Slope:
    """Give the slope of y on x through 0, with a standard error that allows for what happens at the same time.

    Parameters
    ----------
    x, y, weight
        `[n]`.
    clusters
        Rows of one cluster may depend on each other: those of one stretch of time, of all series.

    References
    ----------
    J. G. MacKinnon, M. O. Nielsen and M. D. Webb (2023), Journal of Econometrics 232, the estimator CV1.
    """
    spread = float(np.sum(weight * x * x))
    if not spread > 0:
        return Slope(0.0, math.inf)
    value = float(np.sum(weight * x * y)) / spread
    _, which = np.unique(clusters, return_inverse=True)
    scores = np.bincount(which, weight * x * (y - value * x))
    count = len(scores)
    if count < 2:
        return Slope(value, math.inf)
    return Slope(value, math.sqrt(count / (count - 1) * float(np.sum(scores * scores))) / spread)


def trust(found: Slope, *, least: float, most: float) -> float:
    """Give the slope drawn to 0 by the positive-part rule of James and Stein, within bounds.

    b · max(0, 1 - 1 / t²): nothing remains of a slope that is within one standard error of 0.
    """
    if not math.isfinite(found.error):
        return 0.0
    kept = max(0.0, 1.0 - 1.0 / found.t**2) if found.t else 0.0
    return min(max(found.value * kept, least), most)
