"""Steps of means, lines and turns: one bar more as the batch gives it, from a few numbers."""

import math
from typing import Any, Final

from ara.features.indicators.trend.terms import gapless
from ara.features.onward import Told, ema, kept

__all__ = [
    "cross_step",
    "leader_step",
    "polarised_step",
    "trix_step",
    "turn_step",
]

_TIE: Final = 1e-12
"""A smaller share of a mean between two is rounding."""


def cross_step(state: Any, close: float, *, fast: int, slow: int) -> Told:
    """Go on from the last closes and how the means stood."""
    if not math.isfinite(close):
        return None, (math.nan,) * 3
    closes, before = state or ((), None)
    closes = kept(closes, close, max(fast, slow))
    if len(closes) < max(fast, slow):
        return (closes, before), (math.nan,) * 3
    usual = sum(closes[-slow:]) / slow
    if usual == 0.0:
        return (closes, None), (math.nan,) * 3
    spread = (sum(closes[-fast:]) / fast) / usual - 1.0
    spread = 0.0 if abs(spread) < _TIE else spread
    way = float(spread > 0.0) - float(spread < 0.0)
    if before is None:
        return (closes, way), (math.nan,) * 3
    return (closes, way), (spread, way, way if way != before else 0.0)


def leader_step(state: Any, close: float, *, fast: int, slow: int) -> Told:
    """Go on from both means, and the means of the distances from them."""
    if not math.isfinite(close):
        return None, (math.nan,)
    first, near, second, far = state or (None,) * 4
    quick, calm = min(fast, slow), max(fast, slow)
    first, one = ema(first, close, quick)
    near, above = ema(near, close - one, quick)
    second, other = ema(second, close, calm)
    far, below = ema(far, close - other, calm)
    return (first, near, second, far), (one + above - (other + below),)


def trix_step(state: Any, close: float, *, window: int, signal: int, seeded: int) -> Told:
    """Go on from the three means, the last of which stands for its past, and the signal line."""
    if not math.isfinite(close):
        return None, (math.nan, math.nan)
    so_far: Any = state or (0, (None,) * 3, None, None)
    seen, links, before, last = so_far
    value, after = close, []
    for place, past in enumerate(links):
        begun = seeded or seen >= place * (window - 1)
        link, value = ema(past, value if begun else math.nan, window, seeded=bool(seeded))
        after.append(link)
    line = 100.0 * (value / before - 1.0) if before else math.nan
    last, follower = ema(last, line, signal, seeded=bool(seeded))
    before = None if math.isnan(value) else value
    return (seen + 1, tuple(after), before, last), (math.nan if math.isnan(follower) else line, follower)


def turn_step(state: Any, high: float, low: float, *, span: int) -> Told:
    """Go on from the last highs and lows."""
    if not gapless((high, low)):
        return None, (math.nan, math.nan)
    highs, lows = state or ((), ())
    highs, lows = kept(highs, high, 2 * span + 1), kept(lows, low, 2 * span + 1)
    if len(highs) <= 2 * span:
        return (highs, lows), (math.nan, math.nan)
    top, bottom = highs[span], lows[span]
    bear = top if top > max(highs[:span]) and top > max(highs[span + 1 :]) else 0.0
    bull = bottom if bottom < min(lows[:span]) and bottom < min(lows[span + 1 :]) else 0.0
    return (highs, lows), (bear, bull)


def polarised_step(state: Any, close: float, *, window: int, smooth: int) -> Told:
    """Go on from the last closes, the last ways from bar to bar and the mean."""
    if not math.isfinite(close) or close == 0.0:
        return None, (math.nan,)
    closes, ways, mean = state or ((), (), None)
    if closes:
        one = 100.0 * (close / closes[-1] - 1.0)
        ways = kept(ways, math.sqrt(one * one + 1.0), window)
    closes, found = kept(closes, close, window + 1), math.nan
    if len(closes) > window:
        move = 100.0 * (close / closes[0] - 1.0)
        straight = math.copysign(math.sqrt(move * move + window * window), move) if move else 0.0
        mean, found = ema(mean, min(max(100.0 * straight / sum(ways), -100.0), 100.0), smooth)
        found = found if math.isnan(found) else min(max(found, -100.0), 100.0)
    return (closes, ways, mean), (found,)
