"""The frame in which every family of learners is fitted: what differs between them is how one regressor is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ara.errors import CancelledError
from ara.models.graphs import Linear, Output, Trees
from ara.models.learning.folds import blocks, outside
from ara.models.learning.shapes import shapes
from ara.models.learning.shrink import centred, slope, trust
from ara.models.learning.targets import Targets
from ara.models.panel import Panel, Rows
from ara.workers import Progress

__all__ = ["FOLDS", "GRID", "Fit", "Learned", "Regressor", "chosen", "enough", "learn", "spread_over"]

_Array = NDArray[np.float64]
_X = NDArray[np.float32] | NDArray[np.float64]

FOLDS: Final = 3
"""Into how many blocks of time the past is parted, each forecast from the others."""

GRID: Final = (1, 2, 3, 5, 8, 13, 21, 30)
"""Horizons that are fitted where more than six are asked."""

_FEW: Final = 6
_ENOUGH: Final = 300
_MOMENTS: Final = 60
_FARTHEST: Final = 8.0
_STRETCH: Final = 0.35
_DAY: Final = 86_400_000_000


class Regressor(Protocol):
    """What was learned of one target; immutable."""

    def predict(self, x: _X) -> _Array:
        """Give the forecast of each row, as the library that learned computes it."""
        ...

    def part(self) -> Trees | Linear:
        """Give what stands in a graph for it."""
        ...


Fit = Callable[[Rows, _Array, _Array], Sequence[Regressor]]
"""Learn location and size, the columns of a target `[m, 2]`, with weights `[m]`, at some rows of a refit's features.

The weights say how much of its outcome a row shares with no other: their sum is how many outcomes there are.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Location and log scale of the scaled return by two regressors per fitted horizon, and what is left by class.

    The answer to a row is (regressors · factor + shift) · spread, for location and log scale each.

    Parameters
    ----------
    regressors
        Those of the location, by fitted horizon, and those of the log scale.
    factor, shift
        `[2, fitted]`: how much of what a regressor tells is believed, and where from.
    spread
        `[fitted, H]`: how the fitted horizons make up all.
    residuals
        Quantiles of (y - location) / exp(log scale) at `LEVELS` by asset class, `[H][level]`; under "" those of any
        other.
    facts
        How much is believed at each horizon, for the model's card.
    """

    regressors: tuple[tuple[Regressor, ...], tuple[Regressor, ...]]
    factor: _Array
    shift: _Array
    spread: _Array
    residuals: dict[str, list[list[float]]]
    facts: dict[str, float]

    def outputs(self, x: _X) -> tuple[_Array, _Array]:
        """Give location and log scale `[n, H]` as the regressors themselves compute them."""
        raw = np.stack([[one.predict(x) for one in part] for part in self.regressors])
        return _spread(self.factor[..., None] * raw + self.shift[..., None], self.spread)

    def graphed(self) -> dict[str, Output]:
        """Give the outputs of the graph that answers the same."""
        return {
            name: Output(
                regressors=tuple(one.part() for one in self.regressors[part]),
                blend=self.factor[part][:, None] * self.spread,
                shift=np.einsum("f,fh->h", self.shift[part], self.spread),
            )
            for part, name in enumerate(("location", "log_scale"))
        }


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


def learn(panel: Panel, seen: Targets, x: _X, fit: Fit, *, watch: Callable[[Progress], bool], words: str) -> Learned:
    """Learn location and log scale.

    Parameters
    ----------
    panel
        Holds nothing from after the cut.
    seen
        The rows that are learned from: `enough` of them.
    x
        `[n, F]`: their features, as the regressors see them.
    fit
        Learns one target at some of these rows.
    watch
        Told of progress; False ends the work with `CancelledError`.
    words
        What the progress is called.
    """
    places = chosen(panel.horizons)
    work = _Work(seen=seen, places=places, x=x, fit=fit, watch=watch, words=words)
    raw, cells = work.outside()
    regressors = work.whole()
    spread = spread_over([panel.horizons[place] for place in places], panel.horizons)
    level = raw.mean(axis=2)
    trusted = _trusted(seen, places, panel.horizons, raw, cells)
    shift = np.stack([-trusted[0] * level[0], (1.0 - trusted[1]) * level[1]])
    location, size = _spread(trusted[..., None] * raw + shift[..., None], spread)
    left = (seen.y - location) / np.exp(size)
    series = panel.series[seen.rows]
    return Learned(
        regressors=regressors,
        factor=trusted,
        shift=shift,
        spread=spread,
        residuals=shapes(seen, left, panel.horizons, panel.groups, series),
        facts=_facts([panel.horizons[place] for place in places], trusted),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    seen: Targets
    places: tuple[int, ...]
    x: _X
    fit: Fit
    watch: Callable[[Progress], bool]
    words: str

    def outside(self) -> tuple[_Array, NDArray[np.int64]]:
        """Give `[2, fitted, n]`, each row forecast by what was learned outside of its block; and the blocks."""
        raw = np.zeros((2, len(self.places), len(self.seen.rows)))
        cells = np.zeros(len(self.seen.rows), np.int64)
        for number, block in enumerate(blocks(self.seen.begin, FOLDS)):
            cells[block] = number
            for column, place in enumerate(self.places):
                known = self.seen.known(place)
                apart = outside(self.seen.begin[known], self.seen.end[known, place], _within(known, block))
                for part, one in enumerate(self._pair(known[apart], place)):
                    raw[part, column, block] = one.predict(self.x[block])
            self._tell(number + 1)
        return raw, cells

    def whole(self) -> tuple[tuple[Regressor, ...], tuple[Regressor, ...]]:
        pairs = [self._pair(self.seen.known(place), place) for place in self.places]
        self._tell(FOLDS + 1)
        return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)

    def _pair(self, rows: Rows, place: int) -> tuple[Regressor, Regressor]:
        y = np.clip(self.seen.y[rows, place], -_FARTHEST, _FARTHEST)
        target = np.stack([y, self.seen.size[rows, place]], axis=1)
        location, size = self.fit(rows, target, self.seen.weight[rows, place])
        return location, size

    def _tell(self, done: int) -> None:
        if not self.watch(Progress(done=done, total=FOLDS + 1, words=self.words)):
            raise CancelledError("the fit was stopped")


def _within(known: Rows, block: Rows) -> Rows:
    """Give the positions in `known` of those of the block's rows that are in it."""
    return np.flatnonzero(np.isin(known, block))


