"""Straight lines and bends through the closes of a window, and how well they fit."""

import math
from functools import cache
from typing import Any, Final

import numpy as np

from ara.features.arrays import clean, moments, previous, quotient, sums
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.statistical.steps import (
    angle_step,
    error_step,
    fit_step,
    forecast_step,
    start_step,
    student_step,
)
from ara.features.indicators.statistical.terms import Array, length, log_returns, ratio, running, settled, steady

__all__ = [
    "curvature",
    "kendall_trend",
    "linreg_angle",
    "linreg_intercept",
    "linreg_r2",
    "linreg_slope",
    "linreg_stderr",
    "linreg_tstat",
    "mean_shift",
    "tsf",
    "variance_shift",
]

_LEAST_SQUARES: Final = "A. M. Legendre (1805), C. F. Gauss (1809); "
_KENDALL: Final = "M. G. Kendall (1938), A New Measure of Rank Correlation, Biometrika 30; H. B. Mann (1945)"
_TALIB: Final = 14
_FAINT: Final = 1e-13
_EXACT: Final = 1e-8  # of the variance: where the line leaves less, the closes are on it


def _slope(values: Array, window: int) -> Array:
    """Give the slope of the least-squares line, per bar; the weights of the closes sum to 0."""
    return _weighted(values, _weights(window))


@cache
def _weights(window: int) -> Array:
    weights = np.arange(window, dtype=np.float64) - (window - 1) / 2.0
    return np.asarray(weights / float(weights @ weights))


def _weighted(values: Array, weights: Array) -> Array:
    out = np.full(len(values), np.nan)
    if len(values) >= len(weights):
        out[len(weights) - 1 :] = np.correlate(values, weights, "valid")
    return out


def _line(close: Array, window: int) -> tuple[Array, Array, Array]:
    """Give slope, mean, and the share of the variance that the line explains."""
    values = clean(close)
    slope = _slope(values, window)
    average, spread = moments(values, window)
    spread = np.where(spread <= (_FAINT * average) ** 2, 0.0, spread)
    explained = slope * slope * (window * window - 1) / 12.0
    return slope, average, np.minimum(quotient(explained, spread), 1.0)


