"""Differences of moving averages: MACD and its relatives."""

import math
from typing import Any

import numpy as np

from ara.features.arrays import change, filled, highest, lowest, previous, quotient, rested, steps, true_range, unbroken
from ara.features.arrays import ema as exponential
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.lines import leader_step, trix_step
from ara.features.indicators.trend.onward import double_macd_step, macd_v_step, schaff_step
from ara.features.indicators.trend.steps import impulse_step
from ara.features.indicators.trend.terms import LEAST, SEEDED, TIE, Array, chain, length, links, pause, rests, settles
from ara.features.library import talib
from ara.features.loops import along

__all__ = ["elder_impulse", "macd", "macd_leader", "macd_v", "schaff", "trix", "zero_lag_macd"]

_APPEL = "G. Appel (1979), The Moving Average Convergence-Divergence Trading Method"
_PERIODS = {
    "fast": length(12, "Length of the fast mean; more is slower."),
    "slow": length(26, "Length of the slow mean; more is slower."),
    "signal": length(9, "Length of the mean of the line; more signals later.", low=1),
}
_OUTPUTS = ("line", "signal", "histogram")


def _longer(fast: int, slow: int) -> int:
    return max(fast, slow)


def _means(close: Array, fast: int, slow: int, *, seeded: bool) -> tuple[Array, Array]:
    quick, calm = sorted((fast, slow))
    return exponential(close, quick, seeded=seeded), exponential(close, calm, seeded=seeded)


def _with_signal(line: Array, signal: int, *, seeded: bool) -> tuple[Array, Array, Array]:
    follower = exponential(line, signal, seeded=seeded)
    known = np.where(np.isnan(follower), np.nan, line)
    return known, follower, line - follower


@indicator(
    inputs=["close"],
    params=_PERIODS | {"seeded": SEEDED},
    outputs=_OUTPUTS,
    warmup=lambda fast, slow, signal, seeded: (_longer(fast, slow) + signal - 2) * seeded,
    memory=lambda fast, slow, signal, seeded: chain(_longer(fast, slow), 2) + chain(signal),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="m = ema(C, 12) - ema(C, 26), s = ema(m, 9), m - s",
    reference=_APPEL,
    words="Above 0 the recent mean is above the longer one; the line crossing its signal upwards is read as a buy.",
)
@unbroken
def macd(close: Array, *, fast: int, slow: int, signal: int, seeded: int) -> tuple[Array, ...]:
    """Give the moving average convergence and divergence."""
    if seeded and signal > 1 and fast != slow:
        return tuple(talib().MACD(close, fast, slow, signal))
    quick, calm = _means(close, fast, slow, seeded=bool(seeded))
    return _with_signal(quick - calm, signal, seeded=bool(seeded))


def _true_mean(high: Array, low: Array, close: Array, window: int) -> Array:
    return np.asarray(talib().ATR(high, low, close, window))


@indicator(
    inputs=["high", "low", "close"],
    params=_PERIODS,
    outputs=_OUTPUTS,
    warmup=lambda fast, slow, signal: _longer(fast, slow) + signal - 1,
    memory=lambda fast, slow, signal: (
        chain(2 * _longer(fast, slow) - 1, 2) + chain(signal) + rests(1.0 / _longer(fast, slow))
    ),
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="m = 100 * (ema(C, 12) - ema(C, 26)) / atr(26), s = ema(m, 9), m - s; 0 where no price moved",
    reference="A. Spiroglou (2022), MACD-V: Volatility Normalised Momentum, IFTA Journal",
    words=(
        "MACD in percent of the usual range, comparable across instruments: beyond 150 it is stretched, within 50 flat."
    ),
    step=macd_v_step,
)
@unbroken
def macd_v(high: Array, low: Array, close: Array, *, fast: int, slow: int, signal: int) -> tuple[Array, ...]:
    """Give the MACD normalised by volatility."""
    quick, calm = _means(close, fast, slow, seeded=True)
    window = _longer(fast, slow)
    line = 100.0 * quotient(quick - calm, _true_mean(high, low, close, window), otherwise=0.0)
    line = rested(line, true_range(high, low, close), rests(1.0 / window), otherwise=0.0)
    return _with_signal(line, signal, seeded=True)


def _double(values: Array, window: int) -> Array:
    first = exponential(values, window)
    return 2.0 * first - exponential(first, window)


@indicator(
    inputs=["close"],
    params=_PERIODS,
    outputs=_OUTPUTS,
    warmup=lambda fast, slow, signal: 2 * (_longer(fast, slow) - 1) + 2 * (signal - 1),
    memory=lambda fast, slow, signal: chain(_longer(fast, slow), 3) + chain(signal, 2),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="m = dema(C, 12) - dema(C, 26), s = dema(m, 9), m - s",
    reference="P. G. Mulloy (1994), Smoothing Data with Faster Moving Averages, Stocks & Commodities 12:1",
    words="MACD of means without most of their delay: it crosses sooner, and more often in vain.",
    step=double_macd_step,
)
@unbroken
def zero_lag_macd(close: Array, *, fast: int, slow: int, signal: int) -> tuple[Array, ...]:
    """Give the MACD of double exponential means."""
    line = _double(close, min(fast, slow)) - _double(close, max(fast, slow))
    follower = _double(line, signal)
    return filled(line, len(line) - int(np.count_nonzero(~np.isnan(follower)))), follower, line - follower


