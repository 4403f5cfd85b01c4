"""Momentum indicators one bar further: from the last values of their windows, or from their means."""

import math
from functools import cache
from itertools import pairwise
from operator import mul
from typing import Any, Final

from ara.features.indicators.trend.terms import TIE, gapless, rests
from ara.features.onward import UNKNOWN, Told, averaged, ema, stand
from ara.features.windowed import Kept, logged, over, scatter, slid, squared

__all__ = [
    "anchored_step",
    "bands_step",
    "body_step",
    "centre_step",
    "cutler_step",
    "demarker_step",
    "discrete_step",
    "distance_step",
    "fast_step",
    "forecast_step",
    "hann_step",
    "percentage_step",
    "plain_step",
    "ray_step",
    "rises_step",
    "setup_step",
    "slow_step",
    "squeeze_step",
    "strength_step",
    "tied_step",
    "year_step",
]

_APART: Final = 4
_NINE: Final = 9
_STILL: Final = 1e-12


def _within(value: float) -> float:
    return min(max(value, -1.0), 1.0)


def percentage_step(state: Any, close: float, *, fast: int, slow: int, signal: int, seeded: int) -> Told:
    """Go on from both means and the signal line."""
    if not math.isfinite(close):
        return None, (math.nan,) * 3
    first, second, last = state or (None, None, None)
    first, quick = ema(first, close, fast, seeded=bool(seeded))
    second, calm = ema(second, close, slow, seeded=bool(seeded))
    line = 100.0 * over(quick - calm, calm)
    last, follower = ema(last, line, signal, seeded=bool(seeded))
    return (first, second, last), (math.nan if math.isnan(follower) else line, follower, line - follower)


def distance_step(state: Any, close: float, *, fast: int, slow: int, seeded: int) -> Told:
    """Go on from both means."""
    if not math.isfinite(close):
        return None, UNKNOWN
    first, second = state or (None, None)
    first, quick = ema(first, close, fast, seeded=bool(seeded))
    second, calm = ema(second, close, slow, seeded=bool(seeded))
    return (first, second), (quick - calm,)


def _strong(state: Any, close: float, window: int, weight: float) -> tuple[Any, float]:
    """Go on from the last close, the bars at rest and the means of moves and of their sizes; -1 to 1."""
    before, still, net, way = state
    move = close - before
    still = still + 1 if move == 0.0 else 0
    net, above = averaged(net, move, window, weight)
    way, below = averaged(way, abs(move), window, weight)
    if math.isnan(below):
        return (close, still, net, way), math.nan
    idle = still >= rests(weight)
    return (close, still, net, way), 0.0 if idle else _within(over(above, below, otherwise=0.0))


def strength_step(state: Any, close: float, *, window: int, seeded: int) -> Told:
    """Go on from the last close and Wilder's means of moves; unseeded, these begin at 0."""
    if not math.isfinite(close):
        return None, UNKNOWN
    if state is None:
        nothing = None if seeded else (1, 0.0)
        return (close, 1, nothing, nothing), UNKNOWN
    state, found = _strong(state, close, window if seeded else 1, 1.0 / window)
    return state, (50.0 + 50.0 * found,)


def _walked(kept: Kept) -> float:
    """Give the move over a window as a share of the way."""
    way = sum([abs(later - earlier) for earlier, later in pairwise(kept)])
    return _within(over(kept[-1] - kept[0], way, otherwise=0.0))


def plain_step(state: Any, close: float, *, window: int, smoothed: int) -> Told:
    """Go on from the last closes, or as the relative strength does."""
    if smoothed:
        state, (found,) = strength_step(state, close, window=window, seeded=1)
        return state, (2.0 * found - 100.0,)
    kept = slid(state or (), close, window + 1)
    return kept, (100.0 * _walked(kept) if len(kept) > window else math.nan,)


def cutler_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window + 1)
    return kept, (50.0 + 50.0 * _walked(kept) if len(kept) > window else math.nan,)


def body_step(state: Any, opened: float, close: float, *, window: int) -> Told:
    """Go on from the last bodies."""
    kept = slid(state or (), close - opened, window)
    if len(kept) < window:
        return kept, UNKNOWN
    return kept, (50.0 + 50.0 * _within(over(sum(kept), sum(map(abs, kept)), otherwise=0.0)),)