@indicator(
    inputs=["close"],
    params={"window": length(_TALIB)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="b of the least-squares line C[t-n+1+i] = a + b * i, i = 0..n-1",
    reference=f"{_LEAST_SQUARES}TA-Lib, LINEARREG_SLOPE",
    words="How much the close rises per bar along its line; above 0 the trend is up.",
)
def linreg_slope(close: Array, *, window: int) -> Array:
    """Give the slope of the regression on time."""
    return _slope(clean(close), window)


@indicator(
    inputs=["close"],
    params={"window": length(_TALIB)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="a of the least-squares line C[t-n+1+i] = a + b * i, i = 0..n-1",
    reference=f"{_LEAST_SQUARES}TA-Lib, LINEARREG_INTERCEPT",
    words="Where the line through the last closes begins, at the oldest bar of the window.",
    step=start_step,
)
def linreg_intercept(close: Array, *, window: int) -> Array:
    """Give the value of the regression line at the oldest bar."""
    values = clean(close)
    return sums(values, window) / window - _slope(values, window) * (window - 1) / 2.0


@indicator(
    inputs=["close"],
    params={"window": length(_TALIB)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="a + b * n of the least-squares line C[t-n+1+i] = a + b * i, i = 0..n-1",
    reference=f"{_LEAST_SQUARES}S. B. Achelis (2001), Technical Analysis from A to Z, 2nd ed.; TA-Lib, TSF",
    words="Where the line through the last closes points for the next bar; a close far above it is read as stretched.",
    step=forecast_step,
)
def tsf(close: Array, *, window: int) -> Array:
    """Give the value of the regression line one bar ahead."""
    values = clean(close)
    return sums(values, window) / window + _slope(values, window) * (window + 1) / 2.0


@indicator(
    inputs=["close"],
    params={
        "window": length(_TALIB),
        "relative": Param(
            default=1,
            low=0,
            high=1,
            whole=True,
            words="1 measures the slope in percent of the mean close per bar; 0 in price per bar, as TA-Lib does, "
            "which then depends on the unit of the price.",
        ),
    },
    warmup=lambda window, relative: window - 1,
    memory=lambda window, relative: window,
    scale=lambda relative, **_: Scale.FREE if relative else Scale.MIXED,
    bounds=(-90.0, 90.0),
    formula="atan(100 * b / mean(C)) in degrees, b = linreg_slope(C, n); relative = 0: atan(b)",
    reference=f"{_LEAST_SQUARES}TA-Lib, LINEARREG_ANGLE",
    words="How steep the line through the closes is: 45 degrees is 1 percent per bar, 0 flat, below 0 falling.",
    step=angle_step,
)
def linreg_angle(close: Array, *, window: int, relative: int) -> Array:
    """Give the angle of the regression line."""
    values = clean(close)
    slope = _slope(values, window)
    rise = quotient(100.0 * slope, sums(values, window) / window) if relative else slope
    return np.degrees(np.arctan(rise))


@indicator(
    inputs=["close"],
    params={"window": length(_TALIB, low=3)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="corr(C, i)^2 over n bars",
    reference="T. S. Chande and S. Kroll (1994), The New Technical Trader, r-squared",
    words="The share of the movement that a straight line explains: near 1 a steady trend, near 0 none.",
    step=fit_step,
)
def linreg_r2(close: Array, *, window: int) -> Array:
    """Give the coefficient of determination of the regression on time; NaN where no price moved."""
    return _line(close, window)[2]


@indicator(
    inputs=["close"],
    params={"window": length(_TALIB, low=3)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="sqrt(sum of (C - line)^2 / (n - 2))",
    reference=f"{_LEAST_SQUARES}G. U. Yule (1911), An Introduction to the Theory of Statistics",
    words="How far the closes usually lie from their line: small in a smooth trend; the width of error bands.",
    step=error_step,
)
def linreg_stderr(close: Array, *, window: int) -> Array:
    """Give the standard error of the regression on time; 0 where the closes are on the line."""
    values = clean(close)
    slope, spread = _slope(values, window), moments(values, window)[1]
    rest = steady(spread - slope * slope * (window * window - 1) / 12.0, _EXACT * spread)
    return np.sqrt(rest * (window / (window - 2)))


@indicator(
    inputs=["close"],
    params={"window": length(20, low=3)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="r * sqrt((n - 2) / (1 - r^2)), r = corr(C, i) over n bars; none where all closes are on the line",
    reference="Student (1908), The Probable Error of a Mean, Biometrika 6; M. Lopez de Prado (2020), trend scanning",
    words="Slope over its error: beyond 2 a trend is clear, though closes depend on each other and inflate it.",
    step=student_step,
)
def linreg_tstat(close: Array, *, window: int) -> Array:
    """Give the t statistic of the slope of the regression on time."""
    slope, _, explained = _line(close, window)
    return np.sign(slope) * np.sqrt(ratio(explained * (window - 2), steady(1.0 - explained, _EXACT)))


@indicator(
    inputs=["close"],
    params={"window": length(20, low=3)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="2 * c of the least-squares parabola C[t-n+1+i] = a + b * i + c * i^2, i = 0..n-1",
    reference="A. Savitzky and M. J. E. Golay (1964), Smoothing and Differentiation of Data, Analytical Chemistry 36",
    words="How the slope changes per bar: above 0 the price bends up, so a fall slows or a rise quickens.",
)
def curvature(close: Array, *, window: int) -> Array:
    """Give the second derivative of the parabola through the closes of the window."""
    place = np.arange(window, dtype=np.float64) - (window - 1) / 2.0
    bend = place * place - (window * window - 1) / 12.0
    return 2.0 * _weighted(clean(close), bend / float(bend @ bend))


def _kendall_step(state: Any, close: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last closes and the pairs of them that rose, less those that fell."""
    if not math.isfinite(close):
        return None, (math.nan,)
    kept: tuple[float, ...] = state[0] if state else ()
    pairs: int = state[1] if state else 0
    if len(kept) == window:
        oldest, kept = kept[0], kept[1:]
        pairs -= sum([(one > oldest) - (one < oldest) for one in kept])
    pairs += sum([(close > one) - (close < one) for one in kept])
    kept = (*kept, close)
    return (kept, pairs), (pairs / (window * (window - 1) / 2.0) if len(kept) == window else math.nan,)


@indicator(
    inputs=["close"],
    params={"window": length(20, low=3, high=500)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="sum over i < j of sign(C[j] - C[i]), over n * (n - 1) / 2",
    reference=_KENDALL,
    words="The share of pairs of bars that rose less those that fell: 1 rose all the way; single leaps don't move it.",
    step=_kendall_step,
)
def kendall_trend(close: Array, *, window: int) -> Array:
    """Give Kendall's tau of the closes of the window against time."""
    values = clean(close)
    padded = np.concatenate([np.full(window - 1, np.nan), values])
    entered, left = np.zeros((2, len(values)), np.int8 if window <= 128 else np.int16)
    for bars in range(1, min(window, len(values))):
        earlier = padded[window - 1 - bars : len(padded) - bars]
        pair = (values > earlier).view(np.int8) - (values < earlier).view(np.int8)
        entered += pair
        left[: len(values) - bars] += pair[bars:]
    pairs = np.cumsum(entered, dtype=np.float64)
    pairs[window:] -= np.cumsum(left, dtype=np.float64)[: max(len(values) - window, 0)]
    unknown = np.isnan(sums(values, window))
    return np.where(unknown, np.nan, pairs / (window * (window - 1) / 2.0))


@indicator(
    inputs=["close"],
    params={"window": length(30, "Bars on each side of the break; more find smaller ones later.", low=3)},
    warmup=lambda window: 2 * window,
    memory=lambda window: 2 * window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(mean of r over the last n bars - over the n before) / sqrt((var + var before) / (n - 1)), r log returns",
    reference="B. L. Welch (1947), The Generalization of Student's Problem, Biometrika 34",
    words="Whether the drift has changed: beyond 2 the last bars run clearly higher than those before, below -2 lower.",
)
def mean_shift(close: Array, *, window: int) -> Array:
    """Give Welch's t of the mean log return against that of the window before."""
    average, spread, before, earlier = _halves(close, window)
    return ratio(average - before, np.sqrt((spread + earlier) / (window - 1)))


@indicator(
    inputs=["close"],
    params={"window": length(30, "Bars on each side of the break; more find smaller ones later.", low=3)},
    warmup=lambda window: 2 * window,
    memory=lambda window: 2 * window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="ln(var of r over the last n bars / over the n before) / 2, r log returns",
    reference="R. A. Fisher (1924), On a Distribution Yielding the Error Functions of Several Statistics, z",
    words="Whether the market turned wilder: 0.7 is twice the deviation of the window before, -0.7 half of it.",
)
def variance_shift(close: Array, *, window: int) -> Array:
    """Give half the logarithm of the ratio of variances."""
    _, spread, _, earlier = _halves(close, window)
    return 0.5 * np.log(ratio(np.where(spread > 0, spread, np.nan), earlier))


def _halves(close: Array, window: int) -> tuple[Array, Array, Array, Array]:
    """Give mean and variance of the log returns of the last window, and of the one before it."""
    returns = log_returns(close)
    average, squares = (one / window for one in running(window, returns, returns * returns))
    spread = settled(squares - average * average, squares)
    return average, spread, previous(average, window), previous(spread, window)
