"""Relative strength: how much of all movement went up."""

from typing import Final

import numpy as np

from ara.features.arrays import change, filled, previous, quotient, rested, steps, sums, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.onward import connors_step, stoch_rsi_step
from ara.features.indicators.momentum.steps import body_step, cutler_step, plain_step, strength_step
from ara.features.indicators.momentum.sums import rmi_step
from ara.features.indicators.momentum.terms import (
    deviation,
    moved,
    place,
    relative,
    strength_memory,
    unbroken,
)
from ara.features.indicators.trend.terms import Array, length, rests
from ara.features.library import talib

__all__ = [
    "cmo",
    "connors_rsi",
    "cutler_rsi",
    "dynamic_momentum",
    "imi",
    "rmi",
    "rsi",
    "stoch_rsi",
]

_WILDER: Final = "J. W. Wilder (1978), New Concepts in Technical Trading Systems, section VI"
_CHANDE: Final = "T. S. Chande and S. Kroll (1994), The New Technical Trader"
_NEAR: Final = 1.0 + 1e-9  # what lacks less of a whole bar lacks it by rounding
_LONGEST: Final = 100
_SHORTEST_MEAN, _LONGEST_MEAN = 5, 30

_WINDOW: Final = length(14, "Bars that count; more of them make it calmer and its extremes rarer.")


@indicator(
    inputs=["close"],
    params={
        "window": _WINDOW,
        "seeded": Param(
            default=1,
            low=0,
            high=1,
            whole=True,
            words="1 begins with the mean of the first changes; 0 with none.",
        ),
    },
    warmup=lambda window, seeded: window if seeded else 1,
    memory=lambda window, seeded: strength_memory(window),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * U / (U + D), U and D Wilder's means of rises and of falls of the close; 50 where no price moved",
    reference=_WILDER,
    words="How much of recent movement went up. Above 70 is usually read as overbought, below 30 as oversold; in a "
    "strong trend it can stay there.",
    step=strength_step,
)
@unbroken
def rsi(close: Array, *, window: int, seeded: int) -> Array:
    """Give Wilder's relative strength index."""
    return relative(close, window, seeded=bool(seeded))


def _plain_momentum(close: Array, window: int) -> Array:
    """Give the move over a window as a share of the way, from -1 to 1: rises less falls over their sum."""
    way = sums(np.abs(change(close)), window)
    return within(quotient(change(close, window), way, otherwise=0.0), -1.0, 1.0)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * U / (U + D), U and D sums of the last n rises and falls of the close; 50 where no price moved",
    reference="D. Cutler; S. B. Achelis (2000), Technical Analysis from A to Z, 2nd ed., Relative Strength Index",
    words="Relative strength from plain sums: it depends on its window alone, so it is the same wherever a history "
    "begins. Above 70 is read as overbought, below 30 as oversold.",
    step=cutler_step,
)
def cutler_rsi(close: Array, *, window: int) -> Array:
    """Give Cutler's relative strength index."""
    return 50.0 + 50.0 * _plain_momentum(close, window)


@indicator(
    inputs=["close"],
    params={
        "window": _WINDOW,
        "smoothed": Param(
            default=0,
            low=0,
            high=1,
            whole=True,
            words="0 takes plain sums, as Chande did; 1 Wilder's means, as TA-Lib.",
        ),
    },
    warmup=lambda window, smoothed: window,
    memory=lambda window, smoothed: strength_memory(window) if smoothed else window + 1,
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula="100 * (U - D) / (U + D), U and D sums of the last n rises and falls of the close; 0 where no price moved",
    reference=_CHANDE,
    words="Rises less falls as a share of all movement: 100 only rose, -100 only fell. Beyond 50 either way is read "
    "as overbought or oversold.",
    step=plain_step,
)
@unbroken
def cmo(close: Array, *, window: int, smoothed: int) -> Array:
    """Give Chande's momentum oscillator."""
    if not smoothed:
        return 100.0 * _plain_momentum(close, window)
    return rested(np.asarray(talib().CMO(close, window)), steps(close), rests(1.0 / window), otherwise=0.0)


@indicator(
    inputs=["close"],
    params={
        "window": length(14, "Bars of the relative strength; more make it calmer."),
        "span": length(14, "Bars of its own range that it is placed in; more make extremes rarer."),
        "smooth": length(1, "Bars that the place is averaged over; 1 leaves it as it is.", low=1),
        "signal": length(3, "Bars of the signal line; more delay it.", low=1),
    },
    outputs=["k", "d"],
    warmup=lambda window, span, smooth, signal: window + span + smooth + signal - 3,
    memory=lambda window, span, smooth, signal: strength_memory(window) + span + smooth + signal,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * (r - min(r, m)) / (max(r, m) - min(r, m)), r = rsi(C, n); its mean; 50 where r stood still",
    reference=_CHANDE,
    words="Where relative strength stands in its own recent range: 100 is its highest, 0 its lowest. It turns sooner "
    "and more often than relative strength itself; above 80 and below 20 are read as extremes.",
    step=stoch_rsi_step,
)
@unbroken
def stoch_rsi(close: Array, *, window: int, span: int, smooth: int, signal: int) -> tuple[Array, Array]:
    """Give the stochastic of the relative strength index and its signal line."""
    strength = relative(close, window)
    k = sums(within(place(strength, strength, strength, span, least=1e-9), 0.0, 100.0), smooth) / smooth
    return filled(k, window + span + smooth + signal - 3), sums(k, signal) / signal


