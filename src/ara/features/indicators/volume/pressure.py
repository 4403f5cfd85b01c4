"""Price and volume set against each other: how easily the price moves, and whether volume confirms it."""

import math
from typing import Any

import numpy as np

from ara.features.arrays import (
    change,
    ema,
    filled,
    logs,
    moments,
    previous,
    priced,
    quotient,
    rested,
    runs,
    sums,
    within,
)
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import TIE, chain, gapless, length, pause
from ara.features.indicators.volatility.terms import mean_square, returns_variance, window_mean
from ara.features.indicators.volume.steps import (
    correlation_step,
    ease_step,
    easy_step,
    elements_step,
    rank_step,
)
from ara.features.indicators.volume.terms import Array, ema_step, signalled, weighed
from ara.features.onward import UNKNOWN, Told
from ara.features.windowed import logged, over, scatter, slid

__all__ = ["demand_index", "emv", "fve", "marketfi", "price_volume_correlation", "pvr", "vfi", "vpci", "vwmacd"]

_FLOW = ("high", "low", "close", "volume")
_ALL = (-math.inf, math.inf)
_STEEP = 3.0
_USUAL = 30
_UNIT = Param(
    default=0,
    low=0.0,
    high=1e18,
    words=(
        "Volume that counts as 1, for the figure in prices as in the sources; 0 takes the mean volume of the window, "
        "and moves as shares of the price, so that instruments compare."
    ),
)


@indicator(
    inputs=["high", "low", "volume"],
    params={"window": length(14, "Bars of the mean; more of them are smoother and later.", low=1), "unit": _UNIT},
    outputs=["emv", "average"],
    warmup=lambda window, unit: window if unit else window - 1 + max(window - 1, 1),
    memory=lambda window, unit: window + 1 if unit else 2 * window,
    scale=lambda unit, **_: Scale.MIXED if unit else Scale.FREE,
    bounds=_ALL,
    formula="(M - M[t-1]) (H - L) / (V / unit), M = (H + L) / 2, and its mean over n bars",
    reference="R. W. Arms (1983), Volume Cycles in the Stock Market",
    words=(
        "How far the price moves for how little volume: above 0 it rises easily. With a `unit` it is in squared prices."
    ),
    step=ease_step,
)
def emv(high: Array, low: Array, volume: Array, *, window: int, unit: float) -> tuple[Array, Array]:
    """Give the ease of movement and its mean; NaN where nothing was traded."""
    middle = 0.5 * (high + low)
    move, wide = change(middle), high - low
    traded = volume / unit if unit else quotient(volume, window_mean(volume, window))
    if not unit:
        move, wide = quotient(move, previous(middle)), quotient(wide, middle)
    ease = quotient(move * wide, traded)
    average = window_mean(ease, window)
    start = window if unit else window - 1 + max(window - 1, 1)
    return filled(ease, start), average


@indicator(
    inputs=["high", "low", "volume"],
    params={"window": length(20, "Bars of the mean volume.", low=1), "unit": _UNIT},
    warmup=lambda window, unit: 0 if unit else window - 1,
    memory=lambda window, unit: 1 if unit else window,
    scale=lambda unit, **_: Scale.MIXED if unit else Scale.FREE,
    bounds=(0.0, math.inf),
    formula="((H - L) / H) / (V / mean of n V); with a unit (H - L) / (V / unit)",
    reference="B. Williams (1995), Trading Chaos: Market Facilitation Index",
    words="How far a unit of volume moves the price: falling while volume rises is a fight before a move.",
    step=easy_step,
)
def marketfi(high: Array, low: Array, volume: Array, *, window: int, unit: float) -> Array:
    """Give the market facilitation index; NaN where nothing was traded."""
    if unit:
        return quotient(high - low, volume / unit)
    return quotient(quotient(high - low, high), quotient(volume, window_mean(volume, window)))


