"""Steps of momentum indicators: one bar more as the batch gives it, from a few numbers."""

import math
from typing import Any, Final

from ara.features.indicators.trend.terms import gapless, pause, rests
from ara.features.onward import Told, averaged, ema, kept, meant, stand

__all__ = [
    "composite_step",
    "connors_step",
    "double_step",
    "kst_step",
    "mesa_step",
    "smi_step",
    "smoother",
    "stoch_rsi_step",
    "strength",
    "tsi_step",
    "wavetrend_step",
]

_LEAST: Final = 1e-9
_LONGEST: Final = 100
_STILL: Final = 1e-12
_LAMBERT: Final = 0.015


def strength(state: Any, value: float, window: int) -> tuple[Any, float]:
    """Give the next state and value of Wilder's relative strength."""
    if state is None:
        return (value, 1, None, None), math.nan
    before, still, ups, downs = state
    moved = value - before
    still = 0 if moved else still + 1
    ups, up = averaged(ups, moved if moved > 0.0 else 0.0, window, 1.0 / window)
    downs, down = averaged(downs, -moved if moved < 0.0 else 0.0, window, 1.0 / window)
    whole = up + down
    found = 100.0 * (up / whole) if whole != 0.0 else 50.0
    if still >= rests(1.0 / window) and whole == whole:
        found = 50.0
    return (value, still, ups, downs), found


