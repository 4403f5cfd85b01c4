"""Prices weighted by volume: of the session, from a bar on, and of the last bars."""

import math
from operator import mul
from typing import Any

import numpy as np

from ara.features.arrays import quotient, rolling, sums, windows
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import gapless, length
from ara.features.indicators.volatility.terms import times
from ara.features.indicators.volume.steps import typical_step
from ara.features.indicators.volume.terms import Array, weighed
from ara.features.loops import lines_along
from ara.features.onward import Told
from ara.features.windowed import over, slid

__all__ = [
    "anchored_vwap",
    "session_vwap",
    "session_vwap_bands",
    "session_vwap_distance",
    "vwap",
    "vwap_bands",
    "vwap_distance",
]

_BARS = ("high", "low", "close", "volume")
_SESSION = (*_BARS, "session")
_BANDS = ("upper", "middle", "lower")
_ALL = (-math.inf, math.inf)
_NEW = (math.nan, 0.0, 0.0, 0.0)
_BERKOWITZ = "S. A. Berkowitz, D. E. Logue, E. A. Noser (1988), The Total Cost of Transactions on the NYSE, J. Fin. 43"
_WINDOW = {"window": length(20, "Bars that count; more of them are smoother and later.", low=1)}
_WIDE = {"width": times(2.0, "Standard deviations, weighted by volume, from the line to a band.")}


def _gather(high: Any, low: Any, close: Any, volume: Any, session: Any, state: Any, lines: Any) -> None:
    """Take the weighted mean and variance since the session changed; state: session, volume, mean, squares."""
    for bar in range(len(close)):
        price, traded = (high[bar] + low[bar] + close[bar]) / 3.0, volume[bar]
        if not (abs(price) < math.inf and abs(traded) < math.inf and abs(session[bar]) < math.inf):
            continue
        if session[bar] != state[0]:
            state[0], state[1], state[2], state[3] = session[bar], 0.0, 0.0, 0.0
        if traded > 0.0:
            state[1] += traded
            off = price - state[2]
            state[2] += off * (traded / state[1])
            state[3] += traded * off * (price - state[2])
        if state[1] > 0.0:
            lines[0][bar], lines[1][bar] = state[2], state[3] / state[1]


def _gathered(*columns: Array) -> Array:
    return lines_along(_gather, 2, *columns, np.array(_NEW))


def _one(state: Any, *bar: float) -> tuple[Any, float, float]:
    now, lines = list(state or _NEW), [[math.nan], [math.nan]]
    high, low, close, volume, session = ([value] for value in bar)
    _gather(high, low, close, volume, session, now, lines)
    return tuple(now), lines[0][0], lines[1][0]


def _session_step(state: Any, high: float, low: float, close: float, volume: float, session: float) -> Told:
    now, line, _ = _one(state, high, low, close, volume, session)
    return now, (line,)


def _bands_step(
    state: Any, high: float, low: float, close: float, volume: float, session: float, *, width: float
) -> Told:
    now, line, variance = _one(state, high, low, close, volume, session)
    half = width * math.sqrt(variance)
    return now, (line + half, line, line - half)


def _distance_step(state: Any, high: float, low: float, close: float, volume: float, session: float) -> Told:
    now, line, _ = _one(state, high, low, close, volume, session)
    return now, ((close - line) / line if line else math.nan,)


def _anchored_step(state: Any, high: float, low: float, close: float, volume: float, *, anchor: int) -> Told:
    bars, kept = state or (0, None)
    if bars < anchor or not gapless((high, low, close, volume)):
        return (bars + 1, kept), (math.nan,)
    kept, line, _ = _one(kept, high, low, close, volume, 0.0)
    return (bars + 1, kept), (line,)


@indicator(
    inputs=_SESSION,
    warmup=0,
    memory=None,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="sum of V (H + L + C) / 3 / sum of V, since the session began",
    reference=_BERKOWITZ,
    words="The mean price paid today: buyers above it paid more than most; large orders are judged against it.",
    step=_session_step,
)
def session_vwap(high: Array, low: Array, close: Array, volume: Array, session: Array) -> Array:
    """Give the volume-weighted price of the session so far; NaN until something was traded in it."""
    return np.asarray(_gathered(high, low, close, volume, session)[0])


