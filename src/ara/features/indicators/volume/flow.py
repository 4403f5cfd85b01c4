"""Money flow: on which side the volume of the last bars was."""

import math
from typing import Any

import numpy as np

from ara.features.arrays import change, ema, previous, quotient, rested, runs, sums, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import SEEDED, chain, gapless, length, rests, settles
from ara.features.indicators.volatility.terms import window_mean
from ara.features.indicators.volume.steps import (
    adosc_step,
    balance_step,
    cmf_step,
    force_step,
    mfi_step,
    return_step,
    sides_step,
)
from ara.features.indicators.volume.terms import Array, multiplier, wilder_step
from ara.features.library import talib
from ara.features.windowed import over

__all__ = [
    "adosc",
    "cmf",
    "force_index",
    "mfi",
    "money_flow_multiplier",
    "money_flow_volume",
    "net_volume",
    "tsv",
    "twiggs_money_flow",
    "up_down_volume",
    "volume_rsi",
    "volume_weighted_return",
    "wvad",
]

_FLOW = ("high", "low", "close", "volume")
_TRADE = ("close", "volume")
_ALL = (-math.inf, math.inf)
_CHAIKIN = "M. Chaikin; in S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed."


@indicator(
    inputs=["high", "low", "close"],
    warmup=0,
    memory=1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="((C - L) - (H - C)) / (H - L)",
    reference=_CHAIKIN,
    words="Where the bar closed in its range: 1 at the high, -1 at the low, 0 in the middle or without a range.",
)
def money_flow_multiplier(high: Array, low: Array, close: Array) -> Array:
    """Give the close's place in its bar."""
    return within(multiplier(high, low, close), -1.0, 1.0)