def _within(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


def _placed(line: tuple[float, ...], window: int) -> float:
    """Give where the newest of the last values stands among them; NaN until there are enough."""
    if len(line) < window:
        return math.nan
    return _within(stand(line[-1], min(line), max(line), least=_LEAST), 0.0, 100.0)


def stoch_rsi_step(state: Any, close: float, *, window: int, span: int, smooth: int, signal: int) -> Told:
    """Go on from the relative strength, its last values, and the last places and their means."""
    if not math.isfinite(close):
        return None, (math.nan, math.nan)
    inner, line, places, means = state or (None, (), (), ())
    inner, value = strength(inner, close, window)
    if math.isnan(value):
        return (inner, line, places, means), (math.nan, math.nan)
    line = kept(line, value, span)
    places, k = meant(places, _placed(line, span), smooth)
    means, d = meant(means, k, signal)
    return (inner, line, places, means), (math.nan if math.isnan(d) else k, d)


def composite_step(state: Any, close: float, *, window: int, span: int, quick: int, smooth: int) -> Told:
    """Go on from both relative strengths and their last values."""
    if not math.isfinite(close):
        return None, (math.nan,)
    slow, line, fast, last = state or (None, (), None, ())
    slow, value = strength(slow, close, window)
    fast, other = strength(fast, close, quick)
    line = kept(line, value, span + 1)
    last, usual = meant(last, other, smooth)
    found = line[-1] - line[0] + usual if len(line) > span else math.nan
    return (slow, line, fast, last), (found,)


def connors_step(state: Any, close: float, *, window: int, streak: int, rank: int) -> Told:
    """Go on from both relative strengths, the streak and the last changes."""
    if not math.isfinite(close):
        return None, (math.nan,)
    before, sign, bars, inner, run, rates = state or (math.nan, 0, 0, None, None, ())
    way = int(close > before) - int(close < before)
    sign, bars = way, (min(bars + 1, _LONGEST) if way == sign else 1)
    inner, value = strength(inner, close, window)
    run, other = strength(run, float(sign * bars), streak)
    below = math.nan
    if state is not None:
        rate = (close - before) / before if before != 0.0 else 0.0
        if len(rates) == rank:
            below = 100.0 * sum(map(rate.__gt__, rates)) / rank
        rates = kept(rates, rate, rank)
    return (close, sign, bars, inner, run, rates), ((value + other + below) / 3.0,)


def double_step(state: Any, high: float, low: float, close: float, *, window: int, smooth: int) -> Told:
    """Go on from the last highs and lows, the first mean's last values and the second mean."""
    if not gapless((high, low, close)):
        return None, (math.nan,)
    highs, lows, mean, line, last = state or ((), (), None, (), None)
    highs, lows, value = kept(highs, high, window), kept(lows, low, window), math.nan
    if len(highs) == window:
        mean, value = ema(mean, stand(close, min(lows), max(highs)), smooth)
        line = kept(line, value, window)
        last, value = ema(last, _placed(line, window), smooth)
    return (highs, lows, mean, line, last), (_within(value, 0.0, 100.0),)


def smoother(period: float) -> tuple[float, float, float]:
    """Give the shares of Ehlers' super smoother: of two values' mean, and of the last two results."""
    angle = math.sqrt(2.0) * math.pi / period
    decay = math.exp(-angle)
    a1, a2 = 2.0 * decay * math.cos(angle), -decay * decay
    return (1.0 - a1 - a2) / 2.0, a1, a2


def mesa_step(state: Any, close: float, *, window: int, slow: int, fast: int) -> Told:
    """Go on from the last closes, the wave on its way, its last values and the smooth place."""
    if not math.isfinite(close):
        return None, (math.nan,)
    seen, before, move, d1, d2, wave, still, place, y1, y2 = state or (
        0,
        close,
        0.0,
        0.0,
        0.0,
        (0.0, 0.0),
        0,
        50.0,
        50.0,
        50.0,
    )
    angle = math.sqrt(2.0) * math.pi / slow
    weight = (math.cos(angle) + math.sin(angle) - 1.0) / math.cos(angle)
    rest, step = 1.0 - weight, close - before
    still = 0 if step else still + 1
    now = (1.0 - weight / 2.0) ** 2 * (step - move) + 2.0 * rest * d1 - rest * rest * d2
    share, a1, a2 = smoother(fast)
    wave = kept(wave, share * (now + d1) + a1 * wave[-1] + a2 * wave[-2], max(window, 2))
    if seen > window:
        found = 50.0 if still >= 2 * (slow + fast) else stand(wave[-1], min(wave[-window:]), max(wave[-window:]))
        found = _within(found, 0.0, 100.0)
        place, y1, y2 = found, share * (found + place) + a1 * y1 + a2 * y2, y1
    told = y1 if seen > window else math.nan
    return (seen + 1, close, step, now, d1, wave, still, place, y1, y2), (told,)


def kst_step(state: Any, close: float, *, signal: int, **chosen: int) -> Told:
    """Go on from the last closes, the last rates of each span and the last lines."""
    if not math.isfinite(close) or close == 0.0:
        return None, (math.nan, math.nan)
    closes, rates, lines = state or ((), ((),) * 4, ())
    closes = kept(closes, close, 1 + max(chosen["roc1"], chosen["roc2"], chosen["roc3"], chosen["roc4"]))
    line, after = 0.0, []
    for part, past in enumerate(rates, 1):
        span = chosen[f"roc{part}"]
        before = closes[-1 - span] if len(closes) > span else 0.0
        found, usual = meant(past, (close - before) / before if before else math.nan, chosen[f"mean{part}"])
        line += 100.0 * part * usual
        after.append(found)
    lines, follower = meant(lines, line, signal)
    return (closes, tuple(after), lines), (math.nan if math.isnan(follower) else line, follower)


def _ema_twice(state: Any, value: float, slow: int, fast: int, *, seeded: bool = True) -> tuple[Any, float]:
    first, second = state or (None, None)
    first, value = ema(first, value, slow, seeded=seeded)
    second, value = ema(second, value, fast, seeded=seeded)
    return (first, second), value


def _share(above: float, below: float, factor: float) -> float:
    """Give a share in percent within -100 and 100; 0 of nothing."""
    return _within(factor * (above / below), -100.0, 100.0) if below != 0.0 else 0.0


def smi_step(
    state: Any, high: float, low: float, close: float, *, window: int, slow: int, fast: int, signal: int
) -> Told:
    """Go on from the last highs and lows, both means twice over and the signal line."""
    if not gapless((high, low, close)):
        return None, (math.nan, math.nan)
    highs, lows, away, span, still, last = state or ((), (), None, None, 0, None)
    highs, lows = kept(highs, high, window), kept(lows, low, window)
    if len(highs) < window:
        return (highs, lows, away, span, still, last), (math.nan, math.nan)
    top, bottom = max(highs), min(lows)
    still = still + 1 if top == bottom else 0
    away, above = _ema_twice(away, close - 0.5 * (top + bottom), slow, fast)
    span, below = _ema_twice(span, top - bottom, slow, fast)
    line = _share(above, below, 200.0) if not math.isnan(above) else math.nan
    if still >= pause(slow, fast) and not math.isnan(line):
        line = 0.0
    last, follower = ema(last, line, signal)
    found = (math.nan if math.isnan(follower) else line, _within(follower, -100.0, 100.0))
    return (highs, lows, away, span, still, last), found


def tsi_step(state: Any, close: float, *, slow: int, fast: int, signal: int, seeded: int) -> Told:
    """Go on from the last close, both means twice over and the signal line."""
    if not math.isfinite(close):
        return None, (math.nan, math.nan)
    if state is None:
        return (close, None, None, 0, None), (math.nan, math.nan)
    before, net, way, still, last = state
    step, first = close - before, bool(seeded)
    still = 0 if step else still + 1
    net, above = _ema_twice(net, step, slow, fast, seeded=first)
    way, below = _ema_twice(way, abs(step), slow, fast, seeded=first)
    line = _share(above, below, 100.0) if not math.isnan(above) else math.nan
    if still >= pause(slow, fast) and not math.isnan(line):
        line = 0.0
    last, follower = ema(last, line, signal, seeded=first)
    found = (math.nan if math.isnan(follower) else line, _within(follower, -100.0, 100.0))
    return (close, net, way, still, last), found


def wavetrend_step(state: Any, high: float, low: float, close: float, *, window: int, smooth: int, signal: int) -> Told:
    """Go on from the mean, the usual distance from it, the line and its last values."""
    if not gapless((high, low, close)):
        return None, (math.nan, math.nan)
    before, still, mean, size, line, last = state or (None, 0, None, None, None, ())
    price = (high + low + close) / 3.0
    still = still + 1 if price == before else 0
    mean, usual = ema(mean, price, window)
    away = price - usual
    away = 0.0 if abs(away) <= _STILL * abs(price) or (still >= pause(window) and not math.isnan(away)) else away
    size, width = ema(size, abs(away), window)
    line, value = ema(line, away / (_LAMBERT * width) if width != 0.0 else 0.0, smooth)
    last, follower = meant(last, value, signal)
    return (price, still, mean, size, line, last), (math.nan if math.isnan(follower) else value, follower)
