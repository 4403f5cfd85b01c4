"""What a round trip costs, estimated from bars: the distance between bid and ask as a share of the price."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import Array, filled, logs, moments, previous, quotient, rolling, windows
from ara.features.indicator import Scale, indicator
from ara.features.indicators.volatility.terms import returns
from ara.features.loops import joint_moments
from ara.features.microstructure.terms import WINDOW, average, normal_quantiles, switch, window_of
from ara.features.pieces import in_pieces

__all__ = [
    "abdi_ranaldo",
    "corwin_schultz",
    "corwin_schultz_volatility",
    "edge",
    "fht_spread",
    "roll",
    "thompson_waller",
    "zero_return_share",
]

_BARS: Final = ("high", "low", "close")
_CORWIN: Final = "S. A. Corwin, P. Schultz (2012), A Simple Way to Estimate Bid-Ask Spreads, J. Finance 67:2"
_SHAPE: Final = 3.0 - 2.0 * math.sqrt(2.0)
_OVERNIGHT: Final = switch(
    1, "1 takes the gap since the last close out of a bar; 0 leaves it, for markets that never close."
)
_TABLE: Final = {"window": WINDOW, "overnight": _OVERNIGHT}


def _ranges(high: Array, low: Array, close: Array, overnight: int) -> tuple[Array, Array]:
    """Give Corwin and Schultz' beta and gamma of each bar and the one before."""
    last_high, last_low, last = previous(high), previous(low), previous(close)
    shift = (np.maximum(last - high, 0.0) - np.maximum(low - last, 0.0)) * overnight
    top, bottom = high + shift, low + shift
    one = (logs(top) - logs(bottom)) ** 2
    beta = one + (logs(last_high) - logs(last_low)) ** 2
    gamma = (logs(np.maximum(top, last_high)) - logs(np.minimum(bottom, last_low))) ** 2
    return beta, gamma


@indicator(
    inputs=_BARS,
    params=_TABLE | {"clipped": switch(1, "1 counts estimates below 0 as 0, as its authors do; 0 averages them too.")},
    warmup=lambda window, overnight, clipped: window,
    memory=lambda window, overnight, clipped: window + 1,
    scale=Scale.FREE,
    bounds=(-2.0, 2.0),
    formula=(
        "mean over n of 2 (e^a - 1) / (e^a + 1), a = (sqrt(2b) - sqrt(b)) / k - sqrt(g / k), k = 3 - 2 sqrt(2); "
        "b = sum of ln(H/L)^2 of 2 bars, g = ln(max H / min L)^2 of both"
    ),
    reference=_CORWIN,
    words="The spread as a share of the price, from highs that are asks and lows that are bids; larger costs more.",
)
def corwin_schultz(high: Array, low: Array, close: Array, *, window: int, overnight: int, clipped: int) -> Array:
    """Give the Corwin-Schultz spread."""
    beta, gamma = _ranges(high, low, close, overnight)
    alpha = (math.sqrt(2.0) - 1.0) / _SHAPE * np.sqrt(beta) - np.sqrt(gamma / _SHAPE)
    spread = 2.0 * np.tanh(0.5 * alpha)
    return average(np.maximum(spread, 0.0) if clipped else spread, window)


@indicator(
    inputs=_BARS,
    params=_TABLE,
    warmup=lambda window, overnight: window,
    memory=lambda window, overnight: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula=(
        "mean over n of max((1/sqrt(2) - 1) sqrt(b) / (k c) + sqrt(g / (k c^2)), 0), c = sqrt(8 / pi); b, g, k as in "
        "corwin_schultz"
    ),
    reference=_CORWIN,
    words="Volatility of a bar without what the spread adds to its range; larger moves more.",
)
def corwin_schultz_volatility(high: Array, low: Array, close: Array, *, window: int, overnight: int) -> Array:
    """Give the volatility that the Corwin-Schultz estimate leaves."""
    beta, gamma = _ranges(high, low, close, overnight)
    root = math.sqrt(8.0 / math.pi)
    found = (math.sqrt(0.5) - 1.0) * np.sqrt(beta) / (root * _SHAPE) + np.sqrt(gamma / (_SHAPE * root * root))
    return average(np.maximum(found, 0.0), window)


@indicator(
    inputs=["close"],
    params={"window": WINDOW},
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="2 sqrt(max(-cov(r[t], r[t-1]), 0)) over n bars, r = ln(C / C[t-1])",
    reference="R. Roll (1984), A Simple Implicit Measure of the Effective Bid-Ask Spread, J. Finance 39:4",
    words="The spread as a share of the price, from closes that bounce between bid and ask; 0 where they run on.",
)
def roll(close: Array, *, window: int) -> Array:
    """Give Roll's spread."""
    moved = returns(close)
    together = joint_moments(moved, previous(moved), window)[4]
    return 2.0 * np.sqrt(np.maximum(-together, 0.0))


@indicator(
    inputs=_BARS,
    params={
        "window": WINDOW,
        "corrected": switch(
            1, "1 takes the root of each two bars, at least 0, and then the mean; 0 the root of the mean."
        ),
    },
    warmup=lambda window, corrected: window,
    memory=lambda window, corrected: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="mean over n of sqrt(max(4 (c[t-1] - m[t-1]) (c[t-1] - m), 0)), c = ln C, m = (ln H + ln L) / 2",
    reference="F. Abdi, A. Ranaldo (2017), A Simple Estimation of Bid-Ask Spreads, Rev. Financial Studies 30:12",
    words="The spread as a share of the price, from how far closes lie from the middles of the bars around them.",
)
def abdi_ranaldo(high: Array, low: Array, close: Array, *, window: int, corrected: int) -> Array:
    """Give the Abdi-Ranaldo spread."""
    middle, last = (logs(high) + logs(low)) / 2.0, previous(logs(close))
    squared = 4.0 * (last - previous(middle)) * (last - middle)
    if corrected:
        return average(np.sqrt(np.maximum(squared, 0.0)), window)
    return np.sqrt(np.maximum(average(squared, window), 0.0))


