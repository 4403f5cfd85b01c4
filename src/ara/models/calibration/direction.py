"""The chance of a rise, drawn to that of its class: what sets single forecasts apart is mostly chance."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.quantiles import LEVELS

__all__ = ["centred", "leaning", "trust"]

_Array = NDArray[np.float64]

_TRUST: Final = {"crypto": (0.7, 1.0), "equity": (0.7, 1.0), "forex": (0.0, 0.0), "other": (0.7, 1.0)}
_WEEK, _MONTH = 5, 21
_LEVELS: Final = np.array(LEVELS)
_LEAST: Final = 1e-6


def trust(kind: str, horizon: int) -> float:
    """Give how much of what sets a forecast's chance of a rise apart from its class's is believed.

    Seven tenths up to a week, all of it from a month on, when drift has had time to tell; nothing of currencies, whose
    chance is one half.
    """
    week, month = _TRUST.get(kind, _TRUST["other"])
    share = math.log(max(horizon, _WEEK) / _WEEK) / math.log(_MONTH / _WEEK)
    return week + (month - week) * min(share, 1.0)


def centred(chances: _Array, weights: _Array, *, believed: float) -> float:
    """Give the logit of a class's own chance of a rise from past forecasts of it: their weighted mean.

    0 where there is none, or where nothing of it is `believed`, as `trust` says.
    """
    total = float(weights.sum())
    if not believed > 0 or not total > 0:
        return 0.0
    return float((weights * _logit(chances)).sum()) / total


def leaning(values: _Array, chances: _Array, *, believed: float | _Array, centre: float | _Array) -> _Array:
    """Give by how much `[...]` to move quantiles `[..., level]` so that the chance of a rise is what is believed.

    Parameters
    ----------
    values
        Quantiles of the log return.
    chances
        What they say of a rise.
    believed
        How much of what sets them apart from their class's is believed, as `trust` says; 0 makes the chance one half.
    centre
        Logit of the class's own chance.
    """
    rise = np.where(np.equal(believed, 0), 0.5, 1 / (1 + np.exp(-(centre + believed * (_logit(chances) - centre)))))
    level = np.clip(1 - rise, _LEVELS[0], _LEVELS[-1])
    upper = np.clip(np.searchsorted(_LEVELS, level, side="right"), 1, len(_LEVELS) - 1)
    below = np.take_along_axis(values, (upper - 1)[..., None], -1)[..., 0]
    above = np.take_along_axis(values, upper[..., None], -1)[..., 0]
    share = (level - _LEVELS[upper - 1]) / (_LEVELS[upper] - _LEVELS[upper - 1])
    return np.asarray(-(below + share * (above - below)))


def _logit(chances: _Array) -> _Array:
    kept = np.clip(chances, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(kept / (1 - kept)))
