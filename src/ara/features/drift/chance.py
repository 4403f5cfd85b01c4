"""How often chance alone sets two windows of a feature as far apart, given how long the feature remembers."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.drift.cells import apart, in_cells
from ara.features.drift.dependence import shuffled_windows

__all__ = ["Chance", "block_length"]

_BLOCK: Final = 5.0
_SPREAD: Final = 1.5
_NONE: Final = 1.5
_FEWEST: Final = 10
_AT_ONCE: Final = 500
_LADDER: Final = math.sqrt(2.0)

_Array = NDArray[np.float64]


def block_length(level: float, spread: float) -> int:
    """Give how many bars are shuffled together: five times the memory of a feature, 1 where it has none.

    Parameters
    ----------
    level, spread
        The memory of both, in bars. That of the spread counts half as much again: the memory of volatility is weak,
        and longer than it is strong.
    """
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
        placed, width = in_cells(values)
        whole = placed.sum(axis=0, dtype=np.float64)
        parts = range(math.ceil(count / _AT_ONCE))
        tried = [self._observed(), *(self._shuffles(block, part) for part in parts)]
        found = [apart(labels @ placed, whole, width) for labels in tried]
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


def _least(measures: _Array) -> float:
    """Give the p-value of the first row by the measure that is most unusual in it, as unusual as such a choice is."""
    rows = len(measures)
    least = np.ones(rows)
    for column in np.round(measures, 12).T:
        ordered = np.sort(column)
        least = np.minimum(least, (rows - np.searchsorted(ordered, column, side="left")) / rows)
    return float((least <= least[0]).mean())
