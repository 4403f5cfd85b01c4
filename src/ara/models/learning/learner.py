"""Location and log scale by two regressors per horizon, and how much of what they tell is believed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.graphs import Output
from ara.models.learning.shapes import shapes
from ara.models.learning.shrink import centred, slope, trust
from ara.models.learning.targets import Targets
from ara.models.learning.work import FARTHEST, Fit, Regressor, Work, chosen, spread_over
from ara.models.months import DAY
from ara.models.panel import Panel, Rows
from ara.workers import Progress

__all__ = ["Learned", "believed", "learn"]

_Array = NDArray[np.float64]
_X = NDArray[np.float32] | NDArray[np.float64]

_STRETCH: Final = 0.35
_NAMES: Final = ("location", "log_scale")


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

    regressors: tuple[tuple[Regressor, ...], ...]
    factor: _Array
    shift: _Array
    spread: _Array
    residuals: dict[str, list[list[float]]]
    facts: dict[str, float]

    def outputs(self, x: _X) -> dict[str, _Array]:
        """Give location and log scale `[n, H]` as the regressors themselves compute them."""
        raw = np.stack([[one.predict(x) for one in part] for part in self.regressors])
        told = _spread(self.factor[..., None] * raw + self.shift[..., None], self.spread)
        return dict(zip(_NAMES, told, strict=True))

    def graphed(self) -> dict[str, Output]:
        """Give the outputs of the graph that answers the same."""
        return {
            name: Output(
                regressors=tuple(one.part() for one in self.regressors[part]),
                blend=self.factor[part][:, None] * self.spread,
                shift=np.einsum("f,fh->h", self.shift[part], self.spread),
            )
            for part, name in enumerate(_NAMES)
        }


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
    work = Work(seen=seen, places=places, x=x, fit=fit, watch=watch, words=words)
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


def _trusted(
    seen: Targets, places: Sequence[int], horizons: Sequence[int], raw: _Array, cells: NDArray[np.int64]
) -> _Array:
    """Give `[2, fitted]`: how much is believed of what was forecast from outside.

    Of the location as much as its slope in the returns tells, drawn to 0; of the log scale all, but for what the sizes
    of the returns tell against it.
    """
    out = np.zeros((2, len(places)))
    for column, place in enumerate(places):
        known, weight, cell, clusters = _judged(seen, place, horizons[place], cells)
        y = np.clip(seen.y[known, place], -FARTHEST, FARTHEST)
        size = raw[1, column, known]
        moves = np.abs(centred(y, weight, cell)) * np.exp(-size)
        usual = float(np.average(moves, weights=weight))
        beyond = centred(moves, weight, cell) / usual if usual > 0 else np.zeros(len(moves))
        found = slope(centred(size, weight, cell), beyond, weight, clusters)
        out[1, column] = max(1.0 + trust(found, least=-1.0, most=_STRETCH), 0.0)
        out[0, column] = believed(seen, place, horizons[place], raw[0, column], cells)
    return out


def believed(seen: Targets, place: int, horizon: int, forecast: _Array, cells: NDArray[np.int64]) -> float:
    """Give how much of a location `[n]`, forecast from outside, is believed: 0 to 1.

    Its slope in the returns, both less the mean of their class and block, drawn to 0 by its standard error.
    """
    known, weight, cell, clusters = _judged(seen, place, horizon, cells)
    y = np.clip(seen.y[known, place], -FARTHEST, FARTHEST)
    found = slope(centred(forecast[known], weight, cell), centred(y, weight, cell), weight, clusters)
    return trust(found, least=0.0, most=1.0)


def _judged(
    seen: Targets, place: int, horizon: int, cells: NDArray[np.int64]
) -> tuple[Rows, _Array, NDArray[np.int64], NDArray[np.int64]]:
    """Give the rows that are judged, their weights, their class in their block, and the stretch of time they are in."""
    known = seen.known(place)
    length = max(1, round(1.5 * horizon)) * DAY
    cell = cells[known] * (int(seen.group.max()) + 1) + seen.group[known]
    return known, seen.weight[known, place], cell, seen.begin[known] // length


def _spread(parts: _Array, spread: _Array) -> tuple[_Array, _Array]:
    location, size = np.einsum("pfn,fh->pnh", parts, spread)
    return location, size


def _facts(horizons: Sequence[int], trusted: _Array) -> dict[str, float]:
    return {f"{name}_{h}": float(trusted[part, c]) for part, name in enumerate(_NAMES) for c, h in enumerate(horizons)}
