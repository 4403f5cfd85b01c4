"""Estimates of the volatility of returns over a window: from closes, and from the range of each bar."""

import math

import numpy as np

from ara.features.arrays import change, logs, previous, quotient
from ara.features.indicator import Scale, indicator
from ara.features.indicators.trend.terms import length
from ara.features.indicators.volatility.onward import (
    gap_share_step,
    gap_step,
    garman_klass_step,
    historical_step,
    inner_step,
    log_range_step,
    opened_garman_klass_step,
    parkinson_step,
    range_share_step,
    rogers_satchell_step,
)
from ara.features.indicators.volatility.steps import yang_zhang_step
from ara.features.indicators.volatility.terms import (
    YEAR,
    Array,
    flag,
    move,
    returns,
    returns_variance,
    root,
    window_mean,
)

__all__ = [
    "garman_klass",
    "garman_klass_yang_zhang",
    "historical_volatility",
    "intraday_volatility",
    "log_range_volatility",
    "overnight_share",
    "overnight_volatility",
    "parkinson",
    "range_efficiency",
    "rogers_satchell",
    "yang_zhang",
]

_WINDOW = length(20, "Bars that count; more of them are steadier and later.")
_PARAMS = {"window": _WINDOW, "year": YEAR}
_LN2 = math.log(2.0)
_LOG_RANGE = 0.43  # mean of the logarithm of the range of a Brownian motion over one unit of time
_BARS = ("open", "high", "low", "close")


def _sampled(variance: Array, window: int) -> Array:
    return np.asarray(variance * (window / (window - 1.0)))


def _rogers_satchell(opened: Array, high: Array, low: Array, close: Array) -> Array:
    begin, end = logs(opened), logs(close)
    top, bottom = logs(high), logs(low)
    return np.asarray((top - begin) * (top - end) + (bottom - begin) * (bottom - end))


def _garman_klass(opened: Array, high: Array, low: Array, close: Array) -> Array:
    wide, end = move(high, low), move(close, opened)
    return np.asarray(0.5 * wide * wide - (2.0 * _LN2 - 1.0) * end * end)


@indicator(
    inputs=["close"],
    params={
        **_PARAMS,
        "sample": flag(1, "1 divides by n - 1, as for a sample; 0 by n."),
        "simple": flag(0, "1 takes returns C / C[t-1] - 1; 0 their logarithms."),
    },
    warmup=lambda window, **_: window,
    memory=lambda window, **_: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year) * standard deviation of n values of ln(C / C[t-1])",
    reference="J. C. Hull (2022), Options, Futures, and Other Derivatives, 11th ed., section 15.4",
    words="The spread of the returns of the last bars as a yearly figure: 0.2 is 20 percent a year.",
    step=historical_step,
)
def historical_volatility(close: Array, *, window: int, year: float, sample: int, simple: int) -> Array:
    """Give the standard deviation of returns."""
    moved = quotient(change(close), previous(close)) if simple else returns(close)
    variance = returns_variance(moved, window)
    return root(_sampled(variance, window) if sample else variance, year)


@indicator(
    inputs=["high", "low"],
    params=_PARAMS,
    warmup=lambda window, year: window - 1,
    memory=lambda window, year: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * mean of ln(H / L)^2 / (4 ln 2))",
    reference=(
        "M. Parkinson (1980), The Extreme Value Method for Estimating the Variance of the Rate of Return, J. Bus. 53"
    ),
    words=(
        "Volatility from highs and lows: five times as exact as from closes, but blind to gaps and low when "
        "trading is thin."
    ),
    step=parkinson_step,
)
def parkinson(high: Array, low: Array, *, window: int, year: float) -> Array:
    """Give Parkinson's volatility."""
    wide = move(high, low)
    return root(window_mean(wide * wide, window) / (4.0 * _LN2), year)


@indicator(
    inputs=_BARS,
    params=_PARAMS,
    warmup=lambda window, year: window - 1,
    memory=lambda window, year: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * mean of (ln(H / L)^2 / 2 - (2 ln 2 - 1) ln(C / O)^2))",
    reference="M. B. Garman, M. J. Klass (1980), On the Estimation of Security Price Volatilities, J. Bus. 53",
    words="Volatility from all four prices of each bar, the most exact where price neither drifts nor gaps.",
    step=garman_klass_step,
)
def garman_klass(opened: Array, high: Array, low: Array, close: Array, *, window: int, year: float) -> Array:
    """Give Garman and Klass's volatility."""
    return root(window_mean(_garman_klass(opened, high, low, close), window), year)


@indicator(
    inputs=_BARS,
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * mean of (ln(O / C[t-1])^2 + ln(H / L)^2 / 2 - (2 ln 2 - 1) ln(C / O)^2))",
    reference=(
        "D. Yang, Q. Zhang (2000), Drift-Independent Volatility Estimation, J. Bus. 73, which extends Garman, Klass"
    ),
    words="Garman and Klass's volatility with the gap from the last close added: for markets that close overnight.",
    step=opened_garman_klass_step,
)
def garman_klass_yang_zhang(opened: Array, high: Array, low: Array, close: Array, *, window: int, year: float) -> Array:
    """Give Garman and Klass's volatility with gaps."""
    gap = move(opened, previous(close))
    return root(window_mean(gap * gap + _garman_klass(opened, high, low, close), window), year)


