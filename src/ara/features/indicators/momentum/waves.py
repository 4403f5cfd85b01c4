"""Steps of waves, sums and ranges: one bar more as the batch gives it, from a few numbers."""

import math
from typing import Any, Final

from ara.features.indicators.momentum.onward import smoother, strength
from ara.features.indicators.trend.terms import gapless
from ara.features.onward import Told, averaged, ema, kept, meant, stand

__all__ = [
    "cyber_step",
    "derivative_step",
    "fisher_step",
    "kdj_step",
    "rei_step",
    "sinewave_step",
    "ultimate_step",
]

_LIMIT: Final = 0.99
_CAP: Final = 0.999
_KEPT: Final = 0.67
_START: Final = 8


def sinewave_step(state: Any, close: float, *, slow: int, fast: int) -> Told:
    """Go on from the last close, the part above the slow wave and the last waves."""
    if not math.isfinite(close):
        return None, (math.nan,)
    seen, before, still, last, waves = state or (0, close, 0, 0.0, (0.0, 0.0))
    angle, step = 2.0 * math.pi / slow, close - before
    rest, still = (1.0 - math.sin(angle)) / math.cos(angle), 0 if step else still + 1
    high = (1.0 + rest) / 2.0 * step + rest * last
    share, a1, a2 = smoother(fast)
    waves = kept(waves, share * (high + last) + a1 * waves[-1] + a2 * waves[-2], 3)
    found = math.nan
    if seen >= 4:
        power = math.sqrt(sum([one * one for one in waves]) / 3.0)
        idle = power == 0.0 or still >= 2 * (slow + fast)
        found = 0.0 if idle else min(max(sum(waves) / 3.0 / power, -1.0), 1.0)
    return (seen + 1, close, still, high, waves), (found,)


def cyber_step(state: Any, high: float, low: float, *, weight: float) -> Told:
    """Go on from the last prices, the last two smooth ones and the last two waves."""
    if not gapless((high, low)):
        return None, (math.nan, math.nan)
    seen, prices, before, moved, y1, y2 = state or (0, (), None, 0.0, 0.0, 0.0)
    prices = kept(prices, 0.5 * (high + low), 4)
    if len(prices) < 4:
        return (seen + 1, prices, before, moved, y1, y2), (math.nan, math.nan)
    smooth = (prices[0] + 2.0 * prices[1] + 2.0 * prices[2] + prices[3]) / 6.0
    move, rest = 0.0 if before is None else smooth - before, 1.0 - weight
    wave = (1.0 - weight / 2.0) ** 2 * (move - moved) + 2.0 * rest * y1 - rest * rest * y2
    found = (wave, y1) if seen >= 6 else (math.nan, math.nan)
    return (seen + 1, prices, smooth, move, wave, y1), found


def fisher_step(state: Any, high: float, low: float, *, window: int) -> Told:
    """Go on from the last prices, the smooth place and the line."""
    if not gapless((high, low)):
        return None, (math.nan, math.nan)
    prices, value, line = state or ((), 0.0, None)
    prices = kept(prices, 0.5 * (high + low), window)
    if len(prices) < window:
        return (prices, value, line), (math.nan, math.nan)
    value = 0.66 * (stand(prices[-1], min(prices), max(prices)) * 0.01 - 0.5) + _KEPT * value
    if abs(value) > _LIMIT:
        value = math.copysign(_CAP, value)
    now = math.atanh(value) + 0.5 * (line or 0.0)
    return (prices, value, now), (math.nan, math.nan) if line is None else (now, line)


def rei_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last bars, and the moves that counted and all moves."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    so_far: Any = state or ((), (), (), (), ())
    highs, lows, closes, moves, ways = so_far
    if len(closes) == _START:
        near, far = min(closes[0], closes[1]), max(closes[0], closes[1])
        falling = highs[-2] < near and high < min(highs[-5], highs[-6])
        rising = lows[-2] > far and low > max(lows[-5], lows[-6])
        up, down = high - highs[-2], low - lows[-2]
        moves = kept(moves, 0.0 if falling or rising else up + down, window)
        ways = kept(ways, abs(up) + abs(down), window)
    found = math.nan
    if len(ways) == window:
        way = sum(ways)
        found = 100.0 * min(max(sum(moves) / way, -1.0), 1.0) if way != 0.0 else 0.0
    highs, lows, closes = kept(highs, high, 6), kept(lows, low, 6), kept(closes, close, _START)
    return (highs, lows, closes, moves, ways), (found,)


def kdj_step(state: Any, high: float, low: float, close: float, *, window: int, smooth: int, signal: int) -> Told:
    """Go on from the last highs and lows and both means."""
    if not gapless((high, low, close)):
        return None, (math.nan,) * 3
    highs, lows, first, second = state or ((), (), None, None)
    highs, lows = kept(highs, high, window), kept(lows, low, window)
    if len(highs) < window:
        return (highs, lows, first, second), (math.nan,) * 3
    first, k = averaged(first, stand(close, min(lows), max(highs)), smooth, 1.0 / smooth)
    k = k if math.isnan(k) else min(max(k, 0.0), 100.0)
    second, d = averaged(second, k, signal, 1.0 / signal)
    d = d if math.isnan(d) else min(max(d, 0.0), 100.0)
    return (highs, lows, first, second), (math.nan if math.isnan(d) else k, d, 3.0 * k - 2.0 * d)


def ultimate_step(state: Any, high: float, low: float, close: float, *, fast: int, middle: int, slow: int) -> Told:
    """Go on from the last close, what was bought and the ranges."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    if state is None:
        return (close, (), ()), (math.nan,)
    before, bought, ranges = state
    bottom, longest = min(low, before), max(fast, middle, slow)
    bought = kept(bought, close - bottom, longest)
    ranges = kept(ranges, max(high, before) - bottom, longest)
    if len(ranges) < longest:
        return (close, bought, ranges), (math.nan,)
    found = 0.0
    for weight, window in ((4.0, fast), (2.0, middle), (1.0, slow)):
        way = sum(ranges[-window:])
        found += weight * (sum(bought[-window:]) / way if way != 0.0 else 0.5)
    return (close, bought, ranges), (min(max(found * (100.0 / 7.0), 0.0), 100.0),)


def derivative_step(state: Any, close: float, *, window: int, first: int, second: int, signal: int) -> Told:
    """Go on from the relative strength, both its means and the last of these."""
    if not math.isfinite(close):
        return None, (math.nan,)
    inner, once, twice, line = state or (None, None, None, ())
    inner, value = strength(inner, close, window)
    once, value = ema(once, value, first)
    twice, value = ema(twice, value, second)
    line, usual = meant(line, value, signal)
    return (inner, once, twice, line), (value - usual,)
