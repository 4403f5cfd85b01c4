"""After training: how much of what the network says is believed, by rows that it did not learn from."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ara.models.learning.shrink import Slope, centred, slope, trust
from ara.models.networks.layers import Forecaster
from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.training.lesson import Lesson

__all__ = ["answers", "leans", "states", "steadied"]

_Array = NDArray[np.float64]

_AT_ONCE: Final = 1024
_MIDDLE: Final = LEVELS.index(0.5)
_FARTHEST: Final = 8.0
_TWICE: Final = 2.0
_BELIEFS: Final = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
_STRETCHES: Final = np.exp(np.linspace(-0.3, 0.3, 25))
_FIRM: Final = 100.0
_MOST: Final = 4096
_LEAN: Final = 400.0
_LEVELS: Final = np.array(LEVELS)


def states(network: Forecaster, lesson: Lesson, rows: Rows) -> Tensor:
    """Give the states in which rows of the panel leave the network, from which its quantiles are read."""
    network.eval()
    with torch.no_grad():
        parts = [
            network.seen(torch.from_numpy(lesson.x(rows[start : start + _AT_ONCE])))[0]
            for start in range(0, len(rows), _AT_ONCE)
        ]
    return torch.cat(parts)


def answers(network: Forecaster, state: Tensor) -> NDArray[np.float32]:
    """Give the quantiles `[n, H, Q]` read from states, in units of the panel's scale."""
    with torch.no_grad():
        return _answers(network, network.outlook.moved(state))


def _answers(network: Forecaster, moved: Tensor) -> NDArray[np.float32]:
    """Give the quantiles of rows that are moved so, some at a time: what all of them pass through is large."""
    with torch.no_grad():
        out = np.empty((*moved.shape[:2], moved.shape[2] - 1), np.float32)
        for start in range(0, len(moved), _AT_ONCE):
            out[start : start + _AT_ONCE] = network.outlook.told(moved[start : start + _AT_ONCE]).numpy()
    return out


def steadied(network: Forecaster, lesson: Lesson) -> dict[str, float]:
    """Set by the validation rows how far the network's medians and steps are believed, and give it by name.

    Trust in medians is the slope of returns on their moves, drawn to 0 by the rule of James and Stein with errors taken
    twice as large, for the same rows said when to stop: nothing is left of what two standard errors can explain.
    Belief in the moves of the steps is the share with the least pinball loss, at least a twentieth. The stretch of all
    steps is the factor with the least, drawn to 1 as if 100 further days had borne out the network's own width.
    """
    y = np.clip(lesson.y_valid.astype(np.float64), -_FARTHEST, _FARTHEST)
    outlook = network.outlook
    with torch.no_grad():
        moved = outlook.moved(states(network, lesson, lesson.valid))
    days = np.unique(lesson.panel.known_at[lesson.valid], return_inverse=True)[1]
    usual = outlook.usual.double().numpy()
    moves = _answers(network, moved)[:, :, _MIDDLE].astype(np.float64) - usual
    group = lesson.panel.group[lesson.valid].astype(np.int64)
    for place, horizon in enumerate(lesson.panel.horizons):
        known = np.flatnonzero(~np.isnan(y[:, place]))
        outlook.trust[place] = _trusted(moves[known, place], y[known, place], group[known], days[known] // horizon)
    _believe(network, moved, y)
    told = _answers(network, moved)
    for place, horizon in enumerate(lesson.panel.horizons):
        known = np.flatnonzero(~np.isnan(y[:, place]))
        count = len(np.unique(days[known] // horizon))
        own = _stretch(told[known, place].astype(np.float64), y[known, place])
        outlook.stretch[place] = own ** (count / (count + _FIRM))
    return {
        f"{name}_{horizon}": round(float(value), 6)
        for name in ("trust", "belief", "stretch")
        for horizon, value in zip(lesson.panel.horizons, getattr(outlook, name), strict=True)
    }


def leans(network: Forecaster, lesson: Lesson) -> dict[str, list[list[float]]]:
    """Give, by asset class, what is added to all quantiles of each horizon: where the class's middle lies beside them.

    It is the median of what the network's median leaves, drawn to 0 as if 400 further days of each horizon left
    nothing; classes that the training had not get none.
    """
    rows = np.concatenate([lesson.train, lesson.valid])
    y = np.concatenate([lesson.y, lesson.y_valid]).astype(np.float64)
    out = {"": [[0.0] * len(LEVELS) for _ in lesson.panel.horizons]}
    for code, name in enumerate(lesson.panel.groups):
        mine = np.flatnonzero(lesson.panel.group[rows] == code)
        mine = mine[:: 1 + len(mine) // _MOST]
        if not len(mine):
            continue
        middle = answers(network, states(network, lesson, rows[mine]))[:, :, _MIDDLE]
        left = y[mine] - middle.astype(np.float64)
        days = len(np.unique(lesson.panel.known_at[rows[mine]]))
        out[name] = [[_lean(left[:, place], days / h)] * len(LEVELS) for place, h in enumerate(lesson.panel.horizons)]
    return out


def _believe(network: Forecaster, moved: Tensor, y: _Array) -> None:
    """Set each horizon's belief to the share of the moves of its steps that has the least loss."""
    losses = np.empty((len(_BELIEFS), y.shape[1]))
    for number, share in enumerate(_BELIEFS):
        network.outlook.belief.fill_(share)
        told = _answers(network, moved)
        losses[number] = [_loss(told[:, place].astype(np.float64), y[:, place]) for place in range(y.shape[1])]
    network.outlook.belief.copy_(torch.tensor(_BELIEFS)[torch.from_numpy(losses.argmin(axis=0))])


def _lean(left: _Array, count: float) -> float:
    known = left[~np.isnan(left)]
    return float(np.median(known)) * count / (count + _LEAN) if len(known) else 0.0


def _trusted(moves: _Array, y: _Array, cells: NDArray[np.int64], clusters: NDArray[np.int64]) -> float:
    if not len(moves):
        return 0.0
    weight = np.ones(len(moves))
    found = slope(centred(moves, weight, cells), centred(y, weight, cells), weight, clusters)
    return abs(trust(Slope(found.value, _TWICE * found.error), least=0.0, most=1.0))


def _stretch(told: _Array, y: _Array) -> float:
    """Give the factor of the steps around the median with the least loss; 1 where there is nothing to judge by."""
    if not len(y):
        return 1.0
    middle = told[:, _MIDDLE, None]
    away, off, below = told - middle, np.empty(told.shape), np.empty(told.shape)
    losses = []
    for factor in _STRETCHES:  # in the same room each time: to ask for it takes longer than what is done in it
        np.add(middle, np.multiply(factor, away, out=off), out=off)
        np.subtract(y[:, None], off, out=off)
        np.multiply(_LEVELS - 1, off, out=below)
        losses.append(float(np.maximum(np.multiply(_LEVELS, off, out=off), below, out=off).mean()))
    return float(_STRETCHES[int(np.argmin(losses))])


def _loss(told: _Array, y: _Array) -> float:
    """Give the mean pinball loss over the rows whose target is known."""
    off = (y[:, None] - told)[~np.isnan(y)]
    return float(np.maximum(_LEVELS * off, (_LEVELS - 1) * off).mean()) if len(off) else 0.0
