"""Whether what comes next depends on what came: autocorrelation, tests of random walks, roughness."""

import math
from operator import mul, sub
from typing import Any, Final

import numpy as np

from ara.features.arrays import change, clean, logs, previous, sums, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.steps import rows_step, share_step, turns_step
from ara.features.indicators.statistical.terms import (
    HARDLY,
    Array,
    Codes,
    joint,
    length,
    log_returns,
    ratio,
    running,
    settle,
    settled,
    shares,
    steady,
    tally,
)
from ara.features.onward import Told
from ara.features.windowed import counted, logged, moved, over, slid, squared

__all__ = [
    "autocorrelation",
    "hurst",
    "leverage_effect",
    "ljung_box",
    "partial_autocorrelation",
    "runs_test",
    "turning_points",
    "up_after",
    "up_share",
    "variance_ratio",
    "volatility_clustering",
]

_WINDOW: Final = length(60, "Bars that count; few of them find only strong dependence.", low=8)
_LAG: Final = length(1, "Bars between the two.", low=1, high=500)
_BOX_JENKINS: Final = "G. E. P. Box and G. M. Jenkins (1970), Time Series Analysis"
_SPANS: Final = (1, 2, 4, 8, 16)
_STILL: Final = 1e-13
_CENTRE: Final = sum(map(math.log, _SPANS)) / len(_SPANS)
_SLOPE: Final = tuple((math.log(one) - _CENTRE) / sum((math.log(x) - _CENTRE) ** 2 for x in _SPANS) for one in _SPANS)


def _correlation(x: Array, y: Array, window: int) -> Array:
    _, _, xx, yy, xy = joint(window, x, y)
    return within(ratio(xy, np.sqrt(xx) * np.sqrt(yy)), -1.0, 1.0)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "lag": _LAG},
    warmup=lambda window, lag: window + lag,
    memory=lambda window, lag: window + lag + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="corr(r[t], r[t-k]) over n bars, r log returns",
    reference=f"{_BOX_JENKINS}; as Series.autocorr of pandas",
    words="Above 0, moves go on; below 0 they come back; within 2 / sqrt(n) of 0 it says nothing.",
)
def autocorrelation(close: Array, *, window: int, lag: int) -> Array:
    """Give the correlation of log returns with those some bars before."""
    returns = log_returns(close)
    return _correlation(returns, previous(returns, lag), window)


def _varied(variance: float, square: float, most: float) -> float:
    """Give a variance, and 0 where it is nothing beside its own mean square, or is rounding beside the largest."""
    return 0.0 if variance <= HARDLY * square else settle(most, variance, square)[1]


