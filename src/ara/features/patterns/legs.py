"""Rows of turns one after the other, at every size that the bars show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, numbers
from ara.features.patterns.extremes import Extremes
from ara.features.swings import Swings, swings, zigzag

__all__ = ["Legs", "bounded", "flipped", "kept", "rows", "sizes"]

_STRENGTHS: Final = (2, 3, 5, 8, 13, 21, 34, 55)
_RANGES: Final = (2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Legs:
    """Rows of turns that follow each other, `[row, turn]`; each row once, however many sizes show it.

    Parameters
    ----------
    at
        Their bars.
    price
        Their prices.
    up
        Of each row, whether its first leg rises.
    known
        Of each row, the first bar at whose close its last turn was sure.
    """

    at: NDArray[np.int64]
    price: Array
    up: NDArray[np.bool_]
    known: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> "Legs":
        """Give some of the rows."""
        return Legs(at=self.at[chosen], price=self.price[chosen], up=self.up[chosen], known=self.known[chosen])


def flipped(turns: Swings) -> Swings:
    """Give the turns of the bars upside down."""
    return Swings(at=turns.at, price=-turns.price, high=~turns.high, known=turns.known)


def sizes(high: Array, low: Array, *, smallest: int = 2) -> list[Swings]:
    """Give the turns of all sizes: those that stand out from 2 to 55 bars, and reversals of 2 to 16 mean ranges.

    The first tell apart what lasts long, the second what goes far; noise has little of both.

    Parameters
    ----------
    high, low
        Of each bar.
    smallest
        Bars from which the first ones stand out, in place of 2.
    """
    wide = [swings(high, low, strength=one) for one in (smallest, *(k for k in _STRENGTHS if k > smallest))]
    return wide + [zigzag(high, low, atr=one) for one in _RANGES]


def rows(turns: Sequence[Swings], count: int) -> Legs:
    """Give all rows of `count` turns one after the other."""
    usable = [one for one in turns if len(one) >= count]
    if not usable:
        nothing = np.empty((0, count))
        return Legs(at=nothing.astype(np.int64), price=nothing, up=np.empty(0, np.bool_), known=np.empty(0, np.int64))
    places = [np.arange(len(one) - count + 1)[:, None] + np.arange(count) for one in usable]
    at = np.concatenate([one.at[place] for one, place in zip(usable, places, strict=True)])
    price = np.concatenate([one.price[place] for one, place in zip(usable, places, strict=True)])
    up = np.concatenate([~one.high[: len(place)] for one, place in zip(usable, places, strict=True)])
    known = np.concatenate([one.known[count - 1 :] for one in usable])
    order = np.lexsort((known, up, *at.T))
    at, price, up, known = at[order], price[order], up[order], known[order]
    new = np.ones(len(at), np.bool_)
    new[1:] = (at[1:] != at[:-1]).any(axis=1) | (up[1:] != up[:-1])
    return Legs(at=at[new], price=price[new], up=up[new], known=known[new])


def bounded(legs: Legs, high: Array, low: Array) -> Legs:
    """Give the rows in which no bar of a leg is beyond the two turns at its ends."""
    if not len(legs.at):
        return legs
    longest = int((legs.at[:, -1] - legs.at[:, 0]).max()) + 1
    peaks, floors = Extremes(high, longest), Extremes(-low, longest)
    good = np.ones(len(legs.at), np.bool_)
    for leg in range(legs.at.shape[1] - 1):
        start, end = legs.at[:, leg], legs.at[:, leg + 1]
        top = np.maximum(legs.price[:, leg], legs.price[:, leg + 1])
        bottom = np.minimum(legs.price[:, leg], legs.price[:, leg + 1])
        good &= (peaks.over(start, end) <= top) & (-floors.over(start, end) >= bottom)
    return legs.only(good)


def kept(high: Array, low: Array, close: Array) -> tuple[Array, Array, NDArray[np.int64]]:
    """Give highs and lows less the bars with a gap, and which bars are left."""
    columns = [numbers(name, one) for name, one in (("high", high), ("low", low), ("close", close))]
    if len({len(one) for one in columns}) > 1:
        raise FeatureEngineeringError(f"high, low and close have {', '.join(str(len(one)) for one in columns)} bars.")
    left = np.flatnonzero(np.logical_and.reduce([np.isfinite(one) for one in columns]))
    return columns[0][left], columns[1][left], left
