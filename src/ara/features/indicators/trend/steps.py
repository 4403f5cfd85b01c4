"""Trend indicators one bar further: from the last values of their windows, or from their means."""

import math
from collections.abc import Callable
from functools import cache
from operator import mul
from typing import Any, Final

from ara.features.indicators.trend.onward import alligator_step
from ara.features.indicators.trend.terms import TIE, gapless, pause
from ara.features.onward import UNKNOWN, Told, averaged, ema
from ara.features.windowed import Kept, logged, over, quantile_of, scatter, slid

__all__ = [
    "bell_step",
    "chandelier_step",
    "channel_step",
    "clenow_step",
    "impulse_step",
    "intensity_step",
    "kroll_step",
    "line_step",
    "mass_step",
    "median_step",
    "phase_step",
    "safe_step",
    "score_step",
    "traded_step",
    "wave_step",
]

_BOTH: Final = (math.nan, math.nan)
_YEAR: Final = 252.0


_EXACT: Final = 1e-8


def _way(change: float, price: float) -> float:
    """Give the sign of a change; 0 where it is rounding beside the price."""
    least = TIE * abs(price)
    return math.nan if math.isnan(change) else float((change > least) - (change < -least))


def phase_step(state: Any, high: float, low: float, **given: int) -> Told:
    """Go on from the alligator and how far its mouth was open."""
    if not gapless((high, low)):
        return None, _BOTH
    inner, before = state or (None, None)
    inner, (jaw, teeth, lips) = alligator_step(inner, high, low, **given)
    if math.isnan(jaw):
        return (inner, None), _BOTH
    now = (abs(jaw - teeth), abs(teeth - lips))
    if before is None:
        return (inner, now), _BOTH
    least = TIE * abs(teeth)
    return (inner, now), (float(now[0] - before[0] > least), float(now[1] - before[1] > least))


def intensity_step(state: Any, close: float, *, window: int, recent: int) -> Told:
    """Go on from the last closes and how far they were from their means."""
    closes, kept = state or ((), ())
    closes = slid(closes, close, window)
    if len(closes) < window:
        return (closes, ()), UNKNOWN
    middle = sum(closes) / window
    away = close - middle
    kept = slid(kept, 0.0 if abs(away) < TIE * middle else away, recent)
    if len(kept) < recent:
        return (closes, kept), UNKNOWN
    share = over(sum([one for one in kept if one > 0.0]), sum(map(abs, kept)), otherwise=0.5)
    return (closes, kept), (min(max(100.0 * share, 0.0), 100.0),)


def impulse_step(state: Any, close: float, *, window: int, fast: int, slow: int, signal: int) -> Told:
    """Go on from the means, the signal line, and the last values of the mean and of the histogram."""
    if not math.isfinite(close):
        return None, UNKNOWN
    mean, first, second, last, before, bar = state or (None,) * 6
    mean, level = ema(mean, close, window)
    first, quick = ema(first, close, min(fast, slow))
    second, calm = ema(second, close, max(fast, slow))
    last, follower = ema(last, quick - calm, signal)
    push = quick - calm - follower
    found = math.nan
    if before is not None and bar is not None:
        found = float(math.trunc((_way(level - before, level) + _way(push - bar, level)) / 2.0))
    known = (None if math.isnan(level) else level, None if math.isnan(push) else push)
    return (mean, first, second, last, *known), (found,)


@cache
def _places(window: int) -> Kept:
    return tuple([place - (window - 1) / 2.0 for place in range(window)])


def _fitted(kept: Kept) -> tuple[float, float, float, float]:
    """Give the mean, the slope, the variance, and that of what the line leaves."""
    window = len(kept)
    average, spread = scatter(kept)
    squares = window * (window * window - 1) / 12.0
    slope = sum(map(mul, kept, _places(window))) / squares if spread else 0.0
    return average, slope, spread, max(spread - slope * slope * squares / window, 0.0)


def clenow_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last logarithms."""
    kept = slid(state or (), logged(close), window)
    if len(kept) < window:
        return kept, (math.nan,) * 3
    _, slope, whole, left = _fitted(kept)
    fit = min(max(1.0 - left / whole, 0.0), 1.0) if whole else 0.0
    rate = min(math.expm1(min(slope * _YEAR, 700.0)), 1e6)
    return kept, (rate * fit, rate, fit)


def channel_step(state: Any, close: float, *, window: int, width: float) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, (math.nan,) * 3
    average, slope, whole, left = _fitted(kept)
    middle, far = average + slope * (window - 1) / 2.0, width * math.sqrt(left if left > _EXACT * whole else 0.0)
    return kept, (middle + far, middle, middle - far)


def _lasting(kept: Kept) -> float:
    count = len(kept) - kept.count(0.0)
    return sum(kept) / count if count else 0.0


def safe_step(state: Any, high: float, low: float, *, window: int, multiplier: float) -> Told:
    """Go on from the last bar, and the last moves beyond the bar before, on both sides."""
    if not gapless((high, low)):
        return None, _BOTH
    if state is None:
        return (high, low, (), ()), _BOTH
    top, bottom, rises, falls = state
    rises, falls = slid(rises, max(high - top, 0.0), window), slid(falls, max(bottom - low, 0.0), window)
    if len(rises) < window:
        return (high, low, rises, falls), _BOTH
    found = (low - multiplier * _lasting(falls), high + multiplier * _lasting(rises))
    return (high, low, rises, falls), found


def _reached(state: Any, high: float, low: float, close: float, window: int) -> tuple[Any, float, Kept, Kept]:
    """Go on from the last close, Wilder's mean of true ranges, and the last highs and lows of whole bars."""
    before, mean, highs, lows = state or (None, None, (), ())
    usual = math.nan
    if before is not None:
        mean, usual = averaged(mean, max(high, before) - min(low, before), window, 1.0 / window)
    highs, lows = slid(highs, high, window), slid(lows, low, window)
    return (close, mean, highs, lows), usual, highs, lows


