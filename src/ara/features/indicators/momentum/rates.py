"""Rates of change, alone and summed over several spans."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, clean, divisible, ema, filled, previous, quotient, sums
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.onward import kst_step
from ara.features.indicators.momentum.steps import bands_step
from ara.features.indicators.momentum.sums import coppock_step, motive_step
from ara.features.indicators.momentum.terms import settled, unbroken
from ara.features.indicators.trend.terms import Array, length, weighted

__all__ = ["coppock", "kst", "mom", "pmo", "roc", "roc_bands", "rocr"]

_SPAN: Final = length(10, "Bars between the two prices; more see slower moves.", low=1)
_PERCENT: Final = Param(default=100.0, low=1.0, high=100.0, words="What 1 is told as: 100 gives percent, 1 a fraction.")
_WHATEVER: Final = (-math.inf, math.inf)
_OLD: Final = "C. D. Kirkpatrick and J. R. Dahlquist (2006), Technical Analysis, chapter 18"


def _rate(close: Array, span: int) -> Array:
    prices = clean(close)
    return quotient(change(prices, span), previous(prices, span))


@indicator(
    inputs=["close"],
    params={"window": _SPAN},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.PRICE,
    bounds=_WHATEVER,
    formula="C[t] - C[t-n]",
    reference=_OLD,
    words="How far the price moved in some bars, in its own unit: above 0 it is higher than it was. A move that "
    "shrinks while the price goes on is read as tiring.",
)
def mom(close: Array, *, window: int) -> Array:
    """Give the momentum, the change of the price over some bars."""
    return change(close, window)


@indicator(
    inputs=["close"],
    params={"window": _SPAN, "factor": _PERCENT},
    warmup=lambda window, factor: window,
    memory=lambda window, factor: window + 1,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="100 * (C[t] / C[t-n] - 1)",
    reference=_OLD,
    words="How far the price moved in some bars, in percent: above 0 it is higher than it was. Values that are "
    "unusual for the instrument are read as a move gone too far.",
)
def roc(close: Array, *, window: int, factor: float) -> Array:
    """Give the rate of change in percent."""
    return factor * _rate(close, window)


@indicator(
    inputs=["close"],
    params={
        "window": _SPAN,
        "factor": Param(default=1.0, low=1.0, high=100.0, words="What 1 is told as: 1 gives a ratio, 100 percent."),
    },
    warmup=lambda window, factor: window,
    memory=lambda window, factor: window + 1,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="C[t] / C[t-n]",
    reference=_OLD,
    words="The price as a multiple of what it was some bars ago: above 1 it is higher.",
)
def rocr(close: Array, *, window: int, factor: float) -> Array:
    """Give the ratio of the price to the one some bars ago."""
    prices = clean(close)
    return factor * quotient(prices, previous(prices, window))


@indicator(
    inputs=["close"],
    params={
        "window": length(20, "Bars between the two prices; more see slower moves.", low=1),
        "smooth": length(5, "Bars of the exponential mean; more delay it."),
        "size": length(5, "Bars over which the usual size of the rate is taken; more make steadier bands."),
    },
    outputs=["roc", "line", "upper", "lower"],
    warmup=lambda window, smooth, size: window + max(smooth, size) - 1,
    memory=lambda window, smooth, size: window + max(settled(smooth), size),
    scale=Scale.FREE,
    bounds={"roc": _WHATEVER, "line": _WHATEVER, "upper": (0.0, math.inf), "lower": (-math.inf, 0.0)},
    formula="r = 100 * (C[t] / C[t-n] - 1), ema(r, m), and sqrt(mean(r^2, p)) above and below 0",
    reference="V. Apirine (2021), Rate of Change With Bands, Stocks & Commodities 39",
    words="The rate of change in percent with bands of its own usual size around 0: beyond a band the move is larger "
    "than lately usual, which is read as gone too far.",
    step=bands_step,
)
@divisible
@unbroken
def roc_bands(close: Array, *, window: int, smooth: int, size: int) -> tuple[Array, Array, Array, Array]:
    """Give the rate of change, its exponential mean and bands of its usual size."""
    start = window + max(smooth, size) - 1
    speed = 100.0 * _rate(close, window)
    band = filled(np.sqrt(sums(speed * speed, size) / size), start)
    return filled(speed, start), filled(ema(speed, smooth), start), band, -band


_SPANS: Final = (10, 15, 20, 30)
_MEANS: Final = (10, 10, 10, 15)


def _kst_warmup(signal: int, **chosen: int) -> int:
    return max(chosen[f"roc{part}"] + chosen[f"mean{part}"] for part in range(1, 5)) + signal - 2


@indicator(
    inputs=["close"],
    params={
        **{f"roc{at}": length(bars, f"Bars of rate of change {at}.", low=1) for at, bars in enumerate(_SPANS, 1)},
        **{f"mean{at}": length(bars, f"Bars of the mean of rate {at}.", low=1) for at, bars in enumerate(_MEANS, 1)},
        "signal": length(9, "Bars of the signal line; more delay it.", low=1),
    },
    outputs=["line", "signal"],
    warmup=_kst_warmup,
    memory=lambda **chosen: _kst_warmup(**chosen) + 1,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="sum of i * mean(100 * (C[t] / C[t-ni] - 1), mi) for i = 1..4; its mean over 9 bars",
    reference="M. J. Pring (1992), The Know Sure Thing, Stocks & Commodities 10:10",
    words="Rates of change of four spans in one, the slower ones weighing more. Above 0 the price rises on balance; "
    "crossing the signal line is read as a turn.",
    step=kst_step,
)
@divisible
@unbroken
def kst(close: Array, *, signal: int, **chosen: int) -> tuple[Array, Array]:
    """Give Pring's know-sure-thing and its signal line."""
    spans = [chosen[f"mean{part}"] for part in range(1, 5)]
    rates = [_rate(close, chosen[f"roc{part}"]) for part in range(1, 5)]
    parts = [(100.0 * part) * sums(rate, n) / n for part, (rate, n) in enumerate(zip(rates, spans, strict=True), 1)]
    line = parts[0] + parts[1] + parts[2] + parts[3]
    return filled(line, _kst_warmup(signal, **chosen)), sums(line, signal) / signal