def _ranked(values: Array, window: int) -> Array:
    """Give how many of the values before are smaller, in percent; the first value is not known."""
    return np.asarray(talib().PERCENTRANK(values, window)) if len(values) > window else values * np.nan


def _streak(close: Array) -> Array:
    """Count the closes in a row that rose, or fell as a negative number, up to a hundred."""
    sign = np.sign(steps(close))
    bars = np.arange(len(close))
    turned = np.diff(sign, prepend=np.nan) != 0
    began = np.maximum.accumulate(np.where(turned, bars, 0))
    return np.asarray(sign * np.minimum(bars - began + 1, _LONGEST))


@indicator(
    inputs=["close"],
    params={
        "window": length(3, "Bars of the relative strength of the close; more make it calmer."),
        "streak": length(2, "Bars of the relative strength of the streak; more make it calmer."),
        "rank": length(100, "Bars that the last change is ranked among; more make the rank steadier."),
    },
    warmup=lambda window, streak, rank: max(window, streak, rank + 1),
    memory=lambda window, streak, rank: (
        _LONGEST + 2 + max(strength_memory(window), strength_memory(streak) + 8, rank + 2)
    ),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="(rsi(C, 3) + rsi(streak, 2) + share of the last 100 changes in percent below this one) / 3; streaks to "
    "100",
    reference="L. Connors and C. Alvarez (2012), An Introduction to ConnorsRSI",
    words="A quick relative strength, the run of closes in one direction and the size of the last change in one "
    "figure. Above 90 is read as overbought for some days, below 10 as oversold.",
    step=connors_step,
)
@unbroken
def connors_rsi(close: Array, *, window: int, streak: int, rank: int) -> Array:
    """Give Connors' relative strength index."""
    rate = quotient(change(close), previous(close), otherwise=0.0)
    below = _ranked(rate, rank)
    return np.asarray((relative(close, window) + relative(_streak(close), streak) + below) / 3.0)


@indicator(
    inputs=["close"],
    params={
        "window": length(20, "Bars that count; more make it calmer."),
        "span": length(5, "Bars over which a move is measured; 1 gives relative strength.", low=1),
    },
    warmup=lambda window, span: window + span - 1,
    memory=lambda window, span: strength_memory(window) + span,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * U / (U + D), U and D Wilder's means of rises and falls of C[t] - C[t-m]; 50 where no price moved",
    reference="R. Altman (1993), Relative Momentum Index: Modifying RSI, Stocks & Commodities 11:2",
    words="Relative strength of moves over several bars instead of one, so that it stays longer at the end of its "
    "range while a trend lasts. Above 70 and below 30 are read as extremes.",
    step=rmi_step,
)
@unbroken
def rmi(close: Array, *, window: int, span: int) -> Array:
    """Give Altman's relative momentum index."""
    return 50.0 + 50.0 * moved(change(close, span), window)


@indicator(
    inputs=["close"],
    params={
        "window": length(14, "Bars that count where the price is as wild as usual; more make it calmer.", high=100),
        "measure": length(5, "Bars over which wildness is measured."),
        "usual": length(10, "Bars of the usual wildness that it is compared with."),
    },
    warmup=lambda window, measure, usual: max(_LONGEST_MEAN, measure + usual - 2),
    memory=lambda window, measure, usual: max(_LONGEST_MEAN + 1, measure + usual),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="cutler_rsi over k bars, k = floor(n * mean(s, 10) / s) from 5 to 30, s = standard deviation of 5 closes",
    reference=_CHANDE,
    words="Relative strength over few bars while the price is wild and over many while it is calm, so that it speaks "
    "in time. Above 70 is read as overbought, below 30 as oversold.",
)
@unbroken
def dynamic_momentum(close: Array, *, window: int, measure: int, usual: int) -> Array:
    """Give the dynamic momentum index of Chande and Kroll."""
    start = max(_LONGEST_MEAN, measure + usual - 2)
    if len(close) <= start:
        return np.full(len(close), np.nan)
    wild = deviation(close, measure)
    ratio = quotient(sums(wild, usual) / usual, wild, otherwise=1.0)
    bars = within(np.floor(window * filled(ratio, start) * _NEAR), _SHORTEST_MEAN, _LONGEST_MEAN)
    bars[:start] = _LONGEST_MEAN
    way = bars * talib().MAVP(np.abs(steps(close)), bars, _SHORTEST_MEAN, _LONGEST_MEAN, 0)
    net = close - close[np.maximum(np.arange(len(close)) - bars.astype(np.intp), 0)]
    return filled(50.0 + 50.0 * within(quotient(net, way, otherwise=0.0), -1.0, 1.0), start)


@indicator(
    inputs=["open", "close"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 * sum(C - O where C > O) / sum(|C - O|), last n bars; 50 where no bar has a body",
    reference=_CHANDE,
    words="Relative strength within the bars, from open to close: how much of it went up. Above 70 is read as "
    "overbought, below 30 as oversold.",
    step=body_step,
)
def imi(open: Array, close: Array, *, window: int) -> Array:
    """Give Chande's intraday momentum index."""
    body = close - open
    share = quotient(sums(body, window), sums(np.abs(body), window), otherwise=0.0)
    return 50.0 + 50.0 * within(share, -1.0, 1.0)
