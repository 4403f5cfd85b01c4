"""How far the price is from what would be usual."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, ema, filled, mean, previous, quotient, rested, sums, true_range
from ara.features.indicator import Scale, indicator
from ara.features.indicators.momentum.onward import wavetrend_step
from ara.features.indicators.momentum.steps import anchored_step, centre_step, forecast_step, ray_step, rises_step
from ara.features.indicators.momentum.sums import usual_step
from ara.features.indicators.momentum.terms import settled, unbroken
from ara.features.indicators.trend.terms import Array, length, pause, weighted
from ara.features.library import talib

__all__ = [
    "anchored_momentum",
    "cci",
    "center_of_gravity",
    "cfo",
    "disparity",
    "elder_ray",
    "pgo",
    "psy",
    "wavetrend",
]

_WHATEVER: Final = (-math.inf, math.inf)
_STILL: Final = 1e-12
_LAMBERT: Final = 0.015


def _apart(price: Array, usual: Array) -> Array:
    """Give the distance of a price from its mean; 0 where it is what rounding left over."""
    away = price - usual
    return np.where(np.abs(away) <= _STILL * np.abs(price), 0.0, away)


@indicator(
    inputs=["high", "low", "close"],
    params={"window": length(14, "Bars of the mean; more see slower swings.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="(P - mean(P, n)) / (0.015 * mean(|P - mean(P, n)|)), P = (H + L + C) / 3; 0 where no price moved",
    reference="D. R. Lambert (1980), Commodity Channel Index: Tool for Trading Cyclic Trends, Commodities 9:10",
    words="How far the price is from its mean in its usual distances: three quarters of all bars lie between -100 and "
    "100. Beyond them is read as a new trend by some, as an extreme by others.",
)
@unbroken
def cci(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give Lambert's commodity channel index."""
    return np.asarray(talib().CCI(high, low, close, window))