@indicator(
    inputs=["close"],
    params={
        "window": length(10, "Bars of the weighted mean; more make it smoother."),
        "fast": length(11, "Bars of the shorter rate of change.", low=1),
        "slow": length(14, "Bars of the longer rate of change.", low=1),
    },
    warmup=lambda window, fast, slow: max(fast, slow) + window - 1,
    memory=lambda window, fast, slow: max(fast, slow) + window,
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="wma(100 * (C[t] / C[t-11] - 1) + 100 * (C[t] / C[t-14] - 1), 10)",
    reference="E. S. C. Coppock (1962), in Barron's of 15 October",
    words="Two rates of change, smoothed; made for monthly bars of an index. Turning up from below 0 is read as the "
    "end of a long fall.",
    step=coppock_step,
)
@divisible
@unbroken
def coppock(close: Array, *, window: int, fast: int, slow: int) -> Array:
    """Give Coppock's curve."""
    weights = np.arange(1.0, window + 1.0)
    return weighted(100.0 * (_rate(close, fast) + _rate(close, slow)), weights / weights.sum())


@indicator(
    inputs=["close"],
    params={
        "slow": length(35, "Bars of the first mean; more make it smoother.", low=3),
        "fast": length(20, "Bars of the second mean; more make it smoother.", low=3),
        "signal": length(10, "Bars of the signal line; more delay it."),
    },
    outputs=["line", "signal"],
    warmup=lambda slow, fast, signal: slow + fast + signal - 4,
    memory=lambda slow, fast, signal: 1 + settled(slow, fast, signal),
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="e(10 * e(100 * (C[t] / C[t-1] - 1), 35), 20), e(x, n) exponential with weight 2 / n; ema of it over 10 "
    "bars",
    reference="C. Swenlin, DecisionPoint Price Momentum Oscillator, StockCharts ChartSchool",
    words="The rate of change of one bar, smoothed twice; comparable across instruments. Crossing its signal line is "
    "read as a turn, and high or low values rank who is stronger.",
    step=motive_step,
)
@divisible
@unbroken
def pmo(close: Array, *, slow: int, fast: int, signal: int) -> tuple[Array, Array]:
    """Give the price momentum oscillator and its signal line."""
    line = ema(10.0 * ema(100.0 * _rate(close, 1), slow - 1), fast - 1)
    return filled(line, slow + fast + signal - 4), ema(line, signal)
