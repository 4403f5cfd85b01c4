"""Volume added up from the first bar on: only its direction and its swings mean something, not its level."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ara.features.arrays import change, ema, mean, previous, quotient
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import gapless, length, over_gaps
from ara.features.indicators.volatility.terms import flag
from ara.features.indicators.volume.terms import Array, ema_step, multiplier
from ara.features.onward import Told

__all__ = ["ad", "ad_ema", "nvi", "obv", "pvi", "pvt", "tvi"]

_FLOW = ("high", "low", "close", "volume")
_ALL = (-math.inf, math.inf)
_BASE = 1000.0
_FOSBACK = "N. G. Fosback (1976), Stock Market Logic; after P. L. Dysart (1936)"


def _traded(volume: float) -> float:
    """Count what is unknown as nothing, so that the price of such a bar is not lost on the next one."""
    return volume if math.isfinite(volume) else 0.0


def _told(total: float, volume: float) -> tuple[float]:
    return (total if math.isfinite(volume) else math.nan,)


def _added(line: Callable[[Array, Array], Array], close: Array, volume: Array) -> Array:
    """Add up over the bars with a known close; those of unknown volume add nothing and get NaN."""
    told = np.isfinite(volume)
    if told.all():
        return over_gaps(line, close, volume)
    return np.where(told, over_gaps(line, close, np.where(told, volume, 0.0)), np.nan)


def _obv_step(state: Any, close: float, volume: float, *, zero: int) -> Told:
    if not math.isfinite(close):
        return state, (math.nan,)
    traded = _traded(volume)
    if state is None:
        total = 0.0 if zero else traded
    else:
        before, total = state
        total += traded * ((close > before) - (close < before))
    return (close, total), _told(total, volume)


@indicator(
    inputs=["close", "volume"],
    params={"zero": flag(1, "1 begins at 0; 0 at the volume of the first bar, as TA-Lib does.")},
    warmup=0,
    memory=None,
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="o[t] = o[t-1] + V sign(C - C[t-1])",
    reference="J. E. Granville (1963), Granville's New Key to Stock Market Profits",
    words=(
        "Volume of rising bars less that of falling ones: when it rises and the price does not, it is read as buying."
    ),
    step=_obv_step,
)
def obv(close: Array, volume: Array, *, zero: int) -> Array:
    """Give the on-balance volume."""

    def line(price: Array, traded: Array) -> Array:
        flow = np.sign(change(price)) * traded
        flow[:1] = 0.0 if zero else traded[:1]
        return np.cumsum(flow)

    return _added(line, close, volume)


def _flow(high: float, low: float, close: float, volume: float) -> float:
    return volume * ((close - low) - (high - close)) / (high - low) if high != low else 0.0


def _ad_step(state: Any, high: float, low: float, close: float, volume: float) -> Told:
    if not gapless((high, low, close, volume)):
        return state, (math.nan,)
    total = (state or (0.0,))[0] + _flow(high, low, close, volume)
    return (total,), (total,)


def _ad(high: Array, low: Array, close: Array, volume: Array) -> Array:
    return np.cumsum(multiplier(high, low, close) * volume)


@indicator(
    inputs=_FLOW,
    warmup=0,
    memory=None,
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="a[t] = a[t-1] + V ((C - L) - (H - C)) / (H - L)",
    reference="M. Chaikin; in S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed.",
    words="Volume counted by where each bar closes in its range: rising means closes near the highs, read as buying.",
    step=_ad_step,
)
def ad(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Give the accumulation/distribution line; a bar without range adds nothing."""
    return over_gaps(_ad, high, low, close, volume)


def _ad_ema_step(state: Any, high: float, low: float, close: float, volume: float, *, window: int) -> Told:
    if not gapless((high, low, close, volume)):
        return state, (math.nan,)
    total, mean_state = state or (0.0, None)
    total += _flow(high, low, close, volume)
    mean_state, value = ema_step(mean_state, total, window)
    return (total, mean_state), (value,)


@indicator(
    inputs=_FLOW,
    params={"window": length(10, low=1)},
    warmup=lambda window: window - 1,
    memory=None,
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="EMA(n) of the accumulation/distribution line",
    reference="M. Chaikin; in S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed.: part of his oscillator",
    words="The accumulation/distribution line made smooth: the line above it is read as buying that grows.",
    step=_ad_ema_step,
)
def ad_ema(high: Array, low: Array, close: Array, volume: Array, *, window: int) -> Array:
    """Give the exponential mean of the accumulation/distribution line."""
    return over_gaps(lambda *bars: ema(_ad(*bars), window), high, low, close, volume)


