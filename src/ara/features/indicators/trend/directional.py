"""Directional movement: Wilder's family, Aroon, Vortex, and others that weigh rises against falls."""

import math
from typing import Any

import numpy as np

from ara.features.arrays import (
    change,
    ema,
    previous,
    quotient,
    rested,
    rolling,
    smoothed,
    total,
    true_range,
    unbroken,
    windows,
    within,
)
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.directed import adx_step, adxr_step, di_step, dx_step, vortex_step
from ara.features.indicators.trend.onward import dti_step
from ara.features.indicators.trend.steps import mass_step
from ara.features.indicators.trend.terms import Array, chain, gapless, length, pause, rests, sum_of_sizes
from ara.features.library import talib

__all__ = ["adx", "adxr", "aroon", "di", "dm", "dti", "dx", "mass_index", "rwi", "vortex"]

_WILDER = "J. W. Wilder (1978), New Concepts in Technical Trading Systems, section 4"
_WINDOW = {"window": length(14)}
_BARS = ("high", "low", "close")


def _once(window: int) -> int:
    return 1 + chain(2 * window - 1) + rests(1.0 / window)


def _twice(window: int) -> int:
    return 1 + chain(2 * window - 1, 2) + rests(1.0 / window)


def _one_sided(high: Array, low: Array, close: Array, window: int) -> Array:
    """Give the directional movement index; 0 where neither the high nor the low has long moved."""
    moves = np.abs(change(high)) + np.abs(change(low))
    return rested(np.asarray(talib().DX(high, low, close, window)), moves, rests(1.0 / window), otherwise=0.0)


def _trend(high: Array, low: Array, close: Array, window: int) -> Array:
    """Give Wilder's mean of the directional movement index, taken on by hand where prices have long stood still."""
    line = np.asarray(talib().ADX(high, low, close, window))
    moves = np.abs(change(high)) + np.abs(change(low))
    still = np.flatnonzero(rested(line * 0.0, moves, rests(1.0 / window), otherwise=1.0) == 1.0)
    if len(still) and (start := max(int(still[0]), 2 * window)) < len(line):
        later = np.concatenate((line[start - 1 : start], _one_sided(high, low, close, window)[start:]))
        line[start - 1 :] = smoothed(later, 1.0 / window, seed=1)
    return line


@indicator(
    inputs=_BARS,
    params=_WINDOW,
    outputs=["plus", "minus"],
    warmup=lambda window: window,
    memory=_once,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula=(
        "100 * W(rise of H) / W(TR), 100 * W(fall of L) / W(TR), W Wilder's sum of n; the larger move of a bar counts"
    ),
    reference=_WILDER,
    words="Share of the range that went up and that went down; plus above minus is a rising trend.",
    step=di_step,
)
@unbroken
def di(high: Array, low: Array, close: Array, *, window: int) -> tuple[Array, Array]:
    """Give both directional indicators."""
    ranges, pause = true_range(high, low, close), rests(1.0 / window)
    plus, minus = talib().PLUS_DI(high, low, close, window), talib().MINUS_DI(high, low, close, window)
    return rested(plus, ranges, pause, otherwise=0.0), rested(minus, ranges, pause, otherwise=0.0)


@indicator(
    inputs=["high", "low"],
    params=_WINDOW,
    outputs=["plus", "minus"],
    warmup=lambda window: window - 1,
    memory=_once,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "Wilder's sum of n: s = s[t-1] - s[t-1] / n + move; H - H[t-1] where larger than L[t-1] - L and 0, and reverse"
    ),
    reference=_WILDER,
    words="How far prices reached beyond those of the bar before, upwards and downwards.",
)
def dm(high: Array, low: Array, *, window: int) -> tuple[Array, Array]:
    """Give both directional movements."""
    return np.asarray(talib().PLUS_DM(high, low, window)), np.asarray(talib().MINUS_DM(high, low, window))