@indicator(
    inputs=_FLOW,
    warmup=0,
    memory=1,
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="V ((C - L) - (H - C)) / (H - L)",
    reference=_CHAIKIN,
    words="The bar's volume, counted to the buyers if it closed near its high and to the sellers if near its low.",
)
def money_flow_volume(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Give the bar's money flow."""
    return multiplier(high, low, close) * volume


@indicator(
    inputs=_FLOW,
    params={"window": length(14, "Bars that count; more of them are smoother and later.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 u / (u + d): sums of n P V over bars with P > P[t-1], and with P < P[t-1], P = (H + L + C) / 3",
    reference="G. Quong, A. Soudack (1989), Volume-Weighted RSI: Money Flow, Stocks & Commodities 7:3",
    words="RSI with volume: above 80 is read as overbought, below 20 as oversold.",
    step=mfi_step,
)
def mfi(high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give the money flow index; 50 where no money moved."""
    price = (high + low + close) / 3.0
    moved, money = change(price), price * volume
    money[np.isnan(moved)] = np.nan
    gain, loss = sums(money * (moved > 0), window), sums(money * (moved < 0), window)
    return 100.0 * quotient(gain, gain + loss, otherwise=0.5)


@indicator(
    inputs=_FLOW,
    params={
        "fast": length(3, "Bars of the fast mean."),
        "slow": length(10, "Bars of the slow mean."),
        "seeded": Param(
            default=0,
            low=0,
            high=1,
            whole=True,
            words="1 begins each mean with that of its first window; 0 with the first value.",
        ),
    },
    warmup=lambda fast, slow, seeded: max(fast, slow) - 1,
    memory=lambda fast, slow, seeded: chain(max(fast, slow), 2),
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="EMA(3) - EMA(10) of the accumulation/distribution line",
    reference=_CHAIKIN,
    words="Speed of the accumulation/distribution line: above 0 buying gains, below 0 selling.",
    step=adosc_step,
)
def adosc(high: Array, low: Array, close: Array, volume: Array, *, fast: int, slow: int, seeded: int) -> Array:
    """Give Chaikin's oscillator."""

    def oscillator(*bars: Array) -> Array:
        if not seeded:
            return np.asarray(talib().ADOSC(*bars, fast, slow))
        line = talib().AD(*bars)
        return ema(line, fast) - ema(line, slow)

    return runs(oscillator, high, low, close, volume)[0]


@indicator(
    inputs=_FLOW,
    params={"window": length(20, "Bars that count; more of them are smoother and later.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="sum of n V ((C - L) - (H - C)) / (H - L) / sum of n V",
    reference=_CHAIKIN,
    words="The share of the last volume that was bought less that which was sold; beyond 0.1 either way is clear.",
    step=cmf_step,
)
def cmf(high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give Chaikin's money flow; 0 where nothing was traded."""
    flow = sums(multiplier(high, low, close) * volume, window)
    return within(quotient(flow, sums(volume, window), otherwise=0.0), -1.0, 1.0)


@indicator(
    inputs=_TRADE,
    params={
        "window": length(13, "Bars of the mean; 1 gives each bar's force, 2 is for entries.", low=1),
        "seeded": SEEDED,
    },
    warmup=lambda window, seeded: window if seeded else 1,
    memory=lambda window, seeded: 1 + chain(window),
    scale=Scale.MIXED,
    bounds=_ALL,
    formula="EMA(n) of V (C - C[t-1])",
    reference="A. Elder (1993), Trading for a Living",
    words="Move times volume: above 0 the bulls are in charge, below 0 the bears; small at a new high is weak.",
    step=force_step,
)
def force_index(close: Array, volume: Array, *, window: int, seeded: int) -> Array:
    """Give Elder's force index."""
    return runs(lambda one: ema(one, window, seeded=bool(seeded)), change(close) * volume)[0]


def _twiggs_step(
    state: Any, high: float, low: float, close: float, volume: float, *, window: int
) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last close, and the means of the flow and of the volume."""
    if not gapless((high, low, close, volume)):
        return None, (math.nan,)
    if state is None:
        return (close, None, None), (math.nan,)
    before, flow, traded = state
    top, bottom = max(high, before), min(low, before)
    side = over((close - bottom) - (top - close), top - bottom, otherwise=0.0)
    (flow, bought), (traded, whole) = wilder_step(flow, side * volume, window), wilder_step(traded, volume, window)
    share = over(bought, whole, otherwise=0.0)
    return (close, flow, traded), (min(max(share, -1.0), 1.0),)


@indicator(
    inputs=_FLOW,
    params={"window": length(21, "Bars of Wilder's mean; more of them are smoother and later.")},
    warmup=lambda window: window,
    memory=lambda window: 1 + window + settles(1.0 / window),
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="w(V ((C - l) - (h - C)) / (h - l)) / w(V), h = max(H, C[t-1]), l = min(L, C[t-1]), w Wilder's mean",
    reference="C. Twiggs, Twiggs Money Flow, Incredible Charts",
    words="Chaikin's money flow with gaps counted and without leaps when an old bar leaves: above 0 is buying.",
    step=_twiggs_step,
)
def twiggs_money_flow(high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give Twiggs's money flow; 0 where nothing was traded."""

    def flow(high: Array, low: Array, close: Array, volume: Array) -> Array:
        before = previous(close)
        side = multiplier(np.maximum(high, before), np.minimum(low, before), close)
        traded = talib().RMA(volume + 0.0 * before, window)
        return quotient(talib().RMA(side * volume, window), traded, otherwise=0.0)

    return within(runs(flow, high, low, close, volume)[0], -1.0, 1.0)


@indicator(
    inputs=("open", *_FLOW),
    params={"window": length(24, "Bars that are summed.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="sum of n V (C - O) / (H - L)",
    reference="L. Williams (1972), The Secret of Selecting Stocks for Immediate and Substantial Gains",
    words="Volume counted by how the price went from open to close: above 0 is accumulation, below 0 distribution.",
)
def wvad(opened: Array, high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give Williams's variable accumulation/distribution; a bar without range adds nothing."""
    return sums(volume * quotient(close - opened, high - low, otherwise=0.0), window)


@indicator(
    inputs=_TRADE,
    params={"window": length(13, "Bars that are summed.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.MIXED,
    bounds=_ALL,
    formula="sum of n V (C - C[t-1])",
    reference="D. Worden, TC2000: Time Segmented Volume, in the form that other programs give it",
    words="Money that went in with rises less what went out with falls, of the last bars only; crossing 0 is a signal.",
)
def tsv(close: Array, volume: Array, *, window: int) -> Array:
    """Give the time segmented volume."""
    return sums(change(close) * volume, window)


def _strength_step(state: Any, close: float, volume: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last close, both of Wilder's means, and the bars since volume came with a move."""
    if not gapless((close, volume)):
        return None, (math.nan,)
    if state is None:
        return (close, None, None, 0), (math.nan,)
    before, rise, fall, still = state
    still = 0 if (close - before) * volume else still + 1
    rise, gain = wilder_step(rise, volume if close > before else 0.0, window)
    fall, loss = wilder_step(fall, volume if close < before else 0.0, window)
    share = 100.0 * over(gain, gain + loss, otherwise=0.5)
    if still >= rests(1.0 / window) and not math.isnan(share):
        share = 50.0
    return (close, rise, fall, still), (share,)


@indicator(
    inputs=_TRADE,
    params={"window": length(14, "Bars of Wilder's mean; more of them are smoother and later.")},
    warmup=lambda window: window,
    memory=lambda window: 1 + window + settles(1.0 / window) + rests(1.0 / window),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 w(V where C rose) / (w(V where C rose) + w(V where C fell)), w Wilder's mean",
    reference="As Volume RSI in several charting programs; after J. W. Wilder (1978)",
    words="Share of the volume that came with rises: above 50 buyers, below 50 sellers have the upper hand.",
    step=_strength_step,
)
def volume_rsi(close: Array, volume: Array, *, window: int) -> Array:
    """Give the RSI of signed volume; 50 where none came with a move."""

    def strength(close: Array, volume: Array) -> Array:
        moved = change(close)
        flat = 0.0 * moved
        gain = talib().RMA(np.where(moved > 0, volume, flat), window)
        loss = talib().RMA(np.where(moved < 0, volume, flat), window)
        share = 100.0 * quotient(gain, gain + loss, otherwise=0.5)
        return rested(share, moved * volume, rests(1.0 / window), otherwise=50.0)

    return runs(strength, close, volume)[0]


@indicator(
    inputs=_TRADE,
    params={"window": length(20, "Bars that count; more of them are smoother and later.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="sum of n V sign(C - C[t-1]) / sum of n V",
    reference="Ara, of J. E. Granville's (1963) on-balance volume: its change over its largest possible one",
    words=(
        "Rising less falling volume as a share of all: 1 all of it rose, -1 all of it fell; comparable across markets."
    ),
    step=balance_step,
)
def net_volume(close: Array, volume: Array, *, window: int) -> Array:
    """Give the balance of rising and falling volume; 0 where nothing was traded."""
    net = quotient(sums(np.sign(change(close)) * volume, window), sums(volume, window), otherwise=0.0)
    return within(net, -1.0, 1.0)


@indicator(
    inputs=_TRADE,
    params={"window": length(50, "Bars that count; more of them are smoother and later.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sum of n V where C rose / sum of n V where C fell",
    reference="W. J. O'Neil (2009), How to Make Money in Stocks, 4th ed.: up/down volume ratio",
    words="Above 1 more was traded on rising than on falling bars, 1.2 and more is strong demand; NaN where none fell.",
    step=sides_step,
)
def up_down_volume(close: Array, volume: Array, *, window: int) -> Array:
    """Give rising over falling volume."""
    moved = change(close)
    flat = 0.0 * moved
    return quotient(sums(np.where(moved > 0, volume, flat), window), sums(np.where(moved < 0, volume, flat), window))


@indicator(
    inputs=_TRADE,
    params={"window": length(20, "Bars that count; more of them are smoother and later.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="sum of n V (C / C[t-1] - 1) / sum of n V",
    reference="Ara, of the price volume trend: its change over the volume",
    words="The mean return of a bar, busy bars counting more: above 0 the moves that were traded went up.",
    step=return_step,
)
def volume_weighted_return(close: Array, volume: Array, *, window: int) -> Array:
    """Give the mean return weighted by volume; 0 where nothing was traded."""
    flow = volume * quotient(change(close), previous(close))
    return quotient(window_mean(flow, window), window_mean(volume, window), otherwise=0.0)