@cache
def _bell(window: int) -> Kept:
    return tuple([1.0 - math.cos(2.0 * math.pi * place / (window + 1.0)) for place in range(1, window + 1)])


def hann_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window + 1)
    if len(kept) <= window:
        return kept, UNKNOWN
    moves = [later - earlier for earlier, later in pairwise(kept)]
    net, way = sum(map(mul, moves, _bell(window))), sum(map(mul, map(abs, moves), _bell(window)))
    return kept, (_within(over(net, way, otherwise=0.0)),)


def rises_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last close and which of the last bars rose."""
    if not math.isfinite(close):
        return None, UNKNOWN
    if state is None:
        return (close, ()), UNKNOWN
    before, kept = state
    kept = slid(kept, 1.0 if close > before else 0.0, window)
    return (close, kept), (100.0 * sum(kept) / window if len(kept) == window else math.nan,)


def discrete_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes, and the rises less the falls among them."""
    so_far: Any = state or ((), 0)
    kept, net = so_far
    if not math.isfinite(close):
        return None, UNKNOWN
    if len(kept) > window:
        net -= (kept[1] > kept[0]) - (kept[1] < kept[0])
    if kept:
        net += (close > kept[-1]) - (close < kept[-1])
    kept = slid(kept, close, window + 1)
    if len(kept) <= window:
        return (kept, net), UNKNOWN
    way = (close > kept[0]) - (close < kept[0])
    return (kept, net), (-way * net / window,)


def demarker_step(state: Any, high: float, low: float, *, window: int) -> Told:
    """Go on from the last bar, and the last new ground on both sides."""
    if not gapless((high, low)):
        return None, UNKNOWN
    if state is None:
        return (high, low, (), ()), UNKNOWN
    top, bottom, above, below = state
    above, below = slid(above, max(high - top, 0.0), window), slid(below, max(bottom - low, 0.0), window)
    if len(above) < window:
        return (high, low, above, below), UNKNOWN
    up = sum(above)
    return (high, low, above, below), (over(up, up + sum(below), otherwise=0.5),)


def _stood(state: Any, high: float, low: float, close: float, window: int) -> tuple[Any, float]:
    """Go on from the last highs and lows; give where the close stands among them."""
    highs, lows = state or ((), ())
    if not gapless((high, low)):
        return None, math.nan
    highs, lows = slid(highs, high, window), slid(lows, low, window)
    if len(highs) < window:
        return (highs, lows), math.nan
    return (highs, lows), stand(close, min(lows), max(highs))


def fast_step(state: Any, high: float, low: float, close: float, *, window: int, signal: int) -> Told:
    """Go on from the last bars and the last places; `bars` counts up to the first one told."""
    bars, inner, kept = state or (0, None, ())
    bars = min(bars + 1, window + signal - 1)
    inner, place = _stood(inner, high, low, close, window)
    kept = slid(kept, place, signal)
    told = place if bars == window + signal - 1 else math.nan
    return (bars, inner, kept), (told, sum(kept) / signal if len(kept) == signal else math.nan)


def slow_step(state: Any, high: float, low: float, close: float, *, window: int, smooth: int, signal: int) -> Told:
    """Go on from the last bars, the last places and their means; `bars` counts up to the first one told."""
    bars, inner, places, means = state or (0, None, (), ())
    start = window + smooth + signal - 2
    bars = min(bars + 1, start)
    inner, place = _stood(inner, high, low, close, window)
    places = slid(places, place, smooth)
    k = sum(places) / smooth if len(places) == smooth else math.nan
    means = slid(means, k, signal)
    d = sum(means) / signal if len(means) == signal else math.nan
    return (bars, inner, places, means), (k if bars == start else math.nan, d, 3.0 * k - 2.0 * d)


def _count(row: int, *, true: bool) -> int:
    return min(row + 1, _NINE) if true else 0


def setup_step(state: Any, close: float) -> Told:
    """Go on from the last closes and both counts."""
    if not math.isfinite(close):
        return None, (math.nan, math.nan)
    so_far: Any = state or ((), 0, 0)
    kept, up, down = so_far
    if len(kept) < _APART:
        return ((*kept, close), 0, 0), (math.nan, math.nan)
    up, down = _count(up, true=close > kept[0]), _count(down, true=close < kept[0])
    return ((*kept[1:], close), up, down), (float(up), float(down))


