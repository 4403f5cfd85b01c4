"""Learners taken apart, trees by exact Shapley values, networks by integrated gradients: a part is a feature."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models import shapley
from ara.models.panel import Panel
from ara.models.reasons.paths import integrated
from ara.models.reasons.pooled import groups, stood
from ara.models.reasons.single import carried, halves
from ara.models.reasons.told import Told, added, log_width, middle, sampled
from ara.models.served import Served
from ara.statistics.volatility import ewma_variance

__all__ = ["of_served"]

_Array = NDArray[np.float64]

_FURTHER: Final = {"ewma": "month", "apart": "falls", "apart_state": "falls"}
_DECAY: Final = 0.94
_CLOSE: Final = 1e-4


def of_served(name: str, served: Served, panel: Panel, row: int) -> Told | None:
    """Tell of a learner that gives a shape; None where its answer is not what its parts add up to.

    The log of a band's width is that of the panel's scale, which is a weighted variance of the last bars, and that of
    the learner's, which is a sum over features. Of a usual bar these are the means of every tenth of the last 250.
    """
    if served.head.window:
        return _of_network(served, panel, row)
    if served.parts is None or served.head.gives != "shape":
        return None
    rows = sampled(panel, row)
    places = [served.head.horizons.index(horizon) for horizon in panel.horizons]
    given = shapley.values(served, panel, rows).values["log_scale"][:, places]
    widths = log_width(served.predict(panel, rows).values)
    scales = np.log(panel.scale[rows])
    rest = widths - scales - given.sum(axis=2)
    if not np.isfinite(rest).all() or np.ptp(rest, axis=0).max() > _CLOSE:
        return None
    return _summed(served, panel, row, (given[-1] - given.mean(axis=0)).T)


def _of_network(served: Served, panel: Panel, row: int) -> Told | None:
    """Tell of a network; None where it has no answer of its own for the row, or its parts don't sum to that."""
    (known,) = served.predict(panel, np.array([row])).values
    (plain,) = served.plain.predict(panel, np.array([row])).values
    if np.array_equal(known, plain, equal_nan=True):
        return None
    try:
        found = integrated(served, panel, row)
    except ModelError:
        return None
    return _summed(served, panel, row, found.parts)


def _summed(served: Served, panel: Panel, row: int, steps: _Array) -> Told:
    """Tell of a row by what its bars add to its scale, and by the parts `[feature, horizon]` of the learner."""
    first, _ = panel.span(int(panel.series[row]))
    variance = ewma_variance(panel.bars[first : row + 1, 3])
    bars = halves(carried(variance, row - first, _DECAY), len(panel.horizons))
    grouped = groups(panel, row)
    names, known = panel.names, {**grouped, **_FURTHER, "class_state": grouped["class_z"]}
    every = len(panel.horizons)
    values = {one: np.full(every, float(panel.x[row, k])) for k, one in enumerate(names) if one not in known}
    (last,) = served.predict(panel, np.array([row])).values
    return Told(
        width=log_width(last),
        parts=added([*bars.items(), *((known.get(one, one), steps[k]) for k, one in enumerate(names))]),
        centre=added([(served.head.family, middle(last))]),
        values=values | (stood(panel, row) if len(values) < len(names) else {}),
    )
