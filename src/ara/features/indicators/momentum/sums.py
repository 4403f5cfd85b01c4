"""Steps of rates, single bars and sums of them: one bar more as the batch gives it, from a few numbers."""

import math
from operator import mul
from typing import Any, Final

from ara.features.indicators.momentum.onward import strength
from ara.features.indicators.trend.terms import gapless, rests
from ara.features.onward import Told, averaged, ema, kept, meant, stand

__all__ = [
    "coppock_step",
    "inertia_step",
    "inverse_step",
    "moods_step",
    "motive_step",
    "premier_step",
    "rmi_step",
    "squeezed_step",
    "swing_step",
    "swings_step",
    "usual_step",
    "vigour_step",
]

_STILL: Final = 1e-12


def _leaning(line: tuple[float, ...], window: int) -> float:
    """Give the mean of the last values with weights 1, 2, 3 and so on; NaN until there are enough."""
    if len(line) < window:
        return math.nan
    whole: float = sum(map(mul, line, range(1, window + 1)))
    return whole / (0.5 * window * (window + 1))


def _rate(closes: tuple[float, ...], span: int) -> float:
    if len(closes) <= span or closes[-1 - span] == 0.0:
        return math.nan
    return (closes[-1] - closes[-1 - span]) / closes[-1 - span]


def inverse_step(state: Any, close: float, *, window: int, smooth: int) -> Told:
    """Go on from the relative strength and its last values."""
    if not math.isfinite(close):
        return None, (math.nan,)
    inner, line = state or (None, ())
    inner, value = strength(inner, close, window)
    line = kept(line, 0.1 * (value - 50.0), smooth)
    return (inner, line), (math.tanh(_leaning(line, smooth)),)


def premier_step(state: Any, high: float, low: float, close: float, *, window: int, smooth: int) -> Told:
    """Go on from the last highs and lows and both means."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    highs, lows, first, second = state or ((), (), None, None)
    highs, lows, value = kept(highs, high, window), kept(lows, low, window), math.nan
    if len(highs) == window:
        first, value = ema(first, (stand(close, min(lows), max(highs)) - 50.0) * 0.1, smooth)
        second, value = ema(second, value, smooth)
    return (highs, lows, first, second), (math.tanh(0.5 * value),)


def coppock_step(state: Any, close: float, *, window: int, fast: int, slow: int) -> Told:
    """Go on from the last closes and the last sums of both rates."""
    if not math.isfinite(close) or close == 0.0:
        return None, (math.nan,)
    closes, line = state or ((), ())
    closes = kept(closes, close, 1 + max(fast, slow))
    line = kept(line, 100.0 * (_rate(closes, fast) + _rate(closes, slow)), window)
    return (closes, line), (_leaning(line, window),)


def motive_step(state: Any, close: float, *, slow: int, fast: int, signal: int) -> Told:
    """Go on from the last close, both means and the signal line."""
    if not math.isfinite(close) or close == 0.0:
        return None, (math.nan, math.nan)
    closes, first, second, last = state or ((), None, None, None)
    closes = kept(closes, close, 2)
    first, value = ema(first, 100.0 * _rate(closes, 1), slow - 1)
    second, line = ema(second, 10.0 * value, fast - 1)
    last, follower = ema(last, line, signal)
    return (closes, first, second, last), (math.nan if math.isnan(follower) else line, follower)


def rmi_step(state: Any, close: float, *, window: int, span: int) -> Told:
    """Go on from the last closes, and the means of moves and of their sizes."""
    if not math.isfinite(close):
        return None, (math.nan,)
    closes, still, net, way = state or ((), 0, None, None)
    closes = kept(closes, close, span + 1)
    if len(closes) <= span:
        return (closes, still, net, way), (math.nan,)
    move = close - closes[0]
    still = 0 if move else still + 1
    net, above = averaged(net, move, window, 1.0 / window)
    way, below = averaged(way, abs(move), window, 1.0 / window)
    found = math.nan
    if not math.isnan(below):
        idle = below == 0.0 or still >= rests(1.0 / window)
        found = 50.0 if idle else 50.0 + 50.0 * min(max(above / below, -1.0), 1.0)
    return (closes, still, net, way), (found,)


def usual_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last closes and the mean of the true range."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    closes, size = state or ((), None)
    width = math.nan
    if closes:
        size, width = ema(size, max(high, closes[-1]) - min(low, closes[-1]), window)
    closes, mean = meant(closes, close, window)
    away = close - mean
    if math.isnan(width + away):
        return (closes, size), (math.nan,)
    away = 0.0 if abs(away) <= _STILL * abs(close) else away
    return (closes, size), (away / width if width != 0.0 else 0.0,)


def _swung(line: tuple[float, ...]) -> float:
    """Give the mean of four values with weights 1 2 2 1; NaN until there are four."""
    return (line[0] + 2.0 * line[1] + 2.0 * line[2] + line[3]) / 6.0 if len(line) == 4 else math.nan


def vigour_step(state: Any, open: float, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last bodies and ranges, their means and the last lines."""
    if not gapless((open, high, low, close)):
        return None, (math.nan, math.nan)
    bodies, spans, bodied, spanned, lines = state or ((), (), (), (), ())
    bodies, spans = kept(bodies, close - open, 4), kept(spans, high - low, 4)
    bodied, spanned = kept(bodied, _swung(bodies), window), kept(spanned, _swung(spans), window)
    line = math.nan
    if len(spanned) == window:
        span = sum(spanned)
        line = min(max(sum(bodied) / span, -1.0), 1.0) if span != 0.0 else 0.0
    lines = kept(lines, line, 4)
    follower = _swung(lines)
    found = (line, min(max(follower, -1.0), 1.0)) if len(lines) == 4 else (math.nan, math.nan)
    return (bodies, spans, bodied, spanned, lines), found


