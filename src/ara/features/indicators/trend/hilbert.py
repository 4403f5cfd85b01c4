"""Ehlers' trend lines that measure the dominant cycle by a Hilbert transform."""

import math
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import change, filled, rested, unbroken
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import Array, settles, weighted
from ara.features.indicators.trend.turning import line_step, mama_step, mode_step, period_step
from ara.features.library import talib
from ara.features.loops import lines_along
from ara.features.shared import shared

__all__ = ["ht_period", "ht_trendline", "ht_trendmode", "mama", "middle", "turned", "turning"]

_EARLY = Param(
    default=0,
    low=0,
    high=1,
    whole=True,
    words="0 measures the cycle from where TA-Lib does, 1 from the seventh bar; lines are equal after some 200 bars.",
)
_FIRST = 6
_BEGUN = 37
_KNOWN = 63
_LONGEST = 50
_FAR = 0.015
_SETTLED = 500
_LINE = np.array([0.1, 0.2, 0.3, 0.4])
_SOURCE = "J. F. Ehlers (2001), Rocket Science for Traders, "

_R = TypeVar("_R")


def turning(*values: float) -> Callable[[Callable[..., _R]], Callable[..., _R]]:
    """Begin anew after a gap, and with the last 63 bars of a long rest, in which there is no cycle.

    Parameters
    ----------
    *values
        What each output is where the price has stood still for so long; infinity stands for the price itself.
    """

    def make(function: Callable[..., _R]) -> Callable[..., _R]:
        anew = unbroken(function)

        @wraps(function)
        def parts(high: Array, low: Array, **params: float) -> Any:
            price = middle(high, low)
            still = _still(price)
            if not np.count_nonzero(still):
                return anew(high, low, **params)
            past = still & np.concatenate((still[_KNOWN:], np.zeros(min(_KNOWN, len(still)), np.bool_)))
            found: Any = anew(np.where(past, np.nan, high), np.where(past, np.nan, low), **params)
            lines = found if isinstance(found, tuple) else (found,)
            ends = [price if math.isinf(value) else value for value in values]
            told = tuple(np.where(still, end, line) for end, line in zip(ends, lines, strict=True))
            return told if isinstance(found, tuple) else told[0]

        return parts

    return make


@shared
def _still(price: Array) -> NDArray[np.bool_]:
    """Give where the price has not moved for so long that a cycle measured anew would have begun since."""
    return rested(np.zeros(len(price)), change(price), _LONGEST + _KNOWN, otherwise=1.0) > 0.0


def _cycle(smooth: Array, start: int, x: Array, detrend: Array, quad: Array, inphase: Array, lines: Any) -> None:
    """Write the smoothed period of the dominant cycle and its phase in degrees, from bar `start` on; all are 0 before.

    The arrays between are what is worked with.
    """
    for t in range(start if start < len(smooth) else len(smooth)):
        lines[0][t], lines[1][t] = 0.0, 0.0
    period, steady, i2, q2, real, imaginary = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(start, len(smooth)):
        x[t] = 0.0 if math.isnan(smooth[t]) else smooth[t]
        gain = 0.075 * period + 0.54
        detrend[t] = gain * (0.0962 * (x[t] - x[t - 6]) + 0.5769 * (x[t - 2] - x[t - 4]))
        quad[t] = gain * (0.0962 * (detrend[t] - detrend[t - 6]) + 0.5769 * (detrend[t - 2] - detrend[t - 4]))
        inphase[t] = detrend[t - 3]
        ahead_i = gain * (0.0962 * (inphase[t] - inphase[t - 6]) + 0.5769 * (inphase[t - 2] - inphase[t - 4]))
        ahead_q = gain * (0.0962 * (quad[t] - quad[t - 6]) + 0.5769 * (quad[t - 2] - quad[t - 4]))
        i_now = 0.2 * (inphase[t] - ahead_q) + 0.8 * i2
        q_now = 0.2 * (quad[t] + ahead_i) + 0.8 * q2
        real = 0.2 * (i_now * i2 + q_now * q2) + 0.8 * real
        imaginary = 0.2 * (i_now * q2 - q_now * i2) + 0.8 * imaginary
        i2, q2, before = i_now, q_now, period
        turn = math.atan(imaginary / real) if real != 0.0 else 0.0
        period = 2.0 * math.pi / turn if turn != 0.0 else period
        period = 0.67 * before if period < 0.67 * before else period
        period = 1.5 * before if period > 1.5 * before else period
        period = 6.0 if period < 6.0 else (50.0 if period > 50.0 else period)
        period = 0.2 * period + 0.8 * before
        steady = 0.33 * period + 0.67 * steady
        lines[0][t] = steady
        lines[1][t] = math.degrees(math.atan(quad[t] / inphase[t])) if inphase[t] != 0.0 else 0.0


