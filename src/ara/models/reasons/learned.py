"""Learners taken apart, trees by exact Shapley values, networks by integrated gradients, others by permutation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models import shapley
from ara.models.graphs.session import run
from ara.models.head import Head
from ara.models.model import Fitted
from ara.models.networks.fused import FittedFused, with_fused
from ara.models.panel import Panel
from ara.models.reasons.paths import integrated, relative_widths
from ara.models.reasons.permuted import of_features
from ara.models.reasons.pooled import groups, stood
from ara.models.reasons.single import carried, halves
from ara.models.reasons.told import Told, added, log_width, middle, sampled
from ara.models.served import Served
from ara.statistics.volatility import ewma_variance

__all__ = ["of_fused", "of_served"]

_Array = NDArray[np.float64]

_FURTHER: Final = {"ewma": "month", "apart": "falls", "apart_state": "falls"}
_DECAY: Final = 0.94
_CLOSE: Final = 1e-4


def of_served(name: str, served: Served, panel: Panel, row: int) -> Told | None:
    """Tell of a learner; None where its answer is not what its parts add up to.

    The log of a band's width is that of the panel's scale, which is a weighted variance of the last bars, and that of
    the learner's, which is a sum over features. Of a usual bar these are the means of every tenth of the last 250.
    """
    if served.head.window:
        return _of_network(served, panel, row)
    if served.parts is None or served.head.gives != "shape":
        return _of_any(served, panel, row)
    rows = sampled(panel, row)
    places = [served.head.horizons.index(horizon) for horizon in panel.horizons]
    given = shapley.values(served, panel, rows).values["log_scale"][:, places]
    widths = log_width(served.predict(panel, rows).values)
    scales = np.log(panel.scale[rows])
    rest = widths - scales - given.sum(axis=2)
    if not np.isfinite(rest).all() or np.ptp(rest, axis=0).max() > _CLOSE:
        return None
    (last,) = served.predict(panel, np.array([row])).values
    return _summed(served.head.family, last, panel, row, (given[-1] - given.mean(axis=0)).T)


def _of_network(served: Served, panel: Panel, row: int) -> Told | None:
    """Tell of a network; None where it has no answer of its own for the row, or its parts don't sum to that."""
    (known,) = served.predict(panel, np.array([row])).values
    (plain,) = served.plain.predict(panel, np.array([row])).values
    if np.array_equal(known, plain, equal_nan=True):
        return None
    try:
        found = integrated(served, panel, row)
    except ModelError:
        return _of_any(served, panel, row)
    return _summed(served.head.family, known, panel, row, found.parts)


def _of_any(served: Served, panel: Panel, row: int) -> Told | None:
    """Tell by permutation what answers."""
    return _permuted(served, served.head, lambda some: relative_widths(served, panel, row, some), panel, row)


def of_fused(fused: FittedFused, panel: Panel, row: int) -> Told | None:
    """Tell of a learner that sees a network's vector, by what both see; None as in `of_served`."""
    network, learner = fused.network, fused.learner
    if network is None:
        return of_served(learner.head.family, learner, panel, row)
    wide = with_fused(network, panel)

    def answer(some: NDArray[Any]) -> _Array:
        told = run(network.graph, network.sha256, np.ascontiguousarray(some, np.float32), names=("embedding",))
        return relative_widths(learner, wide, row, np.concatenate([some[:, -1], told["embedding"]], axis=1))

    return _permuted(fused, network.head, answer, panel, row)


def _permuted(
    fitted: Fitted, head: Head, answer: Callable[[NDArray[Any]], _Array], panel: Panel, row: int
) -> Told | None:
    """Tell by permutation: a block is what a reader knows by one name, and moves as one.

    None where what answers the row is not what was taken apart.
    """
    known, blocks = {**groups(panel, row), **_FURTHER}, dict[str, list[int]]()
    for column, one in enumerate(panel.names):
        blocks.setdefault(known.get(one, one), []).append(column)
    found = of_features(head, answer, panel, row, list(blocks.values()))
    if found is None:
        return None
    (values,) = fitted.predict(panel, np.array([row])).values
    seen = panel.windows(np.array([row]), head.window) if head.window else panel.x[[row]]
    away = log_width(values) - np.log(panel.scale[row]) - answer(seen)[0]
    if not np.isfinite(away).all() or np.abs(away).max() > _CLOSE:
        return None
    steps = np.zeros((len(panel.names), len(panel.horizons)))
    steps[[columns[0] for columns in blocks.values()]] = found.parts
    return replace(_summed(head.family, values, panel, row, steps), drawn=True)


def _summed(family: str, answered: _Array, panel: Panel, row: int, steps: _Array) -> Told:
    """Tell of a row that is answered so: what its bars add to its scale, and the parts `[feature, horizon]`."""
    first, _ = panel.span(int(panel.series[row]))
    variance = ewma_variance(panel.bars[first : row + 1, 3])
    bars = halves(carried(variance, row - first, _DECAY), len(panel.horizons))
    grouped = groups(panel, row)
    names, known = panel.names, {**grouped, **_FURTHER, "class_state": grouped["class_z"]}
    every = len(panel.horizons)
    values = {one: np.full(every, float(panel.x[row, k])) for k, one in enumerate(names) if one not in known}
    return Told(
        width=log_width(answered),
        parts=added([*bars.items(), *((known.get(one, one), steps[k]) for k, one in enumerate(names))]),
        centre=added([(family, middle(answered))]),
        values=values | (stood(panel, row) if len(values) < len(names) else {}),
    )
