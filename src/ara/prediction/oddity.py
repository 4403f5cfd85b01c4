"""Whether the like of a forecast's origin was seen before, and whether the forecast itself is an odd one."""

from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Panel
from ara.models.quantiles import LEVELS
from ara.prediction.compute import Answer

__all__ = ["ODD", "lonely", "odd_forecast", "odd_origin"]

ODD: Final = 0.75
"""From which score of the isolation forest on a bar is called odd; an ordinary one has less than 0.5."""

_PAST: Final = 1000
_ENOUGH: Final = 250
_TREES: Final = 100
_ROWS: Final = 256
_EULER: Final = 0.5772156649015329
_OUTER: Final = 0.02
_FAR: Final = 4.0

_Array = NDArray[np.float64]


def odd_origin(panel: Panel, row: int) -> tuple[str, ...]:
    """Say in a line each how a row's bar is unlike those of its series before it; nothing while these are under 250.

    Two looks: is its move, its range, its gap or its volume beyond all of the last 1,000 bars; and do these together
    stand alone among them, by an isolation forest. What models learned of the past may not hold for such a bar.
    """
    first, _ = panel.span(int(panel.series[row]))
    names, values = _features(panel, max(first + 1, row - _PAST), row + 1)
    known = np.asarray(np.isfinite(values).all(axis=1))
    if not known[-1] or known.sum() <= _ENOUGH:
        return ()
    before, now = values[:-1][known[:-1]], np.asarray(values[-1])
    found = [
        f"{name} of the last bar, {_told(value, name)}, is larger than in any of the {len(before):,} bars before"
        for name, value, most in zip(names, now, before.max(axis=0), strict=True)
        if value > most > 0
    ]
    rare = np.asarray((before >= now[None, :]).mean(axis=0)) < _OUTER
    if not found and rare.any() and (score := lonely(before, now, seed=0)) > ODD:
        found.append(f"the last bar is unlike the {len(before):,} before it ({score:.2f} by an isolation forest)")
    return tuple(found)


def _features(panel: Panel, first: int, end: int) -> tuple[tuple[str, ...], _Array]:
    """Give the sizes of moves, ranges and gaps, and volume over its own median where there is any."""
    bars, volume = panel.bars[first:end], panel.volume[first:end]
    sizes = [np.abs(bars[:, 3]), bars[:, 1] - bars[:, 2], np.abs(bars[:, 0])]
    names = ["the move", "the range", "the gap"]
    if np.isfinite(volume).all() and (usual := float(np.median(volume))) > 0:
        sizes.append(volume / usual)
        names.append("the volume")
    return tuple(names), np.stack(sizes, axis=1)


def _told(value: float, name: str) -> str:
    return f"{value:.1f}x its median" if name == "the volume" else f"{100 * np.expm1(value):.1f} %"


def lonely(before: _Array, now: _Array, *, seed: int) -> float:
    """Give how soon random splits leave a row alone among others: 0 to 1, about 0.5 for an ordinary one.

    Only the way of the one row through each tree is followed, so that a hundred trees take a few milliseconds.

    Parameters
    ----------
    before
        `[row, feature]`: the others.
    now
        `[feature]`: the row.
    seed
        Of the splits.

    References
    ----------
    F. T. Liu, K. M. Ting and Z.-H. Zhou (2008), Isolation forest, ICDM.
    """
    dice = np.random.default_rng(seed)
    size = min(_ROWS, len(before))
    some = before[dice.integers(0, len(before), (_TREES, size))]
    inside, depth = np.ones((_TREES, size), bool), np.zeros(_TREES)
    trees = np.arange(_TREES)
    for _ in range(int(np.ceil(np.log2(size)))):
        column = dice.integers(0, before.shape[1], _TREES)
        values, own = some[trees, :, column], now[column]
        low = np.minimum(np.where(inside, values, np.inf).min(axis=1), own)
        high = np.maximum(np.where(inside, values, -np.inf).max(axis=1), own)
        split = low + (high - low) * dice.random(_TREES)
        with_others = inside.any(axis=1)
        inside &= (values < split[:, None]) == (own < split)[:, None]
        depth += with_others
    left = inside.sum(axis=1) + 1.0
    way = depth + np.where(left > 1, _usual_way(left), 0.0)
    return float(2.0 ** (-way.mean() / _usual_way(np.array([size + 1.0]))[0]))


def _usual_way(count: _Array) -> _Array:
    """Give the mean depth at which a search in a random tree of so many ends in vain."""
    more = np.maximum(count - 1, 1.0)
    return np.where(count > 2, 2 * (np.log(more) + _EULER) - 2 * more / np.maximum(count, 1.0), count - 1)


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.2g}x"


def odd_forecast(answer: Answer) -> tuple[str, ...]:
    """Say in a line each where a forecast is far from the instrument's own moves: its band, or its price.

    A band that is four times as wide as usual, or a fourth, and a price that lies further away than the usual move, are
    either a market beyond itself or a model that is.
    """
    values, usual = answer.quantiles.values[0], answer.usual_move[0]
    if not usual.min() > 0:
        return ()
    wide = (values[:, LEVELS.index(0.9)] - values[:, LEVELS.index(0.1)]) / (2 * usual)
    shift = np.abs(values[:, LEVELS.index(0.5)]) / usual
    found = []
    place = int(np.argmax(np.abs(np.log(np.maximum(wide, 1e-12)))))
    if abs(log(max(float(wide[place]), 1e-12))) > log(_FAR):
        found.append(f"this forecast is odd: the 80 % band of day {place + 1} is {_times(wide[place])} the usual one")
    place = int(np.argmax(shift))
    if shift[place] > 1:
        found.append(f"this forecast is odd: the price of day {place + 1} lies {shift[place]:.1f} usual moves away")
    return tuple(found)
