"""How often each series' own bands missed of late, and how much wider or narrower they have to be for it."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.chain import REMEMBERED, Chain
from ara.models.families.pooled.features import Table
from ara.models.families.pooled.horizon import patience
from ara.models.months import months_before
from ara.models.panel import Rows

__all__ = ["Memory", "Past", "remember", "still_open", "stretch"]

_Array = NDArray[np.float64]

_KEEP: Final = 0.5 ** (1 / 250)
_FADED: Final = _KEEP * _KEEP
_PROMISE: Final = 0.2
_SLOPE: Final = 0.45
_MOST: Final = 0.3
_NEVER: Final = np.iinfo(np.int64).min


class Memory(NamedTuple):
    """How often the raw 80 % bands were missed, by series, up to one moment.

    Parameters
    ----------
    sums
        `[S, H, 3]`: misses, weights and squared weights of the forecasts whose end was known.
    last
        `[S]`: when each series' last bar was known.
    open_at, open_low, open_high
        `[S, R]`, `[S, R, H]`: the last forecasts, whose ends may not have been known yet.
    """

    sums: _Array
    last: NDArray[np.int64]
    open_at: NDArray[np.int64]
    open_low: _Array
    open_high: _Array

    @classmethod
    def empty(cls, series: int, horizons: tuple[int, ...]) -> "Memory":
        """Give the memory of nothing; the last place is for a series that was not there."""
        shape = (series + 1, max(horizons, default=1))
        bands = np.full((*shape, len(horizons)), np.nan)
        return cls(
            sums=np.zeros((series + 1, len(horizons), 3)),
            last=np.full(series + 1, _NEVER),
            open_at=np.full(shape, _NEVER),
            open_low=bands,
            open_high=bands.copy(),
        )


class Past(NamedTuple):
    """One series as a forecast sees it.

    Parameters
    ----------
    known_at
        `[n]` of its bars.
    y
        `[n, H]`: its returns; those of bars without a band are not looked at.
    low, high
        `[n, H]`: raw 80 % bands forecast after the memory ends; NaN elsewhere.
    """

    known_at: NDArray[np.int64]
    y: _Array
    low: _Array
    high: _Array


def remember(memory: Memory, chain: Chain, rows: Table, moment: int) -> None:
    """Put what a chain forecast for its class's series into the memory; `rows` are its rows, in order of time."""
    since = months_before(moment, REMEMBERED)
    length = memory.open_at.shape[1]
    for code in np.unique(rows.series):
        mine = np.flatnonzero(rows.series == code)
        memory.last[code] = rows.known_at[mine[-1]]
        recent = mine[-length:]
        memory.open_at[code, -len(recent) :] = rows.known_at[recent]
        memory.open_low[code, -len(recent) :] = chain.low[recent]
        memory.open_high[code, -len(recent) :] = chain.high[recent]
        mine = mine[rows.known_at[mine] >= since]
        for place in range(len(chain.horizons)):
            y, low, high = rows.y[mine, place], chain.low[mine, place], chain.high[mine, place]
            told = np.isfinite(low) & np.isfinite(y)
            missed = ((y < low) | (y > high))[told].astype(float)
            weight = _KEEP ** np.arange(len(missed) - 1, -1, -1)
            memory.sums[code, place] = (missed * weight).sum(), weight.sum(), (weight * weight).sum()


def still_open(memory: Memory, code: int, known_at: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """Give the places, among a series' bars, of the last forecasts in the memory, and which of those these are."""
    place = np.searchsorted(known_at, memory.open_at[code])
    found = np.flatnonzero(place < len(known_at))
    found = found[known_at[place[found]] == memory.open_at[code, found]]
    found = found[np.isfinite(memory.open_low[code, found]).any(axis=1)]
    return place[found], found


def stretch(memory: Memory, code: int, past: Past, asked: Rows, horizons: tuple[int, ...]) -> _Array:
    """Give the log of the factor `[asked, H]` for the bands of some of a series' rows, from what was known by each."""
    low, high = past.low.copy(), past.high.copy()
    place, found = still_open(memory, code, past.known_at)
    low[place], high[place] = memory.open_low[code, found], memory.open_high[code, found]
    end = int(np.searchsorted(past.known_at, memory.last[code], side="right"))
    out = np.zeros((len(asked), len(horizons)))
    for column, h in enumerate(horizons):
        first, final = max(end - h, 0), max(int(asked.max()) - h + 1, 0)
        y, floor, top = (part[first:final, column] for part in (past.y, low, high))
        told = np.isfinite(floor) & np.isfinite(y)
        start, missed = memory.sums[code, column].tolist(), (y < floor) | (y > top)
        done = np.clip(asked - h + 1 - first, 0, len(told))
        if len(asked) == 1:
            sums = _last_sum(start, missed[: done[0]][told[: done[0]]])
        else:
            sums = _summed(start, told, missed)[done]
        out[:, column] = _log_factor(sums, h)
    return out


def _summed(start: Sequence[float], told: NDArray[np.bool_], missed: NDArray[np.bool_]) -> _Array:
    """Give the sums `[n + 1, 3]` at the start and after each bar; one whose forecast is not told changes nothing."""
    misses, *weights = start
    found = [misses, *(misses := _KEEP * misses + miss for miss in missed[told].astype(float).tolist())]
    return np.column_stack((found, _weights(*weights, len(found))))[np.concatenate(([0], np.cumsum(told)))]


def _last_sum(start: Sequence[float], missed: NDArray[np.bool_]) -> _Array:
    """Give the sums `[1, 3]` after some forecasts that are told, as `_summed` does: all that one answer needs."""
    misses = start[0]
    for miss in missed.astype(float).tolist():
        misses = _KEEP * misses + miss
    return np.array([(misses, *_weights(start[1], start[2], len(missed) + 1)[-1])])


@lru_cache(maxsize=128)
def _weights(weight: float, squares: float, count: int) -> _Array:
    """Give `[count, 2]`: the weights, and their squares, from none on: most instruments have had as many forecasts."""
    found = np.empty((count, 2))
    for place in range(count):
        found[place] = weight, squares
        weight, squares = _KEEP * weight + 1.0, _FADED * squares + 1.0
    return found


def _log_factor(sums: _Array, horizon: int) -> _Array:
    """Give what of the excess of misses lies beyond chance, over the share of misses that a unit of log scale moves."""
    weight = np.maximum(sums[:, 1], 1e-12)
    excess = sums[:, 0] / weight - _PROMISE
    error = np.sqrt(_PROMISE * (1 - _PROMISE) * sums[:, 2]) / weight * math.sqrt(horizon)
    beyond = np.sign(excess) * np.maximum(np.abs(excess) - patience(horizon) * error, 0.0)
    return np.where(sums[:, 1] > 0, np.clip(beyond / _SLOPE, -_MOST, _MOST), 0.0)
