"""Oscillators from signal processing: waves taken out of the price, and prices made to look normal."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, filled, previous, quotient, rested, steps, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.steps import tied_step
from ara.features.indicators.momentum.terms import deviation, place, recurred, unbroken
from ara.features.indicators.momentum.waves import cyber_step, fisher_step, sinewave_step
from ara.features.indicators.trend.hilbert import middle, turned, turning
from ara.features.indicators.trend.terms import Array, length, settles, weighted
from ara.features.indicators.trend.turning import phase_step, phasor_step, sine_step
from ara.features.library import talib

__all__ = ["correlation_trend", "cyber_cycle", "even_better_sinewave", "fisher", "ht_phase", "ht_phasor", "ht_sine"]

_LIMIT: Final = 0.99
_CAP: Final = 0.999
_KEPT: Final = 0.67
_STEEP: Final = 20
_HIGHEST: Final = math.log((1.0 + _CAP) / (1.0 - _CAP))
_SETTLED: Final = 500
_LONGEST: Final = 50
_ROCKET: Final = "J. F. Ehlers (2001), Rocket Science for Traders, chapter "


@indicator(
    inputs=["high", "low"],
    params={"window": length(10, "Bars of the range; more see slower swings.")},
    outputs=["line", "trigger"],
    warmup=lambda window: window,
    memory=lambda window: window + 1 + settles(1.0 - _KEPT) + settles(0.5) + _STEEP,
    scale=Scale.FREE,
    bounds=(-_HIGHEST, _HIGHEST),
    formula="f = ln((1 + v) / (1 - v)) / 2 + f[t-1] / 2, v = 0.66 * (p - 1/2) + 0.67 * v[t-1], p the place of (H + L) "
    "/ 2 in its range; v beyond 0.99 is 0.999; and f[t-1]; p is 1/2 where there is no range",
    reference="J. F. Ehlers (2002), Using the Fisher Transform, Stocks & Commodities 20:11",
    words="The place of the price in its range, stretched so that extremes are rare and their turns sharp: crossing "
    "the trigger, its value of the bar before, beyond 1.5 either way is read as a turn.",
    step=fisher_step,
)
@unbroken
def fisher(high: Array, low: Array, *, window: int) -> tuple[Array, Array]:
    """Give Ehlers' Fisher transform of the price and its trigger."""
    centre = 0.5 * (high + low)
    start = window - 1
    stands = place(centre, centre, centre, window)[start:] * 0.01 - 0.5
    value = recurred(0.66 * stands, _KEPT, limit=_LIMIT, cap=_CAP)
    line = np.concatenate((np.full(min(start, len(centre)), np.nan), recurred(np.arctanh(value), 0.5)))
    return filled(line, window), previous(line)


def _bend(values: Array) -> Array:
    """Give the second difference; no move before the first value."""
    return steps(steps(values))


@indicator(
    inputs=["high", "low"],
    params={"weight": Param(default=0.07, low=0.01, high=0.9, words="Larger keeps shorter waves and forgets sooner.")},
    outputs=["line", "trigger"],
    warmup=6,
    memory=lambda weight: 8 + math.ceil(1.25 * settles(weight)),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="y = (1 - a/2)^2 * (s - 2 s[t-1] + s[t-2]) + 2 (1-a) y[t-1] - (1-a)^2 y[t-2], s the mean of (H + L) / 2 "
    "with weights 1 2 2 1; and y[t-1]",
    reference="J. F. Ehlers (2004), Cybernetic Analysis for Stocks and Futures, chapter 4",
    words="The waves of the price without its trend, in the price's unit: crossing the trigger, its value of the bar "
    "before, is read as a turn of the wave.",
    step=cyber_step,
)
@unbroken
def cyber_cycle(high: Array, low: Array, *, weight: float) -> tuple[Array, Array]:
    """Give Ehlers' cyber cycle and its trigger."""
    smooth = weighted(0.5 * (high + low), np.array([1.0, 2.0, 2.0, 1.0]) / 6.0)[3:]
    rest = 1.0 - weight
    wave = recurred((1.0 - weight / 2.0) ** 2 * _bend(smooth), 2.0 * rest, -rest * rest)
    line = np.concatenate((np.full(min(3, len(high)), np.nan), wave))
    return filled(line, 6), filled(previous(line), 6)