def _demand_step(state: Any, high: float, low: float, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last bar, the last ranges of two bars and volumes, and both means."""
    price = 0.25 * (high + low + 2.0 * close)
    if not gapless((price, volume)) or price == 0.0:
        return None, UNKNOWN
    before, ranges, volumes, buy, sell = state or (None, (), (), None, None)
    volumes = slid(volumes, volume, window)
    bar = (high, low, price)
    if before is None:
        return (bar, ranges, volumes, buy, sell), UNKNOWN
    ranges = slid(ranges, max(high, before[0]) - min(low, before[1]), window)
    if len(volumes) < window:
        return (bar, ranges, volumes, buy, sell), UNKNOWN
    moved, weak, buying, selling = over(price - before[2], before[2]), math.nan, math.nan, math.nan
    traded = over(volume, sum(volumes) / window, otherwise=0.0)
    if len(ranges) == window:
        weak = traded * math.exp(-_STEEP * over(price, sum(ranges) / window, otherwise=0.0) * abs(moved))
    # The volume is judged a bar before the range is: a mean that needs only that one begins earlier.
    if moved > 0.0 or len(ranges) == window:
        buy, buying = ema_step(buy, traded if moved > 0.0 else weak, window)
    if moved < 0.0 or len(ranges) == window:
        sell, selling = ema_step(sell, traded if moved < 0.0 else weak, window)
    found = 100.0 * over(buying - selling, max(buying, selling), otherwise=0.0)
    return (bar, ranges, volumes, buy, sell), (found,)


@indicator(
    inputs=_FLOW,
    params={"window": length(10, "Bars of all its means; more of them are smoother and later.")},
    warmup=lambda window: 2 * window - 1,
    memory=lambda window: window + chain(window) + 1,
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula=(
        "100 (1 - s / b) if b > s, else 100 (b / s - 1); b, s = EMA(n) of v and v exp(-3 P / R abs(P / P[t-1] - 1)), "
        "exchanged in falling bars, P = (H + L + 2 C) / 4, R = mean range of 2 bars, v = V / mean V"
    ),
    reference=(
        "J. Sibbet; in C. LeBeau, D. W. Lucas (1992), Technical Traders Guide to Computer Analysis of the Futures "
        "Market"
    ),
    words=(
        "Buying against selling pressure: above 0 buyers press more; it is watched for turning before the price does."
    ),
    step=_demand_step,
)
def demand_index(high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give Sibbet's demand index; 0 where both sides press alike."""

    def index(high: Array, low: Array, price: Array, volume: Array) -> Array:
        wide = np.maximum(high, previous(high)) - np.minimum(low, previous(low))
        usual, moved = window_mean(wide, window), quotient(change(price), previous(price))
        traded = quotient(volume, window_mean(volume, window), otherwise=0.0)
        weak = traded * np.exp(-_STEEP * quotient(price, usual, otherwise=0.0) * np.abs(moved))
        buying = ema(np.where(moved > 0, traded, weak), window)
        selling = ema(np.where(moved < 0, traded, weak), window)
        return 100.0 * quotient(buying - selling, np.maximum(buying, selling), otherwise=0.0)

    price = priced(0.25 * (high + low + 2.0 * close))
    return runs(index, high, low, price, volume)[0]


def _flow_step(
    state: Any,
    high: float,
    low: float,
    close: float,
    volume: float,
    *,
    window: int,
    smooth: int,
    cutoff: float,
    most: float,
) -> Told:
    """Go on from the last price, and from the last returns, volumes, flows, and the mean."""
    price = (high + low + close) / 3.0
    if not gapless((price, logged(price), volume)):
        return None, UNKNOWN
    before, returns, volumes, flows, mean = state or (None, (), (), (), None)
    usual, step = sum(volumes) / window, math.nan
    whole, volumes = len(volumes) == window, slid(volumes, volume, window)
    if before is not None:
        returns, step = slid(returns, logged(price) - logged(before), _USUAL), price - before
    if not whole or len(returns) < _USUAL:
        return (price, returns, volumes, flows, mean), UNKNOWN
    counts = abs(step) > cutoff * math.sqrt(scatter(returns)[1]) * close
    flow = math.copysign(min(volume, most * usual), step) if counts and step else 0.0
    flows, found = slid(flows, flow, window), math.nan
    if len(flows) == window:
        mean, found = ema_step(mean, over(sum(flows), usual, otherwise=0.0), smooth)
    return (price, returns, volumes, flows, mean), (found,)


@indicator(
    inputs=_FLOW,
    params={
        "window": length(130, "Bars that are summed; 130 daily bars are half a year."),
        "smooth": length(3, "Bars of the exponential mean of the result.", low=1),
        "cutoff": Param(
            default=0.2, low=0.0, high=10.0, words="Share of the usual move below which a bar doesn't count."
        ),
        "most": Param(default=2.5, low=0.1, high=100.0, words="Mean volumes that a bar counts at most."),
    },
    warmup=lambda window, smooth, **_: max(2 * window, window + _USUAL) - 2 + smooth,
    memory=lambda window, smooth, **_: max(2 * window, window + _USUAL) + chain(smooth) + 1,
    scale=Scale.FREE,
    bounds=_ALL,
    formula=(
        "EMA(3) of sum of n s min(V, 2.5 v) / v, v = mean of n V before, s the sign of P - P[t-1], 0 if that is within "
        "0.2 C std(30) of ln(P / P[t-1]), P = (H + L + C) / 3"
    ),
    reference="M. Katsanos (2004), Using Money Flow to Stay With the Trend, Stocks & Commodities 22:6",
    words=(
        "On-balance volume of half a year without small moves and outliers: above 0 is bullish, best before the price."
    ),
    step=_flow_step,
)
def vfi(
    high: Array, low: Array, close: Array, volume: Array, *, window: int, smooth: int, cutoff: float, most: float
) -> Array:
    """Give the volume flow index; 0 where nothing was traded."""

    def index(price: Array, known: Array, close: Array, volume: Array) -> Array:
        limit = cutoff * np.sqrt(moments(change(known), _USUAL)[1]) * close
        usual = previous(window_mean(volume, window))
        moved = change(price)
        side = np.where(np.isnan(limit), np.nan, np.sign(moved) * (np.abs(moved) > limit))
        flow = sums(side * np.minimum(volume, most * usual), window)
        return ema(quotient(flow, usual, otherwise=0.0), smooth)

    price = (high + low + close) / 3.0
    return runs(index, price, logs(price), close, volume)[0]


@indicator(
    inputs=_FLOW,
    params={
        "window": length(22, "Bars that are summed; more of them are smoother and later.", low=1),
        "cutoff": Param(default=0.003, low=0.0, high=1.0, words="Share of the price below which a move doesn't count."),
    },
    warmup=lambda window, cutoff: window,
    memory=lambda window, cutoff: window + 1,
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula=(
        "100 sum of n s V / sum of n V, s the sign of C - (H + L) / 2 + P - P[t-1], 0 within 0.003 C, P = (H + L + "
        "C) / 3"
    ),
    reference="M. Katsanos (2003), Detecting Breakouts, Stocks & Commodities 21:4: finite volume elements",
    words=(
        "The share of volume with real moves up less that with real moves down: crossing 0 or rising first is a signal."
    ),
    step=elements_step,
)
def fve(high: Array, low: Array, close: Array, volume: Array, *, window: int, cutoff: float) -> Array:
    """Give the finite volume elements; 0 where nothing was traded."""
    money = close - 0.5 * (high + low) + change((high + low + close) / 3.0)
    side = np.where(np.isnan(money), np.nan, np.sign(money) * (np.abs(money) > cutoff * close))
    share = quotient(sums(side * volume, window), sums(volume, window), otherwise=0.0)
    return within(100.0 * share, -100.0, 100.0)


@indicator(
    inputs=["close", "volume"],
    params={"short": length(10, "Bars of the short means."), "long": length(50, "Bars of the long means.")},
    warmup=lambda short, long: max(short, long) - 1,
    memory=lambda short, long: max(short, long),
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="(w(50) - s(50)) (w(10) / s(10)) (v(10) / v(50)): w weighted by V and s simple mean of C, v mean of V",
    reference="B. Dormeier (2007), Price & Volume, Digging Deeper, J. Technical Analysis: VPCI",
    words="Whether volume confirms the trend of the price: above 0 it does in a rise, below 0 it contradicts it.",
)
def vpci(close: Array, volume: Array, *, short: int, long: int) -> Array:
    """Give the volume price confirmation indicator; NaN where nothing was traded."""
    confirmed = weighed(close, volume, long) - window_mean(close, long)
    ratio = quotient(weighed(close, volume, short), window_mean(close, short))
    return np.asarray(confirmed * ratio * quotient(window_mean(volume, short), window_mean(volume, long)))


@indicator(
    inputs=["close", "volume"],
    params={
        "fast": length(12, "Bars of the fast mean."),
        "slow": length(26, "Bars of the slow mean."),
        "signal": length(9, "Bars of the mean that the line is compared with.", low=1),
    },
    outputs=["line", "signal", "histogram"],
    warmup=lambda fast, slow, signal: max(fast, slow) + signal - 2,
    memory=lambda fast, slow, signal: chain(max(fast, slow), 2) + chain(signal),
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="e(12) - e(26), e(n) = EMA(n) of V C / EMA(n) of V; its EMA(9)",
    reference="D. Hawkins (2009), Volume-Weighted MACD Histogram, Stocks & Commodities 27:11",
    words="MACD whose means count busy bars more: moves without volume hardly turn it.",
)
def vwmacd(close: Array, volume: Array, *, fast: int, slow: int, signal: int) -> tuple[Array, ...]:
    """Give the volume-weighted MACD; NaN while nothing has been traded."""

    def lines(close: Array, volume: Array) -> tuple[Array, ...]:
        money = close * volume
        quick, late = (quotient(ema(money, bars), ema(volume, bars)) for bars in (fast, slow))
        apart = quick - late
        return signalled(np.where(np.abs(apart) <= TIE * np.abs(late), 0.0, apart), signal)

    untraded = rested(np.zeros(len(volume)), volume, pause(fast, slow), otherwise=np.nan)
    return runs(lines, close, volume + untraded, outputs=3)


@indicator(
    inputs=["close", "volume"],
    params={"window": length(20, "Bars that count; more of them are steadier.", low=3)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="correlation of C / C[t-1] - 1 and V over n bars",
    reference="J. M. Karpoff (1987), The Relation Between Price Changes and Trading Volume, J. Fin. Quant. Anal. 22",
    words="Whether busy bars rise or fall: near 1 volume comes with rises, near -1 with falls; 0 if neither varies.",
    step=correlation_step,
)
def price_volume_correlation(close: Array, volume: Array, *, window: int) -> Array:
    """Give the correlation of return and volume."""
    moved = quotient(change(close), previous(close))
    average, variance = moments(volume, window)
    both = window_mean(moved * volume, window) - window_mean(moved, window) * average
    moves = returns_variance(moved, window)
    moves = np.where(moves <= TIE * mean_square(moved, window), 0.0, moves)
    return within(quotient(both, np.sqrt(moves) * np.sqrt(variance), otherwise=0.0), -1.0, 1.0)


@indicator(
    inputs=["close", "volume"],
    warmup=1,
    memory=2,
    scale=Scale.FREE,
    bounds=(1.0, 4.0),
    formula="1 price up, volume up; 2 price up, volume down; 3 price down, volume down; 4 price down, volume up",
    reference="A. J. Macek (1994), Price-Volume Rank, Stocks & Commodities 12:6",
    words=(
        "Below 2.5 the price rises, 1 being a healthy rise with volume and 4 a fall with volume; means of it are "
        "traded."
    ),
    step=rank_step,
)
def pvr(close: Array, volume: Array) -> Array:
    """Give the price volume rank; unchanged counts as up."""
    price, traded = change(close), change(volume)
    rank = np.where(price >= 0, np.where(traded >= 0, 1.0, 2.0), np.where(traded >= 0, 4.0, 3.0))
    return np.where(np.isnan(price) | np.isnan(traded), np.nan, rank)
