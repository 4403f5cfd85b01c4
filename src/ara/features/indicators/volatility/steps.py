"""Volatility indicators one bar further: from the last values of their windows."""

import math
from bisect import bisect_left, insort
from operator import mul
from typing import Any, Final

from ara.features.indicators.trend.terms import rests
from ara.features.onward import UNKNOWN, Told
from ara.features.windowed import Kept, Moves, added, logged, moved, over, place, scatter, slid, squared

__all__ = ["SAME", "percentile_step", "rank_step", "relative_step", "ulcer_step", "width_rank_step", "yang_zhang_step"]

SAME: Final = 1e-12
"""As a share, what differs by rounding alone."""

_BEGUN: Any = (None, (), ())


def _spread(moves: Moves | None, window: int) -> float:
    """Give the standard deviation of the last returns; NaN until there are enough."""
    if moves is None or len(moves[1]) < window:
        return math.nan
    return math.sqrt(_variance(moves[1], window))


def percentile_step(state: Any, close: float, *, window: int, lookback: int) -> Told:
    """Go on from the last returns, and from the volatilities by age and by size."""
    moves, ages, sizes = state or _BEGUN
    moves = moved(moves, close, window)
    now = _spread(moves, window)
    if math.isnan(now):
        return (moves, (), ()), UNKNOWN
    line, found = list(sizes), math.nan
    if len(ages) == lookback:
        found = bisect_left(line, now * (1.0 - SAME)) * 100.0 / lookback
        del line[bisect_left(line, ages[0])]
    insort(line, now)
    return (moves, slid(ages, now, lookback), tuple(line)), (found,)


def rank_step(state: Any, close: float, *, window: int, lookback: int) -> Told:
    """Go on from the last returns and the last volatilities."""
    moves, kept = state or (None, ())
    moves = moved(moves, close, window)
    kept = slid(kept, _spread(moves, window), lookback)
    return (moves, kept), (place(kept) if len(kept) == lookback else math.nan,)


def width_rank_step(state: Any, close: float, *, window: int, lookback: int) -> Told:
    """Go on from the number of the bar within its block, the last closes, and the last widths of the bands."""
    bar, closes, widths = state or (-1, (), ())
    bar = (bar + 1) % window
    closes, now = slid(closes, close, window), math.nan
    if len(closes) == window:
        average, variance = scatter(closes, bar + 1)
        now = over(math.sqrt(variance), average)
    widths = slid(widths, now, lookback)
    return (bar, closes, widths), (place(widths) if len(widths) == lookback else math.nan,)


def relative_step(state: Any, close: float, *, window: int, bars: int) -> Told:
    """Go on from the last closes, both of Wilder's means (sums until they are whole), their count, bars at rest."""
    closes, count, up, down, still = state or ((), 0, 0.0, 0.0, 0)
    step = close - closes[-1] if closes else math.nan
    closes = slid(closes, close, bars)
    if not closes:
        return None, UNKNOWN
    still = still + 1 if step == 0.0 else 0
    if len(closes) < bars:
        return (closes, count, up, down, still), UNKNOWN
    spread, count = math.sqrt(scatter(closes)[1]), min(count + 1, window + 1)
    rise, fall = spread if step > 0.0 else 0.0, spread if step < 0.0 else 0.0
    if count > window:
        up, down = up + (rise - up) / window, down + (fall - down) / window
    else:
        part = window if count == window else 1
        up, down = (up + rise) / part, (down + fall) / part
    index = 50.0 if still >= rests(1.0 / window) else 100.0 * over(up, up + down, otherwise=0.5)
    return (closes, count, up, down, still), (index if count >= window else math.nan,)


def ulcer_step(state: Any, close: float, *, window: int, inside: int) -> Told:
    """Go on from the last closes and, where falls are from the high of a window each, the last falls."""
    closes, falls = state or ((), ())
    closes, now = slid(closes, close, window), math.nan
    if inside:
        falls = _falls(closes) if len(closes) == window else ()
    else:
        if len(closes) == window:
            now = over(close, max(closes), otherwise=1.0) - 1.0
        falls = slid(falls, now, window)
    index = 100.0 * math.sqrt(squared(falls) / window) if len(falls) == window else math.nan
    return (closes, () if inside else falls), (index,)


def _falls(closes: Kept) -> Kept:
    top, found = closes[0], []
    for close in closes:
        top = max(top, close)
        found.append(over(close, top, otherwise=1.0) - 1.0)
    return tuple(found)


def yang_zhang_step(
    state: Any, opened: float, high: float, low: float, close: float, *, window: int, year: float
) -> Told:
    """Go on from the last close's logarithm, and from the last gaps, moves within a bar, and ranges."""
    before, gaps, inner, ranges = state or (None, (), (), ())
    begin, end, top, bottom = logged(opened), logged(close), logged(high), logged(low)
    gaps = slid(gaps, math.nan if before is None else begin - before, window)
    inner = slid(inner, end - begin, window)
    ranges = slid(ranges, (top - begin) * (top - end) + (bottom - begin) * (bottom - end), window)
    kept = (None if math.isnan(end) else end, gaps, inner, ranges)
    if min(len(gaps), len(inner), len(ranges)) < window:
        return kept, UNKNOWN
    share = 0.34 / (1.34 + (window + 1.0) / (window - 1.0))
    apart = _variance(gaps, window) + share * _variance(inner, window)
    apart = apart * (window / (window - 1.0)) + (1.0 - share) * sum(ranges) / window
    return kept, (math.sqrt(max(apart, 0.0) * year),)


def _variance(moves: Kept, window: int) -> float:
    mean = added(moves) / window
    return max(added(map(mul, moves, moves)) / window - mean * mean, 0.0)