@indicator(
    inputs=_BARS,
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_once,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * |plus - minus| / (plus + minus), plus and minus of di",
    reference=_WILDER,
    words="How one-sided the movement is: 0 both ways alike, 100 one way only; adx is its mean.",
    step=dx_step,
)
@unbroken
def dx(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the directional movement index."""
    return _one_sided(high, low, close, window)


@indicator(
    inputs=_BARS,
    params=_WINDOW,
    warmup=lambda window: 2 * window - 1,
    memory=_twice,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="Wilder's mean of dx over n bars, begun with the simple mean of the first n",
    reference=_WILDER,
    words="Strength of the trend, whichever way: over 25 there is one, under 20 none.",
    step=adx_step,
)
@unbroken
def adx(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the average directional movement index."""
    return _trend(high, low, close, window)


@indicator(
    inputs=_BARS,
    params=_WINDOW
    | {
        "whole": Param(default=0, low=0, high=1, whole=True, words="0 looks n - 1 bars back as TA-Lib, 1 looks n back.")
    },
    warmup=lambda window, whole: 3 * window - 2 + whole,
    memory=lambda window, whole: window + _twice(window),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="(adx[t] + adx[t-n+1]) / 2; with adx[t-n] where `whole` is 1",
    reference=_WILDER,
    words="adx and its own past, halved: a slower strength of trend, used to rank markets.",
    step=adxr_step,
)
@unbroken
def adxr(high: Array, low: Array, close: Array, *, window: int, whole: int) -> Array:
    """Give the average directional movement rating."""
    now = _trend(high, low, close, window)
    return (now + previous(now, window - 1 + whole)) / 2.0


def _since(values: Array, window: int) -> Array:
    """Give how many bars ago the largest of the last `window` + 1 values was, the oldest of equal ones."""
    return window - rolling(values, windows(values, window + 1).argmax(axis=1), window + 1)


@indicator(
    inputs=["high", "low"],
    params={
        "window": length(25),
        "oldest": Param(
            default=0, low=0, high=1, whole=True, words="Of equal extremes, 0 counts the newest, 1 the oldest."
        ),
    },
    outputs=["up", "down", "oscillator"],
    warmup=lambda window, oldest: window,
    memory=lambda window, oldest: window + 1,
    scale=Scale.FREE,
    bounds={"up": (0.0, 100.0), "down": (0.0, 100.0), "oscillator": (-100.0, 100.0)},
    formula="100 * (n - bars since the highest H of n + 1) / n, the same of the lowest L, and up - down",
    reference="T. S. Chande (1995), The Time Price Oscillator, Stocks & Commodities 13:9",
    words="How fresh the high and the low are: up near 100 and down near 0 is a strong rise.",
)
@unbroken
def aroon(high: Array, low: Array, *, window: int, oldest: int) -> tuple[Array, Array, Array]:
    """Give Aroon up, Aroon down and their difference."""
    if oldest:
        up, down = (100.0 * (window - _since(one, window)) / window for one in (high, -low))
    else:
        down, up = talib().AROON(high, low, window)
    return up, down, up - down


@indicator(
    inputs=_BARS,
    params=_WINDOW,
    outputs=["plus", "minus"],
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sum |H - L[t-1]| / sum TR, sum |L - H[t-1]| / sum TR, last n bars; 1 and 1 where no price moved",
    reference="E. Botes and D. Siepman (2010), The Vortex Indicator, Stocks & Commodities 28:1",
    words="Movement up and movement down over the range; plus crossing above minus begins a rise.",
    step=vortex_step,
)
@unbroken
def vortex(high: Array, low: Array, close: Array, *, window: int) -> tuple[Array, Array]:
    """Give both vortex lines."""
    ranges = sum_of_sizes(true_range(high, low, close), window)
    rise, fall = np.abs(high - previous(low)), np.abs(low - previous(high))
    return tuple(quotient(sum_of_sizes(one, window), ranges, otherwise=1.0) for one in (rise, fall))  # type: ignore[return-value]


@indicator(
    inputs=["high", "low"],
    params={
        "window": length(25, "Bars that are summed; a value of n is the resting point."),
        "smooth": length(9, "Length of the means of the range; more is slower."),
    },
    warmup=lambda window, smooth: 2 * (smooth - 1) + window - 1,
    memory=lambda window, smooth: chain(smooth, 2) + window - 1 + pause(smooth),
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sum of e1 / e2 over n bars, e1 = ema(H - L, 9), e2 = ema(e1, 9); 1 each where there is no range",
    reference="D. Dorsey (1992), The Mass Index, Stocks & Commodities 10:6",
    words="Whether ranges widen: over 27 and back under 26.5 announces a turn of the trend, not its direction.",
    step=mass_step,
)
@unbroken
def mass_index(high: Array, low: Array, *, window: int, smooth: int) -> Array:
    """Give the mass index."""
    wide = high - low
    first = ema(wide, smooth)
    share = quotient(first, ema(first, smooth), otherwise=1.0)
    return total(rested(share, wide, pause(smooth), otherwise=1.0), window)


def _walk_step(state: Any, high: float, low: float, close: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last close, and from high, low and true range of the last bars, the newest first."""
    if not gapless((high, low, close)):
        return None, (math.nan, math.nan)
    before, kept = state or (close, ())
    walk = max(high, before) - min(low, before)
    rise, fall, bars = -math.inf, -math.inf, ((high, low, walk), *kept)[: window + 1]
    for back in range(1, len(bars)):
        top, bottom, _ = bars[back]
        if back > 1 and walk > 0.0:
            share = math.sqrt(back) / walk
            rise, fall = max(rise, (high - bottom) * share), max(fall, (top - low) * share)
        walk += bars[back][2] if back < window else 0.0
    if len(bars) <= window:
        return (close, bars), (math.nan, math.nan)
    return (close, bars), (0.0, 0.0) if rise == -math.inf else (rise, fall)


@indicator(
    inputs=_BARS,
    params={"window": length(9, "Longest look back; each from 2 bars on is tried.", high=200)},
    outputs=["high", "low"],
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="max over k = 2..n of (H - L[t-k]) / (mean TR of k bars * sqrt(k)), and of (H[t-k] - L) / the same",
    reference="M. Poulos (1991), Of Trends and Random Walks, Stocks & Commodities 9:2",
    words="Moves compared with those of a random walk: over 1 the rise (high) or the fall (low) is more than chance.",
    step=_walk_step,
)
@unbroken
def rwi(high: Array, low: Array, close: Array, *, window: int) -> tuple[Array, Array]:
    """Give the random walk index of highs and of lows."""
    ranges = true_range(high, low, close)
    rise, fall = np.full(len(close), np.nan), np.full(len(close), np.nan)
    walk = ranges
    for bars in range(2, window + 1):
        walk = walk[1:] + ranges[: max(len(ranges) - bars + 1, 0)]
        share = quotient(math.sqrt(bars), walk[1:])
        np.fmax(rise[bars:], (high[bars:] - low[:-bars]) * share, rise[bars:])
        np.fmax(fall[bars:], (high[:-bars] - low[bars:]) * share, fall[bars:])
    still, unknown = np.isnan(rise), np.ones(len(close), np.bool_)
    unknown[window - 1 :] = np.isnan(walk)
    return tuple(np.where(unknown, np.nan, np.where(still, 0.0, one)) for one in (rise, fall))  # type: ignore[return-value]


@indicator(
    inputs=["high", "low"],
    params={
        "window": length(14, "Length of the first mean; more is slower."),
        "second": length(10, "Length of the second mean; more is smoother.", low=1),
        "third": length(5, "Length of the third mean; more is smoother.", low=1),
    },
    warmup=lambda window, second, third: window + second + third - 2,
    memory=lambda window, second, third: 1 + chain(max(window, second, third), 3) + pause(window, second, third),
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula="100 * E(m) / E(|m|), m = max(H - H[t-1], 0) - max(L[t-1] - L, 0), E three emas in a row; 0 where no move",
    reference="W. Blau (1995), Momentum, Direction, and Divergence, chapter 5",
    words="Directional movement smoothed three times: above 0 up, below down, beyond 25 a strong trend.",
    step=dti_step,
)
@unbroken
def dti(high: Array, low: Array, *, window: int, second: int, third: int) -> Array:
    """Give Blau's directional trend index."""
    move = np.maximum(change(high), 0.0) - np.maximum(-change(low), 0.0)
    above, below = (ema(ema(ema(one, window), second), third) for one in (move, np.abs(move)))
    share = rested(quotient(above, below, otherwise=0.0), move, pause(window, second, third), otherwise=0.0)
    return within(100.0 * share, -100.0, 100.0)
