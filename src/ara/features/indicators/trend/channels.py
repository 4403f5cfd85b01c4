"""Channels around the price: of extremes, of a mean, of a regression line; and how steep that line is."""

import math

import numpy as np

from ara.features.arrays import highest, logs, lowest, mean, moments, previous, quotient, unbroken, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.steps import channel_step, clenow_step
from ara.features.indicators.trend.terms import Array, length, weighted

__all__ = ["clenow", "donchian", "linreg_channel", "ma_envelope"]

_EXACT = 1e-8  # of the variance: where the line leaves less, the closes are on it

_YEAR = 252.0
_BANDS = ("upper", "middle", "lower")
_REGRESSION = "P. J. Kaufman (2013), Trading Systems and Methods, 5th ed., chapter 6"


@indicator(
    inputs=["high", "low"],
    params={
        "window": length(20, "Bars of the extremes; more makes a wider channel.", low=1),
        "offset": Param(
            default=0,
            low=0,
            high=500,
            whole=True,
            words="Bars left out at the end; 1 makes a break of the channel visible.",
        ),
    },
    outputs=_BANDS,
    warmup=lambda window, offset: window - 1 + offset,
    memory=lambda window, offset: window + offset,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="max(H, n), (upper + lower) / 2, min(L, n), each `offset` bars ago",
    reference="R. D. Donchian (1960), 5- and 20-day rules; C. Faith (2003), The Original Turtle Trading Rules",
    words="The highest high and the lowest low of the last bars; with offset 1, a close outside is a breakout.",
)
@unbroken
def donchian(high: Array, low: Array, *, window: int, offset: int) -> tuple[Array, Array, Array]:
    """Give Donchian's channel."""
    upper, lower = previous(highest(high, window), offset), previous(lowest(low, window), offset)
    return upper, (upper + lower) / 2.0, lower


@indicator(
    inputs=["close"],
    params={
        "window": length(20, low=1),
        "percent": Param(default=2.5, low=0.0, high=100.0, words="Distance of the lines from the mean; more is wider."),
    },
    outputs=_BANDS,
    warmup=lambda window, percent: window - 1,
    memory=lambda window, percent: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="m * (1 + p / 100), m, m * (1 - p / 100), m = sma(C, n)",
    reference="J. J. Murphy (1999), Technical Analysis of the Financial Markets, chapter 9",
    words="Lines a fixed share above and below the mean: outside of them the price is far from its average.",
)
@unbroken
def ma_envelope(close: Array, *, window: int, percent: float) -> tuple[Array, Array, Array]:
    """Give the envelope around a simple moving average."""
    middle, share = mean(close, window), percent / 100.0
    return middle * (1.0 + share), middle, middle * (1.0 - share)


def _regression(values: Array, window: int) -> tuple[Array, Array, Array]:
    """Give the slope per bar of the least-squares line, the variance of values, and that of what the line leaves."""
    place: Array = np.arange(window, dtype=np.float64) - (window - 1) / 2.0
    squares = float(place @ place)
    spread = moments(values, window)[1]
    slope = np.where(spread == 0.0, 0.0, weighted(values, place / squares))
    return slope, spread, np.maximum(spread - slope * slope * squares / window, 0.0)


@indicator(
    inputs=["close"],
    params={
        "window": length(50, "Bars that the line is fitted to; more follows the longer trend.", low=3),
        "width": Param(default=2.0, low=0.0, high=20.0, words="Half the channel in standard errors; more is wider."),
    },
    outputs=_BANDS,
    warmup=lambda window, width: window - 1,
    memory=lambda window, width: window,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula=(
        "y + k * s, y, y - k * s; y the newest point of the least-squares line of C over n bars, s of its residuals"
    ),
    reference=_REGRESSION,
    words=(
        "A straight line through the last bars as it ended at each of them, and bands; outside is far from the trend."
    ),
    step=channel_step,
)
@unbroken
def linreg_channel(close: Array, *, window: int, width: float) -> tuple[Array, Array, Array]:
    """Give the newest point of the regression channel; past points are not drawn anew."""
    slope, whole, left = _regression(close, window)
    left = np.where(left <= _EXACT * whole, 0.0, left)
    middle = mean(close, window) + slope * (window - 1) / 2.0
    far = width * np.sqrt(left)
    return middle + far, middle, middle - far


@indicator(
    inputs=["close"],
    params={"window": length(90, "Bars that the line is fitted to; more follows the longer trend.", low=3)},
    outputs=["score", "slope", "fit"],
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds={"score": (-1.0, math.inf), "slope": (-1.0, math.inf), "fit": (0.0, 1.0)},
    formula="(exp(b)^252 - 1) * R^2, b and R^2 of the least-squares line of ln C over n bars; at most 1e6 as slope",
    reference="A. F. Clenow (2015), Stocks on the Move, chapter 7",
    words="The yearly rate at which the price climbs, counted by how straightly it does; used to rank instruments.",
    step=clenow_step,
)
def clenow(close: Array, *, window: int) -> tuple[Array, Array, Array]:
    """Give the exponential slope a year, times the fit, and both."""
    slope, whole, left = _regression(logs(close), window)
    fit = within(1.0 - quotient(left, whole, otherwise=1.0), 0.0, 1.0)
    fit = np.where(whole == 0.0, 0.0, fit)
    rate = np.minimum(np.expm1(np.minimum(slope * _YEAR, 700.0)), 1e6)
    return rate * fit, rate, fit
