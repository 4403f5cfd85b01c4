"""The shape of the distribution of returns: lopsidedness, tails, losses."""

import math
from functools import cache
from typing import Any, Final

import numpy as np

from ara.features.arrays import clean, sums, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.statistical.terms import (
    RETURNS,
    SAMPLE,
    Array,
    central,
    central_of,
    length,
    log_returns,
    ratio,
    settled,
    simple_returns,
    varied,
)
from ara.features.loops import order_statistics, quantiles
from ara.features.onward import UNKNOWN, Told
from ara.features.windowed import Kept, moved, over, quantile_of, slid

__all__ = [
    "bowley_skew",
    "jarque_bera",
    "kurtosis",
    "modified_var",
    "omega",
    "sharpe",
    "skew",
    "sortino",
    "tail_ratio",
    "value_at_risk",
]

_WINDOW: Final = length(60, "Bars that count; few make it jump when an extreme one leaves.", low=4)
_TAIL: Final = Param(default=0.05, low=0.001, high=0.5, words="The share of bars that are the tail; smaller is rarer.")
_YEAR: Final = Param(
    default=252, low=1, high=600_000, words="Bars in a year, to which it is scaled; 1 leaves it per bar."
)
_NORMAL_KURTOSIS: Final = 3.0


def _chosen(close: Array, returns: int) -> Array:
    return log_returns(close) if returns else clean(close)


def _skewness(second: Array, third: Array) -> Array:
    return ratio(third, second * np.sqrt(second))


def _last(state: Any, close: float, window: int, returns: int) -> tuple[Any, Kept]:
    """Give the state with one close more, and the last returns, or closes; none while they are too few."""
    if not returns:
        closes = slid(state or (), close, window)
        return closes, closes if len(closes) == window else ()
    moves = moved(state, close, window)
    return moves, moves[1] if moves and len(moves[1]) == window else ()


def _shape_of(kept: Kept, *, levels: bool = False) -> tuple[float, float, float, float]:
    """Give the mean, the deviation, the skewness and the excess kurtosis; NaN where nothing varies."""
    average, second, third, fourth = central_of(kept, levels=levels)
    deviation = math.sqrt(second)
    return average, deviation, over(third, second * deviation), over(fourth, second * second) - _NORMAL_KURTOSIS


def _skew_step(state: Any, close: float, *, window: int, returns: int, sample: int) -> Told:
    """Go on from the last returns, or closes."""
    state, kept = _last(state, close, window, returns)
    if not kept:
        return state, UNKNOWN
    factor = math.sqrt(window * (window - 1)) / (window - 2) if sample else 1.0
    return state, (factor * _shape_of(kept, levels=not returns)[2],)


def _kurtosis_step(state: Any, close: float, *, window: int, returns: int, sample: int) -> Told:
    """Go on from the last returns, or closes."""
    state, kept = _last(state, close, window, returns)
    if not kept:
        return state, UNKNOWN
    excess = _shape_of(kept, levels=not returns)[3]
    if sample:
        excess = ((window + 1) * excess + 6.0) * ((window - 1) / ((window - 2) * (window - 3)))
    return state, (excess,)


