"""The sweep's loop for where it runs as it stands: the bars in which nothing can happen are marked all at once."""

import math
from bisect import bisect_left
from typing import Any

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

__all__ = ["Skipping", "measured"]

_Whole = NDArray[np.int64]
_Parts = NDArray[np.float64]


class Skipping:
    """Plays as `playing` does, but only the bars in which something can happen.

    Between a wish, a fill, a stop and a dividend a long position is only marked, and that is done for all bars at once.

    Parameters
    ----------
    m, x
        The market, as `playing` takes it.
    """

    def __init__(self, m: _Whole, x: _Parts) -> None:
        self._closes = m[CLOSES]
        self._market: Any = (m.astype(object), x.astype(object))  # numbers of Python's own are read and reckoned faster
        self._acts = np.flatnonzero((x[SPLIT] != 1.0) | (x[DIVIDEND] != 0.0)).tolist()
        self._lows, self._highs = np.minimum(m[OPENS], m[LOWS]), np.maximum(m[OPENS], m[HIGHS])

    def __call__(
        self, p: _Whole, f: _Parts, plan: _Parts, a: _Whole, log: _Whole, equity: _Parts, gross: _Parts
    ) -> int:
        """Play, and give how many bars were played one by one; see `playing`."""
        settings: Any = p.tolist()
        costs: Any = f.tolist()
        whole, parts = self._market
        first, stop, state = settings[FROM], settings[TO], a.tolist()
        wishes, wanted = _changes(plan, first, stop)
        i, singles = first, 0
        while i < stop and state[FAILED] == 0:
            place = bisect_left(wanted, i)
            j = wanted[place] if place < len(wanted) else stop
            if state[HELD] != 0 or state[LEFT] > 0 or state[MONEY] < 0:
                act = bisect_left(self._acts, i)
                j = min(j, self._acts[act]) if act < len(self._acts) else j
                j = self._next(state, costs, i, j)
            if j > i:
                _marked(self._closes, settings, state, i, j, equity, gross)
            if j < stop and state[FAILED] == 0:
                settings[FROM], settings[TO] = j, j + 1
                playing(whole, parts, settings, costs, wishes, state, log, equity, gross)
                singles += 1
            i = j + 1
        a[:] = state
        return singles

    def _next(self, state: list[int], f: list[float], i: int, j: int) -> int:
        """Give the first bar from i up to j in which a holding has to be looked at."""
        if state[LEFT] > 0 or state[HELD] < 0 or state[MONEY] < 0 or f[TRAIL] > 0.0 or state[HIT] == 1:
            return i
        if state[GUARD] == 0:
            return j
        sides = ((HAS_STOP, STOPS, self._lows, -1), (HAS_TARGET, TARGETS, self._highs, 1))
        for has, goal, prices, side in sides:
            if state[has] == 1:
                reached = side * prices[i:j] >= side * state[goal]
                if reached.any():
                    j = i + int(reached.argmax())
        return j


def _changes(plan: _Parts, first: int, stop: int) -> tuple[_Parts, list[int]]:
    """Give a plan that is NaN but where the wish changes, and where that is."""
    wishes, there = np.full(len(plan), np.nan), np.flatnonzero(~np.isnan(plan[:stop]))
    there = there[there >= first]
    new = there[np.diff(plan[there], prepend=np.nan) != 0]
    wishes[new] = plan[new]
    return wishes, new.tolist()


def _marked(market: _Whole, p: list[int], state: list[int], i: int, j: int, equity: _Parts, gross: _Parts) -> None:
    """Mark bars in which nothing happens."""
    worth = state[HELD] * p[WORTH]
    closes = market[i:j]
    if worth == 0:
        equity[i:j], gross[i:j] = state[MONEY], 0.0
    else:
        if float(np.abs(closes * float(worth) + float(state[MONEY])).max()) * p[LEVERAGE] > ENOUGH:
            state[FAILED] = 1
            return
        value = closes * worth
        equity[i:j], gross[i:j] = value + state[MONEY], np.abs(value)
    state[LAST] = int(closes[-1])


def measured(equity: _Parts, start: int, cash: float, found: _Parts) -> None:
    """Measure as `measuring` does, to the last digit: sums run bar by bar as there, which `mean` and `std` don't do."""
    levels = np.concatenate(([cash], np.maximum(equity[start:], 0.0)))
    lost = np.flatnonzero(levels <= 0.0)
    if len(lost):
        levels[lost[0] :] = 0.0
    before = levels[:-1]
    moves = np.divide(levels[1:], before, out=np.ones_like(before), where=before > 0.0) - 1.0
    mean, peak = np.cumsum(moves)[-1] / len(moves), np.maximum.accumulate(levels)
    found[0], found[1], found[3] = levels[-1] / cash, mean, (levels / peak).min() - 1.0
    away = moves - mean
    found[2] = math.sqrt(np.cumsum(away * away)[-1] / (len(moves) - 1)) if len(moves) > 1 else 0.0
