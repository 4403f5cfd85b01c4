"""How far a bar goes from its high to its low, and means of that."""

import math

import numpy as np

from ara.features import arrays
from ara.features.arrays import change, ema, highest, lowest, previous, quotient, rested, runs, sums
from ara.features.indicator import Scale, indicator
from ara.features.indicators.trend.terms import chain, length, pause, rests, settles
from ara.features.indicators.volatility.reach import (
    atr_step,
    chaikin_step,
    choppiness_step,
    natr_step,
    ratio_step,
    relative_range_step,
    thermometer_step,
)
from ara.features.indicators.volatility.terms import Array, flag, window_mean
from ara.features.library import talib

__all__ = [
    "adr",
    "adr_percent",
    "atr",
    "atr_ratio",
    "chaikin_volatility",
    "choppiness",
    "elder_thermometer",
    "narrow_range",
    "natr",
    "relative_true_range",
    "true_range",
]

_BARS = ("high", "low", "close")
_WILDER = "J. W. Wilder (1978), New Concepts in Technical Trading Systems"
_FIRST = flag(0, "1 takes the first bar's range for its true range, so that values begin a bar earlier; 0 waits.")


def _true_range(high: Array, low: Array, close: Array, first: int) -> Array:
    wide = arrays.true_range(high, low, close)
    if first and len(wide):
        wide[0] = high[0] - low[0]
    return wide


def _atr(high: Array, low: Array, close: Array, window: int, first: int) -> Array:
    if first or window == 1:
        wide = _true_range(high, low, close, first)
        return wide if window == 1 else runs(lambda one: talib().RMA(one, window), wide)[0]
    return runs(lambda h, l, c: talib().ATR(h, l, c, window), high, low, close)[0]  # noqa: E741


def _usual(high: Array, low: Array, close: Array, window: int) -> Array:
    """Give the average true range to divide by: 0 where the price has long stood still."""
    wide = arrays.true_range(high, low, close)
    return rested(_atr(high, low, close, window, 0), wide, rests(1.0 / window), otherwise=0.0)


def _atr_memory(window: int) -> int:
    return 1 + window + settles(1.0 / window)


@indicator(
    inputs=_BARS,
    params={"first": _FIRST},
    warmup=lambda first: 1 - first,
    memory=2,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="max(H, C[t-1]) - min(L, C[t-1])",
    reference=_WILDER,
    words="How far the price went in the bar, the gap from the last close included; larger is wilder.",
)
def true_range(high: Array, low: Array, close: Array, *, first: int) -> Array:
    """Give the true range."""
    return _true_range(high, low, close, first)


@indicator(
    inputs=_BARS,
    params={"window": length(14, "Bars of the mean; more of them are steadier and later.", low=1), "first": _FIRST},
    warmup=lambda window, first: window - first,
    memory=lambda window, first: _atr_memory(window),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="a[t] = a[t-1] + (TR[t] - a[t-1]) / n, begun with the mean of n true ranges",
    reference=_WILDER,
    words="How far the price usually goes in a bar, in its own unit; stops and sizes are set in multiples of it.",
    step=atr_step,
)
def atr(high: Array, low: Array, close: Array, *, window: int, first: int) -> Array:
    """Give the average true range; 0 at last where the price stands still."""
    wide = arrays.true_range(high, low, close)
    return rested(_atr(high, low, close, window, first), wide, settles(1.0 / window), otherwise=0.0)


@indicator(
    inputs=_BARS,
    params={"window": length(14, "Bars of the mean; more of them are steadier and later.", low=1), "first": _FIRST},
    warmup=lambda window, first: window - first,
    memory=lambda window, first: _atr_memory(window),
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="100 * atr(n) / C",
    reference=(
        "J. Forman (2006), Cross-Market Evaluations With Normalized Average True Range, Stocks & Commodities 24:5"
    ),
    words="The usual move of a bar in percent of the price, so that instruments and years compare.",
    step=natr_step,
)
def natr(high: Array, low: Array, close: Array, *, window: int, first: int) -> Array:
    """Give the average true range in percent of the close."""
    return 100.0 * quotient(_atr(high, low, close, window, first), close)