@indicator(
    inputs=["close"],
    params={"window": length(14, "Bars of the mean; more see slower swings.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="100 * (C / mean(C, n) - 1)",
    reference="S. Nison (1994), Beyond Candlesticks; also: bias",
    words="How far the close is from its mean, in percent: unusually far for the instrument is read as stretched, and "
    "as likely to come back.",
)
@unbroken
def disparity(close: Array, *, window: int) -> Array:
    """Give the disparity index."""
    usual = mean(close, window)
    return 100.0 * quotient(close - usual, usual)


@indicator(
    inputs=["close"],
    params={"window": length(5, "Bars of the line; more forecast slower trends.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="100 * (C[t] - F[t-1]) / C[t], F[t-1] the line of least squares through the n closes before, one bar on",
    reference="T. S. Chande and S. Kroll (1994), The New Technical Trader",
    words="How far the close is above what a straight line through the bars before forecast, in percent: staying "
    "above 0, the price does better than its trend.",
    step=forecast_step,
)
@unbroken
def cfo(close: Array, *, window: int) -> Array:
    """Give Chande's forecast oscillator."""
    places = np.arange(window) - (window - 1) / 2.0
    forecast = weighted(close, 1.0 / window + (places[-1] + 1.0) * places / (places @ places))
    return 100.0 * quotient(close - previous(forecast), close)


@indicator(
    inputs=["high", "low", "close"],
    params={"window": length(14, "Bars of the mean and of the usual range; more see slower moves.")},
    warmup=lambda window: window,
    memory=lambda window: 1 + settled(window),
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="(C - mean(C, n)) / ema(true range, n); 0 where there is no range",
    reference="M. Johnson, Pretty Good Oscillator; in the form of published chart libraries",
    words="How many usual bars' ranges the close is from its mean: above 3 is read as the start of a rise, below -3 "
    "of a fall, back at 0 as its end.",
    step=usual_step,
)
@unbroken
def pgo(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give Johnson's pretty good oscillator."""
    usual = ema(true_range(high, low, close), window)
    return quotient(_apart(close, sums(close, window) / window), usual, otherwise=0.0)


@indicator(
    inputs=["close"],
    params={
        "window": length(21, "Bars of the simple mean that it is anchored to; more see slower moves."),
        "smooth": length(7, "Bars of the exponential mean in place of the price; more make it smoother."),
    },
    warmup=lambda window, smooth: max(window, smooth) - 1,
    memory=lambda window, smooth: max(window, settled(smooth)),
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="100 * (ema(C, m) / mean(C, n) - 1)",
    reference="R. Stefani (1998), Anchored Momentum, Stocks & Commodities 16",
    words="Momentum measured against a mean instead of one old price, which has no more delay and far fewer false "
    "turns: above 0 the price rises.",
    step=anchored_step,
)
@unbroken
def anchored_momentum(close: Array, *, window: int, smooth: int) -> Array:
    """Give Stefani's anchored momentum."""
    usual = mean(close, window)
    return 100.0 * quotient(ema(close, smooth) - usual, usual)


@indicator(
    inputs=["high", "low", "close"],
    params={
        "window": length(10, "Bars of the mean and of the usual distance from it; more see slower swings."),
        "smooth": length(21, "Bars of the mean of the distance; more make it smoother."),
        "signal": length(4, "Bars of the signal line; more delay it.", low=1),
    },
    outputs=["line", "signal"],
    warmup=lambda window, smooth, signal: 2 * (window - 1) + smooth + signal - 2,
    memory=lambda window, smooth, signal: settled(window, window, smooth) + signal + pause(window),
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="ema((P - e) / (0.015 * ema(|P - e|, n)), m), e = ema(P, n), P = (H + L + C) / 3; its mean; 0 if none "
    "moved",
    reference="LazyBear (2014), WaveTrend Oscillator, TradingView; after the trading channel index of J. Krausz",
    words="How far the price is from its mean in its usual distances, smoothed: above 60 is read as overbought, below "
    "-60 as oversold, crossing the signal line there as a turn.",
    step=wavetrend_step,
)
@unbroken
def wavetrend(high: Array, low: Array, close: Array, *, window: int, smooth: int, signal: int) -> tuple[Array, Array]:
    """Give the wave-trend oscillator and its signal line."""
    price = (high + low + close) / 3.0
    away = rested(_apart(price, ema(price, window)), change(price), pause(window), otherwise=0.0)
    line = ema(quotient(away, _LAMBERT * ema(np.abs(away), window), otherwise=0.0), smooth)
    return filled(line, 2 * (window - 1) + smooth + signal - 2), sums(line, signal) / signal


@indicator(
    inputs=["high", "low", "close"],
    params={"window": length(13, "Bars of the mean; more see slower trends.")},
    outputs=["bull", "bear"],
    warmup=lambda window: window - 1,
    memory=lambda window: settled(window),
    scale=Scale.PRICE,
    bounds=_WHATEVER,
    formula="H - ema(C, n) and L - ema(C, n)",
    reference="A. Elder (1993), Trading for a Living, Elder-ray",
    words="How far buyers could lift the price above its mean and sellers press it below, in the price's unit: a "
    "rising mean with bear below 0 but rising is read as a purchase, the mirror of it as a sale.",
    step=ray_step,
)
@unbroken
def elder_ray(high: Array, low: Array, close: Array, *, window: int) -> tuple[Array, Array]:
    """Give Elder's bull power and bear power."""
    usual = ema(close, window)
    return high - usual, low - usual


@indicator(
    inputs=["close"],
    params={"window": length(12, "Bars that are counted.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * (number of closes above the one before) / n, last n bars",
    reference="Psychological line, from Japanese chart practice of the 1960s; its first author is not known",
    words="How many of the last bars closed higher, in percent: above 75 buyers are read as too sure of themselves, "
    "below 25 sellers.",
    step=rises_step,
)
@unbroken
def psy(close: Array, *, window: int) -> Array:
    """Give the psychological line."""
    rose = filled((change(close) > 0).astype(np.float64), 1)
    return 100.0 * sums(rose, window) / window


@indicator(
    inputs=["high", "low"],
    params={"window": length(10, "Bars that are weighed; about half the wave that is looked for.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="(n + 1) / 2 - sum(i * M[t-i+1]) / sum(M[t-i+1]) for i = 1..n, M = (H + L) / 2; 0 where the prices sum to "
    "0",
    reference="J. F. Ehlers (2002), The CG Oscillator, Stocks & Commodities 20:5",
    words="Where in its window the prices weigh most, in bars: above 0 the recent ones do. It turns with next to no "
    "delay, and crossing its own value of the bar before is read as a turn.",
    step=centre_step,
)
@unbroken
def center_of_gravity(high: Array, low: Array, *, window: int) -> Array:
    """Give Ehlers' centre of gravity."""
    middle = 0.5 * (high + low)
    ages = np.arange(window, 0, -1.0)
    return quotient(weighted(middle, (window + 1) / 2.0 - ages), sums(middle, window), otherwise=0.0)
