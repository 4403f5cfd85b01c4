"""Calm before a move: bands within bands, and which way it leaves them; and how volatility leans."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, filled, highest, lowest, mean, quotient, sums, true_range
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.steps import squeeze_step
from ara.features.indicators.momentum.sums import inertia_step, squeezed_step
from ara.features.indicators.momentum.terms import deviation, endpoint, moved, strength_memory, unbroken
from ara.features.indicators.trend.terms import TIE, Array, length

__all__ = ["inertia", "squeeze", "squeeze_momentum"]

_CARTER: Final = "J. F. Carter (2005), Mastering the Trade, chapter 11; "
_BARS: Final = 20
_OVER: Final = 134.0


@indicator(
    inputs=["high", "low", "close"],
    params={
        "window": length(_BARS, "Bars of both bands; more see longer calms."),
        "bands": Param(default=2.0, low=0.1, high=10.0, words="Standard deviations; more make a squeeze rarer."),
        "channel": Param(default=1.5, low=0.1, high=10.0, words="Usual ranges; more make a squeeze more common."),
    },
    outputs=["on", "ratio"],
    warmup=lambda window, **_: window,
    memory=lambda window, **_: window + 1,
    scale=Scale.FREE,
    bounds={"on": (0.0, 1.0), "ratio": (0.0, math.inf)},
    formula="1 where r < 1, r = 2 * s / (1.5 * mean(true range, n)), s the standard deviation of n closes; r is 1 if "
    "no range",
    reference=_CARTER + "after J. Bollinger and C. Keltner",
    words="Whether Bollinger's bands lie within Keltner's channel: 1 is a calm, read as a move in the making; the "
    "lower the ratio, the tighter it is.",
    step=squeeze_step,
)
@unbroken
def squeeze(high: Array, low: Array, close: Array, *, window: int, bands: float, channel: float) -> tuple[Array, Array]:
    """Give whether the bands are squeezed, and how wide they are against the channel."""
    usual = sums(true_range(high, low, close), window) / window
    ratio = filled(quotient(bands * deviation(close, window), channel * usual, otherwise=1.0), window)
    return np.where(np.isnan(ratio), np.nan, (ratio < 1.0 - TIE).astype(np.float64)), ratio


@indicator(
    inputs=["high", "low", "close"],
    params={"window": length(_BARS, "Bars of range, mean and line; more see slower moves.")},
    warmup=lambda window: 2 * (window - 1),
    memory=lambda window: 2 * window - 1,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="the newest point of the least-squares line through the last n of C - ((max H + min L) / 2 + mean(C, n)) "
    "/ 2",
    reference=_CARTER + "in the form of LazyBear (2014), Squeeze Momentum, TradingView",
    words="Which way the price leaves a squeeze, in the price's unit: above 0 up, below 0 down, and while it grows "
    "the move has force.",
    step=squeezed_step,
)
@unbroken
def squeeze_momentum(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the momentum of a squeeze."""
    middle = 0.5 * (highest(high, window) + lowest(low, window))
    return endpoint(close - 0.5 * (middle + mean(close, window)), window)


@indicator(
    inputs=["close"],
    params={
        "window": length(_BARS, "Bars of the line; more make it smoother."),
        "size": length(10, "Bars of the standard deviation."),
        "smooth": length(14, "Bars of Wilder's means; more make it calmer."),
    },
    warmup=lambda window, size, smooth: max(size - 1, 1) + smooth + window - 2,
    memory=lambda window, size, smooth: size + strength_memory(smooth) + window,
    scale=Scale.FREE,
    bounds=(100.0 - _OVER, _OVER),
    formula="the newest point of the least-squares line through the last n of 100 * U / (U + D), U and D Wilder's "
    "means of the standard deviation of closes where the close rose and where it fell; 50 where no price moved",
    reference="D. G. Dorsey (1995), Refining the Relative Volatility Index, Stocks & Commodities 13:9",
    words="Whether volatility leans to the rises or to the falls, smoothed to a trend: above 50 the long-term trend "
    "is read as up and likely to go on, below 50 as down.",
    step=inertia_step,
)
@unbroken
def inertia(close: Array, *, window: int, size: int, smooth: int) -> Array:
    """Give Dorsey's inertia."""
    leaning = np.sign(change(close)) * deviation(close, size)
    return endpoint(50.0 + 50.0 * moved(leaning, smooth), window)
