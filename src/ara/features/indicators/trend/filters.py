"""Recursive filters of the second order and what is made of them: Ehlers' smoothers and trend lines, Holt's line."""

import math
from typing import Any

import numpy as np

from ara.features.arrays import filled, mean, previous, quotient, unbroken
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.onward import reflex_step, trendflex_step
from ara.features.indicators.trend.terms import Array, length, settles
from ara.features.loops import along

__all__ = ["decycler", "holt_average", "instant_trendline", "laguerre", "reflex", "rema", "super_smoother", "trendflex"]

_POWER = 0.04
_ROUNDING = 1e-12
_Taps = tuple[float, float, float, float, float]


def _second(values: Array, begun: int, b0: float, b1: float, b2: float, a1: float, a2: float, lines: Any) -> None:
    """Recur on the last two results; the first known values stand for themselves, a gap is passed over."""
    seen, x1, x2, y1, y2 = 0, 0.0, 0.0, 0.0, 0.0
    for bar in range(len(values)):
        x = values[bar]
        if math.isnan(x):
            continue
        y = x if seen < begun else b0 * x + b1 * x1 + b2 * x2 + a1 * y1 + a2 * y2
        seen, x1, x2, y1, y2 = seen + 1, x, x1, y, y1
        lines[0][bar] = y


def _filter(values: Array, taps: _Taps, *, begun: int = 2) -> Array:
    return along(_second, values, begun, *taps, users=2)


def _forgets(taps: _Taps) -> int:
    """Bars until the start weighs nothing: by the slowest of the two poles, with room for equal ones."""
    radius = float(np.abs(np.roots([1.0, -taps[3], -taps[4]])).max())
    return 2 + math.ceil(1.25 * settles(1.0 - radius))


def _smoother(period: float) -> _Taps:
    decay = math.exp(-math.sqrt(2.0) * math.pi / period)
    a1, a2 = 2.0 * decay * math.cos(math.sqrt(2.0) * math.pi / period), -decay * decay
    gain = 1.0 - a1 - a2
    return gain / 2.0, gain / 2.0, 0.0, a1, a2


def _instant(weight: float) -> _Taps:
    square, rest = weight * weight, 1.0 - weight
    return weight - square / 4.0, square / 2.0, 0.75 * square - weight, 2.0 * rest, -rest * rest


def _regular(window: int, straight: float) -> _Taps:
    weight, whole = 2.0 / (window + 1.0), 1.0 + straight
    return weight / whole, 0.0, 0.0, (1.0 - weight + 2.0 * straight) / whole, -straight / whole


def _holt(level: float, trend: float) -> _Taps:
    return level, -level * (1.0 - trend), 0.0, 2.0 - level - level * trend, level - 1.0


def _once(period: int) -> float:
    """Weight of the one-pole filter that lets pass what is slower than the period."""
    angle = 2.0 * math.pi / period
    return (math.cos(angle) + math.sin(angle) - 1.0) / math.cos(angle)


@indicator(
    inputs=["close"],
    params={"period": length(10, "Waves shorter than that many bars are taken out; more is smoother.", low=3)},
    warmup=0,
    memory=lambda period: _forgets(_smoother(period)),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula=(
        "y = g * (C[t] + C[t-1]) / 2 + 2 * d * cos(r / n) * y[t-1] - d^2 * y[t-2], d = exp(-r / n), r = sqrt(2) * pi"
    ),
    reference="J. F. Ehlers (2013), Cycle Analytics for Traders, chapter 3",
    words="A line with the short waves taken out and little delay for how smooth it is; its direction is the trend.",
)
def super_smoother(close: Array, *, period: int) -> Array:
    """Give Ehlers' super smoother."""
    return _filter(close, _smoother(period))


@indicator(
    inputs=["close"],
    params={
        "weight": Param(default=0.07, low=0.005, high=0.9, words="Weight of the newest bars; more follows sooner.")
    },
    outputs=["line", "trigger"],
    warmup=2,
    memory=lambda weight: 2 + _forgets(_instant(weight)),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="y = (a - a^2/4) C[t] + a^2/2 C[t-1] - (a - 3a^2/4) C[t-2] + 2(1-a) y[t-1] - (1-a)^2 y[t-2]; 2 y - y[t-2]",
    reference="J. F. Ehlers (2004), Cybernetic Analysis for Stocks and Futures, chapter 3",
    words="A trend line without delay in a steady trend, and a trigger ahead of it: trigger above line is rising.",
)
def instant_trendline(close: Array, *, weight: float) -> tuple[Array, Array]:
    """Give Ehlers' instantaneous trend line and its trigger."""
    line = _filter(close, _instant(weight))
    return filled(line, 2), 2.0 * line - previous(line, 2)


@indicator(
    inputs=["close"],
    params={
        "window": length(14),
        "straight": Param(default=0.5, low=0.0, high=10.0, words="How much it is kept straight; more is smoother."),
    },
    warmup=0,
    memory=lambda window, straight: _forgets(_regular(window, straight)),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="y = (y[t-1] + a * (C - y[t-1]) + k * (2 * y[t-1] - y[t-2])) / (1 + k), a = 2 / (n + 1)",
    reference="C. Satchwell (2003), Regularization, Stocks & Commodities 21:7",
    words="An exponential mean that is also asked to stay straight, so that it wobbles less at the same delay.",
)
def rema(close: Array, *, window: int, straight: float) -> Array:
    """Give the regularised exponential moving average."""
    return _filter(close, _regular(window, straight))