def _trusted(
    seen: Targets, places: Sequence[int], horizons: Sequence[int], raw: _Array, cells: NDArray[np.int64]
) -> _Array:
    """Give `[2, fitted]`: how much is believed of what was forecast from outside.

    Of the location as much as its slope in the returns tells, drawn to 0; of the log scale all, but for what the sizes
    of the returns tell against it.
    """
    out = np.zeros((2, len(places)))
    groups = int(seen.group.max()) + 1
    for column, place in enumerate(places):
        known = seen.known(place)
        weight, cell = seen.weight[known, place], cells[known] * groups + seen.group[known]
        length = max(1, round(1.5 * horizons[place])) * _DAY
        y = np.clip(seen.y[known, place], -_FARTHEST, _FARTHEST)
        size, clusters = raw[1, column, known], seen.begin[known] // length
        moves = np.abs(centred(y, weight, cell)) * np.exp(-size)
        beyond = centred(moves, weight, cell) / np.average(moves, weights=weight)
        found = slope(centred(size, weight, cell), beyond, weight, clusters)
        out[1, column] = min(max(1.0 + trust(found, least=-1.0, most=_STRETCH), 0.0), 1.0 + _STRETCH)
        timed = slope(centred(raw[0, column, known], weight, cell), centred(y, weight, cell), weight, clusters)
        out[0, column] = trust(timed, least=0.0, most=1.0)
    return out


def _spread(parts: _Array, spread: _Array) -> tuple[_Array, _Array]:
    location, size = np.einsum("pfn,fh->pnh", parts, spread)
    return location, size


def _facts(horizons: Sequence[int], trusted: _Array) -> dict[str, float]:
    names = ("location", "log_scale")
    return {f"{name}_{h}": float(trusted[part, c]) for part, name in enumerate(names) for c, h in enumerate(horizons)}