def _normality_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns."""
    state, kept = _last(state, close, window, 1)
    if not kept:
        return state, UNKNOWN
    _, _, lopsided, excess = _shape_of(kept)
    return state, (window / 6.0 * (lopsided * lopsided + excess * excess / 4.0),)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "returns": RETURNS, "sample": SAMPLE},
    warmup=lambda window, returns, sample: window - 1 + returns,
    memory=lambda window, returns, sample: window + returns,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="mean of (x - mean(x))^3 / var(x)^1.5; sample = 1: times sqrt(n * (n - 1)) / (n - 2)",
    reference="K. Pearson (1895), Philosophical Transactions A 186; sample: R. A. Fisher (1930), as in pandas",
    words="Below 0, large falls outweigh large rises, as in shares; above 0 the other way, as in lottery tickets.",
    step=_skew_step,
)
def skew(close: Array, *, window: int, returns: int, sample: int) -> Array:
    """Give the skewness of the returns, or of the closes; NaN where they hardly vary."""
    _, second, third, _ = central(_chosen(close, returns), window, levels=not returns)
    factor = math.sqrt(window * (window - 1)) / (window - 2) if sample else 1.0
    return factor * _skewness(second, third)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "returns": RETURNS, "sample": SAMPLE},
    warmup=lambda window, returns, sample: window - 1 + returns,
    memory=lambda window, returns, sample: window + returns,
    scale=Scale.FREE,
    bounds=(-6.0, math.inf),
    formula="k = mean of (x - mean(x))^4 / var(x)^2 - 3; sample = 1: ((n + 1) * k + 6) * (n - 1) / ((n - 2) * (n - 3))",
    reference="K. Pearson (1905), Biometrika 4; sample: R. A. Fisher (1930), as in pandas",
    words="How much of the scatter comes from few large moves: 0 as in a bell curve, above 0 fatter tails.",
    step=_kurtosis_step,
)
def kurtosis(close: Array, *, window: int, returns: int, sample: int) -> Array:
    """Give the excess kurtosis of the returns, or of the closes; NaN where they hardly vary."""
    _, second, _, fourth = central(_chosen(close, returns), window, levels=not returns)
    excess = ratio(fourth, second * second) - _NORMAL_KURTOSIS
    if not sample:
        return excess
    return ((window + 1) * excess + 6.0) * ((window - 1) / ((window - 2) * (window - 3)))


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="n / 6 * (skew^2 + kurtosis^2 / 4) of n log returns",
    reference="C. M. Jarque and A. K. Bera (1980), Economics Letters 6",
    words="How far returns are from a bell curve: above 6 it is refused at 5 percent; a sign of jumps and regimes.",
    step=_normality_step,
)
def jarque_bera(close: Array, *, window: int) -> Array:
    """Give the statistic of the test of normality of the log returns; NaN where they hardly vary."""
    _, second, third, fourth = central(log_returns(close), window)
    lopsided, excess = _skewness(second, third), ratio(fourth, second * second) - _NORMAL_KURTOSIS
    return window / 6.0 * (lopsided * lopsided + excess * excess / 4.0)


@cache
def _normal(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _bent_step(state: Any, close: float, *, window: int, share: float) -> Told:
    """Go on from the last returns."""
    state, kept = _last(state, close, window, 1)
    if not kept:
        return state, UNKNOWN
    average, deviation, skewed, excess = _shape_of(kept)
    z = _normal(share)
    bent = z + (z * z - 1.0) * skewed / 6.0 + (z**3 - 3.0 * z) * excess / 24.0
    bent -= (2.0 * z**3 - 5.0 * z) * skewed * skewed / 36.0
    return state, (-(average + deviation * bent),)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "share": _TAIL},
    warmup=lambda window, share: window,
    memory=lambda window, share: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="-(m + s * (z + (z^2-1) * S/6 + (z^3-3z) * K/24 - (2z^3-5z) * S^2/36)), z the normal quantile of the share",
    reference="E. A. Cornish and R. A. Fisher (1938); P. Zangari (1996), RiskMetrics Monitor, 1st quarter",
    words="The loss of one bar that one in twenty exceeds, from mean, deviation, skew and tails; larger is riskier.",
    step=_bent_step,
)
def modified_var(close: Array, *, window: int, share: float) -> Array:
    """Give the value at risk by the Cornish-Fisher expansion of the log returns; NaN where they hardly vary."""
    average, second, third, fourth = central(log_returns(close), window)
    skewed, excess = _skewness(second, third), ratio(fourth, second * second) - _NORMAL_KURTOSIS
    z = _normal(share)
    bent = z + (z * z - 1.0) * skewed / 6.0 + (z**3 - 3.0 * z) * excess / 24.0
    bent = bent - (2.0 * z**3 - 5.0 * z) * skewed * skewed / 36.0
    return np.asarray(-(average + np.sqrt(second) * bent))


def _bowley_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns."""
    state, kept = _last(state, close, window, 1)
    if not kept:
        return state, UNKNOWN
    line = sorted(kept)
    low, middle, high = quantile_of(line, 0.25), quantile_of(line, 0.5), quantile_of(line, 0.75)
    return state, (min(max(over(high + low - 2.0 * middle, high - low), -1.0), 1.0),)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="(q(0.75) + q(0.25) - 2 * q(0.5)) / (q(0.75) - q(0.25)) of n log returns",
    reference="A. L. Bowley (1901), Elements of Statistics",
    words="Lopsidedness of the middle half of returns, which no single extreme moves: above 0 leans to gains.",
    step=_bowley_step,
)
def bowley_skew(close: Array, *, window: int) -> Array:
    """Give the quartile skewness of the log returns; NaN where the quartiles are equal."""
    low, middle, high = quantiles(log_returns(close), window, 0.25, 0.5, 0.75)
    return within(ratio(high + low - 2.0 * middle, high - low), -1.0, 1.0)


