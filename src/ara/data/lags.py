"""By how many bars one source's labels stand beside another's, known at each bar."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["beside"]

_Floats = NDArray[np.float64]

_MEMORY: Final = 60
_ENOUGH: Final = 30
_CLEARLY: Final = 0.3
_STEPS: Final = (0, -1, 1)


def beside(close: _Floats, base: _Floats) -> NDArray[np.int64]:
    """Say by how many bars each source's labels stand beside those of the heaviest group, from what came before.

    Every source is held against the first one that has closes enough; where most of the weight stands beside that one,
    it is that one which is moved. `base` is the weight of each source at each bar.
    """
    lags = np.zeros(close.shape, np.int64)
    if len(close) < 2 or close.shape[1] <= _ENOUGH:
        return lags
    with np.errstate(invalid="ignore", divide="ignore"):
        returns = np.diff(np.log(np.where(close > 0, close, np.nan)), axis=1, prepend=np.nan)
    ready = np.stack([_moving(np.isfinite(one).astype(np.float64)) >= _ENOUGH for one in returns])
    measure = ready.argmax(axis=0)
    for first in np.unique(measure).tolist():
        held = measure == first
        for number in range(len(close)):
            if number != first:
                lags[number, held] = _lag(returns[first], returns[number])[held]
    weight = np.stack([(base * (lags == step)).sum(axis=0) for step in _STEPS])
    found: NDArray[np.int64] = lags - np.array(_STEPS)[weight.argmax(axis=0)]
    return found


def _lag(one: _Floats, other: _Floats) -> NDArray[np.int64]:
    """Give for each bar by how many bars the other's returns trail the one's (1: its labels are late) up to then."""
    same = _correlation(one, other)
    late = _correlation(one[:-1], other[1:], pad=1)
    early = _correlation(one[1:], other[:-1], pad=1)
    best = np.maximum(late, early)
    moved = (best > same + _CLEARLY) & (best > 2 * _CLEARLY)
    # what is known of the bar before: a bar has no say about itself
    judged = np.concatenate([[0], np.where(moved, np.where(late >= early, 1, -1), 0)[:-1]])
    return judged.astype(np.int64)


def _correlation(one: _Floats, other: _Floats, *, pad: int = 0) -> _Floats:
    """Give the correlation of the last 60 pairs at each place; 0 where there are fewer than 30."""
    there = np.isfinite(one) & np.isfinite(other)
    x, y = np.where(there, one, 0.0), np.where(there, other, 0.0)
    count, sx, sy, sxx, syy, sxy = (_moving(part) for part in (there.astype(np.float64), x, y, x * x, y * y, x * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        covered = sxy - sx * sy / count
        found = covered / np.sqrt((sxx - sx * sx / count) * (syy - sy * sy / count))
    found = np.where((count >= _ENOUGH) & np.isfinite(found), found, 0.0)
    return np.concatenate([np.zeros(pad), found])


def _moving(values: _Floats) -> _Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    start = np.maximum(np.arange(1, len(total)) - _MEMORY, 0)
    moving: _Floats = total[1:] - total[start]
    return moving
