"""The shape of what is left of returns when location and scale are taken out, by asset class."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.horizon import lean
from ara.models.families.pooled.seen import KINDS, kind_of
from ara.models.families.pooled.shape import weighted_quantiles
from ara.models.learning.targets import Targets
from ara.models.months import DAY

__all__ = ["recency", "shapes"]

_Array = NDArray[np.float64]

_HALF_LIFE: Final = 1450.0
_ENOUGH: Final = 100
_PRIOR: Final = 50.0
_UNKNOWN_LEAN: Final = 0.5
_SEVERAL: Final = 5


def recency(begin: NDArray[np.int64]) -> _Array:
    """Give a weight that halves with every four years before the newest row."""
    return np.asarray(0.5 ** ((begin.max() - begin) / (_HALF_LIFE * DAY)))


def shapes(
    seen: Targets, left: _Array, horizons: Sequence[int], groups: Sequence[str], series: NDArray[np.int32]
) -> dict[str, list[list[float]]]:
    """Give quantiles at `LEVELS`, by horizon, of what is left; under "" those of all classes together.

    A class's own are drawn to those of all where it has few outcomes that don't overlap. How much of the drift of the
    past is believed depends on the class, as for the pooled family; the rest is taken with its mirror image.

    Parameters
    ----------
    seen
        The rows.
    left
        `[n, H]`: (y - location) / exp(log_scale), forecast from outside of each row's block; NaN where unknown.
    horizons
        In bars.
    groups
        Names of the asset classes.
    series
        `[n]`: whose rows they are.
    """
    out: dict[str, list[list[float]]] = {"": []}
    weight = seen.weight * recency(seen.begin)[:, None]
    for place, horizon in enumerate(horizons):
        whole = _quantiles(left[:, place], weight[:, place], _UNKNOWN_LEAN)
        out[""].append(whole.tolist())
        for code, group in enumerate(groups):
            mine = np.flatnonzero((seen.group == code) & np.isfinite(left[:, place]))
            several = len(np.unique(series[mine]))
            believed = lean(KINDS[kind_of(group)], horizon, series=several)
            out.setdefault(group, []).append(_drawn(left[mine, place], weight[mine, place], believed, whole).tolist())
    return out


def _drawn(left: _Array, weight: _Array, believed: float, whole: _Array) -> _Array:
    if len(left) < _ENOUGH:
        return whole
    count = float(weight.sum()) ** 2 / float(np.sum(weight * weight))
    count *= float(weight.mean())  # rows that overlap say less
    own = _quantiles(left, weight, believed)
    return (count * own + _PRIOR * whole) / (count + _PRIOR)


def _quantiles(left: _Array, weight: _Array, believed: float) -> _Array:
    known = np.flatnonzero(np.isfinite(left) & (weight > 0))
    order = known[np.argsort(left[known], kind="stable")]
    return weighted_quantiles(left[order], weight[order], believed)
