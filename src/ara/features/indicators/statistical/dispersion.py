"""How widely the prices of a window lie, and where in it the newest one stands."""

import math
from typing import Any, Final

import numpy as np

from ara.features.arrays import clean, moments, quotient, runs, sums, windows
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.statistical.steps import robust_step, spread_step
from ara.features.indicators.statistical.terms import (
    RETURNS,
    SAMPLE,
    Array,
    length,
    log_returns,
    running,
    settled,
)
from ara.features.library import talib
from ara.features.loops import median_spread, quantiles
from ara.features.windowed import added, moved, over, quantile_of, slid

__all__ = [
    "avgdev",
    "coefficient_of_variation",
    "interquartile_range",
    "mad",
    "percent_rank",
    "quantile",
    "robust_zscore",
    "sma_error",
    "stddev",
    "stderr",
    "variance",
    "zscore",
]

_NORMAL: Final = 1.4826
_SAMPLED: Final = length(20)
_LEVEL: Final = Param(default=0.5, low=0.0, high=1.0, words="Which quantile: 0 is the lowest close, 1 the highest.")


def _deviation(values: Array, window: int, sample: int) -> tuple[Array, Array]:
    average, spread = moments(clean(values), window)
    return average, np.asarray(np.sqrt(spread * (window / (window - sample))))


@indicator(
    inputs=["close"],
    params={"window": length(20), "returns": RETURNS, "sample": SAMPLE},
    warmup=lambda window, returns, sample: window - 1 + returns,
    memory=lambda window, returns, sample: window + returns,
    scale=lambda returns, **_: Scale.FREE if returns else Scale.MIXED,
    bounds=(0.0, math.inf),
    formula="mean of (x - mean(x))^2 over n bars, x = ln(C[t] / C[t-1]), or C where returns = 0",
    reference="R. A. Fisher (1918), Transactions of the Royal Society of Edinburgh 52; of prices: TA-Lib, VAR",
    words="How widely returns scatter, in squares, which add up over bars; larger is wilder.",
)
def variance(close: Array, *, window: int, returns: int, sample: int) -> Array:
    """Give the variance of the returns, or of the closes, of the window."""
    if returns:
        x = log_returns(close)
        average, squares = (one / window for one in running(window, x, x * x))
        spread = settled(squares - average * average, squares)
    else:
        _, spread = moments(clean(close), window)
    return spread * (window / (window - sample))


@indicator(
    inputs=["close"],
    params={"window": _SAMPLED, "sample": SAMPLE},
    warmup=lambda window, sample: window - 1,
    memory=lambda window, sample: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="sqrt(mean of (C - mean(C))^2 over n bars)",
    reference="K. Pearson (1894), Philosophical Transactions A 185; in markets: J. Bollinger (2001), Bollinger Bands",
    words="How far the closes usually lie from their mean, in units of the price; the width of Bollinger's bands.",
)
def stddev(close: Array, *, window: int, sample: int) -> Array:
    """Give the standard deviation of the closes of the window."""
    return _deviation(close, window, sample)[1]


@indicator(
    inputs=["close"],
    params={"window": _SAMPLED, "sample": SAMPLE},
    warmup=lambda window, sample: window - 1,
    memory=lambda window, sample: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="stddev(C, n) / sqrt(n)",
    reference="G. U. Yule (1911), An Introduction to the Theory of Statistics; as in Tulip Indicators, stderr",
    words="How uncertain the mean of the closes is, were they independent draws; the mean plus or minus two of it.",
)
def stderr(close: Array, *, window: int, sample: int) -> Array:
    """Give the standard error of the mean of the closes of the window."""
    return _deviation(close, window, sample)[1] / math.sqrt(window)


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="mean of |C - mean(C)| over n bars",
    reference="D. R. Lambert (1980), Commodity Channel Index, Commodities; TA-Lib, AVGDEV",
    words="The mean distance of the closes from their mean; it minds outliers less than the standard deviation.",
)
def avgdev(close: Array, *, window: int) -> Array:
    """Give the mean absolute deviation of the closes of the window from their mean."""
    return runs(lambda part: np.asarray(talib().AVGDEV(part, window)), close)[0]


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="median of |C - median(C)| over n bars",
    reference="F. R. Hampel (1974), The Influence Curve, Journal of the American Statistical Association 69",
    words="The distance from the median that half of the closes keep; single wild bars don't move it.",
    step=spread_step,
)
def mad(close: Array, *, window: int) -> Array:
    """Give the median absolute deviation of the closes of the window."""
    return median_spread(clean(close), window)[1]


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(C - median(C)) / (1.4826 * mad(C)) over n bars",
    reference="B. Iglewicz and D. C. Hoaglin (1993), How to Detect and Handle Outliers",
    words="How unusual the close is among the last, where no single one can hide another; beyond 3.5 is an outlier.",
    step=robust_step,
)
def robust_zscore(close: Array, *, window: int) -> Array:
    """Give the distance of the close from the median, in median distances made comparable to deviations."""
    middle, spread = median_spread(clean(close), window)
    return quotient(clean(close) - middle, _NORMAL * spread)