@indicator(
    inputs=_SESSION,
    params=_WIDE,
    outputs=_BANDS,
    warmup=0,
    memory=None,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="session_vwap, +- k standard deviations of (H + L + C) / 3 weighted by V",
    reference=_BERKOWITZ + "; bands by the weighted variance, T. Finch (2009)",
    words="Where most of today's trade was: at a band the price is stretched away from what was paid.",
    step=_bands_step,
)
def session_vwap_bands(
    high: Array, low: Array, close: Array, volume: Array, session: Array, *, width: float
) -> tuple[Array, ...]:
    """Give the bands around the session's volume-weighted price."""
    line, variance = _gathered(high, low, close, volume, session)
    half = width * np.sqrt(variance)
    return line + half, line, line - half


@indicator(
    inputs=_SESSION,
    warmup=0,
    memory=None,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="C / session_vwap - 1",
    reference=_BERKOWITZ,
    words="How far the price is above, or below 0, what was paid on average today, as a share of it.",
    step=_distance_step,
)
def session_vwap_distance(high: Array, low: Array, close: Array, volume: Array, session: Array) -> Array:
    """Give the distance of the close from the session's volume-weighted price."""
    line = _gathered(high, low, close, volume, session)[0]
    return quotient(close - line, line)


@indicator(
    inputs=_BARS,
    params={"anchor": Param(default=0, low=0, high=1e7, whole=True, words="Number of the bar, from 0, it begins at.")},
    warmup=lambda anchor: anchor,
    memory=None,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="sum of V (H + L + C) / 3 / sum of V, since the bar of the anchor",
    reference="P. Levine (1997), Midas; B. Shannon (2023), Maximum Trading Gains With Anchored VWAP",
    words="The mean price paid since a bar that mattered: who bought since then gains while the price is above it.",
    step=_anchored_step,
)
def anchored_vwap(high: Array, low: Array, close: Array, volume: Array, *, anchor: int) -> Array:
    """Give the volume-weighted price since a bar; NaN until something was traded."""
    session = np.where(np.arange(len(close)) < anchor, np.nan, 0.0)
    return np.asarray(_gathered(high, low, close, volume, session)[0])


@indicator(
    inputs=_BARS,
    params=_WINDOW,
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="sum of n V (H + L + C) / 3 / sum of n V",
    reference=_BERKOWITZ,
    words="The mean price paid over the last bars; above it the recent buyers gain.",
    step=typical_step,
)
def vwap(high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give the volume-weighted price of the last bars; NaN where nothing was traded."""
    return weighed((high + low + close) / 3.0, volume, window)


def _wide_step(state: Any, high: float, low: float, close: float, volume: float, *, window: int, width: float) -> Told:
    """Go on from the last prices and volumes."""
    prices, volumes = state or ((), ())
    prices, volumes = slid(prices, (high + low + close) / 3.0, window), slid(volumes, volume, window)
    if min(len(prices), len(volumes)) < window:
        return (prices, volumes), (math.nan,) * 3
    traded = sum(volumes)
    line = over(sum(map(mul, prices, volumes)), traded)
    variance = over(
        sum([one * (price - line) * (price - line) for price, one in zip(prices, volumes, strict=True)]), traded
    )
    half = width * math.sqrt(variance) if variance >= 0.0 else math.nan
    return (prices, volumes), (line + half, line, line - half)


@indicator(
    inputs=_BARS,
    params=_WINDOW | _WIDE,
    outputs=_BANDS,
    warmup=lambda window, width: window - 1,
    memory=lambda window, width: window,
    scale=Scale.PRICE,
    bounds=_ALL,
    formula="vwap(n), +- k standard deviations of n (H + L + C) / 3 weighted by V",
    reference=_BERKOWITZ + "; bands by the weighted variance",
    words="Where most of the recent trade was: outside of the bands the price is far from what was paid.",
    step=_wide_step,
)
def vwap_bands(high: Array, low: Array, close: Array, volume: Array, *, window: int, width: float) -> tuple[Array, ...]:
    """Give the bands around the volume-weighted price of the last bars."""
    price = (high + low + close) / 3.0
    line = weighed(price, volume, window)
    weights, off = windows(volume, window), windows(price, window) - line[window - 1 :, None]
    variance = quotient(np.einsum("ij,ij,ij->i", weights, off, off), sums(volume, window)[window - 1 :])
    half = width * np.sqrt(rolling(price, variance, window))
    return line + half, line, line - half


@indicator(
    inputs=_BARS,
    params=_WINDOW,
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="C / vwap(n) - 1",
    reference=_BERKOWITZ,
    words="How far the price is above, or below 0, what was paid on average lately, as a share of it.",
)
def vwap_distance(high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give the distance of the close from the volume-weighted price."""
    line = weighed((high + low + close) / 3.0, volume, window)
    return quotient(close - line, line)
