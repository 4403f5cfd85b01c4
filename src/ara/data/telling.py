"""Which sources' bars tell their own next close, or stand at their own open: known at each bar, by what came before.

Such a source convicts itself. `ara.data.quality.check` finds it in a series as a whole; here the same is asked at each
bar of the bars before it alone, so that an answer does not change with what comes later.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LATE", "TELLS", "telling"]

TELLS: Final = 1
"""A source's high, low and open tell its next close."""

LATE: Final = 2
"""A source's close stands at its own bar's open, so it is labelled a bar late."""

_Floats = NDArray[np.float64]
_Marks = NDArray[np.bool_]

_USUAL: Final = 60
_SETTLED: Final = 20
_LEARNED: Final = 50
_JUDGED: Final = 250
_BLOCK: Final = 25
_FAR: Final = 5.0
_LEAST: Final = 1e-6
_EXPLAINED: Final = 0.08
_RIGHT: Final = 0.58
_CHAIN: Final = 0.4


def telling(prices: _Floats, *, daily: bool) -> NDArray[np.int64]:
    """Say of each source at each bar whether its last 250 bars convict it, and of what.

    Parameters
    ----------
    prices
        Open, high, low and close, by source, by bar; NaN where a source has none.
    daily
        Whether a bar is a day: only then a close at its bar's open is one that is labelled late.

    Returns
    -------
    numpy.ndarray
        By source, by bar: 0, `TELLS` or `LATE`. The next change is forecast by where the close lies to its bar's high,
        low and open, as all bars before have taught; more than 8 % of its variance and 58 % of its directions are a
        leak. A bar has no say about itself.
    """
    found = np.zeros(prices.shape[1:], np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        usable = np.asarray((np.isfinite(prices) & (prices > 0)).all(axis=0))
        for number in range(prices.shape[1]):
            there = usable[number]
            place = np.flatnonzero(there)
            if len(place) > _JUDGED:
                logs = np.log(prices[:, number, place])
                judged = np.where(_late(logs) & daily, LATE, np.where(_tells(logs), TELLS, 0))
                # what was known at the bar before goes on where the source has none
                held = np.searchsorted(place, np.arange(len(there)))
                found[number] = np.append(0, judged)[held]
    return found


def _tells(logs: _Floats) -> _Marks:
    """Say after each bar whether the bars up to it have told their next closes."""
    change = np.diff(logs[3], prepend=np.nan)
    sigma = np.maximum(_moving(np.abs(change), _USUAL, least=_SETTLED), _LEAST)
    inputs = np.clip(np.vstack([np.ones(logs.shape[1]), (logs[:3] - logs[3]) / sigma]), -_FAR, _FAR)
    wanted = np.clip(np.append(change[1:], np.nan) / sigma, -_FAR, _FAR)
    known = np.isfinite(inputs).all(axis=0) & np.isfinite(wanted)
    inputs, wanted = np.where(known, inputs, 0.0), np.where(known, wanted, 0.0)
    said = _foreseen(inputs, wanted)
    asked = said != 0
    lost = _sum(np.where(asked, (wanted - said) ** 2, 0.0))
    moved = _sum(np.where(asked, wanted**2, 0.0))
    right = _sum((asked & (np.sign(said) == np.sign(wanted)) & (wanted != 0)).astype(np.float64))
    of = _sum((asked & (wanted != 0)).astype(np.float64))
    told = (of > 0.9 * _JUDGED) & (lost < (1 - _EXPLAINED) * moved) & (right > _RIGHT * of)
    # the last change that is known at a bar is the one that the bar before it had told
    return np.concatenate([[False], told[:-1]])


def _foreseen(inputs: _Floats, wanted: _Floats) -> _Floats:
    """Forecast each change by least squares over all before its block of bars; 0 where too few have taught."""
    starts = np.arange(0, inputs.shape[1], _BLOCK)
    gram = np.add.reduceat(inputs[:, None] * inputs[None], starts, axis=2).cumsum(axis=2)[:, :, :-1]
    with_wanted = np.add.reduceat(inputs * wanted, starts, axis=1).cumsum(axis=1)[:, :-1]
    ridged = np.moveaxis(gram, 2, 0) + 1e-9 * np.eye(len(inputs))
    weight = np.linalg.solve(ridged, with_wanted.T[:, :, None])[:, :, 0]
    weight = np.where(gram[0, 0, :, None] > _LEARNED, weight, 0.0)
    by_bar = np.repeat(np.vstack([np.zeros(len(inputs)), weight]), _BLOCK, axis=0)[: inputs.shape[1]]
    said: _Floats = (inputs.T * by_bar).sum(axis=1)
    return said


def _late(logs: _Floats) -> _Marks:
    """Say after each bar whether the closes up to it stood at their own open and not at the next one's."""
    gap = np.abs(np.append(0.0, logs[0, 1:] - logs[3, :-1]))
    body, gap, ranged = (_sum(one) for one in (np.abs(logs[3] - logs[0]), gap, logs[1] - logs[2]))
    late: _Marks = (ranged > 0) & (body < _CHAIN * gap) & (body < _CHAIN * ranged / 2)
    late[: _JUDGED - 1] = False
    return late


def _moving(values: _Floats, length: int, *, least: int) -> _Floats:
    """Give the mean of the last values before each place; NaN where there are too few."""
    there = np.isfinite(values)
    total, count = (_sum(part, length) for part in (np.where(there, values, 0.0), there.astype(np.float64)))
    mean = np.where(count >= least, total / np.maximum(count, 1), np.nan)
    return np.concatenate([[np.nan], mean[:-1]])


def _sum(values: _Floats, length: int = _JUDGED) -> _Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    moving: _Floats = total[1:] - total[np.maximum(np.arange(1, len(total)) - length, 0)]
    return moving
