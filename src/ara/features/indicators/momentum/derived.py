"""What is made of relative strength."""

import math
from typing import Any, Final

import numpy as np

from ara.features.arrays import change, ema, filled, mean, sums, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.onward import composite_step
from ara.features.indicators.momentum.sums import inverse_step
from ara.features.indicators.momentum.terms import relative, settled, strength_memory, unbroken
from ara.features.indicators.momentum.waves import derivative_step
from ara.features.indicators.trend.terms import Array, gapless, length, rests, weighted
from ara.features.loops import along

__all__ = ["composite_index", "derivative_oscillator", "inverse_fisher_rsi", "qqe"]

_BROWN: Final = "C. Brown (1999), Technical Analysis for the Trading Professional"
_WINDOW: Final = length(14, "Bars of the relative strength; more make it calmer.")
_WHATEVER: Final = (-math.inf, math.inf)


@indicator(
    inputs=["close"],
    params={
        "window": length(5, "Bars of the relative strength; more make it calmer."),
        "smooth": length(9, "Bars of the weighted mean; more make it smoother."),
    },
    warmup=lambda window, smooth: window + smooth - 1,
    memory=lambda window, smooth: strength_memory(window) + smooth,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="tanh(wma((rsi(C, n) - 50) / 10, m))",
    reference="J. F. Ehlers (2004), The Inverse Fisher Transform, Stocks & Commodities 22:5",
    words="Relative strength pushed to one end or the other, so that it says yes or no: rising through -0.5 is read "
    "as a purchase, falling through 0.5 as a sale.",
    step=inverse_step,
)
@unbroken
def inverse_fisher_rsi(close: Array, *, window: int, smooth: int) -> Array:
    """Give the inverse Fisher transform of the relative strength index."""
    weights = np.arange(1.0, smooth + 1.0)
    return np.asarray(np.tanh(weighted(0.1 * (relative(close, window) - 50.0), weights / weights.sum())))


@indicator(
    inputs=["close"],
    params={
        "window": _WINDOW,
        "first": length(5, "Bars of the first mean; more make it smoother."),
        "second": length(3, "Bars of the second mean; more make it smoother."),
        "signal": length(9, "Bars of the mean that is taken off; more see slower changes."),
    },
    warmup=lambda window, first, second, signal: window + first + second + signal - 3,
    memory=lambda window, first, second, signal: strength_memory(window) + settled(first, second) + signal,
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula="e - mean(e, 9), e = ema(ema(rsi(C, 14), 5), 3)",
    reference=_BROWN,
    words="Whether smoothed relative strength runs ahead of its own mean: above 0 strength grows. A lower peak of it "
    "at a higher one of the price is read as a warning.",
    step=derivative_step,
)
@unbroken
def derivative_oscillator(close: Array, *, window: int, first: int, second: int, signal: int) -> Array:
    """Give Brown's derivative oscillator."""
    line = ema(ema(relative(close, window), first), second)
    return line - mean(line, signal)


@indicator(
    inputs=["close"],
    params={
        "window": _WINDOW,
        "span": length(9, "Bars over which its change is taken.", low=1),
        "quick": length(3, "Bars of the quick relative strength; more make it calmer."),
        "smooth": length(3, "Bars that the quick one is averaged over.", low=1),
    },
    warmup=lambda window, span, quick, smooth: max(window + span, quick + smooth - 1),
    memory=lambda window, span, quick, smooth: max(strength_memory(window) + span, strength_memory(quick) + smooth),
    scale=Scale.FREE,
    bounds=(-100.0, 200.0),
    formula="r[t] - r[t-9] + mean(rsi(C, 3), 3), r = rsi(C, 14)",
    reference=_BROWN,
    words="Relative strength without its upper and lower limit, so that it can show a divergence where relative "
    "strength is stuck at its end. Its turns against those of the price are read.",
    step=composite_step,
)
@unbroken
def composite_index(close: Array, *, window: int, span: int, quick: int, smooth: int) -> Array:
    """Give Brown's composite index."""
    found = change(relative(close, window), span) + sums(relative(close, quick), smooth) / smooth
    return filled(found, max(window + span, quick + smooth - 1))


