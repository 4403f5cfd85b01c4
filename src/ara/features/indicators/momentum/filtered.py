"""Relative strength without its noise: of smoothed moves, of ever later copies of the price, of weighed moves."""

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np

from ara.features.arrays import change, filled, quotient, steps, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.steps import hann_step
from ara.features.indicators.momentum.terms import recurred, unbroken
from ara.features.indicators.trend.terms import Array, length, settles, weighted
from ara.features.onward import Told

__all__ = ["laguerre_rsi", "rsi_hann", "rsx"]

_TINY: Final = 1e-12
_WINDOW: Final = length(14, "Bars that count; more of them make it calmer and its extremes rarer.")


def _jurik(values: Array, weight: float) -> Array:
    """Take an exponential mean with half of its delay taken off, three times over."""
    rest = 1.0 - weight
    first, second = 1.5 * weight - 0.5 * weight * weight, 1.5 * weight * rest
    for _ in range(3):
        pushed = first * values
        pushed[1:] -= second * values[:-1]
        values = recurred(pushed, 2.0 * rest, -rest * rest)
    return values


def _jurik_step(links: Any, value: float, weight: float) -> tuple[Any, float]:
    """Take one step of `_jurik`; each link has the value before and the last two results."""
    rest = 1.0 - weight
    first, second = 1.5 * weight - 0.5 * weight * weight, 1.5 * weight * rest
    found = []
    for before, y1, y2 in links or ((0.0, 0.0, 0.0),) * 3:
        now = first * value - second * before + 2.0 * rest * y1 - rest * rest * y2
        found.append((value, now, y1))
        value = now
    return tuple(found), value


def _rsx_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last close and both smooth lines."""
    if not math.isfinite(close):
        return None, (math.nan,)
    seen, before, net, way = state or (0, close, None, None)
    net, moved = _jurik_step(net, close - before, 3.0 / (window + 2.0))
    way, size = _jurik_step(way, abs(close - before), 3.0 / (window + 2.0))
    found = 50.0 + 50.0 * min(max(moved / size, -1.0), 1.0) if size > 0.0 else 50.0
    return (seen + 1, close, net, way), (found if seen >= window else math.nan,)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: 2 + 2 * settles(3.0 / (window + 2.0)),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="50 + 50 * s(d) / s(|d|), d = C[t] - C[t-1], s three times 1.5 e - 0.5 e(e), e with weight 3 / (n + 2)",
    reference="M. Jurik (1999), RSX, Jurik Research; in the form known from its published reconstructions",
    words="Relative strength without the noise and with next to no delay. Above 70 and below 30 are read as extremes; "
    "its turns are smooth enough to be read by themselves.",
    step=_rsx_step,
)
@unbroken
def rsx(close: Array, *, window: int) -> Array:
    """Give Jurik's smooth relative strength index."""
    step = steps(close)
    weight = 3.0 / (window + 2.0)
    way = np.maximum(_jurik(np.abs(step), weight), 0.0)
    line = 50.0 + 50.0 * within(quotient(_jurik(step, weight), way, otherwise=0.0), -1.0, 1.0)
    return filled(line, window)


def _laguerre_step(state: Any, close: float, *, gamma: float) -> Told:
    """Go on from the four lines."""
    if not math.isfinite(close):
        return None, (math.nan,)
    seen, before = state or (0, (close,) * 4)
    lines = [(1.0 - gamma) * close + gamma * before[0]]
    for earlier, own in pairwise(before):
        lines.append(earlier - gamma * lines[-1] + gamma * own)
    moves = [one - later for one, later in pairwise(lines)]
    rises, way = sum([max(move, 0.0) for move in moves]), sum([abs(move) for move in moves])
    found = min(100.0 * rises / way, 100.0) if way > _TINY * abs(close) else 50.0
    return (seen + 1, tuple(lines)), (found if seen >= 3 else math.nan,)


@indicator(
    inputs=["close"],
    params={"gamma": Param(default=0.5, low=0.0, high=0.95, words="How long it remembers; nearer to 1 is smoother.")},
    warmup=3,
    memory=lambda gamma: 6 + math.ceil(1.7 * settles(1.0 - gamma)),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * U / (U + D) of L0 - L1, L1 - L2, L2 - L3; L0 = (1-g) C + g L0[t-1], Lk = L(k-1)[t-1] - g L(k-1) + "
    "g Lk[t-1]; 50 where no price moved",
    reference="J. F. Ehlers (2004), Cybernetic Analysis for Stocks and Futures, chapter 14",
    words="Relative strength between four ever later copies of the price: quick, and often at one end of its range. "
    "Leaving 80 downwards is read as a sale, leaving 20 upwards as a purchase.",
    step=_laguerre_step,
)
@unbroken
def laguerre_rsi(close: Array, *, gamma: float) -> Array:
    """Give Ehlers' Laguerre relative strength index."""
    if not len(close):
        return close.copy()
    first = float(close[0])
    line = recurred((1.0 - gamma) * close, gamma, start=(first, 0.0))
    rises, falls = np.zeros(len(close)), np.zeros(len(close))
    for _ in range(3):
        pushed = -gamma * line
        pushed[0] += first
        pushed[1:] += line[:-1]
        later = recurred(pushed, gamma, start=(first, 0.0))
        rises += np.maximum(line - later, 0.0)
        falls += np.maximum(later - line, 0.0)
        line = later
    way = rises + falls
    way[way <= _TINY * np.abs(close)] = 0.0
    return filled(100.0 * quotient(rises, way, otherwise=0.5), 3)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="sum(w_i * d_i) / sum(w_i * |d_i|), d_i = C[t-i+1] - C[t-i], w_i = 1 - cos(2 pi i / (n + 1)); 0 if all "
    "are 0",
    reference="J. F. Ehlers (2022), (Yet Another) Improved RSI, Stocks & Commodities 40:1",
    words="Relative strength that weighs the middle of its window most, which leaves no noise to smooth away: 1 is "
    "only up, -1 only down, a turn near either end is read as a turn of the price.",
    step=hann_step,
)
def rsi_hann(close: Array, *, window: int) -> Array:
    """Give Ehlers' relative strength index with Hann's window."""
    weights = 1.0 - np.cos(2.0 * np.pi * np.arange(1, window + 1) / (window + 1.0))
    step = change(close)
    ratio = quotient(weighted(step, weights), weighted(np.abs(step), weights), otherwise=0.0)
    return within(ratio, -1.0, 1.0)
