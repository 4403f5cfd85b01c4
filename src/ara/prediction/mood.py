"""The state of a market at a forecast's origin: how wild it is by its own past, and how long such states last."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Panel

__all__ = ["MOODS", "mood"]

MOODS: Final = ("calm", "mid", "wild")
"""Thirds of the realised volatility of the last 1,000 bars."""

_Array = NDArray[np.float64]

_SPAN: Final = 20
_PAST: Final = 1000
_ENOUGH: Final = 250
_PARTS: Final = 4
_WORDS: Final = ("lowest", "middle", "highest")


def mood(panel: Panel, row: int) -> Mapping[str, Any] | None:
    """Give the state of a row's series as it was known there; None while fewer than 250 bars have a volatility.

    Volatility is the root mean square return of 20 bars; its rank is that among the last 1,000 bars. `stability` is the
    share of those bars in this state whose next bar was in it too, `expected` the bars that it so lasts on average.
    """
    first, _ = panel.span(int(panel.series[row]))
    returns = panel.bars[max(first, row + 2 - 2 * _PAST - _SPAN) : row + 1, 3]
    told = _told(np.ascontiguousarray(returns[np.isfinite(returns)], np.float64).tobytes())
    return None if told is None else dict(told)


@lru_cache(maxsize=128)
def _told(returns: bytes) -> Mapping[str, Any] | None:
    """Tell the state after these returns; it is asked for again until there is another bar."""
    volatility = _volatility(np.frombuffer(returns))
    if len(volatility) < _ENOUGH:
        return None
    states, rank = _states(volatility)
    now = int(states[-1])
    unlike = np.flatnonzero(states != now)
    age = len(states) - int(unlike[-1]) - 1 if len(unlike) else len(states)
    left = states[:-1] == now
    stays = int((left & (states[1:] == now)).sum())
    stability = (stays + 1) / (int(left.sum()) + 2)
    share = f"in the {_WORDS[now]} third of its last {min(len(volatility), _PAST):,} bars"
    lasts = max(round(1 / (1 - stability)), 1)
    return {
        "state": MOODS[now],
        "rank": round(rank, 6),
        "age": age,
        "stability": round(stability, 6),
        "expected": lasts,
        "words": f"{MOODS[now]}: volatility {share}, for {_bars(age)} now; usually {lasts}",
    }


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count:,} bars"


def _volatility(returns: _Array) -> _Array:
    """Give the root mean square of each 20 returns in turn."""
    if len(returns) < _SPAN:
        return np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(returns * returns, _SPAN)
    return np.asarray(np.sqrt(windows.mean(axis=1)))


def _states(volatility: _Array) -> tuple[NDArray[np.int64], float]:
    """Give the state of each of the last bars, at most 1,000, and the rank of the last, each by its own past.

    Places in the order of size stand for the volatilities: small numbers are compared in a fraction of the time.
    """
    count = len(volatility)
    rows = min(count, _PAST)
    values, places = np.unique(volatility[1 - rows - _PAST :], return_inverse=True)
    none = np.full(rows + _PAST - 1 - len(places), len(values))
    places = np.concatenate((none, places)).astype(np.uint16)
    before = np.lib.stride_tricks.sliding_window_view(places, rows)  # [bars ago, bar]
    own = before[-1]
    known = np.minimum(np.arange(count - rows, count) + 1, _PAST)
    alone = len(values) == len(places) - len(none)
    alike = np.ones(rows) if alone else _counted(before == own)
    rank = (_counted(before < own) + alike / 2) / known
    return np.minimum(2, (3 * rank).astype(np.int64)), float(rank[-1])


def _counted(found: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count along each column, of 1,000: in parts whose counts a byte holds, row upon row."""
    parts = found.view(np.uint8).reshape(_PARTS, -1, found.shape[1]).sum(axis=1, dtype=np.uint8)
    return np.asarray(parts.sum(axis=0, dtype=np.int64))
