"""Steps of trend indicators: one bar more as the batch gives it, from a few numbers."""

import math
from typing import Any, Final

from ara.features.indicators.trend.terms import LEAST, gapless, pause, rests
from ara.features.onward import Told, averaged, ema, kept, meant

__all__ = [
    "alligator_step",
    "double_macd_step",
    "dti_step",
    "fractal_step",
    "gator_step",
    "ichimoku_step",
    "macd_v_step",
    "position_step",
    "rainbow_step",
    "reflex_step",
    "schaff_step",
    "trendflex_step",
]

_COLOURS: Final = 10
_POWER: Final = 0.04
_ROUNDING: Final = 1e-12
_LINES: Final = ("jaw", "teeth", "lips")


def _last_turn(state: Any, value: float, span: int, window: int) -> tuple[Any, float]:
    """Go on from the last values, and the newest turn and its age."""
    line, turn, age = state or ((), 0.0, window)
    line, age = kept(line, value, max(window, 2 * span + 1)), min(age + 1, window)
    if len(line) <= 2 * span:
        return (line, turn, age), math.nan
    middle = line[-1 - span]
    if middle > max(line[-span:]) and middle > max(line[-1 - 2 * span : -1 - span]):
        turn, age = middle, span
    return (line, turn, age), turn if age < window else max(line[-window:])


def fractal_step(state: Any, high: float, low: float, *, span: int, window: int) -> Told:
    """Go on from the last turns on both sides."""
    if not gapless((high, low)):
        return None, (math.nan, math.nan)
    above, below = state or (None, None)
    above, upper = _last_turn(above, high, span, window)
    below, lower = _last_turn(below, -low, span, window)
    return (above, below), (upper, -lower)


def rainbow_step(state: Any, close: float, *, window: int, range: int) -> Told:
    """Go on from the last values of the close and of each mean but the last."""
    if not math.isfinite(close):
        return None, (math.nan, math.nan)
    closes, before = state or ((), ((),) * _COLOURS)
    closes, value, lines, after = kept(closes, close, range), close, [], []
    for past in before:
        line, value = meant(past, value, window)
        lines.append(value)
        after.append(line)
    if len(closes) < range or math.isnan(value):
        return (closes, tuple(after)), (math.nan, math.nan)
    scope = max(closes) - min(closes)
    away, width = close - sum(lines) / _COLOURS, max(lines) - min(lines)
    found = (100.0 * (away / scope), 100.0 * (width / scope)) if scope != 0.0 else (0.0, 0.0)
    return (closes, tuple(after)), found


def macd_v_step(state: Any, high: float, low: float, close: float, *, fast: int, slow: int, signal: int) -> Told:
    """Go on from both means, the true range's and the signal line."""
    if not gapless((high, low, close)):
        return None, (math.nan,) * 3
    before, still, first, second, size, last = state or (None, 0, None, None, None, None)
    first, quick = ema(first, close, min(fast, slow))
    second, calm = ema(second, close, max(fast, slow))
    if before is None:
        return (close, still, first, second, size, last), (math.nan,) * 3
    window, scope = max(fast, slow), max(high, before) - min(low, before)
    still = 0 if scope else still + 1
    size, width = averaged(size, scope, window, 1.0 / window)
    line = math.nan
    if not math.isnan(width + calm):
        idle = width == 0.0 or still >= rests(1.0 / window)
        line = 0.0 if idle else 100.0 * ((quick - calm) / width)
    last, follower = ema(last, line, signal)
    known = math.nan if math.isnan(follower) else line
    return (close, still, first, second, size, last), (known, follower, line - follower)


def _double(state: Any, value: float, window: int) -> tuple[Any, float]:
    first, second = state or (None, None)
    first, once = ema(first, value, window)
    second, twice = ema(second, once, window)
    return (first, second), 2.0 * once - twice


def double_macd_step(state: Any, close: float, *, fast: int, slow: int, signal: int) -> Told:
    """Go on from both double means and that of the line."""
    if not math.isfinite(close):
        return None, (math.nan,) * 3
    first, second, last = state or (None, None, None)
    first, quick = _double(first, close, min(fast, slow))
    second, calm = _double(second, close, max(fast, slow))
    line = quick - calm
    last, follower = _double(last, line, signal)
    return (first, second, last), (math.nan if math.isnan(follower) else line, follower, line - follower)


def _held(state: Any, value: float, window: int, share: float, least: float, *, idle: bool) -> tuple[Any, float]:
    """Go on from the last values, and the place and the line that they had."""
    line, place, held = state or ((), 50.0, None)
    line = kept(line, value, window)
    if len(line) < window or math.isnan(value):
        return (line, place, held), math.nan
    low = min(line)
    scope = max(line) - low
    if idle:
        place, held = 50.0, None if held is None else 50.0
    elif scope > least:
        place = 100.0 * min(max((value - low) / scope, 0.0), 1.0)
    held = place if held is None else held + share * (place - held)
    return (line, place, held), held


def schaff_step(state: Any, close: float, *, fast: int, slow: int, cycle: int, share: float) -> Told:
    """Go on from both means and the two places in a range."""
    if not math.isfinite(close):
        return None, (math.nan,)
    before, still, first, second, once, twice = state or (close, 0, None, None, None, None)
    still = still + 1 if close == before else 0
    first, quick = ema(first, close, min(fast, slow))
    second, calm = ema(second, close, max(fast, slow))
    idle = still >= pause(max(fast, slow))
    once, place = _held(once, quick - calm, cycle, share, LEAST * abs(calm), idle=idle)
    twice, found = _held(twice, place, cycle, share, 100.0 * LEAST, idle=idle)
    return (close, still, first, second, once, twice), (found,)