def _cycles(smooth: Array, start: int) -> tuple[Array, Array]:
    """Give the periods and phases of the cycle; a power of two taken off all prices changes no figure."""
    _, size = math.frexp(smooth[start]) if start < len(smooth) and math.isfinite(smooth[start]) else (0.0, 0)
    periods, phases = lines_along(_cycle, 2, np.ldexp(smooth, -size), start, *np.zeros((4, len(smooth))))
    return periods, phases


@cache
def _circles() -> tuple[Array, Array]:
    """Give `[bars, place]`, the sine and cosine of each place of a cycle of so many bars."""
    bars = np.arange(_LONGEST + 1)
    angles = 2.0 * np.pi * bars / np.maximum(bars, 1)[:, None]
    return np.sin(angles), np.cos(angles)


def _wave(smooth: Array, price: Array, periods: Array, sines: Any, cosines: Any, start: int, lines: Any) -> None:
    """Write the dominant cycle's phase in degrees from `start` on, and with prices whether there is a trend."""
    phase, since, sine, lead, mean1, mean2, mean3 = 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(start, len(smooth)):
        bars = int(periods[t] + 0.5)
        real, imaginary, mean = 0.0, 0.0, 0.0
        for back in range(bars):
            value = smooth[t - back] if t - back >= start else 0.0
            real += sines[bars][back] * value
            imaginary += cosines[bars][back] * value
        before, sine_before, lead_before = phase, sine, lead
        if imaginary != 0.0:
            phase = math.degrees(math.atan(real / imaginary))
        elif real != 0.0:
            phase += 90.0 if real > 0.0 else -90.0
        phase += 90.0 + (360.0 / periods[t] if periods[t] != 0.0 else 0.0) + (180.0 if imaginary < 0.0 else 0.0)
        phase -= 360.0 if phase > 315.0 else 0.0
        lines[0][t] = phase
        if len(price) == 0:
            continue
        for back in range(bars):
            mean += price[t - back] / bars
        sine, lead = math.sin(math.radians(phase)), math.sin(math.radians(phase + 45.0))
        line = (4.0 * mean + 3.0 * mean1 + 2.0 * mean2 + mean3) / 10.0
        mean1, mean2, mean3 = mean, mean1, mean2
        crossed = (sine > lead and sine_before <= lead_before) or (sine < lead and sine_before >= lead_before)
        since = 1 if crossed else since + 1
        cycling = 0.67 * 360.0 < (phase - before) * periods[t] < 1.5 * 360.0
        trend = not (crossed or since < 0.5 * periods[t] or cycling)
        away = line != 0.0 and abs((smooth[t] - line) / line) >= _FAR
        lines[1][t] = 1.0 if trend or away else 0.0


@shared
def _settled_cycles(price: Array) -> tuple[Array, Array]:
    """Give the price smoothed over four bars and the period of its dominant cycle."""
    smooth = weighted(price, _LINE)
    return smooth, _cycles(smooth, _BEGUN)[0]


def _turned(price: Array, judged: Array) -> tuple[Array, Array]:
    smooth, periods = _settled_cycles(price)
    phases, trends = lines_along(_wave, 2, smooth, judged, periods, *_circles(), _BEGUN)
    return filled(phases, _KNOWN), filled(trends, _KNOWN)


@shared
def turned(price: Array) -> Array:
    """Give the phase of the dominant cycle in degrees, from -45 to 315; NaN for the first 63 bars."""
    return _turned(price, np.empty(0))[0]


def _lines(price: Array, period: Array) -> Array:
    """Give the mean price of one whole cycle, smoothed over four bars; the price itself at the very start."""
    bars = (period + 0.5).astype(np.int64)
    sums = np.concatenate(([0.0], np.cumsum(price)))
    place = np.arange(1, len(price) + 1)
    bars = np.minimum(bars, place)
    means = np.where(bars > 0, (sums[place] - sums[place - bars]) / np.maximum(bars, 1), price)
    return np.where(place > 2 * _FIRST - 1, weighted(means, _LINE), price)


@shared
def middle(high: Array, low: Array) -> Array:
    """Give the middle of each bar."""
    return np.ascontiguousarray((high + low) / 2.0)


def _early(price: Array) -> tuple[Array, Array]:
    return _cycles(weighted(price, _LINE), _FIRST)