@cache
def _ahead(window: int) -> Kept:
    """Give the weights of the last values in the line's next one."""
    centre, squares = (window - 1) / 2.0, window * (window * window - 1) / 12.0
    return tuple([1.0 / window + (centre + 1.0) * (place - centre) / squares for place in range(window)])


def forecast_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window + 1)
    if len(kept) <= window:
        return kept, UNKNOWN
    return kept, (100.0 * over(close - sum(map(mul, kept, _ahead(window))), close),)


def centre_step(state: Any, high: float, low: float, *, window: int) -> Told:
    """Go on from the last middles."""
    kept = slid(state or (), 0.5 * (high + low), window)
    if len(kept) < window:
        return kept, UNKNOWN
    whole = sum(kept)
    moment = sum([place * value for place, value in enumerate(kept)]) - (window - 1) / 2.0 * whole
    return kept, (over(moment, whole, otherwise=0.0),)


def tied_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes, counted from their mean."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    mean, centre = sum(kept) / window, (window - 1) / 2.0
    off = [value - mean for value in kept]
    size = math.sqrt(squared(off) / window)
    if size <= _STILL * abs(close):
        return kept, (0.0,)
    together = sum([(place - centre) * value for place, value in enumerate(off)])
    return kept, (_within(together / math.sqrt(window * window * (window * window - 1) / 12.0) / size),)


def bands_step(state: Any, close: float, *, window: int, smooth: int, size: int) -> Told:
    """Go on from the last closes, the mean of the rates and the last rates."""
    if not math.isfinite(close) or close == 0.0:
        return None, (math.nan,) * 4
    kept, mean, rates = state or ((), None, ())
    kept = slid(kept, close, window + 1)
    if len(kept) <= window:
        return (kept, mean, rates), (math.nan,) * 4
    speed = 100.0 * over(close - kept[0], kept[0])
    mean, line = ema(mean, speed, smooth)
    rates = slid(rates, speed, size)
    if math.isnan(line) or len(rates) < size:
        return (kept, mean, rates), (math.nan,) * 4
    band = math.sqrt(squared(rates) / size)
    return (kept, mean, rates), (speed, line, band, -band)


def year_step(state: Any, close: float, *, window: int, centre: int, year: float) -> Told:
    """Go on from the last logarithms and the mean of the squared moves."""
    now = logged(close)
    if math.isnan(now):
        return None, UNKNOWN
    kept, mean = state or ((), None)
    variance = math.nan
    if kept:
        mean, variance = averaged(mean, (now - kept[-1]) ** 2, centre + 1, 1.0 / (centre + 1))
    kept = slid(kept, now, window + 1)
    if len(kept) <= window:
        return (kept, mean), UNKNOWN
    return (kept, mean), (over(now - kept[0], math.sqrt(variance * year), otherwise=0.0),)


def anchored_step(state: Any, close: float, *, window: int, smooth: int) -> Told:
    """Go on from the last closes and the mean."""
    if not math.isfinite(close):
        return None, UNKNOWN
    kept, mean = state or ((), None)
    kept = slid(kept, close, window)
    mean, quick = ema(mean, close, smooth)
    if len(kept) < window:
        return (kept, mean), UNKNOWN
    usual = sum(kept) / window
    return (kept, mean), (100.0 * over(quick - usual, usual),)


def ray_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the mean."""
    if not gapless((high, low, close)):
        return None, (math.nan, math.nan)
    state, usual = ema(state, close, window)
    return state, (high - usual, low - usual)


def squeeze_step(
    state: Any, high: float, low: float, close: float, *, window: int, bands: float, channel: float
) -> Told:
    """Go on from the last true ranges and closes."""
    if not gapless((high, low, close)):
        return None, (math.nan, math.nan)
    ranges, closes = state or ((), ())
    if closes:
        ranges = slid(ranges, max(high, closes[-1]) - min(low, closes[-1]), window)
    closes = slid(closes, close, window)
    if len(ranges) < window:
        return (ranges, closes), (math.nan, math.nan)
    size = math.sqrt(scatter(closes)[1])
    wide = bands * (0.0 if size <= _STILL * abs(close) else size)
    ratio = over(wide, channel * (sum(ranges) / window), otherwise=1.0)
    return (ranges, closes), (ratio if math.isnan(ratio) else float(ratio < 1.0 - TIE), ratio)
