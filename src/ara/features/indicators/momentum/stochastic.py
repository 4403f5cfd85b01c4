"""Where the close stands in the range of the last bars, and what is made of that."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import ema, filled, highest, lowest, previous, quotient, rested, steps, sums, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.momentum.onward import double_step, mesa_step, smi_step
from ara.features.indicators.momentum.steps import fast_step, slow_step
from ara.features.indicators.momentum.sums import premier_step
from ara.features.indicators.momentum.terms import place, recurred, settled, unbroken, wilder
from ara.features.indicators.momentum.waves import kdj_step, ultimate_step
from ara.features.indicators.trend.terms import Array, length, pause, settles

__all__ = [
    "double_stochastic",
    "kdj",
    "mesa_stochastic",
    "premier_stochastic",
    "smi",
    "stoch",
    "stoch_fast",
    "ultimate",
    "williams_r",
]

_LANE: Final = "G. C. Lane (1984), Lane's Stochastics, Stocks & Commodities 2:3"
_WINDOW: Final = length(14, "Bars of the range; more make extremes rarer.")
_SIGNAL: Final = length(3, "Bars of the signal line; more delay it.", low=1)
_NOISE: Final = 1e-9
_OVERSHOOT: Final = 10.0


@indicator(
    inputs=["high", "low", "close"],
    params={
        "window": _WINDOW,
        "smooth": length(3, "Bars that the place in the range is averaged over; 1 is the fast form.", low=1),
        "signal": _SIGNAL,
    },
    outputs=["k", "d", "j"],
    warmup=lambda window, smooth, signal: window + smooth + signal - 3,
    memory=lambda window, smooth, signal: window + smooth + signal - 2,
    scale=Scale.FREE,
    bounds={"k": (0.0, 100.0), "d": (0.0, 100.0), "j": (-200.0, 300.0)},
    formula="k = mean(100 * (C - min L) / (max H - min L), m), d = mean(k, p), j = 3k - 2d; 50 where there is no range",
    reference=_LANE,
    words="Where the close stands in the range of its last bars: 100 at the top, 0 at the bottom. Above 80 is read as "
    "overbought, below 20 as oversold, k crossing d as a turn.",
    step=slow_step,
)
def stoch(
    high: Array, low: Array, close: Array, *, window: int, smooth: int, signal: int
) -> tuple[Array, Array, Array]:
    """Give the stochastic oscillator, slow by default, its signal line and three times the one less twice the other."""
    k = sums(place(close, high, low, window), smooth) / smooth
    d = sums(k, signal) / signal
    return filled(k, window + smooth + signal - 3), d, 3.0 * k - 2.0 * d


@indicator(
    inputs=["high", "low", "close"],
    params={"window": _WINDOW, "signal": _SIGNAL},
    outputs=["k", "d"],
    warmup=lambda window, signal: window + signal - 2,
    memory=lambda window, signal: window + signal - 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="k = 100 * (C - min L) / (max H - min L), last n bars, d = mean(k, p); 50 where there is no range",
    reference=_LANE,
    words="The stochastic oscillator without smoothing: where the close stands in the range of its last bars, from 0 "
    "to 100, and the mean of that as signal line.",
    step=fast_step,
)
def stoch_fast(high: Array, low: Array, close: Array, *, window: int, signal: int) -> tuple[Array, Array]:
    """Give the fast stochastic oscillator and its signal line."""
    k = place(close, high, low, window)
    return filled(k, window + signal - 2), sums(k, signal) / signal


@indicator(
    inputs=["high", "low", "close"],
    params={"window": length(9, "Bars of the range; more make extremes rarer."), "smooth": _SIGNAL, "signal": _SIGNAL},
    outputs=["k", "d", "j"],
    warmup=lambda window, smooth, signal: window + smooth + signal - 3,
    memory=lambda window, smooth, signal: (
        window + smooth + signal + settles(1.0 / max(smooth, signal)) + 3 * max(smooth, signal)
    ),
    scale=Scale.FREE,
    bounds={"k": (0.0, 100.0), "d": (0.0, 100.0), "j": (-200.0, 300.0)},
    formula="k = wilder(100 * (C - min L) / (max H - min L), m), d = wilder(k, p), j = 3k - 2d; 50 where no range",
    reference=_LANE + "; the form that is usual in East Asia",
    words="The stochastic oscillator with a longer memory, and j, how far k runs ahead of d: j above 100 is read as "
    "overbought, below 0 as oversold.",
    step=kdj_step,
)
@unbroken
def kdj(high: Array, low: Array, close: Array, *, window: int, smooth: int, signal: int) -> tuple[Array, Array, Array]:
    """Give the stochastic oscillator with Wilder's means, its signal line and the lead of the one over the other."""
    k = within(wilder(place(close, high, low, window), smooth), 0.0, 100.0)
    d = within(wilder(k, signal), 0.0, 100.0)
    return filled(k, window + smooth + signal - 3), d, 3.0 * k - 2.0 * d


