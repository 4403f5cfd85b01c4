"""Volatility indicators one bar further: from means of ranges, and bands as wide as these."""

import math
from operator import mul
from typing import Any, Final

from ara.features.indicators.trend.terms import gapless, pause, rests, settles
from ara.features.onward import UNKNOWN, Told, averaged, ema
from ara.features.windowed import over, scatter, slid

__all__ = [
    "EXACT",
    "acceleration_step",
    "atr_step",
    "chaikin_step",
    "choppiness_step",
    "donchian_step",
    "error_step",
    "exponential_step",
    "keltner_step",
    "mean_step",
    "natr_step",
    "place_step",
    "ratio_step",
    "relative_range_step",
    "starc_step",
    "thermometer_step",
]

EXACT: Final = 1e-8
"""A share of a variance: where a line leaves less, the values are on it."""

_BANDS: Final = (math.nan,) * 3


def _ranged(state: Any, high: float, low: float, close: float) -> tuple[Any, float]:
    """Go on from the last close and the bars at rest; give the true range, NaN where it is unknown."""
    before, still = state or (None, 0)
    wide = math.nan if before is None else max(high, before) - min(low, before)
    return (close if math.isfinite(close) else None, still + 1 if wide == 0.0 else 0), wide


def _meant(state: Any, high: float, low: float, close: float, window: int) -> tuple[Any, float]:
    """Go on from the last close and Wilder's mean of true ranges, begun anew after a gap."""
    if not gapless((high, low, close)):
        return None, math.nan
    if state is None:
        return (close, None), math.nan
    before, mean = state
    mean, usual = averaged(mean, max(high, before) - min(low, before), window, 1.0 / window)
    return (close, mean), usual


def _averaged(
    state: Any, high: float, low: float, close: float, *, window: int, first: int
) -> tuple[Any, float, int, float]:
    """Go on from the ranges and their mean; give the true range, the bars at rest and the average true range."""
    begun, ranged, mean = state or (False, None, None)
    ranged, wide = _ranged(ranged, high, low, close)
    if not first and window > 1:
        mean, usual = _meant(mean, high, low, close, window)
    else:
        told = high - low if first and not begun else wide
        whole = math.isfinite(told)
        mean, usual = averaged(mean, told, window, 1.0 / window) if whole else (None, math.nan)
    return (True, ranged, mean), wide, ranged[1], usual


def atr_step(state: Any, high: float, low: float, close: float, *, window: int, first: int) -> Told:
    """Go on from the mean of true ranges; 0 at last where the price stands still."""
    state, _, still, usual = _averaged(state, high, low, close, window=window, first=first)
    idle = still >= settles(1.0 / window) and not math.isnan(usual)
    return state, (0.0 if idle else usual,)


def natr_step(state: Any, high: float, low: float, close: float, *, window: int, first: int) -> Told:
    """Go on from the mean of true ranges."""
    state, _, _, usual = _averaged(state, high, low, close, window=window, first=first)
    return state, (100.0 * over(usual, close),)


def ratio_step(state: Any, high: float, low: float, close: float, *, fast: int, slow: int) -> Told:
    """Go on from both means."""
    quick, calm = state or (None, None)
    quick, _, _, short = _averaged(quick, high, low, close, window=fast, first=0)
    calm, _, still, long = _averaged(calm, high, low, close, window=slow, first=0)
    idle = still >= rests(1.0 / slow) and not math.isnan(long)
    return (quick, calm), (over(short, 0.0 if idle else long),)


def relative_range_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the mean, and what it was one bar ago."""
    inner, before = state or (None, None)
    inner, wide, still, usual = _averaged(inner, high, low, close, window=window, first=0)
    known = None if math.isnan(usual) else 0.0 if still >= rests(1.0 / window) else usual
    return (inner, known), (math.nan if before is None else over(wide, before),)


def chaikin_step(state: Any, high: float, low: float, *, window: int, bars: int) -> Told:
    """Go on from the mean range, the bars at rest and the last means."""
    mean, still, kept = state or (None, 0, ())
    wide = high - low
    still = still + 1 if wide == 0.0 else 0
    mean, usual = ema(mean, wide, window) if math.isfinite(wide) else (None, math.nan)
    usual = 0.0 if still >= pause(window) and not math.isnan(usual) else usual
    kept = slid(kept, usual, bars + 1)
    if len(kept) <= bars:
        return (mean, still, kept), UNKNOWN
    return (mean, still, kept), (100.0 * over(usual - kept[0], kept[0]),)


def choppiness_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last true ranges, highs and lows."""
    ranged, ranges, highs, lows = state or (None, (), (), ())
    ranged, wide = _ranged(ranged, high, low, close)
    ranges, highs, lows = slid(ranges, wide, window), slid(highs, high, window), slid(lows, low, window)
    kept = (ranged, ranges, highs, lows)
    if min(len(ranges), len(highs), len(lows)) < window:
        return kept, UNKNOWN
    ratio = over(sum(ranges), max(highs) - min(lows))
    return kept, (max(100.0 * math.log10(ratio) / math.log10(window), 0.0) if ratio > 0.0 else math.nan,)


def thermometer_step(state: Any, high: float, low: float, *, window: int) -> Told:
    """Go on from the last bar and the mean; `bars` counts up to the first one told."""
    bars, before, mean = state or (0, None, None)
    bars, reading = min(bars + 1, window + 1), math.nan
    if before is not None:
        reading = max(high - before[0], before[1] - low, 0.0)
    whole = gapless((high, low))
    if not whole or before is None:
        reading, mean, usual = math.nan, None, math.nan
    else:
        mean, usual = ema(mean, reading, window)
    return (bars, (high, low) if whole else None, mean), (reading if bars > window else math.nan, usual)