def _tails_step(state: Any, close: float, *, window: int, share: float) -> Told:
    """Go on from the last returns."""
    state, kept = _last(state, close, window, 1)
    if not kept:
        return state, UNKNOWN
    line = sorted(kept)
    return state, (over(abs(quantile_of(line, 1.0 - share)), abs(quantile_of(line, share))),)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "share": _TAIL},
    warmup=lambda window, share: window,
    memory=lambda window, share: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="|q(1 - p)| / |q(p)| of n log returns, linear between values",
    reference="S. T. Rachev and others (2008), Advanced Stochastic Models, the ratio of tails; as in empyrical",
    words="Large gains over large losses: above 1 the good bars are larger than the bad ones.",
    step=_tails_step,
)
def tail_ratio(close: Array, *, window: int, share: float) -> Array:
    """Give the upper quantile of the log returns over the lower one."""
    high, low = quantiles(log_returns(close), window, 1.0 - share, share)
    return ratio(np.abs(high), np.abs(low))


def _risk_step(state: Any, close: float, *, window: int, share: float) -> Told:
    """Go on from the last returns."""
    state, kept = _last(state, close, window, 1)
    if not kept:
        return state, (math.nan, math.nan)
    line, worst = sorted(kept), max(math.ceil(round(share * window, 9)), 1)
    return state, (-quantile_of(line, share), sum(line[:worst]) / -worst)


@indicator(
    inputs=["close"],
    params={"window": length(100, "Bars that count; more reach further into the tail.", low=4), "share": _TAIL},
    outputs=["value_at_risk", "shortfall"],
    warmup=lambda window, share: window,
    memory=lambda window, share: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="-q(p) of n log returns, linear between values; shortfall: -mean of the ceil(p * n) lowest",
    reference="J.P. Morgan (1996), RiskMetrics; P. Artzner and others (1999), Coherent Measures of Risk",
    words="The loss of one bar that only one in twenty exceeded, and the mean loss of those that are as bad or worse.",
    step=_risk_step,
)
def value_at_risk(close: Array, *, window: int, share: float) -> tuple[Array, Array]:
    """Give historical value at risk and expected shortfall of the log returns, as positive losses."""
    returns = log_returns(close)
    worst, place = max(math.ceil(round(share * window, 9)), 1), share * (window - 1)
    rank = int(place)
    low, above, *tail = order_statistics(returns, window, [rank, min(rank + 1, window - 1), *range(worst)])
    return -low - (place - rank) * (above - low), sum(tail) / -worst


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "year": _YEAR},
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="mean(r) / s(r) * sqrt(year), r = C[t] / C[t-1] - 1, s of a sample, over n bars",
    reference="W. F. Sharpe (1966), Mutual Fund Performance, Journal of Business 39; riskless rate taken as 0",
    words="Return for the risk taken over the last bars, per year: above 1 a smooth rise; few bars make it very rough.",
)
def sharpe(close: Array, *, window: int, year: float) -> Array:
    """Give the Sharpe ratio of the simple returns; NaN where nothing varies."""
    average, spread = varied(simple_returns(close), window)
    return ratio(average, np.sqrt(spread * (window / (window - 1)))) * math.sqrt(year)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "year": _YEAR},
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="mean(r) / sqrt(mean(min(r, 0)^2)) * sqrt(year), r = C[t] / C[t-1] - 1, over n bars",
    reference="F. A. Sortino and R. van der Meer (1991), Downside Risk, Journal of Portfolio Management 17",
    words="As the Sharpe ratio, with only falls counted as risk: far above it, the wild bars were rises.",
)
def sortino(close: Array, *, window: int, year: float) -> Array:
    """Give the Sortino ratio of the simple returns; NaN where nothing fell."""
    returns = simple_returns(close)
    average, fallen = (sums(one, window) / window for one in (returns, np.minimum(returns, 0.0) ** 2))
    return ratio(average, np.sqrt(settled(fallen, fallen))) * math.sqrt(year)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sum of max(r, 0) / sum of max(-r, 0), r = C[t] / C[t-1] - 1, over n bars",
    reference="C. Keating and W. F. Shadwick (2002), A Universal Performance Measure, threshold 0",
    words="All gains over all losses of the last bars: above 1 they earned more than they lost.",
)
def omega(close: Array, *, window: int) -> Array:
    """Give the omega ratio of the simple returns; NaN where nothing fell."""
    returns = simple_returns(close)
    gained, lost = sums(np.maximum(returns, 0.0), window), sums(np.maximum(-returns, 0.0), window)
    return ratio(np.maximum(gained, 0.0), settled(lost, lost))