@indicator(
    inputs=["high", "low", "close"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-100.0, 0.0),
    formula="-100 * (max H - C) / (max H - min L), last n bars; -50 where there is no range",
    reference="L. R. Williams (1973), How I Made One Million Dollars Last Year Trading Commodities",
    words="How far the close is below the top of its recent range: 0 at the top, -100 at the bottom. Above -20 is "
    "read as overbought, below -80 as oversold.",
)
def williams_r(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give Williams' %R."""
    return place(close, high, low, window) - 100.0


@indicator(
    inputs=["high", "low", "close"],
    params={
        "window": length(13, "Bars of the range; more make extremes rarer."),
        "slow": length(25, "Bars of the first mean; more make it smoother."),
        "fast": length(2, "Bars of the second mean; more make it smoother."),
        "signal": length(9, "Bars of the signal line; more delay it."),
    },
    outputs=["line", "signal"],
    warmup=lambda window, slow, fast, signal: window + slow + fast + signal - 4,
    memory=lambda window, slow, fast, signal: window + settled(slow, fast, signal) + pause(slow, fast),
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula="100 * ema(ema(C - m)) / (ema(ema(R)) / 2), m the middle of the last n bars' range R; ema of it; 0 if no "
    "range",
    reference="W. Blau (1993), Stochastic Momentum, Stocks & Commodities 11:1",
    words="How far the close is from the middle of its recent range, smoothed twice: 100 at the top, -100 at the "
    "bottom. Beyond 40 either way is read as an extreme, crossing the signal as a turn.",
    step=smi_step,
)
@unbroken
def smi(
    high: Array, low: Array, close: Array, *, window: int, slow: int, fast: int, signal: int
) -> tuple[Array, Array]:
    """Give Blau's stochastic momentum index and its signal line."""
    top, bottom = highest(high, window), lowest(low, window)
    away = ema(ema(close - 0.5 * (top + bottom), slow), fast)
    span = ema(ema(top - bottom, slow), fast)
    line = within(200.0 * quotient(away, span, otherwise=0.0), -100.0, 100.0)
    line = rested(line, top - bottom, pause(slow, fast), otherwise=0.0)
    return filled(line, window + slow + fast + signal - 4), within(ema(line, signal), -100.0, 100.0)


@indicator(
    inputs=["high", "low", "close"],
    params={
        "window": length(13, "Bars of both ranges; more make extremes rarer."),
        "smooth": length(8, "Bars of both means; more make it smoother."),
    },
    warmup=lambda window, smooth: 2 * (window + smooth - 2),
    memory=lambda window, smooth: 2 * window + 2 * settled(smooth, smooth),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="s(s(C)), s(x) = ema(100 * (x - min) / (max - min), m) in the range of the last n bars; 50 where no range",
    reference="W. Bressert (1991), The Power of Oscillator/Cycle Combinations",
    words="The place of a smoothed stochastic oscillator in its own recent range: smooth, and yet quick to reach its "
    "ends. Above 80 is read as overbought, below 20 as oversold.",
    step=double_step,
)
@unbroken
def double_stochastic(high: Array, low: Array, close: Array, *, window: int, smooth: int) -> Array:
    """Give Bressert's double stochastic."""
    first = ema(place(close, high, low, window), smooth)
    second = within(place(first, first, first, window, least=_NOISE), 0.0, 100.0)
    return within(ema(second, smooth), 0.0, 100.0)


@indicator(
    inputs=["high", "low", "close"],
    params={
        "window": length(8, "Bars of the range; more make extremes rarer."),
        "smooth": length(5, "Bars of each of two means; more make it smoother."),
    },
    warmup=lambda window, smooth: window + 2 * smooth - 3,
    memory=lambda window, smooth: window + settled(smooth, smooth),
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="tanh(s / 2), s = ema(ema((k - 50) / 10, m), m), k = 100 * (C - min L) / (max H - min L); 0 where no range",
    reference="L. Leibfarth (2008), Premier Stochastic Oscillator, Stocks & Commodities 26:8",
    words="The stochastic oscillator pushed towards its ends, so that it is clear when it leaves one: beyond 0.9 "
    "either way is an extreme, and falling back through 0.9 or 0.2 is read as a turn.",
    step=premier_step,
)
@unbroken
def premier_stochastic(high: Array, low: Array, close: Array, *, window: int, smooth: int) -> Array:
    """Give Leibfarth's premier stochastic oscillator."""
    moved = (place(close, high, low, window) - 50.0) * 0.1
    return np.asarray(np.tanh(0.5 * ema(ema(moved, smooth), smooth)))


def _smoother(values: Array, period: float, first: float) -> Array:
    """Take out waves shorter than the period, as Ehlers' super smoother, begun at the first value."""
    decay = math.exp(-math.sqrt(2.0) * math.pi / period)
    a1, a2 = 2.0 * decay * math.cos(math.sqrt(2.0) * math.pi / period), -decay * decay
    pushed = (1.0 - a1 - a2) / 2.0 * (values + np.concatenate(([first], values[:-1])))
    return recurred(pushed, a1, a2, start=(first, first))


@indicator(
    inputs=["close"],
    params={
        "window": length(20, "Bars of the range; more make extremes rarer."),
        "slow": length(48, "Waves longer than that many bars are taken out.", low=8, high=1000),
        "fast": length(10, "Waves shorter than that many bars are taken out.", low=3, high=1000),
    },
    warmup=lambda window, slow, fast: window + 1,
    memory=lambda window, slow, fast: window + 20 + 14 * slow + 10 * fast,
    scale=Scale.FREE,
    bounds=(-_OVERSHOOT, 100.0 + _OVERSHOOT),
    formula="ss(100 * (f - min f) / (max f - min f)), f = ss(high-pass(C, 48), 10), ss the super smoother; 50 if no "
    "range",
    reference="J. F. Ehlers (2013), Cycle Analytics for Traders, chapter 7",
    words="Where the price, freed of its trend and its noise, stands in its recent range. Leaving 80 downwards is "
    "read as a top, leaving 20 upwards as a bottom.",
    step=mesa_step,
)
@unbroken
def mesa_stochastic(close: Array, *, window: int, slow: int, fast: int) -> Array:
    """Give Ehlers' stochastic of the price between two waves' lengths."""
    if len(close) <= window:
        return np.full(len(close), np.nan)
    angle = math.sqrt(2.0) * math.pi / slow
    weight = (math.cos(angle) + math.sin(angle) - 1.0) / math.cos(angle)
    bend = steps(steps(close))
    detrended = recurred((1.0 - weight / 2.0) ** 2 * bend, 2.0 * (1.0 - weight), -((1.0 - weight) ** 2))
    wave = _smoother(detrended, fast, 0.0)
    stands = rested(place(wave, wave, wave, window), steps(close), 2 * (slow + fast), otherwise=50.0)[window + 1 :]
    return np.concatenate((np.full(window + 1, np.nan), _smoother(within(stands, 0.0, 100.0), fast, 50.0)))


@indicator(
    inputs=["high", "low", "close"],
    params={
        "fast": length(7, "Bars of the shortest sum; it weighs four times.", low=1),
        "middle": length(14, "Bars of the second sum; it weighs twice.", low=1),
        "slow": length(28, "Bars of the longest sum; it weighs once.", low=1),
    },
    warmup=lambda fast, middle, slow: max(fast, middle, slow),
    memory=lambda fast, middle, slow: max(fast, middle, slow) + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * (4 a7 + 2 a14 + a28) / 7, an = sum(C - min(L, C[t-1])) / sum(true range), last n bars; 1/2 where "
    "no range",
    reference="L. R. Williams (1985), The Ultimate Oscillator, Stocks & Commodities 3:4",
    words="How much of the ranges of three spans was bought: 100 all, 0 none. Above 70 is read as overbought, below "
    "30 as oversold, and a higher low of it at a lower low of the price as a purchase.",
    step=ultimate_step,
)
@unbroken
def ultimate(high: Array, low: Array, close: Array, *, fast: int, middle: int, slow: int) -> Array:
    """Give Williams' ultimate oscillator."""
    before = previous(close)
    bottom = np.minimum(low, before)
    bought, span = close - bottom, np.maximum(high, before) - bottom
    parts = [
        weight * quotient(sums(bought, window), sums(span, window), otherwise=0.5)
        for weight, window in ((4.0, fast), (2.0, middle), (1.0, slow))
    ]
    return within((parts[0] + parts[1] + parts[2]) * (100.0 / 7.0), 0.0, 100.0)