def moods_step(state: Any, open: float, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last bars' distances between open, ends and the close before."""
    if not gapless((open, high, low, close)):
        return None, (math.nan, math.nan)
    if state is None:
        return (close, ((high - open, open - low, 0.0, 0.0),)), (math.nan, math.nan)
    before, bars = state
    bars = (*bars, (high - open, open - low, max(high - before, 0.0), max(before - low, 0.0)))[-window - 1 :]
    if len(bars) <= window:
        return (close, bars), (math.nan, math.nan)
    up, down, rise, fall = (sum(column) for column in zip(*bars[1:], strict=True))
    mood = 100.0 * max(up / down, 0.0) if down != 0.0 else math.nan
    return (close, bars), (mood, 100.0 * (rise / fall) if fall != 0.0 else math.nan)


def _swing(before: tuple[float, ...], bar: tuple[float, ...], limit: float) -> float:
    """Give Wilder's swing from one bar, as open, high, low and close, to the next."""
    (opened, _, _, last), (open_, high, low, close) = before, bar
    up, down, span = abs(high - last), abs(low - last), high - low
    reach = up - 0.5 * down if up >= max(down, span) else down - 0.5 * up if down >= span else span
    net = close - last + 0.5 * (close - open_) + 0.25 * (last - opened)
    whole, most = reach + 0.25 * abs(last - opened), limit * abs(last)
    return 50.0 * (net / whole) * (max(up, down) / most) if whole != 0.0 and most != 0.0 else 0.0


def swing_step(state: Any, *bar: float, limit: float) -> Told:
    """Go on from the last bar."""
    if not gapless(bar):
        return None, (math.nan,)
    return bar, (math.nan if state is None else _swing(state, bar, limit),)


def swings_step(state: Any, *bar: float, limit: float) -> Told:
    """Go on from the last bar and the sum so far."""
    if not gapless(bar):
        return None, (math.nan,)
    if state is None:
        return (*bar, 0.0), (math.nan,)
    total = state[-1] + _swing(state[:4], bar, limit)
    return (*bar, total), (total,)


def _straightened(line: tuple[float, ...], window: int) -> float:
    """Give the newest point of the line of least squares through the last values; NaN until there are enough."""
    if len(line) < window:
        return math.nan
    centre = (window - 1) / 2.0
    usual = sum(line) / window
    leaning: float = sum([(place - centre) * (value - usual) for place, value in enumerate(line)])
    return usual + centre * leaning / (window * (window * window - 1.0) / 12.0)


def squeezed_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last bars and how far the close was from the middle."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    highs, lows, closes, line = state or ((), (), (), ())
    highs, lows = kept(highs, high, window), kept(lows, low, window)
    closes, mean = meant(closes, close, window)
    line = kept(line, close - 0.5 * (0.5 * (max(highs) + min(lows)) + mean), window)
    return (highs, lows, closes, line), (_straightened(line, window),)


def inertia_step(state: Any, close: float, *, window: int, size: int, smooth: int) -> Told:
    """Go on from the last closes, the means of what leans up and down, and the last figures."""
    if not math.isfinite(close):
        return None, (math.nan,)
    closes, still, net, way, line = state or ((), 0, None, None, ())
    move = close - closes[-1] if closes else math.nan
    closes = kept(closes, close, size)
    if len(closes) < size or math.isnan(move):
        return (closes, still, net, way, line), (math.nan,)
    usual = sum(closes) / size
    off = [one - usual for one in closes]
    far = math.sqrt(sum(map(mul, off, off)) / size)
    leaning = 0.0 if move == 0.0 or far <= _STILL * abs(close) else math.copysign(far, move)
    still = 0 if leaning else still + 1
    net, above = averaged(net, leaning, smooth, 1.0 / smooth)
    way, below = averaged(way, abs(leaning), smooth, 1.0 / smooth)
    if not math.isnan(below):
        idle = below == 0.0 or still >= rests(1.0 / smooth)
        line = kept(line, 50.0 if idle else 50.0 + 50.0 * min(max(above / below, -1.0), 1.0), window)
    return (closes, still, net, way, line), (_straightened(line, window),)