def _around(middle: float, half: float) -> tuple[float, float, float]:
    return middle + half, middle, middle - half


def _channel(state: Any, bar: tuple[float, float, float], given: dict[str, float]) -> tuple[Any, float, float]:
    """Go on from the mean of the price and that of the ranges; give both once both are known."""
    high, low, close = bar
    if not gapless(bar):
        return None, math.nan, math.nan
    price, reach = state or (None, None)
    price, middle = ema(price, (high + low + close) / 3.0 if given["typical"] else close, int(given["window"]))
    reach, usual = _meant(reach, high, low, close, int(given["bars"]))
    return (price, reach), middle + 0.0 * usual, usual + 0.0 * middle


def keltner_step(state: Any, high: float, low: float, close: float, **given: float) -> Told:
    """Go on from both means."""
    state, middle, usual = _channel(state, (high, low, close), given)
    return state, _around(middle, given["width"] * usual)


def place_step(state: Any, high: float, low: float, close: float, **given: float) -> Told:
    """Go on from both means and the bars at rest."""
    inner, ranged = state or (None, None)
    inner, middle, usual = _channel(inner, (high, low, close), given)
    ranged, _ = _ranged(ranged, high, low, close)
    half = given["width"] * usual
    place = over(close - middle + half, 2.0 * half, otherwise=0.5)
    idle = ranged[1] >= rests(1.0 / given["bars"]) and not math.isnan(place)
    return (inner, ranged), (0.5 if idle else place,)


def starc_step(state: Any, high: float, low: float, close: float, *, window: int, bars: int, width: float) -> Told:
    """Go on from the last closes and the mean of the ranges."""
    reach, closes = state or (None, ())
    reach, usual = _meant(reach, high, low, close, bars)
    closes = slid(closes, close, window) if reach else ()
    if len(closes) < window:
        return (reach, closes), _BANDS
    return (reach, closes), _around(sum(closes) / window + 0.0 * usual, width * usual)


def exponential_step(state: Any, close: float, *, window: int, width: float) -> Told:
    """Go on from the mean and that of the squares."""
    if not math.isfinite(close):
        return None, _BANDS
    mean, spread, before = state or (None, None, None)
    mean, middle = ema(mean, close, window)
    surprise = math.nan if before is None else close - before
    spread, variance = ema(spread, (1.0 - 2.0 / (window + 1.0)) * surprise * surprise, window)
    kept = (mean, spread, None if math.isnan(middle) else middle)
    return kept, _BANDS if math.isnan(variance) else _around(middle, width * math.sqrt(variance))


def acceleration_step(state: Any, high: float, low: float, close: float, *, window: int, factor: float) -> Told:
    """Go on from the last upper and lower ends, and closes."""
    tops, closes, floors = state or ((), (), ())
    part = factor * over(high - low, high + low, otherwise=0.0)
    lines = (
        slid(tops, high * (1.0 + part), window),
        slid(closes, close, window),
        slid(floors, low * (1.0 - part), window),
    )
    return lines, tuple([sum(line) / window if len(line) == window else math.nan for line in lines])


def error_step(state: Any, close: float, *, window: int, smooth: int, width: float) -> Told:
    """Go on from the number of the bar within its block, the last closes, ends of lines and errors."""
    bar, closes, ends, errors = state or (-1, (), (), ())
    bar, closes = (bar + 1) % window, slid(closes, close, window)
    end = error = math.nan
    if len(closes) == window:
        average, variance = scatter(closes, bar + 1)
        centre = (window - 1) / 2.0
        squares = window * (window * window - 1) / 12.0
        slope = sum(map(mul, closes, range(window))) - centre * sum(closes)
        slope /= squares
        end = average + slope * centre
        left = window * variance - slope * slope * squares
        error = math.sqrt((left if left > EXACT * window * variance else 0.0) / (window - 2.0))
    ends, errors = slid(ends, end, smooth), slid(errors, error, smooth)
    kept = (bar, closes, ends, errors)
    if len(ends) < smooth:
        return kept, _BANDS
    return kept, _around(sum(ends) / smooth, width * (sum(errors) / smooth))


def mean_step(state: Any, high: float, low: float, close: float, *, window: int, width: float) -> Told:
    """Go on from the last typical prices and ranges."""
    prices, ranges = state or ((), ())
    prices, ranges = slid(prices, (high + low + close) / 3.0, window), slid(ranges, high - low, window)
    if len(prices) < window:
        return (prices, ranges), _BANDS
    return (prices, ranges), _around(sum(prices) / window, width * (sum(ranges) / window))


def donchian_step(state: Any, high: float, low: float, *, window: int, offset: int) -> Told:
    """Go on from the last highs and lows, and the width one bar ago."""
    highs, lows, before = state or ((), (), None)
    highs, lows = slid(highs, high, window), slid(lows, low, window)
    wide = math.nan
    if min(len(highs), len(lows)) == window:
        top, bottom = max(highs), min(lows)
        wide = over(2.0 * (top - bottom), top + bottom)
    told = (math.nan if before is None else before) if offset else wide
    return (highs, lows, None if math.isnan(wide) else wide), (told,)