@indicator(
    inputs=["close"],
    params={"window": length(20), "sample": SAMPLE},
    warmup=lambda window, sample: window - 1,
    memory=lambda window, sample: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(C - mean(C)) / stddev(C) over n bars",
    reference="P. J. Kaufman (2013), Trading Systems and Methods, 5th ed.; the standard score of statistics",
    words="How many deviations the close lies above its mean: beyond 2 is stretched, and read as due to come back.",
)
def zscore(close: Array, *, window: int, sample: int) -> Array:
    """Give the distance of the close from its mean, in standard deviations; NaN where no price moved."""
    average, deviation = _deviation(close, window, sample)
    return quotient(clean(close) - average, deviation)


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="stddev(C, n) / mean(C, n)",
    reference="K. Pearson (1896), Philosophical Transactions A 187",
    words="The scatter of the closes as a share of their mean, so that instruments compare; low is a quiet range.",
)
def coefficient_of_variation(close: Array, *, window: int) -> Array:
    """Give the standard deviation of the closes over their mean."""
    average, deviation = _deviation(close, window, 0)
    return quotient(deviation, average)


def _missed_step(state: Any, close: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, (math.nan,)
    average = added(kept) / window
    return kept, (sum([abs(1.0 - over(average, one)) for one in kept]) / window,)


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="mean of |C[t-i] - sma[t]| / C[t-i], i = 0..n-1",
    reference="Skender Stock Indicators, SMA analysis (MAPE)",
    words="By what share the closes miss their own moving average; small where the average describes them well.",
    step=_missed_step,
)
def sma_error(close: Array, *, window: int) -> Array:
    """Give the mean absolute error of the moving average for the closes of its window, as a share of each close."""
    values = clean(close)
    average = sums(values, window) / window
    out = np.full(len(values), np.nan)
    rows = max(1, (1 << 20) // window)
    spans = windows(values, window)
    for start in range(0, len(spans), rows):
        part, end = spans[start : start + rows], window - 1 + start
        out[end : end + len(part)] = np.abs(1.0 - average[end : end + len(part), None] / part).mean(axis=1)
    return out


def _middle_step(state: Any, close: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last returns."""
    state = moved(state, close, window)
    if state is None or len(state[1]) < window:
        return state, (math.nan,)
    line = sorted(state[1])
    return state, (quantile_of(line, 0.75) - quantile_of(line, 0.25),)


@indicator(
    inputs=["close"],
    params={"window": length(60)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="q(0.75) - q(0.25) of ln(C[t] / C[t-1]) over n bars, linear between values",
    reference="F. Galton (1881), Report of the Anthropometric Committee; J. W. Tukey (1977), Exploratory Data Analysis",
    words="The span of the middle half of returns: how wild ordinary bars are, whatever the extreme ones did.",
    step=_middle_step,
)
def interquartile_range(close: Array, *, window: int) -> Array:
    """Give the distance between the quartiles of the log returns."""
    low, high = quantiles(log_returns(close), window, 0.25, 0.75)
    return high - low


@indicator(
    inputs=["close"],
    params={
        "window": length(30),
        "level": _LEVEL,
        "nearest": Param(
            default=1, low=0, high=1, whole=True, words="1 gives one of the closes, as TA-Lib does; 0 goes between two."
        ),
    },
    warmup=lambda window, level, nearest: window - 1,
    memory=lambda window, level, nearest: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="the ceil(p * n)-th smallest of n closes; nearest = 0: linear between those around p * (n - 1) + 1",
    reference="R. J. Hyndman and Y. Fan (1996), Sample Quantiles, The American Statistician 50, types 1 and 7",
    words="The price that a given share of the last closes lay below; the median by default.",
)
def quantile(close: Array, *, window: int, level: float, nearest: int) -> Array:
    """Give a quantile of the closes of the window."""
    if nearest and level > 0.0:
        return runs(lambda part: np.asarray(talib().PERCENTILE(part, window, 100.0 * level)), clean(close))[0]
    return quantiles(clean(close), window, level)[0]


@indicator(
    inputs=["close"],
    params={"window": length(100, "Bars before it that it is compared with; more make extremes rarer.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * number of C[t-i] < C[t], i = 1..n, over n",
    reference="L. Connors and C. Alvarez (2012), An Introduction to ConnorsRSI; TA-Lib, PERCENTRANK",
    words="Which percentage of the last closes lay below this one: 100 is a new high, 0 a new low.",
)
def percent_rank(close: Array, *, window: int) -> Array:
    """Give the share of the closes before that are lower, in percent."""
    return runs(lambda part: np.asarray(talib().PERCENTRANK(part, window)), close)[0]
