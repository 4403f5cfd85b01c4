"""Exponential means, alone and taken of each other."""

import math

import numpy as np

from ara.features.arrays import ema as exponential
from ara.features.arrays import previous, unbroken
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import EMA_SOURCE, SEEDED, Array, chain, length, links, settles
from ara.features.library import talib

__all__ = ["dema", "ema", "smma", "t3", "tema", "zlema"]


@indicator(
    inputs=["close"],
    params={"window": length(20, low=1), "seeded": SEEDED},
    warmup=lambda window, seeded: (window - 1) * seeded,
    memory=lambda window, seeded: chain(window),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="y[t] = a * C[t] + (1 - a) * y[t-1], a = 2 / (n + 1), begun with the mean of the first n closes",
    reference=EMA_SOURCE + "G. Appel (1979), The Moving Average Convergence-Divergence Trading Method",
    words="A mean in which a bar counts less the older it is; above it the trend is read as rising, below as falling.",
)
@unbroken
def ema(close: Array, *, window: int, seeded: int) -> Array:
    """Give the exponential moving average."""
    return exponential(close, window, seeded=bool(seeded))


@indicator(
    inputs=["close"],
    params={"window": length(20), "seeded": SEEDED},
    warmup=lambda window, seeded: (1 + seeded) * (window - 1),
    memory=lambda window, seeded: chain(window, 2),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="2 * e1 - e2, e1 = ema(C, n), e2 = ema(e1, n)",
    reference="P. G. Mulloy (1994), Smoothing Data with Faster Moving Averages, Stocks & Commodities 12:1",
    words="An exponential mean with its delay taken off once: it follows sooner and may overshoot.",
)
@unbroken
def dema(close: Array, *, window: int, seeded: int) -> Array:
    """Give the double exponential moving average."""
    if seeded:
        return np.asarray(talib().DEMA(close, window))
    first, second = links(close, window, 2, seeded=False)
    return 2.0 * first - second


@indicator(
    inputs=["close"],
    params={"window": length(20), "seeded": SEEDED},
    warmup=lambda window, seeded: (2 + seeded) * (window - 1),
    memory=lambda window, seeded: chain(window, 3),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="3 * e1 - 3 * e2 + e3, e1 = ema(C, n), e2 = ema(e1, n), e3 = ema(e2, n)",
    reference="P. G. Mulloy (1994), Smoothing Data with Less Lag, Stocks & Commodities 12:2",
    words="An exponential mean with its delay taken off twice: the quickest of its family, with the most overshoot.",
)
@unbroken
def tema(close: Array, *, window: int, seeded: int) -> Array:
    """Give the triple exponential moving average."""
    if seeded:
        return np.asarray(talib().TEMA(close, window))
    first, second, third = links(close, window, 3, seeded=False)
    return 3.0 * first - 3.0 * second + third


@indicator(
    inputs=["close"],
    params={
        "window": length(5, low=2),
        "volume_factor": Param(default=0.7, low=0.0, high=1.0, words="0 is a plain mean, 1 takes the most delay off."),
    },
    warmup=lambda window, **_: 6 * (window - 1),
    memory=lambda window, **_: chain(window, 6),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="g(g(g(C))), g(x) = (1 + v) * ema(x, n) - v * ema(ema(x, n), n)",
    reference="T. Tillson (1998), Smoothing Techniques for More Accurate Signals, Stocks & Commodities 16:1",
    words="Six exponential means in a row with the delay partly taken off: a smooth line that still turns early.",
)
@unbroken
def t3(close: Array, *, window: int, volume_factor: float) -> Array:
    """Give Tillson's T3."""
    return np.asarray(talib().T3(close, window, volume_factor))


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: (window - 1) // 2 + window - 1,
    memory=lambda window: (window - 1) // 2 + chain(window),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="ema(2 * C[t] - C[t-k], n), k = floor((n - 1) / 2)",
    reference="J. F. Ehlers and R. Way (2010), Zero Lag (Well, Almost), Stocks & Commodities 28",
    words="An exponential mean of closes carried forward by their own change, which removes most of the delay.",
)
@unbroken
def zlema(close: Array, *, window: int) -> Array:
    """Give the exponential moving average without lag."""
    ahead = 2.0 * close - previous(close, (window - 1) // 2)
    return exponential(ahead, window)


@indicator(
    inputs=["close"],
    params={"window": length(14, low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window + settles(1.0 / window),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="y[t] = y[t-1] + (C[t] - y[t-1]) / n, begun with the mean of the first n closes",
    reference=(
        "J. W. Wilder (1978), New Concepts in Technical Trading Systems; also: smoothed or running moving average"
    ),
    words="A slow exponential mean, as long as a simple one of twice the bars; above it the trend is read as rising.",
)
@unbroken
def smma(close: Array, *, window: int) -> Array:
    """Give the smoothed moving average, Wilder's."""
    return np.asarray(talib().RMA(close, window))