def _partial_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns and their largest mean square so far."""
    moves, most = state or (None, 0.0)
    moves = moved(moves, close, window + 2)
    if moves is None or len(moves[1]) < window + 2:
        return (moves, most), (math.nan,)
    kept = moves[1]
    lines = (kept[2:], kept[:-2], kept[1:-1])
    a, b, c = (sum(one) / window for one in lines)
    xx, yy, zz = (squared(one) / window for one in lines)
    xy, xz, yz = (sum(map(mul, lines[one], lines[other])) / window for one, other in ((0, 1), (0, 2), (1, 2)))
    most, found = max(most, xx, yy, zz), math.nan
    xx, yy, zz = (_varied(one - level * level, one, most) for one, level in ((xx, a), (yy, b), (zz, c)))
    xy, xz, yz = xy - a * b, xz - a * c, yz - b * c
    left, first, second = xy - over(xz * yz, zz), xx - over(xz * xz, zz), yy - over(yz * yz, zz)
    if first > HARDLY * xx and second > HARDLY * yy:
        found = min(max(left / math.sqrt(first * second), -1.0), 1.0)
    return (moves, most), (found,)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window + 2,
    memory=lambda window: window + 3,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="corr(r[t], r[t-2]) with r[t-1] held fixed, over n bars, r log returns",
    reference=f"{_BOX_JENKINS}, chapter 3",
    words="What the return two bars ago still says once the last one is known; beyond 2 / sqrt(n) it says something.",
    step=_partial_step,
)
def partial_autocorrelation(close: Array, *, window: int) -> Array:
    """Give the partial autocorrelation of log returns at two bars; NaN where they hardly vary, or follow the last."""
    returns = log_returns(close)
    x, z, y = returns, previous(returns), previous(returns, 2)
    columns = (x, y, z, x * x, y * y, z * z, x * y, x * z, y * z)
    a, b, c, xx, yy, zz, xy, xz, yz = (sums(one, window) / window for one in columns)
    varied = ((xx - a * a, xx), (yy - b * b, yy), (zz - c * c, zz))
    xy, xz, yz, squares = xy - a * b, xz - a * c, yz - b * c, xx
    xx, yy, zz = (steady(settled(one, squares), HARDLY * square) for one, square in varied)
    over, first, second = xy - ratio(xz * yz, zz), xx - ratio(xz * xz, zz), yy - ratio(yz * yz, zz)
    below = np.sqrt(steady(first, HARDLY * xx) * steady(second, HARDLY * yy))
    return within(ratio(over, below), -1.0, 1.0)


def _box_step(state: Any, close: float, *, window: int, lags: int) -> Told:
    """Go on from the last returns and their largest mean square so far."""
    moves, most = state or (None, 0.0)
    moves = moved(moves, close, window)
    if moves is None or len(moves[1]) < window:
        return (moves, most), (math.nan,)
    kept = moves[1]
    average, squares = sum(kept) / window, squared(kept) / window
    level, found, ends = average * average, 0.0, 0.0
    most, spread = settle(most, squares - level, squares)
    for lag in range(1, lags + 1):
        ends += kept[lag - 1] + kept[window - lag]
        covariance = sum(map(mul, kept[lag:], kept)) + average * ends - (window + lag) * level
        found += covariance * covariance / (window - lag)
    return (moves, most), ((1.0 + 2.0 / window) * over(found, spread * spread),)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "lags": length(5, "How many lags are tested together.", low=1, high=7)},
    warmup=lambda window, lags: window,
    memory=lambda window, lags: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="n * (n + 2) * sum of a[k]^2 / (n - k), k = 1..lags, a[k] the autocorrelation of n log returns",
    reference="G. M. Ljung and G. E. P. Box (1978), Biometrika 65",
    words="Whether returns depend on earlier ones at all: with 5 lags, above 11.1 is no random walk at 5 percent.",
    step=_box_step,
)
def ljung_box(close: Array, *, window: int, lags: int) -> Array:
    """Give the statistic of Ljung and Box of the log returns."""
    returns = log_returns(close)
    average, squares = (one / window for one in running(window, returns, returns * returns))
    level = average * average
    spread = settled(squares - level, squares)
    found, ends = np.zeros(len(returns)), np.zeros(len(returns))
    for lag in range(1, lags + 1):
        ends += previous(returns, window - lag) + previous(returns, lag - 1)
        (products,) = running(window - lag, returns * previous(returns, lag))
        covariance = products + average * ends - (window + lag) * level
        found += covariance * covariance / (window - lag)
    return (1.0 + 2.0 / window) * ratio(found, spread * spread)


def _ratio_step(state: Any, close: float, *, window: int, bars: int) -> Told:
    """Go on from the last logarithms and the largest mean square of their changes so far."""
    kept, most = state or ((), 0.0)
    kept = slid(kept, logged(close), window + 1)
    if len(kept) <= window:
        return (kept, most), (math.nan, math.nan)
    single, far, count = tuple(map(sub, kept[1:], kept)), tuple(map(sub, kept[bars:], kept)), window - bars + 1
    average, squares = sum(single) / window, squared(single) / window
    drift = bars * average
    longer = squared(far) / count - 2.0 * drift * (sum(far) / count) + drift * drift
    most, spread = settle(most, squares - average * average, squares)
    found = over(max(longer, 0.0) / (bars * (1.0 - bars / window)), spread * (window / (window - 1)))
    z = (found - 1.0) / math.sqrt(2.0 * (2 * bars - 1) * (bars - 1) / (3.0 * bars * window))
    return (kept, most), (found, z)


@indicator(
    inputs=["close"],
    params={
        "window": length(100, "Bars that count; few of them find only strong dependence.", low=20),
        "bars": length(5, "Bars of the longer return that is compared with single ones.", low=2, high=10),
    },
    outputs=["ratio", "z"],
    warmup=lambda window, bars: window,
    memory=lambda window, bars: window + 1,
    scale=Scale.FREE,
    bounds={"ratio": (0.0, math.inf), "z": (-math.inf, math.inf)},
    formula="var(r over q bars) / (q * var(r)), overlapping and unbiased; z = (ratio - 1) / sqrt(2(2q-1)(q-1) / (3qn))",
    reference="A. W. Lo and A. C. MacKinlay (1988), Stock Market Prices Do Not Follow Random Walks, equations 8 to 14",
    words="1 for a random walk; above it moves add up to trends, below it they cancel; z beyond 2 is not chance.",
    step=_ratio_step,
)
def variance_ratio(close: Array, *, window: int, bars: int) -> tuple[Array, Array]:
    """Give the variance ratio of log returns and its z under equal variances."""
    line = logs(close)
    single, far = change(line), change(line, bars)
    count = window - bars + 1
    average, squares = (one / window for one in running(window, single, single * single))
    middle, wide = (one / count for one in running(count, far, far * far))
    drift = bars * average
    longer = np.maximum(wide - 2.0 * drift * middle + drift * drift, 0.0) / (bars * (1.0 - bars / window))
    found = ratio(longer, settled(squares - average * average, squares) * (window / (window - 1)))
    return found, (found - 1.0) / math.sqrt(2.0 * (2 * bars - 1) * (bars - 1) / (3.0 * bars * window))


def _signs(close: Array) -> tuple[Array, Array]:
    """Give 1 for bars that closed higher than the one before and 0 for others, and the same one bar ago."""
    moved = change(clean(close))
    up = np.where(np.isnan(moved), np.nan, moved > 0)
    return up, previous(up)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(runs - E) / sqrt(V), E = 2ud/n + 1, V = 2ud(2ud - n) / (n^2 (n-1)), u bars up and d others of n",
    reference="A. Wald and J. Wolfowitz (1940), Annals of Mathematical Statistics 11",
    words="Whether ups and downs alternate: below -2 they cluster into runs, above 2 they take turns too often.",
    step=rows_step,
)
def runs_test(close: Array, *, window: int) -> Array:
    """Give the z of the number of runs of rises and of other bars; NaN where all bars are of one kind."""
    up, before = _signs(close)
    rises = sums(up, window)
    changes = sums(np.abs(up - before), window - 1)
    both = 2.0 * rises * (window - rises)
    expected = both / window + 1.0
    spread = both * (both - window) / (window * window * (window - 1.0))
    return ratio(changes + 1.0 - expected, np.sqrt(np.maximum(spread, 0.0)))


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(turns - 2(n-2)/3) / sqrt((16n-29)/90), a turn: C[t-1] above or below both neighbours, n closes",
    reference="I.-J. Bienayme (1874); M. G. Kendall (1973), Time-Series, chapter 2",
    words="Whether tops and bottoms come as often as by chance in a shuffled series: far below 0 it runs in swings.",
    step=turns_step,
)
def turning_points(close: Array, *, window: int) -> Array:
    """Give the z of the number of turning points; each is known one bar after it."""
    moved = change(clean(close))
    turned = np.where(np.isnan(moved * previous(moved)), np.nan, moved * previous(moved) < 0)
    expected, spread = 2.0 * (window - 2) / 3.0, (16.0 * window - 29.0) / 90.0
    return (sums(turned, window - 2) - expected) / math.sqrt(spread)


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="number of C[t-i] > C[t-i-1], i = 0..n-1, over n",
    reference="the Psychological Line of Japanese market technicians",
    words="The share of bars that rose: above 0.75 a market that everybody buys, below 0.25 one that nobody wants.",
    step=share_step,
)
def up_share(close: Array, *, window: int) -> Array:
    """Give the share of bars that closed above the one before."""
    return sums(_signs(close)[0], window) / window


def _after_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last close (None where unknown), whether it had risen, and the last pairs of that."""
    last, before, pairs = state or (None, -1, None)
    known = math.isfinite(close)
    now = int(close > last) if known and last is not None else -1
    pairs = counted(pairs, -1 if min(now, before) < 0 else now + 2 * before, window, 4)
    kept = (close if known else None, now, pairs)
    if pairs is None or len(pairs[0]) < window:
        return kept, (math.nan, math.nan)
    counts = pairs[1]
    return kept, (over(counts[3], counts[2] + counts[3]), over(counts[1], counts[0] + counts[1]))


