"""Answers about many stretches of one array at once: the largest value in each, the first one above a level."""

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array

__all__ = ["Extremes"]


class Extremes:
    """The largest values of all stretches of 1, 2, 4, ... bars, of which any stretch is put together.

    Parameters
    ----------
    values
        One for each bar, none NaN.
    longest
        The most bars a stretch may have.
    """

    def __init__(self, values: Array, longest: int) -> None:
        self._values = values
        rows = [values]
        while len(values) > 1 << len(rows) - 1 and longest >= 1 << len(rows):
            half, row = 1 << len(rows) - 1, rows[-1].copy()
            np.maximum(row[:-half], rows[-1][half:], out=row[:-half])
            rows.append(row)
        self._rows = np.stack(rows)

    def over(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> Array:
        """Give the largest value of each stretch, both ends included."""
        row = np.minimum(np.frexp((last - first + 1).astype(np.float64))[1] - 1, len(self._rows) - 1)
        return np.asarray(np.maximum(self._rows[row, first], self._rows[row, last + 1 - (1 << row)]))

    def above(self, start: NDArray[np.int64], level: Array) -> NDArray[np.int64]:
        """Give the first bar from `start` on with a value above the level; the number of bars where none is."""
        count = len(self._values)
        at = np.minimum(start, count)
        for power in range(len(self._rows) - 1, -1, -1):
            inside = np.minimum(at, count - 1)
            at = np.where((at < count) & (self._rows[power, inside] <= level), np.minimum(at + (1 << power), count), at)
        inside = np.minimum(at, count - 1)
        return np.where((at < count) & (self._values[inside] > level), at, count)
