"""One belief about the future: quantiles of log returns, from which all else is derived."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Quantiles"]

LEVELS: Final[tuple[float, ...]] = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
    0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995,
)  # fmt: skip
"""The probability levels of every forecast of Ara."""

_P: Final = np.array(LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Quantiles of the log return from the origin to each horizon.

    Between two levels the distribution is linear in the return; beyond the outermost ones it has exponential tails
    whose density continues that of the outermost step. So every probability lies strictly between 0 and 1.

    Parameters
    ----------
    horizons
        In bars of the instrument's own calendar, ascending.
    values
        `[row, horizon, level]`, log returns, not decreasing along the levels.
    levels
        Always `LEVELS`.
    """

    horizons: tuple[int, ...]
    values: NDArray[np.float64]
    levels: tuple[float, ...] = LEVELS

    def __post_init__(self) -> None:
        shape = (len(self.values), len(self.horizons), len(self.levels))
        if self.values.shape != shape:
            raise ValueError(f"quantiles have the shape {self.values.shape}, not {shape}")

    def at(self, level: float) -> NDArray[np.float64]:
        """Give the log return `[row, horizon]` at one of the levels."""
        return self.values[:, :, self.levels.index(level)]

    def price(self, close: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the median price `[row, horizon]`, given the close `[row]` at the origin."""
        return np.asarray(close[:, None] * np.exp(self.at(0.5)))

    def band(self, share: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the log returns `[row, horizon]` between which the central `share` (0.5, 0.8, 0.95 …) lies."""
        tail = round((1 - share) / 2, 6)
        return self.at(tail), self.at(round(1 - tail, 6))

    @property
    def sigma(self) -> NDArray[np.float64]:
        """The standard deviation `[row, horizon]` of the log return."""
        q, (low, high) = self.values, self._tails()
        a, b, mass = q[..., :-1], q[..., 1:], np.diff(_P)
        first = np.einsum("...k,k->...", (a + b) / 2, mass)
        second = np.einsum("...k,k->...", (a * a + a * b + b * b) / 3, mass)
        tail = _P[0]
        first += tail * (q[..., 0] - low + q[..., -1] + high)
        second += tail * ((q[..., 0] - low) ** 2 + low**2 + (q[..., -1] + high) ** 2 + high**2)
        return np.asarray(np.sqrt(np.maximum(second - first * first, 0.0)))

    def below(self, value: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probability `[row, horizon]` of a log return up to `value` (a number, or `[row, horizon]`)."""
        return self._below(np.broadcast_to(np.asarray(value, float), self.values.shape[:2]))

    def _below(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probabilities up to several values: `[..., row, horizon]`."""
        q, (low, high) = self.values, self._tails()
        upper = np.minimum(np.maximum((q <= x[..., None]).sum(axis=-1), 1), len(_P) - 1)
        flat = np.broadcast_to(self._places(), x.shape) + upper  # one index in place of three, which take longer
        whole = np.ascontiguousarray(q).reshape(-1)
        a, b = whole[flat - 1], whole[flat]
        first, last = q[..., 0], q[..., -1]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = np.where(b > a, (x - a) / (b - a), 0.5)
            left = np.where(low > 0, np.exp(np.minimum((x - first) / low, 0.0)), 0.0)
            right = np.where(high > 0, np.exp(np.minimum((last - x) / high, 0.0)), 0.0)
        before = _P[upper - 1]
        middle = before + np.minimum(np.maximum(share, 0.0), 1.0) * (_P[upper] - before)
        out = np.where(x < first, _P[0] * left, np.where(x > last, 1 - (1 - _P[-1]) * right, middle))
        return np.where((first == last) & (x == first), 0.5, out)

    def _places(self) -> NDArray[np.int64]:
        """Give `[row, horizon]`: where the first level of each stands when all values lie in one line."""
        rows, horizons, levels = self.values.shape
        return np.arange(0, rows * horizons * levels, levels).reshape(rows, horizons)

    def above(self, value: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probability `[row, horizon]` of a log return beyond `value`; `above(0)` is p_up."""
        return np.asarray(1.0 - self.below(value))

    def within(self, width: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probability `[row, horizon]` of ending within `width` (log) of the median."""
        middle = self.at(0.5)
        upper, lower = self._below(np.stack((middle + width, middle - width)))
        return np.asarray(upper - lower)

    def _tails(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the scale of each exponential tail: tail mass / density of the outermost step."""
        q = self.values
        low = (q[..., 1] - q[..., 0]) * _P[0] / (_P[1] - _P[0])
        high = (q[..., -1] - q[..., -2]) * (1 - _P[-1]) / (_P[-1] - _P[-2])
        return low, high