@indicator(
    inputs=["high", "low"],
    params={
        "fast": Param(default=0.5, low=0.01, high=0.99, words="Largest weight of the newest price; more is faster."),
        "slow": Param(default=0.05, low=0.01, high=0.99, words="Smallest weight of the newest price; less is slower."),
        "early": _EARLY,
    },
    outputs=["mama", "fama"],
    warmup=lambda early, **_: _FIRST if early else 32,
    memory=lambda fast, slow, **_: _SETTLED + math.ceil(1.2 * settles(min(fast, slow) / 2.0)),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "m += a * (P - m), f += a / 2 * (m - f), a = max(fast / max(fall of phase in degrees, 1), slow), P = (H+L)/2"
    ),
    reference="J. F. Ehlers (2001), MESA Adaptive Moving Averages, Stocks & Commodities 19",
    words=(
        "A mean that leaps when a cycle turns and rests in between, and a slower follower; mama above fama is rising."
    ),
    step=mama_step,
)
@turning(math.inf, math.inf)
def mama(high: Array, low: Array, *, fast: float, slow: float, early: int) -> tuple[Array, Array]:
    """Give the MESA adaptive moving average and the following one."""
    price = middle(high, low)
    if not early:
        line, follower = talib().MAMA(price, fast, slow)
        return line, follower
    fall = -np.diff(_early(price)[1], prepend=0.0)
    weights = np.maximum(fast / np.maximum(fall, 1.0), slow)
    return _pursued(price, np.minimum(weights, fast))


def _pursued(price: Array, weights: Array) -> tuple[Array, Array]:
    """Begin both lines with the mean of the first six prices."""
    start = float(price[:_FIRST].mean()) if len(price) >= _FIRST else math.nan
    line, follower = lines_along(_pursue, 2, price, weights, _FIRST, start)
    return line, follower


def _pursue(price: Array, weights: Array, start: int, line: float, lines: Any) -> None:
    follower = line
    for t in range(start, len(price)):
        if math.isnan(price[t]):
            continue
        line += weights[t] * (price[t] - line)
        follower += 0.5 * weights[t] * (line - follower)
        lines[0][t], lines[1][t] = line, follower


@indicator(
    inputs=["high", "low"],
    params={"early": _EARLY},
    outputs=["line", "smooth"],
    warmup=lambda early: 2 * _FIRST if early else 63,
    memory=_SETTLED,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(4 m[t] + 3 m[t-1] + 2 m[t-2] + m[t-3]) / 10, m = mean of P over ht_period bars; smooth: the same of P",
    reference=_SOURCE + "chapter 9",
    words="The price with its dominant cycle averaged out; smooth above line is an upward swing or trend.",
    step=line_step,
)
@turning(math.inf, math.inf)
def ht_trendline(high: Array, low: Array, *, early: int) -> tuple[Array, Array]:
    """Give the Hilbert transform's trend line, and the smooth price it is compared with."""
    price, start = middle(high, low), 2 * _FIRST if early else 63
    line = _lines(price, _early(price)[0]) if early else np.asarray(talib().HT_TRENDLINE(price))
    return filled(line, start), filled(weighted(price, _LINE), start)


@indicator(
    inputs=["high", "low"],
    params={"early": _EARLY},
    warmup=lambda early: 2 * _FIRST if early else 32,
    memory=_SETTLED,
    scale=Scale.FREE,
    bounds=(0.0, 50.0),
    formula="floor(p + 1/2), p the smoothed period of the homodyne discriminator over P = (H+L)/2; 0 where P stood "
    "still for 113 bars",
    reference=_SOURCE + "chapter 7",
    words="Bars in one turn of the dominant cycle now: the window that fits it; long ones come with trends.",
    step=period_step,
)
@turning(0.0)
def ht_period(high: Array, low: Array, *, early: int) -> Array:
    """Give the period of the dominant cycle in whole bars."""
    price = middle(high, low)
    period = _early(price)[0] if early else np.asarray(talib().HT_DCPERIOD(price))
    return filled(np.floor(period + 0.5), 2 * _FIRST if early else 32)


@indicator(
    inputs=["high", "low"],
    warmup=63,
    memory=_SETTLED,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="0 while sine and lead sine crossed within half a cycle or the phase moves as in one, else 1; P = (H+L)/2",
    reference=_SOURCE + "chapter 11",
    words="1 where the price is in a trend, 0 where it goes in cycles; says which kind of rule fits.",
    step=mode_step,
)
@turning(0.0)
def ht_trendmode(high: Array, low: Array) -> Array:
    """Give whether the market is in a trend, by the Hilbert transform."""
    price = middle(high, low)
    return _turned(price, price)[1]