def _flexed(state: Any, close: float, window: int, *, straight: bool) -> Told:
    """Go on from the last close, the smooth line's last values and the mean square."""
    if not math.isfinite(close):
        return None, (math.nan,)
    so_far: Any = state or (close, (), None)
    before, line, power = so_far
    angle = math.sqrt(2.0) * math.pi / (window / 2.0)
    decay = math.exp(-angle)
    a1, a2 = 2.0 * decay * math.cos(angle), -decay * decay
    smooth = close
    if len(line) > 1:
        smooth = (1.0 - a1 - a2) / 2.0 * (close + before) + a1 * line[-1] + a2 * line[-2]
    found = math.nan
    if len(line) >= window:
        moved = smooth - sum(line) / window
        if straight:
            moved -= (window + 1) / 2.0 * (smooth - line[0]) / window
        moved = 0.0 if abs(moved) <= _ROUNDING * abs(close) else moved
        square = moved * moved
        power = square if power is None else _POWER * square + (1.0 - _POWER) * power
        found = moved / math.sqrt(power) if power > 0.0 else 0.0
    return (close, kept(line, smooth, window), power), (found,)


def reflex_step(state: Any, close: float, *, window: int) -> Told:
    """Go on with the mean distance from the straight line through the window."""
    return _flexed(state, close, window, straight=True)


def trendflex_step(state: Any, close: float, *, window: int) -> Told:
    """Go on with the mean distance from the window's values."""
    return _flexed(state, close, window, straight=False)


def _thrice(state: Any, value: float, windows: tuple[int, int, int]) -> tuple[Any, float]:
    after = []
    for before, window in zip(state or (None,) * 3, windows, strict=True):
        link, value = ema(before, value, window)
        after.append(link)
    return tuple(after), value


def dti_step(state: Any, high: float, low: float, *, window: int, second: int, third: int) -> Told:
    """Go on from the last bar, and the means of moves and of their sizes."""
    if not gapless((high, low)):
        return None, (math.nan,)
    if state is None:
        return (high, low, 0, None, None), (math.nan,)
    top, bottom, still, net, way = state
    move = max(high - top, 0.0) - max(bottom - low, 0.0)
    still = 0 if move else still + 1
    net, above = _thrice(net, move, (window, second, third))
    way, below = _thrice(way, abs(move), (window, second, third))
    found = math.nan
    if not math.isnan(below):
        idle = below == 0.0 or still >= pause(window, second, third)
        found = 0.0 if idle else min(max(100.0 * (above / below), -100.0), 100.0)
    return (high, low, still, net, way), (found,)


def alligator_step(state: Any, high: float, low: float, **given: int) -> Told:
    """Go on from the three means and their last values."""
    if not gapless((high, low)):
        return None, (math.nan,) * 3
    after, found, price = [], [], (high + low) / 2.0
    for name, (mean, line) in zip(_LINES, state or ((None, ()),) * 3, strict=True):
        window, count = given[name], given[f"{name}_shift"] + 1
        link, value = averaged(mean, price, window, 1.0 / window)
        past = kept(line, value, count)
        after.append((link, past))
        found.append(past[0] if len(past) == count else math.nan)
    known = not math.isnan(sum(found))
    return tuple(after), tuple(found) if known else (math.nan,) * 3


def gator_step(state: Any, high: float, low: float, **given: int) -> Told:
    """Go on from the alligator."""
    state, (jaw, teeth, lips) = alligator_step(state, high, low, **given)
    return state, (abs(jaw - teeth), -abs(teeth - lips))


def _clouded(state: Any, high: float, low: float, **given: int) -> Told:
    """Go on from the last highs and lows and the last edges of the cloud; give the lines, NaN before all are known."""
    longest = max(given["tenkan"], given["kijun"], given["senkou_b"])
    highs, lows, edges_a, edges_b = state or ((), (), (), ())
    highs, lows = kept(highs, high, longest), kept(lows, low, longest)
    if len(highs) < longest:
        return (highs, lows, edges_a, edges_b), (math.nan,) * 4
    tenkan, kijun, slow = (
        (max(highs[-window:]) + min(lows[-window:])) / 2.0
        for window in (given["tenkan"], given["kijun"], given["senkou_b"])
    )
    count = given["shift"] + 1
    edges_a, edges_b = kept(edges_a, (tenkan + kijun) / 2.0, count), kept(edges_b, slow, count)
    found = (tenkan, kijun, edges_a[0], edges_b[0]) if len(edges_a) == count else (math.nan,) * 4
    return (highs, lows, edges_a, edges_b), found


def ichimoku_step(state: Any, high: float, low: float, close: float, **given: int) -> Told:
    """Go on from the last bars and the cloud drawn ahead."""
    if not gapless((high, low, close)):
        return None, (math.nan,) * 5
    state, found = _clouded(state, high, low, **given)
    return state, (*found, math.nan if math.isnan(found[0]) else close)


def position_step(state: Any, high: float, low: float, close: float, **given: int) -> Told:
    """Go on from the last bars, the cloud drawn ahead and the last closes."""
    if not gapless((high, low, close)):
        return None, (math.nan,) * 4
    inner, closes = state or (None, ())
    inner, (tenkan, kijun, edge_a, edge_b) = _clouded(inner, high, low, **given)
    closes = kept(closes, close, given["shift"] + 1)
    if math.isnan(tenkan) or close == 0.0:
        return (inner, closes), (math.nan,) * 4
    found = (close - (edge_a + edge_b) / 2.0, edge_a - edge_b, tenkan - kijun, close - closes[0])
    return (inner, closes), tuple(one / close for one in found)