@indicator(
    inputs=["close"],
    params={name: _PERIODS[name] for name in ("fast", "slow")},
    warmup=lambda fast, slow: 2 * (_longer(fast, slow) - 1),
    memory=lambda fast, slow: chain(_longer(fast, slow), 3),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="(f + ema(C - f, 12)) - (s + ema(C - s, 26)), f = ema(C, 12), s = ema(C, 26)",
    reference="G. Siligardos (2008), Leader of the MACD, Stocks & Commodities 26:7",
    words="MACD with the error of each mean added back: it leads MACD, above it when a rise begins.",
    step=leader_step,
)
@unbroken
def macd_leader(close: Array, *, fast: int, slow: int) -> Array:
    """Give the leader of the MACD."""
    quick, calm = _means(close, fast, slow, seeded=True)
    near = quick + exponential(close - quick, min(fast, slow))
    return near - (calm + exponential(close - calm, max(fast, slow)))


@indicator(
    inputs=["close"],
    params={"window": length(13, "Length of the mean whose slope counts; more is slower.")} | _PERIODS,
    warmup=lambda window, fast, slow, signal: max(window, _longer(fast, slow) + signal - 1),
    memory=lambda window, fast, slow, signal: 1 + max(chain(window), chain(_longer(fast, slow), 2) + chain(signal)),
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="1 where ema(C, 13) and the histogram of macd both rise, -1 where both fall, else 0",
    reference="A. Elder (2002), Come Into My Trading Room, chapter 6",
    words="1: do not sell against it; -1: do not buy; 0: either side is allowed.",
    step=impulse_step,
)
@unbroken
def elder_impulse(close: Array, *, window: int, fast: int, slow: int, signal: int) -> Array:
    """Give Elder's impulse."""
    level = exponential(close, window)
    quick, calm = _means(close, fast, slow, seeded=True)
    push = change(_with_signal(quick - calm, signal, seeded=True)[2])
    return np.trunc((_way(change(level), level) + _way(push, level)) / 2.0)


def _way(changes: Array, prices: Array) -> Array:
    """Give the signs of changes; 0 where they are rounding beside the prices."""
    return np.sign(np.where(np.abs(changes) <= TIE * np.abs(prices), 0.0, changes))


@indicator(
    inputs=["close"],
    params={
        "window": length(15, "Length of each of the three means; more is slower.", low=2),
        "signal": length(9, "Length of the mean of the line; more signals later.", low=1),
        "seeded": SEEDED,
    },
    outputs=["line", "signal"],
    warmup=lambda window, signal, seeded: 2 * (window - 1) + (window + signal - 2) * seeded + 1,
    memory=lambda window, signal, seeded: 1 + chain(window, 3) + chain(signal),
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="100 * (e[t] / e[t-1] - 1), e = ema(ema(ema(C, n), n), n); signal: ema of it",
    reference="J. K. Hutson (1983), Good TRIX, Stocks & Commodities 1:5",
    words="Percent change of a very smooth mean: above 0 the trend is up; crossing the signal warns before 0 does.",
    step=trix_step,
)
@unbroken
def trix(close: Array, *, window: int, signal: int, seeded: int) -> tuple[Array, Array]:
    """Give the rate of change of a triple exponential mean."""
    smooth = links(close, window, 3, seeded=bool(seeded))[-1]
    line = 100.0 * (smooth / previous(smooth) - 1.0)
    known, follower, _ = _with_signal(line, signal, seeded=bool(seeded))
    return known, follower


def _placed(values: Array, window: int, share: float, idle: Array, least: Array) -> Array:
    """Give the smoothed place of values in their own range; where that is empty, the place they had before."""
    return along(_held, values, lowest(values, window), highest(values, window), idle, share, least)


def _held(values: Array, low: Array, high: Array, idle: Array, share: float, least: Array, lines: Any) -> None:
    """Place values; where all has long been idle, they are in the middle and begin anew there."""
    seen, place, line = False, 50.0, 50.0
    for bar in range(len(values)):
        scope = high[bar] - low[bar]
        if not (scope >= 0.0 and math.isfinite(values[bar])):
            continue
        if idle[bar] > 0.0:
            place, line = 50.0, 50.0
        elif scope > least[bar]:
            place = (values[bar] - low[bar]) / scope
            place = 100.0 * (0.0 if place < 0.0 else (1.0 if place > 1.0 else place))
        line = line + share * (place - line) if seen else place
        seen, lines[0][bar] = True, line


@indicator(
    inputs=["close"],
    params={
        "fast": length(23, "Length of the fast mean; more is slower."),
        "slow": length(50, "Length of the slow mean; more is slower."),
        "cycle": length(10, "Bars of the two stochastics; half the cycle that is sought."),
        "share": Param(default=0.5, low=0.05, high=1.0, words="Weight of the newest place; more turns faster."),
    },
    warmup=lambda fast, slow, cycle, share: _longer(fast, slow) - 1 + 2 * (cycle - 1),
    memory=lambda fast, slow, cycle, share: (
        chain(_longer(fast, slow), 2) + 2 * (cycle + 2 * settles(share)) + pause(_longer(fast, slow))
    ),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="s(s(m)), s(x) = smoothed 100 * (x - min(x, n)) / (max(x, n) - min(x, n)), m = ema(C, 23) - ema(C, 50)",
    reference="D. Schaff (2008), The Schaff Trend Cycle",
    words="MACD through two stochastics: rising over 25 is an early buy, falling under 75 an early sell.",
    step=schaff_step,
)
@unbroken
def schaff(close: Array, *, fast: int, slow: int, cycle: int, share: float) -> Array:
    """Give the Schaff trend cycle; in a range that is only rounding, as on a line, each place stays, 50 at first."""
    quick, calm = _means(close, fast, slow, seeded=True)
    idle = rested(np.zeros(len(close)), steps(close), pause(_longer(fast, slow)), otherwise=1.0)
    place = _placed(quick - calm, cycle, share, idle, LEAST * np.abs(calm))
    return _placed(place, cycle, share, idle, np.full(len(close), 100.0 * LEAST))
