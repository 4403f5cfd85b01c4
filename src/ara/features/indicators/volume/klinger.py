"""Klinger's oscillator and its short form: volume signed by the trend, a fast mean less a slow one."""

import math
from typing import Any

import numpy as np

from ara.features.arrays import change, ema, runs
from ara.features.indicator import Scale, indicator
from ara.features.indicators.trend.terms import chain, gapless, length, over_gaps
from ara.features.indicators.volume.terms import Array, ema_step, signalled, signalled_step
from ara.features.loops import along

__all__ = ["kvo", "signed_volume_oscillator"]

_FLOW = ("high", "low", "close", "volume")
_LINES = ("line", "signal", "histogram")
_NEW = (0.0, 0.0, 0.0, 0.0, 0.0)
_PARAMS = {
    "fast": length(34, "Bars of the fast mean."),
    "slow": length(55, "Bars of the slow mean."),
    "signal": length(13, "Bars of the mean that the line is compared with.", low=1),
}


def _force(high: Any, low: Any, close: Any, volume: Any, state: Any, lines: Any) -> None:
    """Sign and weigh volume; state is (bars, H + L + C, side, range, range of the trend so far)."""
    for bar in range(len(close)):
        h, l, c = high[bar], low[bar], close[bar]  # noqa: E741
        key, wide = h + l + c, h - l
        side = 1.0 if key > state[1] else -1.0
        if state[0] > 0.0:
            trend = state[4] + wide if side == state[2] else state[3] + wide
            lines[0][bar] = 100.0 * volume[bar] * abs(2.0 * (wide / trend - 1.0)) * side if trend != 0.0 else 0.0
            state[2], state[4] = side, trend
        state[0], state[1], state[3] = state[0] + 1.0, key, wide


def _kvo_step(
    state: Any, high: float, low: float, close: float, volume: float, *, fast: int, slow: int, signal: int
) -> tuple[Any, tuple[float, ...]]:
    nothing = (math.nan,) * 3
    if not gapless((high, low, close, volume)):
        return state, nothing
    kept, means = state or (_NEW, (None, None, None))
    now, out = list(kept), [math.nan]
    _force([high], [low], [close], [volume], now, [out])
    if math.isnan(out[0]):
        return (tuple(now), means), nothing
    quick, one = ema_step(means[0], out[0], fast)
    late, other = ema_step(means[1], out[0], slow)
    line, last, average = one - other, means[2], math.nan
    if not math.isnan(line):
        last, average = ema_step(last, line, signal)
    found = nothing if math.isnan(average) else (line, average, line - average)
    return (tuple(now), (quick, late, last)), found


@indicator(
    inputs=_FLOW,
    params=_PARAMS,
    outputs=_LINES,
    warmup=lambda fast, slow, signal: max(fast, slow) + signal - 1,
    memory=None,
    scale=Scale.VOLUME,
    bounds=(-math.inf, math.inf),
    formula=(
        "EMA(34) - EMA(55) of 100 V T abs(2 (d / m - 1)), T the sign of the change of H + L + C, d = H - L, "
        "m the sum of d since T changed and of the bar before"
    ),
    reference="S. J. Klinger (1997), Identifying Trends with Volume Analysis, Stocks & Commodities 15:12",
    words="Money that flows with the trend, fast less slow: above its signal the flow turns in, below it out.",
    step=_kvo_step,
)
def kvo(
    high: Array, low: Array, close: Array, volume: Array, *, fast: int, slow: int, signal: int
) -> tuple[Array, ...]:
    """Give the Klinger volume oscillator, its signal and their difference."""

    def line(*bars: Array) -> Array:
        force = along(_force, *bars, np.array(_NEW))
        return ema(force, fast) - ema(force, slow)

    found = over_gaps(line, high, low, close, volume)
    average = over_gaps(lambda one: ema(one, signal), found)
    return np.where(np.isnan(average), np.nan, found), average, found - average


def _signed_step(
    state: Any, high: float, low: float, close: float, volume: float, *, fast: int, slow: int, signal: int
) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last H + L + C and the three means."""
    if not gapless((high, low, close, volume)):
        return None, (math.nan,) * 3
    key = high + low + close
    if state is None:
        return (key, None, None, None), (math.nan,) * 3
    before, quick, late, last = state
    signed = volume if key >= before else -volume
    (quick, one), (late, other) = ema_step(quick, signed, fast), ema_step(late, signed, slow)
    last, found = signalled_step(last, one - other, signal)
    return (key, quick, late, last), found


@indicator(
    inputs=_FLOW,
    params=_PARAMS,
    outputs=_LINES,
    warmup=lambda fast, slow, signal: max(fast, slow) + signal - 1,
    memory=lambda fast, slow, signal: 1 + chain(max(fast, slow), 2) + chain(signal),
    scale=Scale.VOLUME,
    bounds=(-math.inf, math.inf),
    formula="EMA(34) - EMA(55) of V where H + L + C rose or stayed and of -V where it fell; its EMA(13)",
    reference="S. J. Klinger (1997), in the short form of several charting programs",
    words="Volume signed by the move of the typical price, fast less slow: above 0 buyers have taken over lately.",
    step=_signed_step,
)
def signed_volume_oscillator(
    high: Array, low: Array, close: Array, volume: Array, *, fast: int, slow: int, signal: int
) -> tuple[Array, ...]:
    """Give the oscillator of signed volume, its signal and their difference."""

    def lines(high: Array, low: Array, close: Array, volume: Array) -> tuple[Array, ...]:
        moved = change(high + low + close)
        signed = np.where(moved >= 0, volume, -volume)
        signed[:1] = np.nan
        return signalled(ema(signed, fast) - ema(signed, slow), signal)

    return runs(lines, high, low, close, volume, outputs=3)
