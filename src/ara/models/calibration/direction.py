"""The chance of a rise, drawn to that of its class: what sets single forecasts apart is mostly chance."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.quantiles import LEVELS

__all__ = ["TRUST", "centred", "leaning"]

_Array = NDArray[np.float64]

TRUST: Final = {"crypto": 0.7, "equity": 0.7, "forex": 0.0, "other": 0.7}
"""By class: how much of what sets a forecast's chance of a rise apart from its class's is believed; 0 believes no
direction at all, so that the chance is one half."""

_LEVELS: Final = np.array(LEVELS)
_LEAST: Final = 1e-6


def centred(kind: str, chances: _Array, weights: _Array) -> float:
    """Give the logit of a class's own chance of a rise from past forecasts of it: their weighted mean."""
    total = float(weights.sum())
    if not TRUST.get(kind, 0.0) or not total > 0:
        return 0.0
    return float((weights * _logit(chances)).sum()) / total


def leaning(values: _Array, chances: _Array, *, kind: str, centre: float) -> _Array:
    """Give by how much `[row]` to move quantiles `[row, level]` so that the chance of a rise is what is believed.

    Parameters
    ----------
    values
        Quantiles of the log return.
    chances
        What they say of a rise.
    kind
        The class.
    centre
        Logit of the class's own chance.
    """
    trust = TRUST.get(kind, 0.0)
    believed = 1 / (1 + np.exp(-(centre + trust * (_logit(chances) - centre)))) if trust else np.full(len(values), 0.5)
    level = np.clip(1 - believed, _LEVELS[0], _LEVELS[-1])
    upper = np.clip(np.searchsorted(_LEVELS, level, side="right"), 1, len(_LEVELS) - 1)
    below = np.take_along_axis(values, (upper - 1)[:, None], 1)[:, 0]
    above = np.take_along_axis(values, upper[:, None], 1)[:, 0]
    share = (level - _LEVELS[upper - 1]) / (_LEVELS[upper] - _LEVELS[upper - 1])
    return np.asarray(-(below + share * (above - below)))


def _logit(chances: _Array) -> _Array:
    kept = np.clip(chances, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(kept / (1 - kept)))
