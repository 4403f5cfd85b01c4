"""The work of a refit: each block of time forecast by what is learned outside of it, then learning from all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ara.errors import CancelledError
from ara.models.graphs import Linear, Trees
from ara.models.learning.folds import blocks, outside
from ara.models.learning.targets import Targets
from ara.models.panel import Rows
from ara.workers import Progress

__all__ = ["FARTHEST", "FOLDS", "GRID", "Fit", "Regressor", "Work", "chosen", "enough", "spread_over"]

_Array = NDArray[np.float64]
_X = NDArray[np.float32] | NDArray[np.float64]

FOLDS: Final = 3
"""Into how many blocks of time the past is parted, each forecast from the others."""

GRID: Final = (1, 2, 3, 5, 8, 13, 21, 30)
"""Horizons that are fitted where more than six are asked."""

FARTHEST: Final = 8.0
"""Returns count as no more than this many of the scale where a location is learned."""

_FEW: Final = 6
_ENOUGH: Final = 300
_MOMENTS: Final = 60


class Regressor(Protocol):
    """What was learned of one target; immutable."""

    def predict(self, x: _X) -> _Array:
        """Give the forecast of each row, as the library that learned computes it."""
        ...

    def part(self) -> Trees | Linear:
        """Give what stands in a graph for it."""
        ...


Fit = Callable[[Rows, _Array, _Array], Sequence[Regressor]]
"""Learn from location and size, the columns of a target `[m, 2]`, with weights `[m]`, at some rows of a refit.

The weights say how much of its outcome a row shares with no other: their sum is how many outcomes there are.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One refit.

    Parameters
    ----------
    seen
        The rows that are learned from: `enough` of them.
    places
        Which horizons are fitted.
    x
        `[n, F]`: features as the regressors see them.
    fit
        Learns the targets of one horizon at some of the rows.
    watch
        Told of progress; False ends the work with `CancelledError`.
    words
        What the progress is called.
    """

    seen: Targets
    places: tuple[int, ...]
    x: _X
    fit: Fit
    watch: Callable[[Progress], bool]
    words: str

    def outside(self) -> tuple[_Array, NDArray[np.int64]]:
        """Give `[regressor, fitted, n]`, each row forecast by what was learned outside of its block; and the blocks."""
        raw = np.zeros((0, len(self.places), len(self.seen.rows)))
        cells = np.zeros(len(self.seen.rows), np.int64)
        for number, block in enumerate(blocks(self.seen.begin, FOLDS)):
            cells[block] = number
            for column, place in enumerate(self.places):
                known = self.seen.known(place)
                apart = outside(self.seen.begin[known], self.seen.end[known, place], _within(known, block))
                made = self._fitted(known[apart], place)
                raw = raw if len(raw) else np.zeros((len(made), *raw.shape[1:]))
                for part, one in enumerate(made):
                    raw[part, column, block] = one.predict(self.x[block])
            self._tell(number + 1)
        return raw, cells

    def whole(self) -> tuple[tuple[Regressor, ...], ...]:
        """Give what was learned from all rows: `[regressor][fitted]`."""
        made = [self._fitted(self.seen.known(place), place) for place in self.places]
        self._tell(FOLDS + 1)
        return tuple(zip(*made, strict=True))

    def _fitted(self, rows: Rows, place: int) -> Sequence[Regressor]:
        y = np.clip(self.seen.y[rows, place], -FARTHEST, FARTHEST)
        target = np.stack([y, self.seen.size[rows, place]], axis=1)
        return self.fit(rows, target, self.seen.weight[rows, place])

    def _tell(self, done: int) -> None:
        if not self.watch(Progress(done=done, total=FOLDS + 1, words=self.words)):
            raise CancelledError("the fit was stopped")


def chosen(horizons: Sequence[int]) -> tuple[int, ...]:
    """Give the places of the horizons that are fitted: all where there are up to six, else those of a grid.

    The grid is 1, 2, 3, 5, 8, 13, 21 and 30 bars, and the first and the last that are asked.
    """
    places = range(len(horizons))
    if len(horizons) <= _FEW:
        return tuple(places)
    return tuple(p for p in places if horizons[p] in GRID or p in (0, len(horizons) - 1))


def spread_over(fitted: Sequence[int], horizons: Sequence[int]) -> _Array:
    """Give `[fitted, H]` by which the forecasts of fitted horizons make up all: linear in the log of the horizon."""
    logs = np.log(np.array(fitted, float))
    unit = np.eye(len(fitted))
    return np.stack([np.interp(np.log(np.array(horizons, float)), logs, row) for row in unit])


def enough(seen: Targets, horizons: Sequence[int]) -> bool:
    """Say whether there are outcomes enough to learn from: 300 rows, and a third outside of each block of time."""
    for place in chosen(horizons):
        known = seen.known(place)
        if len(known) < _ENOUGH or len(np.unique(seen.begin[known])) < _MOMENTS:
            return False
        begin, end = seen.begin[known], seen.end[known, place]
        parts = (_within(known, block) for block in blocks(seen.begin, FOLDS))
        if any(not len(part) or len(outside(begin, end, part)) < _ENOUGH // FOLDS for part in parts):
            return False
    return True


def _within(known: Rows, block: Rows) -> Rows:
    """Give the positions in `known` of those of the block's rows that are in it."""
    return np.flatnonzero(np.isin(known, block))
