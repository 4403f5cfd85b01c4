"""Support and resistance: prices at which several confirmed turns lie together."""

import math
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array, filled, highest, lowest, quotient, runs, sums, true_range
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import length
from ara.features.levels.turns import SPAN, fractals
from ara.features.pieces import in_pieces

__all__ = ["support_resistance", "support_resistance_distance"]

_REFERENCE: Final = "C. L. Osler (2000), Support for Resistance, FRBNY Economic Policy Review 6:2; clusters as in Ara"
_FORMULA: Final = (
    "support: mean of the turns of n bars, at or below C, within w = k * mean TR(14) of the highest of them that has "
    "another within w; min L of n bars where none has; resistance alike above C"
)
_RANGE: Final = 14
_PARAMS: Final = {
    "span": SPAN,
    "window": length(250, "Bars in which turns count.", low=10),
    "width": Param(
        default=0.5, low=0.01, high=10.0, words="Reach of a cluster in mean true ranges; more of it joins more turns."
    ),
}

_Levels = tuple[Array, Array, Array, Array]


def _ready(span: int, window: int, width: float) -> int:
    return max(window + span - 1, _RANGE)


def _memory(span: int, window: int, width: float) -> int:
    return max(window + 2 * span, _RANGE + 1)


def _found(high: Array, low: Array, close: Array, *, span: int, window: int, width: float) -> tuple[Array, ...]:
    """Give the figures of each bar, begun anew after a gap."""
    nearest = partial(_nearest, span=span, window=window, width=width)
    memory, turns = _memory(span, window, width), window // (span + 1) + 1

    def stretch(*columns: Array) -> tuple[Array, ...]:
        return in_pieces(nearest, *columns, memory=memory, width=4 * turns)

    return runs(stretch, high, low, close, outputs=4)


def _nearest(high: Array, low: Array, close: Array, *, span: int, window: int, width: float) -> _Levels:
    """Give the nearest cluster at or below the close and the turns in it, and the nearest above it and its turns."""
    below, above = lowest(low, window), highest(high, window)
    under, over = np.zeros(len(close)), np.zeros(len(close))
    reach = width / _RANGE * sums(true_range(high, low, close), _RANGE)
    prices = _known(high, low, span=span, window=window)
    if prices.shape[1] > 1:
        off = prices - close[:, None]
        below, under = _side(np.where(off <= 0.0, -off, np.nan)[:, ::-1], reach, close, below, sign=-1.0)
        above, over = _side(np.where(off > 0.0, off, np.nan), reach, close, above, sign=1.0)
    start = _ready(span, window, width)
    return filled(below, start), filled(under, start), filled(above, start), filled(over, start)


def _known(high: Array, low: Array, *, span: int, window: int) -> NDArray[np.float64]:
    """Give, `[bar, turn]`, the prices of the turns that are known and young enough, rising, NaN behind."""
    turns = fractals(high, low, span)
    place = np.arange(len(high))
    last = np.searchsorted(turns.at + span, place, side="right")
    first = np.minimum(np.searchsorted(turns.at, place - window, side="right"), last)
    most = int((last - first).max(initial=0))
    column = first[:, None] + np.arange(most)
    there = column < last[:, None]
    prices = turns.price[np.minimum(column, max(len(turns.at) - 1, 0))] if most else np.empty((len(high), 0))
    return np.sort(np.where(there, prices, np.nan), axis=1)


def _side(
    off: NDArray[np.float64], reach: Array, close: Array, otherwise: Array, *, sign: float
) -> tuple[Array, Array]:
    """Give the level of the nearest cluster on one side and its turns; `otherwise` and 0 where there is none.

    `off` are distances from the close, rising in a row; the other side's turns are NaN. Of a cluster the mean of the
    distances from its nearest turn is taken, which are small, so nothing is lost of large prices.
    """
    together = off[:, 1:] - off[:, :-1] <= reach[:, None]
    row, first = np.arange(len(off)), together.argmax(axis=1)
    there = together[row, first]
    nearest = off[row, first]
    apart = off - nearest[:, None]
    member = (apart >= 0.0) & (apart <= reach[:, None])
    touches = member.sum(axis=1).astype(np.float64)
    middle = nearest + quotient(np.where(member, apart, 0.0).sum(axis=1), touches)
    return np.where(there, close + sign * middle, otherwise), np.where(there, touches, 0.0)


@indicator(
    inputs=["high", "low", "close"],
    params=_PARAMS,
    outputs=["support", "resistance"],
    warmup=_ready,
    memory=_memory,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=_FORMULA,
    reference=_REFERENCE,
    words="Where the price turned more than once: the nearest such place below it, and above it.",
)
def support_resistance(
    high: Array, low: Array, close: Array, *, span: int, window: int, width: float
) -> tuple[Array, Array]:
    """Give the nearest clusters of turns."""
    below, _, above, _ = _found(high, low, close, span=span, window=window, width=width)
    return below, above


@indicator(
    inputs=["high", "low", "close"],
    params=_PARAMS,
    outputs=["support", "resistance", "support_touches", "resistance_touches"],
    warmup=_ready,
    memory=_memory,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula=f"(C - support) / C, (resistance - C) / C, turns in each (0: none, the extreme of the bars). {_FORMULA}",
    reference=_REFERENCE,
    words="Room down to the nearest support and up to the nearest resistance, as shares of the price, and their turns.",
)
def support_resistance_distance(
    high: Array, low: Array, close: Array, *, span: int, window: int, width: float
) -> tuple[Array, ...]:
    """Give the distances to the nearest clusters of turns and how many turns are in them."""
    below, under, above, over = _found(high, low, close, span=span, window=window, width=width)
    return quotient(close - below, close), quotient(above - close, close), under, over