@indicator(
    inputs=["close"],
    params={"window": length(100, "Bars that count; more of them make it surer.", low=8)},
    outputs=["rise", "fall"],
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="share of rises among bars after a rise, and among bars after another, of n bars",
    reference="A. A. Markov (1906); in markets: V. Niederhoffer and M. F. M. Osborne (1966), JASA 61",
    words="How often a bar rises after one that rose, and after one that fell; apart from each other, bars depend.",
    step=_after_step,
)
def up_after(close: Array, *, window: int) -> tuple[Array, Array]:
    """Give the frequencies of a rise after a rise and after a fall; NaN where there was none to follow."""
    up, before = _signs(close)
    codes: Codes = np.where(np.isnan(up + before), -1, up + 2.0 * before).astype(np.int64)
    counts = tally(codes, 4, window)
    rise = ratio(counts[3].astype(np.float64), (counts[2] + counts[3]).astype(np.float64))
    fall = ratio(counts[1].astype(np.float64), (counts[0] + counts[1]).astype(np.float64))
    return shares(rise, counts, len(codes), window), shares(fall, counts, len(codes), window)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "lag": _LAG},
    warmup=lambda window, lag: window + lag,
    memory=lambda window, lag: window + lag + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="corr(|r[t]|, |r[t-k]|) over n bars, r log returns",
    reference="Z. Ding, C. W. J. Granger and R. F. Engle (1993), Journal of Empirical Finance 1",
    words="Whether wild bars follow wild ones: the higher, the better tomorrow's volatility can be told from today's.",
)
def volatility_clustering(close: Array, *, window: int, lag: int) -> Array:
    """Give the autocorrelation of the size of log returns."""
    size = np.abs(log_returns(close))
    return _correlation(size, previous(size, lag), window)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "lag": _LAG},
    warmup=lambda window, lag: window + lag,
    memory=lambda window, lag: window + lag + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="corr(r[t-k], |r[t]|) over n bars, r log returns",
    reference="F. Black (1976), Studies of Stock Price Volatility Changes; J.-P. Bouchaud and others (2001)",
    words="Below 0, falls make the next bars wilder than rises do, as in shares; above 0 the other way.",
)
def leverage_effect(close: Array, *, window: int, lag: int) -> Array:
    """Give the correlation of log returns with the size of those that follow."""
    returns = log_returns(close)
    return _correlation(previous(returns, lag), np.abs(returns), window)


