"""Rows of turns one after the other, at every size that the bars show."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array
from ara.features.swings import Swings, swings, zigzag

__all__ = ["Legs", "rows", "sizes"]

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


def sizes(high: Array, low: Array, *, smallest: int = 2) -> list[Swings]:
    """Give the turns of all sizes: those that stand out from 2 to 55 bars, and reversals of 2 to 16 mean ranges.

    The first tell apart what lasts long, the second what goes far; noise has little of both.
    """
    wide = [swings(high, low, strength=one) for one in _STRENGTHS if smallest <= one and 2 * one < len(high)]
    return wide + [zigzag(high, low, atr=one) for one in _RANGES]


def rows(turns: list[Swings], count: int) -> Legs:
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