@indicator(
    inputs=["close"],
    params={
        "level": Param(default=0.2, low=0.01, high=1.0, words="Weight of the newest close; more follows sooner."),
        "trend": Param(default=0.1, low=0.01, high=1.0, words="Weight of the newest slope; more turns sooner."),
    },
    warmup=0,
    memory=lambda level, trend: _forgets(_holt(level, trend)),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="l = a * C + (1 - a) * (l[t-1] + b[t-1]), b = g * (l - l[t-1]) + (1 - g) * b[t-1]",
    reference=(
        "C. C. Holt (1957), Forecasting Seasonals and Trends by Exponentially Weighted Averages, ONR memorandum 52"
    ),
    words="A level that carries its own slope forward, so that it keeps up with a steady trend.",
)
def holt_average(close: Array, *, level: float, trend: float) -> Array:
    """Give Holt's level, smoothed twice."""
    return _filter(close, _holt(level, trend))


@indicator(
    inputs=["close"],
    params={"period": length(60, "Waves shorter than that many bars are taken out; more is smoother.", low=5)},
    warmup=1,
    memory=lambda period: 2 + settles(_once(period)),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="y = a / 2 * (C[t] + C[t-1]) + (1 - a) * y[t-1], a = (cos w + sin w - 1) / cos w, w = 2 * pi / n",
    reference="J. F. Ehlers (2015), Decyclers, Stocks & Commodities 33:9",
    words="The price less its short waves, with next to no delay; above it the trend is read as rising.",
)
def decycler(close: Array, *, period: int) -> Array:
    """Give Ehlers' simple decycler."""
    weight = _once(period)
    return _filter((close + previous(close)) / 2.0, (weight, 0.0, 0.0, 1.0 - weight, 0.0), begun=1)


@indicator(
    inputs=["close"],
    params={"gamma": Param(default=0.8, low=0.0, high=0.98, words="How long it remembers; nearer to 1 is smoother.")},
    warmup=0,
    memory=lambda gamma: 5 + math.ceil(1.6 * settles(1.0 - gamma)),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="(L0 + 2 * L1 + 2 * L2 + L3) / 6, L0 = (1-g) C + g L0[t-1], Lk = -g L(k-1) + L(k-1)[t-1] + g Lk[t-1]",
    reference="J. F. Ehlers (2004), Cybernetic Analysis for Stocks and Futures, chapter 14",
    words="A very smooth line from few bars: a chain of four parts of which each delays slow waves more.",
)
def laguerre(close: Array, *, gamma: float) -> Array:
    """Give Ehlers' Laguerre filter."""
    return along(_chained, close, gamma)


def _chained(values: Array, gamma: float, lines: Any) -> None:
    """Pass values down four parts that all begin at the first one; a gap is passed over."""
    seen, p0, p1, p2, p3 = False, 0.0, 0.0, 0.0, 0.0
    for bar in range(len(values)):
        x = values[bar]
        if math.isnan(x):
            continue
        if not seen:
            seen, p0, p1, p2, p3 = True, x, x, x, x
        q0 = (1.0 - gamma) * x + gamma * p0
        q1 = p0 + gamma * (p1 - q0)
        q2 = p1 + gamma * (p2 - q1)
        q3 = p2 + gamma * (p3 - q2)
        p0, p1, p2, p3 = q0, q1, q2, q3
        lines[0][bar] = (q0 + 2.0 * q1 + 2.0 * q2 + q3) / 6.0


def _flex(close: Array, window: int, *, straight: bool) -> Array:
    """Give the mean distance of a smooth line from its own past, in units of its usual size."""
    line = _filter(close, _smoother(window / 2.0))
    past = mean(previous(line), window)
    middle = (window + 1) / 2.0 * (line - previous(line, window)) / window if straight else 0.0
    moved = line - past - middle
    moved = np.where(np.abs(moved) <= _ROUNDING * np.abs(close), 0.0, moved)
    power = _filter(moved * moved, (_POWER, 0.0, 0.0, 1.0 - _POWER, 0.0), begun=1)
    return quotient(moved, np.sqrt(power), otherwise=0.0)


_FLEX = {"window": length(20, "Bars that the smooth line is compared with; more sees slower trends.", low=4)}
_FLEX_SOURCE = "J. F. Ehlers (2020), Reflex: A New Zero-Lag Indicator, Stocks & Commodities 38:2"


def _flex_memory(window: int) -> int:
    return window + _forgets(_smoother(window / 2.0)) + settles(_POWER)


@indicator(
    inputs=["close"],
    params=_FLEX,
    warmup=lambda window: window,
    memory=_flex_memory,
    scale=Scale.FREE,
    bounds=(-5.0, 5.0),
    formula=(
        "m / sqrt(v), m = mean(s[t] - s[t-i], i = 1..n), v = 0.04 * m^2 + 0.96 * v[t-1], s = super_smoother(C, n / 2)"
    ),
    reference=_FLEX_SOURCE,
    words="How far a smooth line stands from its recent past in its own usual steps; above 0 the trend is up.",
    step=trendflex_step,
)
@unbroken
def trendflex(close: Array, *, window: int) -> Array:
    """Give Ehlers' trendflex."""
    return _flex(close, window, straight=False)


@indicator(
    inputs=["close"],
    params=_FLEX,
    warmup=lambda window: window,
    memory=_flex_memory,
    scale=Scale.FREE,
    bounds=(-5.0, 5.0),
    formula=(
        "as trendflex, less the straight line from s[t-n] to s[t]: m = mean(s[t] + i * (s[t-n] - s[t]) / n - s[t-i])"
    ),
    reference=_FLEX_SOURCE,
    words="How far a smooth line bends from the straight line through its window; it turns before the price does.",
    step=reflex_step,
)
@unbroken
def reflex(close: Array, *, window: int) -> Array:
    """Give Ehlers' reflex."""
    return _flex(close, window, straight=True)
