"""Steps of Wilder's directional movement: one bar more as the batch gives it, from a few numbers."""

import math
from typing import Any, Final

from ara.features.indicators.trend.terms import gapless, rests
from ara.features.onward import Told, kept

__all__ = ["adx_step", "adxr_step", "di_step", "dx_step", "vortex_step"]

_NOTHING: Final = 1e-14
"""What TA-Lib takes for a share of 0; of ranges, which may be those of any price, only 0 itself."""


def _directed(state: Any, bar: tuple[float, float, float], window: int) -> tuple[Any, float, float, float]:
    """Go on from Wilder's sums of both moves and of ranges; give both shares and the range, NaN while it begins."""
    seen, before, rise, fall, ranges = state or (0, None, 0.0, 0.0, 0.0)
    if before is None:
        return (1, bar, rise, fall, ranges), math.nan, math.nan, math.nan
    high, low, close = before
    up, down = bar[0] - high, low - bar[1]
    span = max(bar[0] - bar[1], abs(bar[0] - close), abs(bar[1] - close))
    if seen >= window:
        rise, fall, ranges = rise - rise / window, fall - fall / window, ranges - ranges / window
    if down > 0.0 and up < down:
        fall += down
    elif up > 0.0 and up > down:
        rise += up
    ranges += span
    state = (seen + 1, bar, rise, fall, ranges)
    if seen < window:
        return state, math.nan, math.nan, span
    if ranges == 0.0:
        return state, 0.0, 0.0, span
    return state, 100.0 * (rise / ranges), 100.0 * (fall / ranges), span


def di_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from Wilder's sums."""
    if not gapless((high, low, close)):
        return None, (math.nan, math.nan)
    inner, still = state or (None, 0)
    inner, plus, minus, span = _directed(inner, (high, low, close), window)
    still = still + 1 if span == 0.0 else 0
    idle = still >= rests(1.0 / window) and not math.isnan(plus)
    return (inner, still), (0.0, 0.0) if idle else (plus, minus)


def _one_sided(state: Any, bar: tuple[float, float, float], window: int) -> tuple[Any, float, bool, bool]:
    """Go on from Wilder's sums and the last index; give it, and whether it is new and prices have long stood still."""
    inner, still, held = state or (None, 0, 0.0)
    before = inner[1] if inner else None
    inner, plus, minus, _ = _directed(inner, bar, window)
    moved = before is None or abs(bar[0] - before[0]) + abs(bar[1] - before[1]) != 0.0
    still = 0 if moved else still + 1
    if math.isnan(plus):
        return (inner, still, held), math.nan, False, False
    fresh = inner[4] != 0.0 and abs(plus + minus) >= _NOTHING
    held = 100.0 * (abs(minus - plus) / (plus + minus)) if fresh else held
    return (inner, still, held), held, fresh, still >= rests(1.0 / window)


def dx_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from Wilder's sums and the last index."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    state, found, _, idle = _one_sided(state, (high, low, close), window)
    return state, (0.0 if idle else found,)


def _trending(state: Any, bar: tuple[float, float, float], window: int) -> tuple[Any, float]:
    """Go on from the index and its mean; once prices have long stood still, as it is taken on by hand."""
    inner, count, line, by_hand = state or (None, 0, 0.0, 0)
    inner, found, fresh, idle = _one_sided(inner, bar, window)
    if math.isnan(found):
        return (inner, count, line, by_hand), math.nan
    count += 1
    if idle and count >= window:
        by_hand = 1
    if count <= window:
        line += found if fresh else 0.0
        line = line / window if count == window else line
    elif by_hand:
        line += ((0.0 if idle else found) - line) / window
    elif fresh:
        line = (line * (window - 1) + found) / window
    return (inner, count, line, by_hand), line if count >= window else math.nan


def adx_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the directional movement index and its mean."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    state, found = _trending(state, (high, low, close), window)
    return state, (found,)


def adxr_step(state: Any, high: float, low: float, close: float, *, window: int, whole: int) -> Told:
    """Go on from the mean of the directional movement index and its last values."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    inner, line = state or (None, ())
    inner, found = _trending(inner, (high, low, close), window)
    line = kept(line, found, window + whole)
    return (inner, line), ((line[-1] + line[0]) / 2.0 if len(line) == window + whole else math.nan,)


def vortex_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last bar, and the last distances and ranges."""
    if not gapless((high, low, close)):
        return None, (math.nan, math.nan)
    if state is None:
        return ((high, low, close), ()), (math.nan, math.nan)
    (top, bottom, last), bars = state
    bars = (*bars, (abs(high - bottom), abs(low - top), max(high, last) - min(low, last)))[-window:]
    if len(bars) < window:
        return ((high, low, close), bars), (math.nan, math.nan)
    rise, fall, ranges = (sum(column) for column in zip(*bars, strict=True))
    found = (rise / ranges, fall / ranges) if ranges != 0.0 else (1.0, 1.0)
    return ((high, low, close), bars), found