@indicator(
    inputs=["high", "low"],
    params={"window": length(14, "Bars of the mean; more of them are steadier.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="mean over n bars of H - L",
    reference="TA-Lib 0.8, ADR; daily in the original, any bars here",
    words="How far a bar usually goes from high to low; day traders ask how much of it today has used up.",
)
def adr(high: Array, low: Array, *, window: int) -> Array:
    """Give the average range."""
    return window_mean(high - low, window)


@indicator(
    inputs=["high", "low"],
    params={"window": length(20, "Bars of the mean; more of them are steadier.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="100 * (mean over n bars of H / L - 1)",
    reference="As in the screeners of swing traders (ADR %), taken of the low of each bar",
    words="The usual way from low to high in percent; swing traders look for some 4 percent and more.",
)
def adr_percent(high: Array, low: Array, *, window: int) -> Array:
    """Give the average range in percent of the low."""
    return 100.0 * (window_mean(quotient(high, low), window) - 1.0)


@indicator(
    inputs=_BARS,
    params={"fast": length(7, "Bars of the short mean."), "slow": length(49, "Bars of the long mean.")},
    warmup=lambda fast, slow: max(fast, slow),
    memory=lambda fast, slow: _atr_memory(max(fast, slow)) + rests(1.0 / max(fast, slow)),
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="atr(fast) / atr(slow)",
    reference="Ara, of J. W. Wilder's (1978) average true range",
    words="Above 1 the bars have become wider than they were, below 1 narrower; breakouts like to begin below.",
    step=ratio_step,
)
def atr_ratio(high: Array, low: Array, close: Array, *, fast: int, slow: int) -> Array:
    """Give a short average true range over a long one."""
    return quotient(_atr(high, low, close, fast, 0), _usual(high, low, close, slow))


@indicator(
    inputs=_BARS,
    params={"window": length(14, "Bars before this one that say what is usual.", low=1)},
    warmup=lambda window: window + 1,
    memory=lambda window: 1 + _atr_memory(window) + rests(1.0 / window),
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="TR[t] / atr(n)[t-1]",
    reference="Ara, of J. W. Wilder's (1978) true range",
    words="This bar's range against the usual one before it: 2 is a wide bar, 0.5 a quiet one.",
    step=relative_range_step,
)
def relative_true_range(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the true range over the average of those before."""
    usual = previous(_usual(high, low, close, window))
    return quotient(arrays.true_range(high, low, close), usual)


@indicator(
    inputs=["high", "low"],
    params={
        "window": length(10, "Bars of the exponential mean of the range.", low=1),
        "bars": length(10, "How far back the mean is compared.", low=1),
    },
    warmup=lambda window, bars: window - 1 + bars,
    memory=lambda window, bars: chain(window) + bars + pause(window),
    scale=Scale.FREE,
    bounds=(-100.0, math.inf),
    formula="100 * (e[t] / e[t-bars] - 1), e = EMA(n) of H - L",
    reference="M. Chaikin; in S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed.",
    words="How much wider the bars have become, in percent: sharp rises go with panic near lows, slow falls with tops.",
    step=chaikin_step,
)
def chaikin_volatility(high: Array, low: Array, *, window: int, bars: int) -> Array:
    """Give the change of the mean range in percent."""

    def grown(wide: Array) -> Array:
        usual = rested(ema(wide, window), wide, pause(window), otherwise=0.0)
        return 100.0 * quotient(change(usual, bars), previous(usual, bars))

    return runs(grown, high - low)[0]


@indicator(
    inputs=_BARS,
    params={"window": length(14, "Bars that are judged; more of them judge a longer market.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="100 * log10(sum of n TR / (max H - min L)) / log10(n)",
    reference="E. W. Dreiss (1993), Choppiness Index, Futures",
    words="Above 62 the price goes to and fro, below 38 it goes one way; NaN where it did not move at all.",
    step=choppiness_step,
)
def choppiness(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the choppiness index."""
    walked = sums(arrays.true_range(high, low, close), window)
    ratio = quotient(walked, highest(high, window) - lowest(low, window))
    return np.maximum(100.0 * np.log10(np.where(ratio > 0, ratio, np.nan)) / math.log10(window), 0.0)


@indicator(
    inputs=["high", "low"],
    params={"window": length(22, "Bars of the exponential mean.", low=1)},
    outputs=["reading", "average"],
    warmup=lambda window: window,
    memory=lambda window: 1 + chain(window),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="max(H[t] - H[t-1], L[t-1] - L[t], 0), and its EMA(n)",
    reference="A. Elder (2002), Come Into My Trading Room: Market Thermometer",
    words=(
        "How far the bar stuck out of the one before it: enter while it is below its mean, leave at 3 times the mean."
    ),
    step=thermometer_step,
)
def elder_thermometer(high: Array, low: Array, *, window: int) -> tuple[Array, Array]:
    """Give Elder's market thermometer and its mean; the first bar of all sticks out of nothing."""
    reading = np.maximum(np.maximum(change(high), -change(low)), 0.0)
    (average,) = runs(lambda one: ema(one, window), reading)
    reading[: window if len(reading) > window else None] = np.nan
    return reading, average


@indicator(
    inputs=["high", "low"],
    params={"window": length(7, "Bars compared; more make a narrow bar rarer.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="((H - L) - min over n of (H - L)) / (max over n of (H - L) - min over n of (H - L))",
    reference="T. Crabel (1990), Day Trading With Short Term Price Patterns and Opening Range Breakout: NR4, NR7",
    words="0 is the narrowest bar of the last ones (NR7), after which the price often breaks out; 1 the widest.",
)
def narrow_range(high: Array, low: Array, *, window: int) -> Array:
    """Give the place of the bar's range among the last ones; 0.5 where all are the same."""
    wide = high - low
    (top,), (bottom,) = runs(lambda one: highest(one, window), wide), runs(lambda one: lowest(one, window), wide)
    return quotient(wide - bottom, top - bottom, otherwise=0.5)
