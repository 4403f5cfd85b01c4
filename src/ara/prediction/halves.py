"""Many refits by two processes: each answers half of the months, and no month hangs on another's."""

import os
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import CancelledError, WorkerError
from ara.models.ensemble.members import COSTLY
from ara.models.ensemble.model import Ensemble
from ara.models.fits import refits
from ara.models.months import REFITS
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.prediction.compute import Recipe, compute, family
from ara.prediction.unfinished import Parts
from ara.workers import Progress
from ara.workers.beside import Beside

__all__ = ["computed", "half"]

_FEWEST: Final = 6
_WORTH: Final = 400_000


def computed(
    panel: Panel,
    rows: Rows,
    recipe: Recipe,
    *,
    parts: Parts | None = None,
    watch: Callable[[Progress], bool] | None = None,
) -> Quantiles:
    """Give the quantiles that `compute` gives, the later half of the refits from a second process if that is worth it.

    Refits are tied to the calendar and know nothing of each other, so an answer is the same wherever it is made. What
    both processes have to make, the months before their first one, is why it takes more than half of the time. Refits
    whose answers are among the `parts` are not asked again.
    """
    if parts is None:
        return _shared(panel, rows, recipe, None, watch)
    values = np.full((len(rows), len(panel.horizons), len(LEVELS)), np.nan)
    open_ = np.ones(len(rows), bool)
    for moment, places in refits(panel.known_at[rows], every=REFITS[recipe.refit]):
        told = parts.of(moment, (len(places), *values.shape[1:]))
        if told is not None:
            values[places], open_[places] = told, False
    done = len(rows) - int(open_.sum())

    def on(progress: Progress) -> bool:
        said = Progress(done=done + progress.done, total=len(rows), words=progress.words)
        return watch is None or watch(said)

    if open_.any():
        values[open_] = _shared(panel, rows[open_], recipe, parts, on).values
    return Quantiles(horizons=panel.horizons, values=values)


def _shared(
    panel: Panel, rows: Rows, recipe: Recipe, parts: Parts | None, watch: Callable[[Progress], bool] | None
) -> Quantiles:
    later = _later(panel, rows, recipe)
    if not len(later):
        return compute(panel, rows, recipe, parts=parts, watch=watch).quantiles
    earlier = np.setdiff1d(np.arange(len(rows)), later)
    with Beside() as other:
        errand = other.submit(half, panel, rows[later], recipe, parts)

        def told(progress: Progress) -> bool:
            done = progress.done + errand.said.done
            return watch is None or watch(Progress(done=done, total=len(rows), words=progress.words))

        first = compute(panel, rows[earlier], recipe, parts=parts, watch=told).quantiles.values
        try:
            second = errand.result(lambda: told(Progress(done=len(earlier), words=errand.said.words)))
        except WorkerError:  # it was killed, or has no memory: what it would have said is said here
            second = compute(panel, rows[later], recipe, parts=parts, watch=watch).quantiles.values
    values = np.empty((len(rows), *first.shape[1:]))
    values[earlier], values[later] = first, second
    if watch is not None and not watch(Progress(done=len(rows), total=len(rows), words="forecasting")):
        raise CancelledError("the forecasts were cancelled")
    return Quantiles(horizons=panel.horizons, values=values)


def half(
    panel: Panel, rows: Rows, recipe: Recipe, parts: Parts | None = None, *, watch: Callable[[Progress], bool]
) -> NDArray[np.float64]:
    """Give the values `[row, horizon, level]` of some rows' quantiles."""
    return compute(panel, rows, recipe, parts=parts, watch=watch).quantiles.values


def _later(panel: Panel, rows: Rows, recipe: Recipe) -> Rows:
    """Give the places of the rows that a second process had better answer; none where it is not worth its start.

    Ensembles of members whose fits are costly have a second process for these.
    """
    if recipe.artefact is not None or recipe.made is not None or _cores() < 2:
        return np.empty(0, np.int64)
    model = family(recipe)
    if not isinstance(model, Ensemble) or COSTLY.intersection(model.members):
        return np.empty(0, np.int64)
    parts = [places for _, places in refits(panel.known_at[rows], every=REFITS[recipe.refit])]
    if len(parts) < _FEWEST or len(panel) * len(parts) < _WORTH:
        return np.empty(0, np.int64)
    return np.sort(np.concatenate(parts[(len(parts) + 1) // 2 :]))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
