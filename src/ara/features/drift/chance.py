"""How often chance alone sets two windows of a feature as far apart, given how long the feature remembers."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.drift.dependence import memory_times, shuffled_windows

__all__ = ["Chance", "block_length"]

_BLOCK: Final = 5.0
_SPREAD: Final = 1.5
_NONE: Final = 1.5
_FEWEST: Final = 10
_CELLS: Final = 60
_BINS: Final = 10
_AT_ONCE: Final = 500
_LADDER: Final = math.sqrt(2.0)

_Array = NDArray[np.float64]


def block_length(values: _Array) -> int:
    """Give how many bars are shuffled together: five times the memory of a feature, 1 where it has none.

    The memory of its spread counts half as much again: that of volatility is weak, and longer than it is strong.
    """
    level, spread = memory_times(values)
    time = max(level, _SPREAD * spread if spread > _NONE else 1.0)
    if time <= _NONE:
        return 1
    step = math.ceil(math.log(_BLOCK * time) / math.log(_LADDER))
    return math.ceil(_LADDER**step)


@dataclass(slots=True)
class Chance:
    """Shuffles of two windows, shared by the features that remember equally long.

    Parameters
    ----------
    before, after
        Bars in the reference and in the current window.
    seed
        Of the shuffles.
    """

    before: int
    after: int
    seed: int
    _kept: dict[tuple[int, int], NDArray[np.float32]] = field(default_factory=dict)

    def tells(self, block: int) -> bool:
        """Say whether there are enough blocks for chance to show."""
        return (self.before + self.after) // block >= _FEWEST and self.after >= block

    def p(self, values: _Array, block: int, count: int) -> float:
        """Give how often shuffled windows differ at least as much as the two do, in whichever of four measures is most.

        Parameters
        ----------
        values
            Both windows, one after the other; NaN where there is no value.
        block
            Bars that are shuffled together.
        count
            How many shuffles.
        """
        known = np.flatnonzero(~np.isnan(values))
        cells, width = _cells(values[known])
        onehot = np.zeros((len(values), len(width) + 1), np.float32)
        onehot[known, cells] = 1.0
        whole = onehot.sum(axis=0, dtype=np.float64)
        parts = range(math.ceil(count / _AT_ONCE))
        tried = [self._observed(), *(self._shuffles(block, part) for part in parts)]
        found = [_apart(labels @ onehot, whole, width) for labels in tried]
        return _least(np.concatenate(found)[: count + 1])

    def _observed(self) -> NDArray[np.float32]:
        return (np.arange(self.before + self.after) >= self.before).astype(np.float32)[None, :]

    def _shuffles(self, block: int, part: int) -> NDArray[np.float32]:
        key = (block, part)
        if key not in self._kept:
            random = np.random.default_rng([self.seed, block, part])
            made = shuffled_windows(self.before, self.after, block, _AT_ONCE, random)
            if part:
                return made
            self._kept[key] = made
        return self._kept[key]


def _cells(values: _Array) -> tuple[NDArray[np.int64], _Array]:
    """Put values into cells of equal shares; give each one's cell, and how far neighbouring cells are apart."""
    edges = np.unique(np.quantile(values, np.arange(1, _CELLS) / _CELLS))
    cells = np.searchsorted(edges, values)
    count = np.bincount(cells, minlength=len(edges) + 1)
    sums = np.bincount(cells, weights=values, minlength=len(edges) + 1)
    centres = np.where(count > 0, sums / np.maximum(count, 1), np.append(edges, edges[-1:]))
    return cells, np.diff(centres)


def _apart(current: NDArray[np.float32], whole: _Array, width: _Array) -> _Array:
    """Give `[shuffle, 4]`: the measures for counts of the later window by cell."""
    later = current.astype(np.float64)
    earlier = whole - later
    q, p = (one / np.maximum(one.sum(axis=1, keepdims=True), 1.0) for one in (later, earlier))
    gap = np.abs(np.cumsum(q - p, axis=1))[:, :-1]
    places = np.arange(0, len(whole), max(len(whole) // _BINS, 1))
    a, b = (np.add.reduceat(one, places, axis=1) + 0.5 for one in (earlier, later))
    a, b = (one / one.sum(axis=1, keepdims=True) for one in (a, b))
    middle = (a + b) / 2
    shared = (a * np.log(a / middle) + b * np.log(b / middle)).sum(axis=1)
    largest = gap.max(axis=1, initial=0.0)
    return np.column_stack([largest, gap @ width, ((b - a) * np.log(b / a)).sum(axis=1), shared])


def _least(measures: _Array) -> float:
    """Give the p-value of the first row by the measure that is most unusual in it, as unusual as such a choice is."""
    rows = len(measures)
    least = np.ones(rows)
    for column in np.round(measures, 12).T:
        ordered = np.sort(column)
        least = np.minimum(least, (rows - np.searchsorted(ordered, column, side="left")) / rows)
    return float((least <= least[0]).mean())
