"""Distances between means of different lengths."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, ema, filled, mean, previous, quotient, rested, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.momentum.onward import tsi_step
from ara.features.indicators.momentum.steps import distance_step, percentage_step
from ara.features.indicators.momentum.terms import settled, unbroken
from ara.features.indicators.trend.terms import SEEDED, Array, length, pause

__all__ = ["ac", "ao", "apo", "dpo", "ppo", "tsi"]

_WHATEVER: Final = (-math.inf, math.inf)
_FAST: Final = length(12, "Bars of the quick mean; more make it slower.")
_SLOW: Final = length(26, "Bars of the slow mean; more see slower trends.")
_SIGNAL: Final = length(9, "Bars of the signal line; more delay it.")
_APPEL: Final = "G. Appel (1979), The Moving Average Convergence-Divergence Trading Method; "


@indicator(
    inputs=["close"],
    params={"fast": _FAST, "slow": _SLOW, "seeded": SEEDED},
    warmup=lambda fast, slow, seeded: (max(fast, slow) - 1) * seeded,
    memory=lambda fast, slow, seeded: settled(max(fast, slow)),
    scale=Scale.PRICE,
    bounds=_WHATEVER,
    formula="ema(C, 12) - ema(C, 26)",
    reference=_APPEL + "also called the price oscillator",
    words="How far a quick mean of the price is above a slow one, in the price's unit: above 0 the trend is up, "
    "growing it gathers speed.",
    step=distance_step,
)
@unbroken
def apo(close: Array, *, fast: int, slow: int, seeded: int) -> Array:
    """Give the absolute price oscillator."""
    return ema(close, fast, seeded=bool(seeded)) - ema(close, slow, seeded=bool(seeded))


@indicator(
    inputs=["close"],
    params={"fast": _FAST, "slow": _SLOW, "signal": _SIGNAL, "seeded": SEEDED},
    outputs=["line", "signal", "histogram"],
    warmup=lambda fast, slow, signal, seeded: (max(fast, slow) + signal - 2) * seeded,
    memory=lambda fast, slow, signal, seeded: settled(max(fast, slow), signal),
    scale=Scale.FREE,
    bounds=_WHATEVER,
    formula="p = 100 * (ema(C, 12) / ema(C, 26) - 1), ema(p, 9), and the one less the other",
    reference=_APPEL + "in percent as in TA-Lib and ChartSchool",
    words="How far a quick mean of the price is above a slow one, in percent, so that instruments compare: above 0 "
    "the trend is up, crossing the signal line is read as a turn.",
    step=percentage_step,
)
@unbroken
def ppo(close: Array, *, fast: int, slow: int, signal: int, seeded: int) -> tuple[Array, Array, Array]:
    """Give the percentage price oscillator, its signal line and their distance."""
    quick, calm = ema(close, fast, seeded=bool(seeded)), ema(close, slow, seeded=bool(seeded))
    line = 100.0 * quotient(quick - calm, calm)
    delayed = ema(line, signal, seeded=bool(seeded))
    return filled(line, (max(fast, slow) + signal - 2) * seeded), delayed, line - delayed


@indicator(
    inputs=["close"],
    params={
        "slow": length(25, "Bars of the first mean; more make it smoother."),
        "fast": length(13, "Bars of the second mean; more make it smoother."),
        "signal": length(7, "Bars of the signal line; more delay it.", low=1),
        "seeded": SEEDED,
    },
    outputs=["line", "signal"],
    warmup=lambda slow, fast, signal, seeded: 1 + (slow + fast + signal - 3) * seeded,
    memory=lambda slow, fast, signal, seeded: 1 + settled(slow, fast, signal) + pause(slow, fast),
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula="100 * ema(ema(d, 25), 13) / ema(ema(|d|, 25), 13), d = C[t] - C[t-1]; ema of it; 0 where no price moved",
    reference="W. Blau (1991), True Strength Index, Stocks & Commodities 9:11",
    words="How much of all movement went one way, smoothed twice: 100 only up, -100 only down. Beyond 25 either way "
    "is read as an extreme, crossing 0 or the signal line as a turn.",
    step=tsi_step,
)
@unbroken
def tsi(close: Array, *, slow: int, fast: int, signal: int, seeded: int) -> tuple[Array, Array]:
    """Give Blau's true strength index and its signal line."""
    step, first = change(close), bool(seeded)
    net = ema(ema(step, slow, seeded=first), fast, seeded=first)
    way = ema(ema(np.abs(step), slow, seeded=first), fast, seeded=first)
    line = within(100.0 * quotient(net, way, otherwise=0.0), -100.0, 100.0)
    line = rested(line, step, pause(slow, fast), otherwise=0.0)
    start = 1 + (slow + fast + signal - 3) * seeded
    return filled(line, start), within(ema(line, signal, seeded=first), -100.0, 100.0)