@indicator(
    inputs=["close"],
    params={
        "slow": length(40, "Waves longer than that many bars are taken out.", low=5, high=1000),
        "fast": length(10, "Waves shorter than that many bars are taken out.", low=3, high=1000),
    },
    warmup=4,
    memory=lambda slow, fast: 10 + 7 * slow + 10 * fast,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="mean(f, 3) / sqrt(mean(f^2, 3)), f = super smoother(h, 10), h = (1 + a) / 2 * (C - C[t-1]) + a * h[t-1], "
    "a = (1 - sin w) / cos w, w = 2 pi / 40; 0 where no price moved",
    reference="J. F. Ehlers (2013), Cycle Analytics for Traders, chapter 12",
    words="Which half of its swing the price is in: near 1 it swings up, and stays there while a trend lasts, near -1 "
    "down.",
    step=sinewave_step,
)
@unbroken
def even_better_sinewave(close: Array, *, slow: int, fast: int) -> Array:
    """Give Ehlers' even better sine wave."""
    angle = 2.0 * math.pi / slow
    kept = (1.0 - math.sin(angle)) / math.cos(angle)
    high = recurred((1.0 + kept) / 2.0 * steps(close), kept)
    decay = math.exp(-math.sqrt(2.0) * math.pi / fast)
    a1, a2 = 2.0 * decay * math.cos(math.sqrt(2.0) * math.pi / fast), -decay * decay
    pushed = (1.0 - a1 - a2) / 2.0 * (high + np.concatenate((np.zeros(min(1, len(high))), high[:-1])))
    wave = recurred(pushed, a1, a2)
    third = np.full(3, 1.0 / 3.0)
    share = quotient(weighted(wave, third), np.sqrt(weighted(wave * wave, third)), otherwise=0.0)
    return filled(within(rested(share, steps(close), 2 * (slow + fast), otherwise=0.0), -1.0, 1.0), 4)


@indicator(
    inputs=["close"],
    params={"window": length(20, "Bars of the correlation; more see slower trends.", low=3)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="the correlation of the last n closes with 1..n; 0 where no price moved",
    reference="J. F. Ehlers (2020), Correlation As A Trend Indicator, Stocks & Commodities 38:5",
    words="How straight the price went: 1 straight up, -1 straight down, near 0 no trend. It falls quickly when a "
    "trend bends, which is read as its end.",
    step=tied_step,
)
@unbroken
def correlation_trend(close: Array, *, window: int) -> Array:
    """Give Ehlers' correlation with time."""
    places = np.arange(window) - (window - 1) / 2.0
    size = deviation(close, window)
    together = weighted(close, np.asarray(places, np.float64)) / math.sqrt(float(places @ places) * window)
    return within(quotient(together, size, otherwise=0.0), -1.0, 1.0)


def _moving(values: Array, price: Array) -> Array:
    """Take away what is only rounding: there is no cycle where the price has stood still."""
    return rested(values, change(price), _LONGEST - 1, otherwise=math.nan)


@indicator(
    inputs=["high", "low"],
    warmup=63,
    memory=_SETTLED,
    scale=Scale.FREE,
    bounds=(-45.0, 315.0),
    formula="the angle of the dominant cycle's discrete Fourier component over (H + L) / 2, in degrees from -45 to "
    "315; none where the price stood still for 50 bars",
    reference=_ROCKET + "9",
    words="How far the dominant cycle has turned, in degrees: it grows steadily while the price goes in cycles and "
    "stands nearly still in a trend.",
    step=phase_step,
)
@turning(math.nan)
def ht_phase(high: Array, low: Array) -> Array:
    """Give the phase of the dominant cycle."""
    price = middle(high, low)
    return _moving(turned(price), price)


@indicator(
    inputs=["high", "low"],
    outputs=["inphase", "quadrature"],
    warmup=32,
    memory=_SETTLED,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="the detrended (H + L) / 2 three bars ago and its Hilbert transform, filters fitted to the dominant cycle",
    reference=_ROCKET + "6",
    words="The two parts of the dominant cycle a quarter turn apart, in the price's unit: their length is the size of "
    "the cycle, their angle where it is.",
    step=phasor_step,
)
@turning(0.0, 0.0)
def ht_phasor(high: Array, low: Array) -> tuple[Array, Array]:
    """Give the parts of the dominant cycle's phasor."""
    inphase, quadrature = talib().HT_PHASOR(middle(high, low))
    return inphase, quadrature


@indicator(
    inputs=["high", "low"],
    outputs=["sine", "lead"],
    warmup=63,
    memory=_SETTLED,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="sin(ht_phase) and sin(ht_phase + 45 degrees); none where the price stood still for 50 bars",
    reference=_ROCKET + "9",
    words="Where the dominant cycle is, as a wave, and the same an eighth of a turn ahead: they cross shortly before "
    "its turns, and run side by side in a trend.",
    step=sine_step,
)
@turning(math.nan, math.nan)
def ht_sine(high: Array, low: Array) -> tuple[Array, Array]:
    """Give the sine of the dominant cycle's phase and the one that leads it."""
    price = middle(high, low)
    angle = np.radians(_moving(turned(price), price))
    return np.sin(angle), np.sin(angle + math.pi / 4.0)