def _hurst_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last logarithms, and the sizes of the changes over each span."""
    kept, sizes = state or ((), ((),) * len(_SPANS))
    kept = slid(kept, logged(close), _SPANS[-1] + 1)
    if not kept:
        return None, (math.nan,)
    sizes = tuple(
        [
            slid(one, abs(kept[-1] - kept[-1 - span]), window - span) if len(kept) > span else one
            for one, span in zip(sizes, _SPANS, strict=True)
        ]
    )
    means = [sum(one) / (window - span) for one, span in zip(sizes, _SPANS, strict=True)]
    if len(sizes[-1]) < window - _SPANS[-1] or min(means) <= _STILL:
        return (kept, sizes), (math.nan,)
    found = sum([weight * math.log(mean) for weight, mean in zip(_SLOPE, means, strict=True)])
    return (kept, sizes), (min(max(found, 0.0), 1.0),)


@indicator(
    inputs=["close"],
    params={"window": length(100, "Bars that count; fewer than 100 make it rough.", low=40)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="slope of ln mean|ln C[t] - ln C[t-k]| on ln k, k = 1, 2, 4, 8, 16, within n bars, kept in 0..1",
    reference="H. E. Hurst (1951); T. Di Matteo, T. Aste and M. M. Dacorogna (2003), Physica A 324, with q = 1",
    words="How fast distance grows with time: 0.5 a random walk, above it trends, below it moves that come back.",
    step=_hurst_step,
)
def hurst(close: Array, *, window: int) -> Array:
    """Give the generalised Hurst exponent of first order of log prices; NaN where no price moved."""
    line = logs(close)
    weights = np.log(_SPANS) - np.log(_SPANS).mean()
    weights /= float(weights @ weights)
    found = np.zeros(len(line))
    for span, weight in zip(_SPANS, weights.tolist(), strict=True):
        size = running(window - span, np.abs(change(line, span)))[0] / (window - span)
        found += weight * np.log(np.where(size > _STILL, size, np.nan))
    return within(found, 0.0, 1.0)
