"""The sweep's loop for where it runs as it stands: the bars in which nothing can happen are marked all at once."""

import numpy as np
from numpy.typing import NDArray

from ara.backtest.kernel import playing
from ara.backtest.layout import (
    CLOSES,
    DIVIDEND,
    ENOUGH,
    FAILED,
    FROM,
    GUARD,
    HAS_STOP,
    HAS_TARGET,
    HELD,
    HIGHS,
    HIT,
    LAST,
    LEFT,
    LEVERAGE,
    LOWS,
    MONEY,
    OPENS,
    SPLIT,
    STOPS,
    TARGETS,
    TO,
    TRAIL,
    WORTH,
)  # fmt: skip

__all__ = ["measured", "skipping"]

_Whole = NDArray[np.int64]
_Parts = NDArray[np.float64]


def skipping(
    m: _Whole, x: _Parts, p: _Whole, f: _Parts, plan: _Parts, a: _Whole, log: _Whole, equity: _Parts, gross: _Parts
) -> int:
    """Play as `playing` does, but only the bars in which something can happen; give how many these are.

    For where it runs as it stands: between a wish, a fill, a stop and a dividend a long position is only marked, and
    that is done for all bars at once.
    """
    first, stop, state = int(p[FROM]), int(p[TO]), a.tolist()
    wishes, there = np.full(len(plan), np.nan), np.flatnonzero(~np.isnan(plan[:stop]))
    there = there[there >= first]
    new = there[np.diff(plan[there], prepend=np.nan) != 0]
    wishes[new] = plan[new]
    acts = np.flatnonzero((x[SPLIT, :stop] != 1.0) | (x[DIVIDEND, :stop] != 0.0))
    lows, highs = np.minimum(m[OPENS], m[LOWS]), np.maximum(m[OPENS], m[HIGHS])
    settings, i, singles = p.copy(), first, 0
    while i < stop:
        place = int(np.searchsorted(new, i))
        j = int(new[place]) if place < len(new) else stop
        if state[HELD] != 0 or state[LEFT] > 0 or state[MONEY] < 0:
            act = int(np.searchsorted(acts, i))
            j = min(j, int(acts[act])) if act < len(acts) else j
            j = _next(state, f, lows, highs, i, j)
        if j > i:
            _marked(m, p, state, i, j, equity, gross)
            if state[FAILED] == 1:
                break
        if j < stop:
            settings[FROM], settings[TO] = j, j + 1
            playing(m, x, settings, f, wishes, state, log, equity, gross)
            singles += 1
            if state[FAILED] == 1:
                break
        i = j + 1
    a[:] = state
    return singles


def _next(state: list[int], f: _Parts, lows: _Whole, highs: _Whole, i: int, j: int) -> int:
    """Give the first bar from i up to j in which a holding has to be looked at."""
    if state[LEFT] > 0 or state[HELD] < 0 or state[MONEY] < 0 or f[TRAIL] > 0.0 or state[HIT] == 1:
        return i
    if state[GUARD] == 0:
        return j
    for has, level_of, prices, side in (
        (HAS_STOP, STOPS, lows, -1), (HAS_TARGET, TARGETS, highs, 1)
    ):  # fmt: skip
        if state[has] == 1:
            reached = side * prices[i:j] >= side * state[level_of]
            if reached.any():
                j = i + int(reached.argmax())
    return j


def _marked(m: _Whole, p: _Whole, state: list[int], i: int, j: int, equity: _Parts, gross: _Parts) -> None:
    """Mark bars in which nothing happens."""
    worth = state[HELD] * int(p[WORTH])
    closes = m[CLOSES, i:j]
    if float(np.abs(closes * float(worth) + float(state[MONEY])).max()) * p[LEVERAGE] > ENOUGH:
        state[FAILED] = 1
        return
    value = closes * worth
    equity[i:j], gross[i:j] = value + state[MONEY], np.abs(value)
    state[LAST] = int(closes[-1])


def measured(equity: _Parts, start: int, cash: float, found: _Parts) -> None:
    """Measure as `measuring` does, all bars at once; sums in another order differ in the last digits."""
    levels = np.concatenate(([cash], np.maximum(equity[start:], 0.0)))
    lost = np.flatnonzero(levels <= 0.0)
    if len(lost):
        levels[lost[0] :] = 0.0
    before = levels[:-1]
    moves = np.divide(levels[1:], before, out=np.ones_like(before), where=before > 0.0) - 1.0
    found[0], found[1], found[3] = levels[-1] / cash, moves.mean(), (levels / np.maximum.accumulate(levels)).min() - 1.0
    found[2] = moves.std(ddof=1) if len(moves) > 1 else 0.0