@indicator(
    inputs=_BARS,
    params=_PARAMS,
    warmup=lambda window, year: window - 1,
    memory=lambda window, year: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * mean of (ln(H / C) ln(H / O) + ln(L / C) ln(L / O)))",
    reference=(
        "L. C. G. Rogers, S. E. Satchell (1991), Estimating Variance From High, Low and Closing Prices, Ann. Appl. "
        "Prob. 1"
    ),
    words="Volatility from all four prices that a trend does not inflate; blind to gaps between bars.",
    step=rogers_satchell_step,
)
def rogers_satchell(opened: Array, high: Array, low: Array, close: Array, *, window: int, year: float) -> Array:
    """Give Rogers and Satchell's volatility."""
    return root(window_mean(_rogers_satchell(opened, high, low, close), window), year)


@indicator(
    inputs=_BARS,
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * (var ln(O / C[t-1]) + k var ln(C / O) + (1 - k) RS)), k = 0.34 / (1.34 + (n + 1) / (n - 1))",
    reference=(
        "D. Yang, Q. Zhang (2000), Drift-Independent Volatility Estimation Based on High, Low, Open and Close, J. "
        "Bus. 73"
    ),
    words="Volatility from all four prices and the gaps, whatever the trend: the usual choice for daily bars.",
    step=yang_zhang_step,
)
def yang_zhang(opened: Array, high: Array, low: Array, close: Array, *, window: int, year: float) -> Array:
    """Give Yang and Zhang's volatility."""
    begin, end = logs(opened), logs(close)
    gap = _sampled(returns_variance(begin - previous(end), window), window)
    inside = _sampled(returns_variance(end - begin, window), window)
    ranged = window_mean(_rogers_satchell(opened, high, low, close), window)
    share = 0.34 / (1.34 + (window + 1.0) / (window - 1.0))
    return root(gap + share * inside + (1.0 - share) * ranged, year)


@indicator(
    inputs=["high", "low"],
    params=_PARAMS,
    warmup=lambda window, year: window - 1,
    memory=lambda window, year: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year) * exp(mean of ln ln(H / L) - 0.43)",
    reference=(
        "S. Alizadeh, M. W. Brandt, F. X. Diebold (2002), Range-Based Estimation of Stochastic Volatility Models, "
        "J. Fin. 57"
    ),
    words=(
        "The typical volatility by the logarithm of the range, which one wild bar hardly moves; NaN if a bar had "
        "no range."
    ),
    step=log_range_step,
)
def log_range_volatility(high: Array, low: Array, *, window: int, year: float) -> Array:
    """Give the volatility by the geometric mean of ranges."""
    wide = move(high, low)
    typical = window_mean(np.log(np.where(wide > 0, wide, np.nan)), window)
    return np.asarray(math.sqrt(year) * np.exp(typical - _LOG_RANGE))


@indicator(
    inputs=["open", "close"],
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year) * sample standard deviation of n values of ln(O / C[t-1])",
    reference="D. Yang, Q. Zhang (2000), Drift-Independent Volatility Estimation, J. Bus. 73: the opening jump",
    words="How large the gaps between bars are: the risk that no stop can stop.",
    step=gap_step,
)
def overnight_volatility(opened: Array, close: Array, *, window: int, year: float) -> Array:
    """Give the standard deviation of the gaps."""
    return root(_sampled(returns_variance(move(opened, previous(close)), window), window), year)


@indicator(
    inputs=["open", "close"],
    params=_PARAMS,
    warmup=lambda window, year: window - 1,
    memory=lambda window, year: window,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year) * sample standard deviation of n values of ln(C / O)",
    reference="D. Yang, Q. Zhang (2000), Drift-Independent Volatility Estimation, J. Bus. 73: from open to close",
    words="How much the price moves while the market is open, gaps left out.",
    step=inner_step,
)
def intraday_volatility(opened: Array, close: Array, *, window: int, year: float) -> Array:
    """Give the standard deviation from open to close."""
    return root(_sampled(returns_variance(move(close, opened), window), window), year)


@indicator(
    inputs=["open", "close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="sum of ln(O / C[t-1])^2 / sum of (ln(O / C[t-1])^2 + ln(C / O)^2)",
    reference="P. R. Hansen, A. Lunde (2005), A Realized Variance for the Whole Day, J. Fin. Econometrics 3",
    words=(
        "The part of all movement that happens between bars: 0 none, 1 all; near 1 news comes while markets are closed."
    ),
    step=gap_share_step,
)
def overnight_share(opened: Array, close: Array, *, window: int) -> Array:
    """Give the share of gaps in the variance; NaN where no price moved."""
    gap, inside = move(opened, previous(close)), move(close, opened)
    gaps = window_mean(gap * gap, window)
    return quotient(gaps, gaps + window_mean(inside * inside, window))


@indicator(
    inputs=["high", "low", "close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="4 ln 2 * sum of ln(C / C[t-1])^2 / sum of ln(H / L)^2",
    reference=(
        "C. Brunetti, P. M. Lildholdt (2002), Return-based and Range-based (Co)variance Estimation; after "
        "Parkinson (1980)"
    ),
    words=(
        "Variance of closes over that of ranges: above 1 moves last from bar to bar, below 1 bars go out and come back."
    ),
    step=range_share_step,
)
def range_efficiency(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the variance by closes over the variance by ranges; NaN where no bar had a range."""
    moved, wide = returns(close), move(high, low)
    return quotient(4.0 * _LN2 * window_mean(moved * moved, window), window_mean(wide * wide, window))
