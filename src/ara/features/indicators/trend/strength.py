"""How strong a trend is: one-sidedness, straightness, agreement of several averages."""

import math
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ara.features.arrays import (
    change,
    divisible,
    filled,
    highest,
    lowest,
    mean,
    previous,
    quotient,
    sums,
    total,
    unbroken,
    within,
)
from ara.features.arrays import ema as exponential
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.lines import cross_step, polarised_step
from ara.features.indicators.trend.onward import rainbow_step
from ara.features.indicators.trend.steps import intensity_step, score_step
from ara.features.indicators.trend.terms import Array, chain, length

__all__ = ["guppy", "ma_cross", "ma_ribbon", "pfe", "qstick", "rainbow", "trend_intensity", "trend_score", "vhf"]

_SHORT, _LONG = (3, 5, 8, 10, 12, 15), (30, 35, 40, 45, 50, 60)
_ALL = (*_SHORT, *_LONG)
_RIBBON = (10, 20, 30, 40, 50, 60, 70, 80)
_COLOURS = 10
_TIE = 1e-12  # a smaller share of a mean between two is rounding


@indicator(
    inputs=["open", "close"],
    params={"window": length(10, low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="sma(C - O, n)",
    reference="T. S. Chande and S. Kroll (1994), The New Technical Trader, chapter 8",
    words="Mean body of the candles: above 0 buyers close the bars higher than they opened.",
)
@unbroken
def qstick(open: Array, close: Array, *, window: int) -> Array:
    """Give the QStick."""
    return mean(close - open, window)


@indicator(
    inputs=["close"],
    params={"window": length(28)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="(max(C, n) - min(C, n)) / sum |C - C[t-1]| over n bars; 0 where no price moved",
    reference="A. White (1991), The Vertical Horizontal Filter, Futures 20",
    words="Range over the way walked: high ones are trends, low ones to and fro.",
)
@unbroken
def vhf(close: Array, *, window: int) -> Array:
    """Give the vertical horizontal filter."""
    way = total(np.abs(change(close)), window)
    return np.minimum(quotient(highest(close, window) - lowest(close, window), way, otherwise=0.0), 1.0)


@indicator(
    inputs=["close"],
    params={
        "window": length(60, "Length of the mean; more sees longer trends.", low=1),
        "recent": length(30, "Bars whose distance from the mean counts; half the window is usual.", low=1),
    },
    warmup=lambda window, recent: window + recent - 2,
    memory=lambda window, recent: window + recent - 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * U / (U + D), U and D sums of C - sma(C, n) above and below 0 over m bars; 50 where both are 0",
    reference="M. H. Pee (2002), Trend Intensity Index, Stocks & Commodities 20:6",
    words="Share of the distance from the mean that lies above it: over 80 a strong rise, under 20 a strong fall.",
    step=intensity_step,
)
@unbroken
def trend_intensity(close: Array, *, window: int, recent: int) -> Array:
    """Give the trend intensity index."""
    middle = sums(close, window) / window
    away = np.where(np.abs(close - middle) < _TIE * middle, 0.0, close - middle)
    above, both = sums(np.maximum(away, 0.0), recent), sums(np.abs(away), recent)
    return within(100.0 * quotient(above, both, otherwise=0.5), 0.0, 100.0)


@indicator(
    inputs=["close"],
    params={
        "window": length(10),
        "smooth": length(5, "Length of the mean of the result; more is smoother.", low=1),
    },
    warmup=lambda window, smooth: window + smooth - 1,
    memory=lambda window, smooth: window + chain(smooth),
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula=(
        "ema(100 * sign(r) * sqrt(r^2 + n^2) / sum sqrt(r1^2 + 1), 5), r and r1 percent changes of n bars and of one"
    ),
    reference="H. Hannula (1994), Polarized Fractal Efficiency, Stocks & Commodities 12:1",
    words="How straight the way was, with its direction: over 50 an efficient rise, under -50 an efficient fall.",
    step=polarised_step,
)
@divisible
@unbroken
def pfe(close: Array, *, window: int, smooth: int) -> Array:
    """Give the polarised fractal efficiency."""
    one = 100.0 * (close / previous(close) - 1.0)
    all_of_it = 100.0 * (close / previous(close, window) - 1.0)
    way = sums(np.sqrt(one * one + 1.0), window)
    straight = np.sign(all_of_it) * np.sqrt(all_of_it * all_of_it + window * window)
    return within(exponential(within(100.0 * straight / way, -100.0, 100.0), smooth), -100.0, 100.0)


@indicator(
    inputs=["close"],
    params={
        "nearest": length(11, "First bar back that is compared.", low=1),
        "farthest": length(20, "Last bar back that is compared.", low=1, high=500),
    },
    warmup=lambda nearest, farthest: max(nearest, farthest),
    memory=lambda nearest, farthest: max(nearest, farthest) + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="mean of sign(C - C[t-k]), k = 11..20",
    reference="T. S. Chande (1993), Rating Trend Strength, Stocks & Commodities 11:9",
    words="Share of past closes that lie below today's, less those above: 1 is a strong rise, -1 a strong fall.",
    step=score_step,
)
def trend_score(close: Array, *, nearest: int, farthest: int) -> Array:
    """Give Chande's trend score, from -1 to 1."""
    near, far = sorted((nearest, farthest))
    signs = sum(np.sign(change(close, back)) for back in range(near, far + 1))
    return np.asarray(signs / (far - near + 1))


@indicator(
    inputs=["close"],
    params={
        "fast": length(50, "Length of the fast mean; more is slower.", low=1),
        "slow": length(200, "Length of the slow mean; more is slower.", low=1),
    },
    outputs=["spread", "state", "crossed"],
    warmup=lambda fast, slow: max(fast, slow),
    memory=lambda fast, slow: max(fast, slow) + 1,
    scale=Scale.FREE,
    bounds={"spread": (-math.inf, math.inf), "state": (-1.0, 1.0), "crossed": (-1.0, 1.0)},
    formula="sma(C, 50) / sma(C, 200) - 1, its sign, and the sign on the bar where it changes, else 0",
    reference="W. Brock, J. Lakonishok and B. LeBaron (1992), Simple Technical Trading Rules, Journal of Finance 47",
    words="1 in `crossed` is the golden cross, -1 the death cross; the spread says how far apart the means are.",
    step=cross_step,
)
@unbroken
def ma_cross(close: Array, *, fast: int, slow: int) -> tuple[Array, Array, Array]:
    """Give how two simple means stand to each other, and when they cross."""
    spread = (sums(close, fast) / fast) / (sums(close, slow) / slow) - 1.0
    spread[np.abs(spread) < _TIE] = 0.0
    state = np.sign(spread)
    before = previous(state)
    crossed = np.where(state != before, state, 0.0)
    start = max(fast, slow)
    return filled(spread, start), filled(state, start), filled(np.where(np.isnan(before), np.nan, crossed), start)


def _ordered(lines: list[Array]) -> Array:
    """Give the mean sign of each line less the next slower one: 1 where all are in rising order."""
    steps = [one / other - 1.0 for one, other in pairwise(lines)]
    return np.asarray(sum(np.where(np.abs(step) < _TIE, 0.0, np.sign(step)) for step in steps) / (len(lines) - 1))


def _ribbon_step(state: Any, close: float) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last closes."""
    if not math.isfinite(close):
        return None, (math.nan, math.nan)
    kept = (close, *(state or ()))[: _RIBBON[-1]]
    if len(kept) < _RIBBON[-1]:
        return kept, (math.nan, math.nan)
    added = tuple(accumulate(kept))
    lines = [added[window - 1] / window for window in _RIBBON]
    if 0.0 in lines:
        return kept, (math.nan, math.nan)
    steps = [one / other - 1.0 for one, other in pairwise(lines)]
    order = sum([(step >= _TIE) - (step <= -_TIE) for step in steps]) / len(steps)
    width = (max(lines) - min(lines)) / lines[-1]
    return kept, (order, 0.0 if width < _TIE else width)


@indicator(
    inputs=["close"],
    outputs=["order", "width"],
    warmup=_RIBBON[-1] - 1,
    memory=_RIBBON[-1],
    scale=Scale.FREE,
    bounds={"order": (-1.0, 1.0), "width": (0.0, math.inf)},
    formula="mean of sign(sma(C, n) - sma(C, n + 10)), n = 10..70; (largest - smallest of the eight) / sma(C, 80)",
    reference="G. Morris (2013), Investing with the Trend, on ribbons of moving averages",
    words="1: all averages in rising order, -1: in falling; a narrow ribbon is a market at rest before a move.",
    step=_ribbon_step,
)
@unbroken
def ma_ribbon(close: Array) -> tuple[Array, Array]:
    """Give the order and the width of a ribbon of eight simple means."""
    lines = [sums(close, window) / window for window in _RIBBON]
    width = (np.maximum.reduce(lines) - np.minimum.reduce(lines)) / lines[-1]
    return _ordered(lines), np.where(width < _TIE, 0.0, width)


def _guppy_step(state: Any, close: float) -> tuple[Any, tuple[float, ...]]:
    """Go on from the means, each a sum until it is whole."""
    if not math.isfinite(close):
        return None, (math.nan,) * 3
    seen, before = state or (0, (0.0,) * len(_ALL))
    seen += 1
    lines = tuple(
        [
            line + 2.0 / (window + 1.0) * (close - line)
            if seen > window
            else (line + close) / (window if seen == window else 1)
            for line, window in zip(before, _ALL, strict=True)
        ]
    )
    short, long = lines[: len(_SHORT)], lines[len(_SHORT) :]
    traders, investors = sum(short) / len(short), sum(long) / len(long)
    if seen < _LONG[-1] or investors == 0.0:
        return (seen, lines), (math.nan,) * 3
    widths = ((max(group) - min(group)) / investors for group in (short, long))
    return (seen, lines), ((traders - investors) / investors, *widths)


@indicator(
    inputs=["close"],
    outputs=["spread", "traders", "investors"],
    warmup=_LONG[-1] - 1,
    memory=chain(_LONG[-1]),
    scale=Scale.FREE,
    bounds={"spread": (-math.inf, math.inf), "traders": (0.0, math.inf), "investors": (0.0, math.inf)},
    formula=(
        "(S - L) / L, S and L means of emas of 3, 5, 8, 10, 12, 15 and of 30, 35, 40, 45, 50, 60; width of "
        "each group / L"
    ),
    reference="D. Guppy (2004), Trend Trading, chapter 9: multiple moving averages",
    words="Traders' averages above investors' is a rise; an investors' group that stays wide carries it.",
    step=_guppy_step,
)
@unbroken
def guppy(close: Array) -> tuple[Array, Array, Array]:
    """Give how Guppy's two groups of averages stand to each other, and how wide each is."""
    groups = [[exponential(close, window) for window in group] for group in (_SHORT, _LONG)]
    short, long = (np.asarray(sum(lines)) / len(lines) for lines in groups)
    traders, investors = (np.maximum.reduce(lines) - np.minimum.reduce(lines) for lines in groups)
    known = short + 0.0 * long
    return (known - long) / long, traders / long, investors / long


@indicator(
    inputs=["close"],
    params={
        "window": length(2, "Length of each of the ten means; more is slower."),
        "range": Param(default=10, low=2, high=5000, whole=True, words="Bars of the range that it is measured by."),
    },
    outputs=["oscillator", "width"],
    warmup=lambda window, range: max(_COLOURS * (window - 1), range - 1),
    memory=lambda window, range: max(_COLOURS * (window - 1) + 1, range),
    scale=Scale.FREE,
    bounds={"oscillator": (-math.inf, math.inf), "width": (0.0, math.inf)},
    formula=(
        "100 * (C - mean of s1..s10) / r, 100 * (max - min of s1..s10) / r, sk = sma(s(k-1), 2), r = max(C) - min(C)"
    ),
    reference="M. Widner (1997), Rainbow Charts, Stocks & Commodities 15:7",
    words="Price against ten means of means: above 0 rising; a wide rainbow is a trend that may be stretched.",
    step=rainbow_step,
)
@unbroken
def rainbow(close: Array, *, window: int, range: int) -> tuple[Array, Array]:
    """Give the rainbow oscillator and the width of the rainbow."""
    lines = [mean(close, window)]
    while len(lines) < _COLOURS:
        lines.append(mean(lines[-1], window))
    scope = highest(close, range) - lowest(close, range)
    away, width = close - sum(lines) / _COLOURS, np.maximum.reduce(lines) - np.minimum.reduce(lines)
    return 100.0 * quotient(away, scope, otherwise=0.0), 100.0 * quotient(width, scope, otherwise=0.0)
