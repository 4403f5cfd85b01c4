"""What the pooled models add up month by month; older rows weigh less where they should."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.equations import gram, nested, slopes
from ara.models.families.pooled.features import BLOCKS, COLUMNS
from ara.models.months import DAY

__all__ = ["ENOUGH", "Scales", "Second", "Timing", "Variance", "fading"]

_Array = NDArray[np.float64]

ENOUGH: Final = 300
"""Rows of a class whose targets are known before it has a model of variance."""

_PENALTY: Final = 50.0
_SECOND_PENALTY: Final = 300.0
_TIMING_PENALTY: Final = 3000.0
_FEW: Final = 50.0
_PULL: Final = 400.0
_SCORED: Final = 250
_WIDEST: Final = 2.0


def fading(microseconds: int, half_life: float) -> float:
    """Give the weight that is left after a time, given the days after which half is left."""
    return float(0.5 ** (microseconds / DAY / half_life))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variance:
    """Normal equations of the log variance of the next bars, one per horizon, all rows alike.

    Parameters
    ----------
    matrix, right, count
        `[H, k, k]`, `[H, k]`, `[H]`.
    """

    matrix: _Array
    right: _Array
    count: _Array

    @classmethod
    def empty(cls, horizons: int) -> "Variance":
        """Give sums over nothing."""
        k = len(COLUMNS)
        return cls(matrix=np.zeros((horizons, k, k)), right=np.zeros((horizons, k)), count=np.zeros(horizons))

    def add(self, place: int, x: _Array, y: _Array) -> None:
        """Add rows of one horizon."""
        matrix, right = gram(x, y)
        self.matrix[place] += matrix
        self.right[place] += right
        self.count[place] += len(y)

    def solve(self) -> _Array:
        """Give the weights `[H, block, k]` of the nested models by ridge with a free intercept; NaN until enough."""
        ready = self.count >= ENOUGH
        out = np.full((len(ready), len(BLOCKS), len(COLUMNS)), np.nan)
        if ready.any():
            matrix = self.matrix[ready]
            place = np.arange(1, len(COLUMNS))
            matrix[:, place, place] += _PENALTY
            out[ready] = nested(matrix, self.right[ready], BLOCKS)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """Moments of |return| over its forecast volatility against what the first stage may have missed.

    Parameters
    ----------
    moments
        `[H, k, k]` of the regressors.
    plain, weighed
        `[H, S, k]`: sums of the regressors of each series, alone and times the |return|.
    """

    moments: _Array
    plain: _Array
    weighed: _Array

    @classmethod
    def empty(cls, horizons: int, series: int, k: int) -> "Second":
        """Give sums over nothing."""
        return cls(
            moments=np.zeros((horizons, k, k)),
            plain=np.zeros((horizons, series, k)),
            weighed=np.zeros((horizons, series, k)),
        )

    def fade(self, weight: float) -> None:
        """Let all rows so far weigh less."""
        for sums in (self.moments, self.plain, self.weighed):
            np.multiply(sums, weight, out=sums)

    def add(self, place: int, x: _Array, size: _Array, series: NDArray[np.int32]) -> None:
        """Add rows of one horizon: regressors, |return| over volatility, and whose they are."""
        self.moments[place] += np.einsum("np,nq->pq", x, x)
        np.add.at(self.plain[place], series, x)
        np.add.at(self.weighed[place], series, x * size[:, None])

    def solve(self, horizons: _Array) -> tuple[_Array, _Array]:
        """Give means and slopes `[H, k - 1]` for |return| relative to its series' own mean; 0 until enough."""
        count = self.plain[:, :, 0]
        mean = (self.weighed[:, :, 0].sum(axis=1) / np.maximum(self.moments[:, 0, 0], 1.0))[:, None]
        level = (self.weighed[:, :, 0] + _FEW * mean) / (count + _FEW)
        level = np.where(level > 0, level, 1.0)
        right = (self.weighed / level[:, :, None] - self.plain).sum(axis=1)
        means, slope = slopes(self.moments, right, _SECOND_PENALTY * horizons)
        return means, np.where(self.moments[:, 0, 0, None] >= ENOUGH, slope, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """How large each series' returns are over their forecast volatility, beside its class.

    Parameters
    ----------
    size, count
        `[H, S]`: sums of |return| over volatility, and of the rows' weights.
    """

    size: _Array
    count: _Array

    @classmethod
    def empty(cls, horizons: int, series: int) -> "Scales":
        """Give sums over nothing."""
        return cls(size=np.zeros((horizons, series)), count=np.zeros((horizons, series)))

    def fade(self, weight: float) -> None:
        """Let all rows so far weigh less."""
        for sums in (self.size, self.count):
            np.multiply(sums, weight, out=sums)

    def add(self, place: int, size: _Array, series: NDArray[np.int32]) -> None:
        """Add rows of one horizon."""
        np.add.at(self.size[place], series, size)
        np.add.at(self.count[place], series, 1.0)

    def solve(self, horizons: _Array) -> _Array:
        """Give `[H, S]`: each series' scale over its class's, 1 where little is known."""
        pull = _PULL * np.sqrt(horizons)[:, None]
        count = self.count.sum(axis=1)
        mean = (self.size.sum(axis=1) / np.where(count > 0, count, 1.0))[:, None]
        scale = (self.size + pull * mean) / (self.count + pull)
        return np.where(mean > 0, np.maximum(scale, 0.05 * mean) / np.where(mean > 0, mean, 1.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Moments of the return over its forecast volatility against what moved the day before.

    Parameters
    ----------
    moments, right
        `[H, k, k]` and `[H, k]`.
    """

    moments: _Array
    right: _Array

    @classmethod
    def empty(cls, horizons: int, k: int) -> "Timing":
        """Give sums over nothing."""
        return cls(moments=np.zeros((horizons, k, k)), right=np.zeros((horizons, k)))

    def add(self, place: int, x: _Array, returns: _Array) -> None:
        """Add rows of one horizon; returns are cut at twice their volatility."""
        matrix, right = gram(x, np.clip(returns, -_WIDEST, _WIDEST))
        self.moments[place] += matrix
        self.right[place] += right

    def solve(self, horizons: _Array) -> tuple[_Array, _Array]:
        """Give means and slopes `[H, k - 1]`; 0 until enough."""
        means, slope = slopes(self.moments, self.right, _TIMING_PENALTY * np.sqrt(horizons))
        return means, np.where(self.moments[:, 0, 0, None] >= _SCORED, slope, 0.0)
