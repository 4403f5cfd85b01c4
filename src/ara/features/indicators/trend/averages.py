"""Moving averages of fixed weights: simple, weighted, triangular, and those made of them."""

import math

import numpy as np

from ara.features.arrays import clean, highest, lowest, mean, quotient, sums, unbroken
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.steps import bell_step, line_step, median_step, traded_step, wave_step
from ara.features.indicators.trend.terms import Array, length, weighted
from ara.features.library import talib
from ara.features.loops import quantiles

__all__ = [
    "alma",
    "hma",
    "lsma",
    "median_average",
    "midpoint",
    "midprice",
    "sinwma",
    "sma",
    "swma",
    "trima",
    "vwma",
    "wma",
]

_ABOVE = "Prices above it are read as a rising trend, below it as a falling one."


@indicator(
    inputs=["close"],
    params={"window": length(20, low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(C[t] + ... + C[t-n+1]) / n",
    reference=(
        "R. H. Hooker (1901), Journal of the Royal Statistical Society 64; in markets since R. D. Edwards "
        "and J. Magee (1948)"
    ),
    words=f"The mean close of the last bars. {_ABOVE}",
)
@unbroken
def sma(close: Array, *, window: int) -> Array:
    """Give the simple moving average."""
    return mean(close, window)


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="sum of (n - i) * C[t-i], i = 0..n-1, over n * (n + 1) / 2",
    reference="P. J. Kaufman (2013), Trading Systems and Methods, 5th ed., chapter 7",
    words=f"A mean whose weights fall in a straight line with age, so it follows sooner than the simple one. {_ABOVE}",
)
@unbroken
def wma(close: Array, *, window: int) -> Array:
    """Give the linearly weighted moving average."""
    return np.asarray(talib().WMA(close, window))


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="sma(sma(C, ceil(n / 2)), floor(n / 2) + 1) where n is even or odd: weights rise to the middle and fall",
    reference="P. J. Kaufman (2013), Trading Systems and Methods, 5th ed., chapter 7; as in TA-Lib",
    words="A mean that weighs the middle of its window most: very smooth and late, for seeing the broad swing.",
)
@unbroken
def trima(close: Array, *, window: int) -> Array:
    """Give the triangular moving average."""
    return np.asarray(talib().TRIMA(close, window))


@indicator(
    inputs=["close"],
    params={"window": length(20, low=4)},
    warmup=lambda window: window - 1 + math.isqrt(window) - 1,
    memory=lambda window: window + math.isqrt(window) - 1,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="wma(2 * wma(C, floor(n / 2)) - wma(C, n), floor(sqrt(n)))",
    reference="A. Hull (2005), Hull Moving Average, alanhull.com",
    words=(
        "A weighted mean that makes up for its own delay: it turns soon and may overshoot. Its direction is the signal."
    ),
)
@unbroken
def hma(close: Array, *, window: int) -> Array:
    """Give Hull's moving average."""
    return np.asarray(talib().HMA(close, window))


@indicator(
    inputs=["close"],
    params={
        "window": length(9),
        "offset": Param(
            default=0.85,
            low=0.0,
            high=1.0,
            words="Where in the window the weight is centred; nearer to 1 follows sooner.",
        ),
        "sigma": Param(
            default=6.0, low=0.5, high=100.0, words="How narrow the weights are; larger is narrower and less smooth."
        ),
    },
    warmup=lambda window, **_: window - 1,
    memory=lambda window, **_: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="sum of w[i] * C[t-n+1+i] / sum of w, w[i] = exp(-(i - offset * (n - 1))^2 / (2 * (n / sigma)^2))",
    reference="A. Legoux and D. Kouzis-Loukas (2009), Arnaud Legoux Moving Average",
    words="A mean with bell-shaped weights near the newest bars: smooth and early at once.",
    step=bell_step,
)
def alma(close: Array, *, window: int, offset: float, sigma: float) -> Array:
    """Give the Arnaud Legoux moving average."""
    bell = np.exp(-((np.arange(window) - offset * (window - 1)) ** 2) / (2.0 * (window / sigma) ** 2))
    return weighted(close, bell / bell.sum())


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="a + b * (n - 1), a + b * i the least-squares line through C[t-n+1+i], i = 0..n-1",
    reference=(
        "P. J. Kaufman (2013), Trading Systems and Methods, 5th ed., chapter 6; also: endpoint average, "
        "LINEARREG of TA-Lib"
    ),
    words="The newest point of a straight line fitted to the last bars: it follows a steady trend without delay.",
    step=line_step,
)
def lsma(close: Array, *, window: int) -> Array:
    """Give the least-squares moving average."""
    place = np.arange(window) - (window - 1) / 2.0
    weights = 1.0 / window + place * place[-1] / float(place @ place)
    return weighted(close, weights)


