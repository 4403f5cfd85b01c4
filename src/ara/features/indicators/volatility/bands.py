"""Bands around a mean, as wide as the price is wild, and where the price stands in them."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import ema, highest, lowest, mean, moments, previous, quotient, rested, runs, true_range
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import chain, length, rests, settles, weighted
from ara.features.indicators.volatility.reach import (
    EXACT,
    acceleration_step,
    donchian_step,
    error_step,
    exponential_step,
    keltner_step,
    mean_step,
    place_step,
    starc_step,
)
from ara.features.indicators.volatility.steps import width_rank_step
from ara.features.indicators.volatility.terms import Array, flag, times, window_mean
from ara.features.library import talib

__all__ = [
    "accbands",
    "bollinger",
    "bollinger_ema",
    "bollinger_percent",
    "bollinger_width",
    "bollinger_width_rank",
    "donchian_width",
    "keltner",
    "keltner_position",
    "keltner_range",
    "standard_error_bands",
    "starc",
]

_Bands = tuple[Array, Array, Array]
_BANDS: Final = ("upper", "middle", "lower")
_BARS = ("high", "low", "close")
_BOLLINGER = "J. Bollinger (2001), Bollinger on Bollinger Bands"
_ALL = (-math.inf, math.inf)

_WINDOW: Final = length(20, "Bars of the mean and the spread; more of them are steadier and later.")
_WIDE: Final = times(2.0, "Standard deviations from the middle to a band; more of them are touched less often.")
_SAMPLE: Final = flag(0, "1 divides by n - 1, as for a sample; 0 by n, as Bollinger does.")
_BAND_PARAMS = {"window": _WINDOW, "width": _WIDE, "sample": _SAMPLE}


def _around(middle: Array, half: Array) -> _Bands:
    return middle + half, middle, middle - half


def _bollinger(close: Array, window: int, sample: int) -> tuple[Array, Array]:
    """Give the mean and one standard deviation."""
    average, variance = moments(close, window)
    return average, np.sqrt(variance * (window / (window - 1.0)) if sample else variance)


@indicator(
    inputs=["close"],
    params=_BAND_PARAMS,
    outputs=_BANDS,
    warmup=lambda window, **_: window - 1,
    memory=lambda window, **_: window,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="mean of n C, +- k standard deviations of n C",
    reference=_BOLLINGER,
    words="Where the price usually stays: outside is unusual, narrow bands come before large moves.",
)
def bollinger(close: Array, *, window: int, width: float, sample: int) -> _Bands:
    """Give the Bollinger bands."""
    average, one = _bollinger(close, window, sample)
    return _around(average, width * one)


@indicator(
    inputs=["close"],
    params=_BAND_PARAMS,
    warmup=lambda window, **_: window - 1,
    memory=lambda window, **_: window,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="(C - lower) / (upper - lower)",
    reference=_BOLLINGER,
    words="Where the price is in its Bollinger bands: 0 at the lower, 1 at the upper, beyond outside of them.",
)
def bollinger_percent(close: Array, *, window: int, width: float, sample: int) -> Array:
    """Give %b; 0.5, the middle, where the price did not move."""
    average, one = _bollinger(close, window, sample)
    return quotient(close - average + width * one, 2.0 * width * one, otherwise=0.5)


@indicator(
    inputs=["close"],
    params=_BAND_PARAMS,
    warmup=lambda window, **_: window - 1,
    memory=lambda window, **_: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="(upper - lower) / middle",
    reference=_BOLLINGER,
    words="How far the Bollinger bands are apart, as a share of the price; the lowest of half a year is the squeeze.",
)
def bollinger_width(close: Array, *, window: int, width: float, sample: int) -> Array:
    """Give the width of the Bollinger bands."""
    average, one = _bollinger(close, window, sample)
    return quotient(2.0 * width * one, average)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "lookback": length(125, "Bars that the width is compared with.")},
    warmup=lambda window, lookback: window + lookback - 2,
    memory=lambda window, lookback: window + lookback - 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="(w - min of m w) / (max of m w - min of m w), w = standard deviation of n C / mean of n C",
    reference=_BOLLINGER + ": the squeeze",
    words=(
        "Where the width of the bands is in its own last half year: 0 is the narrowest, from which moves begin; 1 "
        "the widest."
    ),
    step=width_rank_step,
)
def bollinger_width_rank(close: Array, *, window: int, lookback: int) -> Array:
    """Give the place of the width among the last ones; 0.5 where all are the same."""
    average, one = _bollinger(close, window, 0)
    wide = quotient(one, average)
    (top,), (bottom,) = (runs(lambda w, f=f: f(w, lookback), wide) for f in (highest, lowest))
    return quotient(wide - bottom, top - bottom, otherwise=0.5)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "width": _WIDE},
    outputs=_BANDS,
    warmup=lambda window, width: 2 * window - 1,
    memory=lambda window, width: 1 + 2 * chain(window, 2),
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="m = EMA(n) of C, +- k sqrt(v), v = EMA(n) of (1 - a) (C[t] - m[t-1])^2, a = 2 / (n + 1)",
    reference="T. Finch (2009), Incremental Calculation of Weighted Mean and Variance, section 9",
    words="Bollinger bands with exponential weights: they forget a shock gradually, not all at once after n bars.",
    step=exponential_step,
)
def bollinger_ema(close: Array, *, window: int, width: float) -> _Bands:
    """Give bands by exponential mean and variance."""

    def bands(price: Array) -> _Bands:
        middle = ema(price, window)
        surprise = price - previous(middle)
        variance = ema((1.0 - 2.0 / (window + 1.0)) * surprise * surprise, window)
        upper, _, lower = _around(middle, width * np.sqrt(variance))
        return upper, np.where(np.isnan(variance), np.nan, middle), lower

    upper, middle, lower = runs(bands, close, outputs=3)
    return upper, middle, lower


@indicator(
    inputs=_BARS,
    params={"window": _WINDOW, "factor": times(4.0, "How much of the bar's range is added; more widens the bands.")},
    outputs=_BANDS,
    warmup=lambda window, factor: window - 1,
    memory=lambda window, factor: window,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="mean of n H * (1 + f (H - L) / (H + L)), of C, of L * (1 - f (H - L) / (H + L))",
    reference="P. Headley (2002), Big Trends in Trading: acceleration bands",
    words="Bands that the bars' own ranges set; two closes outside are read as the beginning of a fast move.",
    step=acceleration_step,
)
def accbands(high: Array, low: Array, close: Array, *, window: int, factor: float) -> _Bands:
    """Give the acceleration bands; a bar at price 0 has no range."""
    part = factor * quotient(high - low, high + low, otherwise=0.0)
    upper, lower = window_mean(high * (1.0 + part), window), window_mean(low * (1.0 - part), window)
    return upper, window_mean(close, window), lower


@indicator(
    inputs=["high", "low"],
    params={
        "window": length(20, "Bars of the channel; more of them make it wider."),
        "offset": Param(default=0, low=0, high=1, whole=True, words="1 leaves out the current bar; 0 counts it."),
    },
    warmup=lambda window, offset: window - 1 + offset,
    memory=lambda window, offset: window + offset,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="(max of n H - min of n L) / ((max of n H + min of n L) / 2)",
    reference="R. Donchian (1960), Commodities: High Finance in Copper, Financial Analysts J.; width: stock_indicators",
    words="How far the highest high and the lowest low are apart, as a share of the price; small is a tight range.",
    step=donchian_step,
)
def donchian_width(high: Array, low: Array, *, window: int, offset: int) -> Array:
    """Give the width of the Donchian channel."""
    (top,), (bottom,) = runs(lambda h: highest(h, window), high), runs(lambda l: lowest(l, window), low)  # noqa: E741
    return previous(quotient(2.0 * (top - bottom), top + bottom), offset)


_KELTNER = {
    "window": length(20, "Bars of the middle; more of them are smoother and later.", low=1),
    "bars": length(10, "Bars of the average true range."),
    "width": times(2.0, "Average true ranges from the middle to a band; more of them are touched less often."),
    "typical": flag(1, "1 takes the mean of (H + L + C) / 3 for the middle; 0 that of the close."),
}


def _keltner(bars: _Bands, window: int, size: int, typical: int) -> tuple[Array, Array]:
    """Give the middle and one average true range."""

    def lines(high: Array, low: Array, close: Array) -> tuple[Array, ...]:
        middle = ema((high + low + close) / 3.0 if typical else close, window)
        usual = talib().ATR(high, low, close, size)
        return middle + 0.0 * usual, usual + 0.0 * middle

    middle, usual = runs(lines, *bars, outputs=2)
    return middle, usual


def _keltner_warmup(window: int, bars: int, **_: float) -> int:
    return max(window - 1, bars)


def _keltner_memory(window: int, bars: int, **_: float) -> int:
    return max(chain(window), 1 + bars + settles(1.0 / bars)) + rests(1.0 / bars)


@indicator(
    inputs=_BARS,
    params=_KELTNER,
    outputs=_BANDS,
    warmup=_keltner_warmup,
    memory=_keltner_memory,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="EMA(n) of (H + L + C) / 3, +- k atr(m)",
    reference="C. W. Keltner (1960), How to Make Money in Commodities; in L. B. Raschke's form of the 1980s",
    words="Bands by the usual range of a bar: closes outside show strength, Bollinger bands inside of them a squeeze.",
    step=keltner_step,
)
def keltner(
    high: Array, low: Array, close: Array, *, window: int, bars: int, width: float, typical: int
) -> tuple[Array, ...]:
    """Give the Keltner channel."""
    middle, usual = _keltner((high, low, close), window, bars, typical)
    return _around(middle, width * usual)


@indicator(
    inputs=_BARS,
    params=_KELTNER,
    warmup=_keltner_warmup,
    memory=_keltner_memory,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="(C - lower) / (upper - lower) of keltner",
    reference="C. W. Keltner (1960), How to Make Money in Commodities; place as J. Bollinger's %b",
    words="Where the close is in its Keltner channel: 0 at the lower band, 1 at the upper, beyond outside of them.",
    step=place_step,
)
def keltner_position(
    high: Array, low: Array, close: Array, *, window: int, bars: int, width: float, typical: int
) -> Array:
    """Give the place in the Keltner channel; 0.5, the middle, where the price did not move."""
    middle, usual = _keltner((high, low, close), window, bars, typical)
    place = quotient(close - middle + width * usual, 2.0 * width * usual, otherwise=0.5)
    return rested(place, true_range(high, low, close), rests(1.0 / bars), otherwise=0.5)


@indicator(
    inputs=_BARS,
    params={
        "window": length(10, "Bars of both means; more of them are smoother and later."),
        "width": times(1.0, "Mean ranges to a band."),
    },
    outputs=_BANDS,
    warmup=lambda window, width: window - 1,
    memory=lambda window, width: window,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="mean of n (H + L + C) / 3, +- k * mean of n (H - L)",
    reference="C. W. Keltner (1960), How to Make Money in Commodities: the ten-day moving average trading rule",
    words="Keltner's own bands: above the upper he bought, below the lower he sold.",
    step=mean_step,
)
def keltner_range(high: Array, low: Array, close: Array, *, window: int, width: float) -> _Bands:
    """Give Keltner's bands of 1960, by simple means."""
    return _around(window_mean((high + low + close) / 3.0, window), width * window_mean(high - low, window))