_AWESOME: Final = {
    "fast": length(5, "Bars of the quick mean; more make it slower."),
    "slow": length(34, "Bars of the slow mean; more see slower trends."),
}
_WILLIAMS: Final = "B. Williams (1998), New Trading Dimensions, chapter "


def _awesome(high: Array, low: Array, fast: int, slow: int) -> Array:
    middle = 0.5 * (high + low)
    return mean(middle, fast) - mean(middle, slow)


@indicator(
    inputs=["high", "low"],
    params=_AWESOME,
    warmup=lambda fast, slow: max(fast, slow) - 1,
    memory=lambda fast, slow: max(fast, slow),
    scale=Scale.PRICE,
    bounds=_WHATEVER,
    formula="mean(M, 5) - mean(M, 34), M = (H + L) / 2",
    reference=_WILLIAMS + "7",
    words="How far the middle of recent bars is above that of older ones, in the price's unit: crossing 0 is read as "
    "a turn, two peaks on one side of 0 as a warning.",
)
@unbroken
def ao(high: Array, low: Array, *, fast: int, slow: int) -> Array:
    """Give Williams' awesome oscillator."""
    return _awesome(high, low, fast, slow)


@indicator(
    inputs=["high", "low"],
    params={**_AWESOME, "signal": length(5, "Bars of the mean that is taken off; more see slower changes.")},
    warmup=lambda fast, slow, signal: max(fast, slow) + signal - 2,
    memory=lambda fast, slow, signal: max(fast, slow) + signal - 1,
    scale=Scale.PRICE,
    bounds=_WHATEVER,
    formula="ao - mean(ao, 5)",
    reference=_WILLIAMS + "8",
    words="Whether the awesome oscillator gathers speed: above 0 and growing, the upward force grows. It turns before "
    "that oscillator does, as that turns before the price.",
)
@unbroken
def ac(high: Array, low: Array, *, fast: int, slow: int, signal: int) -> Array:
    """Give Williams' accelerator oscillator."""
    line = _awesome(high, low, fast, slow)
    return line - mean(line, signal)


@indicator(
    inputs=["close"],
    params={"window": length(20, "Bars of the mean, and about twice the wave that is kept; longer ones go.")},
    warmup=lambda window: max(window - 1, window // 2 + 1),
    memory=lambda window: max(window, window // 2 + 2),
    scale=Scale.PRICE,
    bounds=_WHATEVER,
    formula="C[t-k] - mean(C, n), k = floor(n / 2) + 1; known at t and about the bar t-k",
    reference="S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed., Detrended Price Oscillator",
    words="How far the price stood above the middle of a mean around it, with the trend taken out, so that the "
    "lengths of swings can be counted. It speaks of a bar half a window ago.",
)
@unbroken
def dpo(close: Array, *, window: int) -> Array:
    """Give the detrended price oscillator as it is known at each bar."""
    return previous(close, window // 2 + 1) - mean(close, window)