@indicator(
    inputs=["open", "high", "low", "close"],
    params={"window": window_of(21, low=3)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula=(
        "sqrt|(v2 e1 + v1 e2) / (v1 + v2)|, e, v: mean and variance over n of x1 = -4 (m-o)(o-m') / p - 4 (m-c')(c'-m')"
        " / q, x2 = -4 (m-o)(o-c') / p - 4 (o-c')(c'-m') / q in logarithms, ' the bar before, first factors less means;"
        " p, q: share of opens, closes off the bar's ends"
    ),
    reference="D. Ardia, E. Guidotti, T. A. Kroencke (2024), Efficient Estimation of Bid-Ask Spreads, JFE 161",
    words="The spread as a share of the price from all four prices, the most exact of the estimates from bars.",
)
def edge(open: Array, high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the efficient estimate of the spread; 0 where no bar of the window has a range."""
    columns = (logs(one) for one in (open, high, low, close))
    return in_pieces(lambda *part: (_edge(*part, window=window),), *columns, memory=window + 1, width=8 * window)[0]


def _edge(o: Array, h: Array, l: Array, c: Array, *, window: int) -> Array:  # noqa: E741
    m = (h + l) / 2.0
    last_h, last_l, last_c, last_m = (previous(one) for one in (h, l, c, m))
    moved = np.where(np.isnan(last_c + m), np.nan, (h != l) | (l != last_c))
    factors = (m - o, o - last_m, m - last_c, last_c - last_m, o - last_c)
    at_open = moved * (o != h) + moved * (o != l)
    at_close = moved * (last_c != last_h) + moved * (last_c != last_l)
    r1, r2, r3, r4, r5 = (windows(one, window) for one in factors)
    tau, opens, closes = windows(moved, window), average(at_open, window), average(at_close, window)
    share = tau.mean(axis=1)
    d1, d3, d5 = (one - quotient(one.mean(axis=1), share)[:, None] * tau for one in (r1, r3, r5))
    by_open = -4.0 * quotient(1.0, opens[window - 1 :])[:, None]
    by_close = -4.0 * quotient(1.0, closes[window - 1 :])[:, None]
    x1 = by_open * d1 * r2 + by_close * d3 * r4
    x2 = by_open * d1 * r5 + by_close * d5 * r4
    e1, e2, v1, v2 = x1.mean(axis=1), x2.mean(axis=1), x1.var(axis=1), x2.var(axis=1)
    squared = quotient(v2 * e1 + v1 * e2, v1 + v2, otherwise=0.0)
    flat = (share == 0.0) | (opens[window - 1 :] == 0.0) | (closes[window - 1 :] == 0.0)
    return rolling(c, np.where(flat, 0.0, np.sqrt(np.abs(squared))), window)


@indicator(
    inputs=["close"],
    params={"window": WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="share of n bars whose close is that of the bar before",
    reference="D. A. Lesmond, J. P. Ogden, C. A. Trzcinka (1999), A New Estimate of Transaction Costs, RFS 12:5",
    words="How often the price did not move: news is not worth trading on where trading is dear.",
)
def zero_return_share(close: Array, *, window: int) -> Array:
    """Give the share of bars without a change."""
    before = previous(close)
    return average(np.where(np.isnan(close + before), np.nan, close == before), window)


@indicator(
    inputs=["close"],
    params={"window": WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="2 s Q((1 + z) / 2), s: standard deviation of n returns, z: share of them that are 0, Q: normal quantile",
    reference="K. Y. L. Fong, C. W. Holden, C. A. Trzcinka (2017), What Are the Best Liquidity Proxies?, RoF 21:4",
    words="The cost of a round trip that explains how often the price did not move; 0 where it always moves.",
)
def fht_spread(close: Array, *, window: int) -> Array:
    """Give the spread by zero returns; NaN where the price never moved."""
    moved = returns(close)
    zeros = average(np.where(np.isnan(moved), np.nan, moved == 0.0), window)
    count = np.where(np.isnan(zeros), 0.0, np.round(zeros * window)).astype(np.int64)
    width = 2.0 * np.sqrt(moments(moved, window)[1])
    return np.where(count == window, np.nan, width * np.where(count == window, 0.0, normal_quantiles(window)[count]))


@indicator(
    inputs=["close"],
    params={"window": WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sum of n |r| / how many of them are not 0, r = ln(C / C[t-1]); 0 where all are",
    reference="S. R. Thompson, M. L. Waller (1987), The Execution Cost of Trading in Commodity Futures, FRIS 20:2",
    words="The mean size of the moves: an upper bound of the spread where bars are as short as single trades.",
)
def thompson_waller(close: Array, *, window: int) -> Array:
    """Give the mean absolute change of the bars that changed."""
    size = np.abs(returns(close))
    moved = np.where(np.isnan(size), np.nan, size > 0.0)
    return filled(quotient(average(size, window), average(moved, window), otherwise=0.0), window)