@indicator(
    inputs=_BARS,
    params={
        "window": length(5, "Bars of the middle; more of them are smoother and later.", low=1),
        "bars": length(10, "Bars of the average true range."),
        "width": times(2.0, "Average true ranges from the middle to a band."),
    },
    outputs=_BANDS,
    warmup=lambda window, bars, width: max(window - 1, bars),
    memory=lambda window, bars, width: max(window, 1 + bars + settles(1.0 / bars)),
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="mean of n C, +- k atr(m)",
    reference="M. Stoller (1980s), Stoller Average Range Channels",
    words="Bands by the usual range around a short mean: at a band a move is stretched and wants a pause.",
    step=starc_step,
)
def starc(high: Array, low: Array, close: Array, *, window: int, bars: int, width: float) -> tuple[Array, ...]:
    """Give the STARC bands."""

    def bands(high: Array, low: Array, close: Array) -> tuple[Array, ...]:
        usual = talib().ATR(high, low, close, bars)
        return _around(mean(close, window) + 0.0 * usual, width * usual)

    return runs(bands, high, low, close, outputs=3)


@indicator(
    inputs=["close"],
    params={
        "window": Param(
            default=21, low=3, high=5000, whole=True, words="Bars of the line; more of them are smoother and later."
        ),
        "smooth": length(3, "Bars over which line and error are averaged; 1 leaves them.", low=1),
        "width": times(2.0, "Standard errors from the line to a band; more of them are touched less often."),
    },
    outputs=_BANDS,
    warmup=lambda window, smooth, width: window + smooth - 2,
    memory=lambda window, smooth, width: window + smooth - 1,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="mean of m ends of the least-squares line of n C, +- k * mean of m sqrt(sum of squared errors / (n - 2))",
    reference="J. Andersen (1996), Standard Error Bands, Stocks & Commodities 14:9",
    words="Bands around a fitted line: narrow ones are a clean trend; when they widen, the trend is changing.",
    step=error_step,
)
def standard_error_bands(close: Array, *, window: int, smooth: int, width: float) -> _Bands:
    """Give the standard error bands."""
    average, variance = moments(close, window)
    place = np.asarray(np.arange(window) - (window - 1) / 2.0, np.float64)
    squares = float(place @ place)
    slope = weighted(close, place) / squares
    left = window * variance - slope * slope * squares
    error = np.sqrt(np.where(left <= EXACT * window * variance, 0.0, left) / (window - 2.0))
    middle = window_mean(average + slope * ((window - 1) / 2.0), smooth)
    return _around(middle, width * window_mean(error, smooth))