def _index_step(state: Any, close: float, volume: float, *, side: int) -> Told:
    if not gapless((close, volume)):
        return state, (math.nan,)
    before, traded, value = state or (0.0, volume, _BASE)
    if before != 0.0 and (volume - traded) * side > 0:
        value *= close / before
    return (close, volume, value), (value,)


def _index(close: Array, volume: Array, side: int) -> Array:
    def compounded(price: Array, traded: Array) -> Array:
        counts = (change(traded) * side > 0) & (previous(price) != 0)
        return np.asarray(_BASE * np.cumprod(np.where(counts, quotient(price, previous(price)), 1.0)), np.float64)

    return over_gaps(compounded, close, volume)


def _nvi_step(state: Any, close: float, volume: float) -> Told:
    return _index_step(state, close, volume, side=-1)


def _pvi_step(state: Any, close: float, volume: float) -> Told:
    return _index_step(state, close, volume, side=1)


@indicator(
    inputs=["close", "volume"],
    warmup=0,
    memory=None,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="1000 * product of C / C[t-1] over the bars with V < V[t-1]",
    reference=_FOSBACK,
    words=(
        "The price as if only bars with falling volume counted, said to be those of the informed; above its year's "
        "mean is a rising market."
    ),
    step=_nvi_step,
)
def nvi(close: Array, volume: Array) -> Array:
    """Give the negative volume index."""
    return _index(close, volume, -1)


@indicator(
    inputs=["close", "volume"],
    warmup=0,
    memory=None,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="1000 * product of C / C[t-1] over the bars with V > V[t-1]",
    reference=_FOSBACK,
    words="The price as if only bars with rising volume counted, said to be those of the crowd.",
    step=_pvi_step,
)
def pvi(close: Array, volume: Array) -> Array:
    """Give the positive volume index."""
    return _index(close, volume, 1)


def _pvt_step(state: Any, close: float, volume: float, *, smooth: int) -> Told:
    if not math.isfinite(close):
        return state, (math.nan,)
    before, lines = state or (0.0, (0.0,))
    if state is not None:
        lines = (*lines, lines[-1] + (_traded(volume) * (close - before) / before if before else 0.0))[-smooth:]
    return (close, lines), _told(sum(lines) / smooth if len(lines) == smooth else math.nan, volume)


@indicator(
    inputs=["close", "volume"],
    params={"smooth": length(1, "Bars over which the line is averaged; 1 leaves it.", low=1, high=1000)},
    warmup=lambda smooth: smooth - 1,
    memory=None,
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="p[t] = p[t-1] + V (C / C[t-1] - 1)",
    reference="D. L. Markstein (1966), How to Chart Your Way to Stock Market Profits",
    words="Volume counted by how much the price moved with it: like OBV, but a small move adds little.",
    step=_pvt_step,
)
def pvt(close: Array, volume: Array, *, smooth: int) -> Array:
    """Give the price volume trend, begun at 0."""

    def line(price: Array, traded: Array) -> Array:
        flow = traded * quotient(change(price), previous(price), otherwise=0.0)
        flow[:1] = 0.0
        return mean(np.cumsum(flow), smooth)

    return _added(line, close, volume)


def _tvi_step(state: Any, close: float, volume: float, *, tick: float) -> Told:
    if not math.isfinite(close):
        return state, (math.nan,)
    before, side, total = state or (close, 0.0, 0.0)
    moved = close - before
    if abs(moved) > tick * before:
        side = 1.0 if moved > 0 else -1.0
    total += side * _traded(volume)
    return (close, side, total), _told(total, volume)


@indicator(
    inputs=["close", "volume"],
    params={
        "tick": Param(
            default=0.0005, low=0.0, high=1.0, words="Share of the price that a move must exceed to change the side."
        )
    },
    warmup=0,
    memory=None,
    scale=Scale.VOLUME,
    bounds=_ALL,
    formula="v[t] = v[t-1] + d V, d the sign of the last move with abs(C - C[t-1]) > tick * C[t-1]",
    reference="S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed.: Trade Volume Index",
    words="Volume counted to the side of the last real move: rising means trades at the asking price, read as buying.",
    step=_tvi_step,
)
def tvi(close: Array, volume: Array, *, tick: float) -> Array:
    """Give the trade volume index."""

    def line(price: Array, traded: Array) -> Array:
        moved = change(price)
        side = np.where(np.abs(moved) > tick * previous(price), np.sign(moved), 0.0)
        last = np.maximum.accumulate(np.where(side != 0, np.arange(len(side)), 0))
        return np.cumsum(side[last] * traded)

    return _added(line, close, volume)