def _trail(line: Array, width: Array, start: int, lines: Any) -> None:
    """Follow a line at a distance that only closes, on the side that the line left last."""
    below, above, rising, before = -np.inf, np.inf, True, 0.0
    for bar in range(start, len(line)):
        now, far = line[bar], width[bar]
        if now > above or now < below:
            rising = now > above
        below = below if before > below and now > below > now - far else now - far
        above = above if before < above and now < above < now + far else now + far
        before, lines[0][bar] = now, below if rising else above


def _grown(state: Any, value: float, window: int, weight: float) -> tuple[Any, float]:
    """Take one step of an exponential mean begun with a simple one; NaN in, and while it begins, is NaN out."""
    if math.isnan(value):
        return state, math.nan
    seen, held = state or (0, 0.0)
    if seen < window - 1:
        return (seen + 1, held + value), math.nan
    found = (held + value) / window if seen == window - 1 else held + weight * (value - held)
    return (window, found), found


def _follow(state: Any, close: float, *, window: int, smooth: int, factor: float) -> tuple[Any, tuple[float, float]]:
    if not gapless((close,)):
        return None, (math.nan, math.nan)
    if state is None:
        return (close, 1, None, None, None, None, None, None, None), (math.nan, math.nan)
    before, still, ups, downs, mean_, last, first, second, trail = state
    step = close - before
    still = 0 if step else still + 1
    ups, up = _grown(ups, max(step, 0.0), window, 1.0 / window)
    downs, down = _grown(downs, max(-step, 0.0), window, 1.0 / window)
    strength = 50.0 if up + down == 0.0 or still >= rests(1.0 / window) else 100.0 * up / (up + down)
    mean_, line = _grown(mean_, strength, smooth, 2.0 / (smooth + 1.0))
    line = line if math.isnan(line) else min(max(line, 0.0), 100.0)
    slow = 2 * window - 1
    first, size = _grown(first, math.nan if last is None else abs(line - last), slow, 2.0 / (slow + 1.0))
    second, size = _grown(second, size, slow, 2.0 / (slow + 1.0))
    trail, level = _moved_on(trail, line, size * factor)
    last = None if math.isnan(line) else line
    found = (math.nan if math.isnan(level) else line, level)
    return (close, still, ups, downs, mean_, last, first, second, trail), found


def _moved_on(trail: Any, line: float, width: float) -> tuple[Any, float]:
    """Take one step of `_trail`; its state is the line before, both distances' ends, and the side."""
    if math.isnan(width):
        return None, math.nan
    if trail is None:
        return (line, line - width, line + width, 1), line - width
    before, below, above, rising = trail
    rising = 1 if line > above else 0 if line < below else rising
    under, over = line - width, line + width
    below = max(below, under) if before > below and line > below else under
    above = min(above, over) if before < above and line < above else over
    return (line, below, above, rising), below if rising else above


@indicator(
    inputs=["close"],
    params={
        "window": _WINDOW,
        "smooth": length(5, "Bars of its exponential mean; more make it smoother."),
        "factor": Param(
            default=4.236, low=0.1, high=50.0, words="Usual changes between line and level; more turn later."
        ),
    },
    outputs=["line", "level"],
    warmup=lambda window, smooth, factor: window + smooth - 1 + 1 + 2 * (2 * window - 2),
    memory=None,
    scale=Scale.FREE,
    bounds={"line": (0.0, 100.0), "level": _WHATEVER},
    formula="e = ema(rsi(C, 14), 5), and a level that trails it by 4.236 * ema(ema(|e - e[t-1]|, 27), 27) and only "
    "closes in",
    reference="R. Ignatov, Qualitative Quantitative Estimation, as published for MetaTrader",
    words="Smoothed relative strength and a level that follows it at a distance of its own usual changes: the line "
    "above the level is read as a rise, crossing it as a turn, the more so beyond 50.",
    step=_follow,
)
@unbroken
def qqe(close: Array, *, window: int, smooth: int, factor: float) -> tuple[Array, Array]:
    """Give the smoothed relative strength index and the level that trails it."""
    line = within(ema(relative(close, window), smooth), 0.0, 100.0)
    slow = 2 * window - 1
    width = factor * ema(ema(np.abs(change(line)), slow), slow)
    start = window + smooth + 2 * (slow - 1)
    return filled(line, start), along(_trail, line, width, start)