def chandelier_step(state: Any, high: float, low: float, close: float, *, window: int, multiplier: float) -> Told:
    """Go on from the mean of true ranges and the last highs and lows."""
    if not gapless((high, low, close)):
        return None, _BOTH
    state, usual, highs, lows = _reached(state, high, low, close, window)
    far = multiplier * usual
    return state, (max(highs) - far, min(lows) + far)


def kroll_step(
    state: Any, high: float, low: float, close: float, *, window: int, multiplier: float, second: int
) -> Told:
    """Go on from the mean of true ranges, the last highs and lows, and the last stops."""
    if not gapless((high, low, close)):
        return None, _BOTH
    inner, below, above = state or (None, (), ())
    inner, usual, highs, lows = _reached(inner, high, low, close, window)
    far = multiplier * usual
    below, above = slid(below, min(lows) + far, second), slid(above, max(highs) - far, second)
    return (inner, below, above), (min(below), max(above)) if len(below) == second else _BOTH


def mass_step(state: Any, high: float, low: float, *, window: int, smooth: int) -> Told:
    """Go on from both means, the bars at rest and the last shares."""
    if not gapless((high, low)):
        return None, UNKNOWN
    first, second, still, kept = state or (None, None, 0, ())
    wide = high - low
    still = still + 1 if wide == 0.0 else 0
    first, once = ema(first, wide, smooth)
    second, twice = ema(second, once, smooth)
    share = over(once, twice, otherwise=1.0)
    kept = slid(kept, 1.0 if still >= pause(smooth) and not math.isnan(share) else share, window)
    return (first, second, still, kept), (sum(kept) if len(kept) == window else math.nan,)


def score_step(state: Any, close: float, *, nearest: int, farthest: int) -> Told:
    """Go on from the last closes, None for unknown ones."""
    near, far = sorted((nearest, farthest))
    known = math.isfinite(close)
    kept = (*(state or ())[-far:], close if known else None)
    older = kept[: far - near + 1]
    if not known or len(kept) <= far or None in older:
        return kept, UNKNOWN
    return kept, (sum([(close > one) - (close < one) for one in older]) / (far - near + 1),)


def traded_step(state: Any, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last closes and volumes."""
    if not gapless((close, volume)):
        return None, UNKNOWN
    closes, volumes = state or ((), ())
    closes, volumes = slid(closes, close, window), slid(volumes, volume, window)
    if len(closes) < window:
        return (closes, volumes), UNKNOWN
    traded = sum(volumes)
    mean = sum(map(mul, closes, volumes)) / traded if traded > 0.0 else sum(closes) / window
    return (closes, volumes), (mean,)


def _weighed(weights: Callable[..., Kept]) -> Callable[..., Told]:
    """Make a step of a mean of the last closes, its weights a function of the parameters."""

    def step(state: Any, close: float, *, window: int, **given: float) -> Told:
        kept = slid(state or (), close, window)
        if len(kept) < window:
            return kept, UNKNOWN
        return kept, (sum(map(mul, kept, weights(window, **given))),)

    return step


@cache
def _bell(window: int, offset: float, sigma: float) -> Kept:
    centre, wide = offset * (window - 1), 2.0 * (window / sigma) ** 2
    shares = [math.exp(-((place - centre) ** 2) / wide) for place in range(window)]
    return tuple([one / sum(shares) for one in shares])


@cache
def _wave(window: int) -> Kept:
    shares = [math.sin(math.pi * place / (window + 1)) for place in range(1, window + 1)]
    return tuple([one / sum(shares) for one in shares])


@cache
def _end(window: int) -> Kept:
    squares = window * (window * window - 1) / 12.0
    return tuple([1.0 / window + place * _places(window)[-1] / squares for place in _places(window)])


bell_step = _weighed(_bell)
"""Go on with a mean weighed by a bell."""

wave_step = _weighed(_wave)
"""Go on with a mean weighed by a wave."""

line_step = _weighed(_end)
"""Go on with the end of the line through the last bars."""


def median_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    return kept, (quantile_of(sorted(kept), 0.5) if len(kept) == window else math.nan,)