@indicator(
    inputs=["close", "volume"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="sum of C * V over sum of V, last n bars; the simple mean where nothing was traded",
    reference="P. J. Kaufman (2013), Trading Systems and Methods, 5th ed., chapter 7",
    words="A mean that counts a bar by what was traded in it; above the simple mean where buyers had the volume.",
    step=traded_step,
)
@unbroken
def vwma(close: Array, volume: Array, *, window: int) -> Array:
    """Give the volume-weighted moving average."""
    traded = sums(volume, window)
    return np.where(traded > 0, quotient(sums(close * volume, window), traded), mean(close, window))


@indicator(
    inputs=["close"],
    params={"window": length(14)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="weights sin(pi * (i + 1) / (n + 1)), i = 0..n-1, over their sum",
    reference="Everget (2018), Sine-Weighted Moving Average, tradingview.com",
    words="A mean with the weights of half a sine wave: smooth and late, like the triangular one but rounder.",
    step=wave_step,
)
def sinwma(close: Array, *, window: int) -> Array:
    """Give the sine-weighted moving average."""
    wave = np.sin(np.pi * np.arange(1, window + 1) / (window + 1))
    return weighted(close, wave / wave.sum())


@indicator(
    inputs=["close"],
    params={"window": length(10, "Rows of Pascal's triangle less one: bars that count; more are smoother.", high=200)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="weights binomial(n - 1, i), i = 0..n-1, over 2^(n-1)",
    reference="P. Marchand and L. Marmet (1983), Binomial Smoothing Filter, Review of Scientific Instruments 54",
    words="A mean with bell-shaped weights in the middle of its window: no ringing, a delay of half the window.",
)
def swma(close: Array, *, window: int) -> Array:
    """Give the mean with symmetric, binomial weights."""
    return weighted(close, np.array([math.comb(window - 1, i) / 2 ** (window - 1) for i in range(window)]))


@indicator(
    inputs=["close"],
    params={"window": length(15)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="median(C[t], ..., C[t-n+1])",
    reference="J. W. Tukey (1977), Exploratory Data Analysis, chapter 7",
    words="The middle close of the last bars: a single wild bar does not move it.",
    step=median_step,
)
def median_average(close: Array, *, window: int) -> Array:
    """Give the moving median."""
    return quantiles(clean(close), window, 0.5)[0]


@indicator(
    inputs=["close"],
    params={"window": length(14)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(max(C, n) + min(C, n)) / 2",
    reference="TA-Lib, MIDPOINT",
    words=f"Halfway between the highest and the lowest close of the last bars. {_ABOVE}",
)
@unbroken
def midpoint(close: Array, *, window: int) -> Array:
    """Give the middle of the range of closes."""
    return (highest(close, window) + lowest(close, window)) / 2.0


@indicator(
    inputs=["high", "low"],
    params={"window": length(14)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(max(H, n) + min(L, n)) / 2",
    reference="TA-Lib, MIDPRICE; G. Hosoda (1969) uses it in Ichimoku",
    words=f"Halfway between the highest high and the lowest low of the last bars. {_ABOVE}",
)
@unbroken
def midprice(high: Array, low: Array, *, window: int) -> Array:
    """Give the middle of the range of prices."""
    return (highest(high, window) + lowest(low, window)) / 2.0
