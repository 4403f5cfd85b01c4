"""Confirmed turns of the last bars, told at each bar: the stuff of swings and clusters."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array, highest, lowest, runs
from ara.features.indicator import Param

__all__ = ["SPAN", "Turns", "fractals", "legs"]

SPAN: Final = Param(
    default=3, low=1, high=100, whole=True, words="Bars on each side that a turn stands out from; more see larger ones."
)
"""How many bars make a turn sure, and how late it is known: so many bars after it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turns:
    """Turns by the bar at whose close they are known, `span` bars after each.

    Parameters
    ----------
    at
        The bar of each turn, rising.
    price
        The high of a top, the low of a bottom.
    high
        Whether it is a top.
    """

    at: NDArray[np.int64]
    price: Array
    high: NDArray[np.bool_]


def fractals(high: Array, low: Array, span: int) -> Turns:
    """Give the tops above the `span` highs before and not below those after, and the bottoms alike.

    As in `ara.features.swings`, but each from its `2 * span + 1` bars alone: neither made to alternate, nor kept
    waiting by equal highs. A bar that is top and bottom at once tells no order, and is passed over.
    """
    tops, bottoms = _tops(high, span), _tops(-low, span)
    at = np.flatnonzero(tops != bottoms)
    return Turns(at=at, price=np.where(tops[at], high[at], low[at]), high=tops[at])


def _tops(values: Array, span: int) -> NDArray[np.bool_]:
    out = np.zeros(len(values), np.bool_)
    count = len(values) - 2 * span
    if count < 1:
        return out
    around = highest(values, span)
    middle = values[span : span + count]
    before, after = around[span - 1 : span - 1 + count], around[2 * span :]
    out[span : span + count] = (middle > before) & (middle >= after)
    return out


def legs(high: Array, low: Array, *, span: int, window: int) -> tuple[Array, Array]:
    """Give, at each bar, where the last confirmed swing began and where it ended; NaN for the first bars.

    It ends at the newest turn known, and began at the one before it; where that is of the same kind, at the extreme
    between the two. Turns count for `window` bars: without two of them, the swing is from the lowest low of these bars
    to their highest high. After a gap all begins anew.
    """
    found = runs(lambda top, bottom: _legs(top, bottom, span=span, window=window), high, low, outputs=2)
    return found[0], found[1]


def _legs(high: Array, low: Array, *, span: int, window: int) -> tuple[Array, Array]:
    turns = fractals(high, low, span)
    begun, ended = lowest(low, window), highest(high, window)
    at, price = turns.at, turns.price
    if len(at) > 1:
        start = np.where(turns.high[1:] == turns.high[:-1], _between(high, low, turns), price[:-1])
        place = np.arange(len(high))
        newest = np.searchsorted(at + span, place, side="right") - 1
        current = np.maximum(newest, 1)
        there = (newest >= 1) & (place - at[current - 1] < window)
        begun, ended = np.where(there, start[current - 1], begun), np.where(there, price[current], ended)
    lead = window + span - 1
    begun[:lead], ended[:lead] = np.nan, np.nan
    return begun, ended


def _between(high: Array, low: Array, turns: Turns) -> Array:
    """Give the lowest low between two tops, the highest high between two bottoms, for each turn and the next."""
    ends = np.stack([turns.at[:-1], turns.at[1:]], axis=1).ravel()
    least = np.minimum.reduceat(low, ends)[::2]
    most = np.maximum.reduceat(high, ends)[::2]
    return np.where(turns.high[:-1], least, most)
