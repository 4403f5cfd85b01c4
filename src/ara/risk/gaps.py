"""Prices of one thing at several venues: how far apart, how often more than trading costs, and whether that lasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["Gap", "gaps"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Buying at one venue and selling at another at the same moment.

    Parameters
    ----------
    buy, sell
        Where.
    bars
        So many moments at which both have a price.
    usual
        Median size of the difference of the two prices, costs apart.
    now
        What is left after the costs of both at the last moment, as a share of what is paid; below 0 it is a loss.
    paid
        How many moments left more than nothing.
    gain
        What they left on average; None where there are none.
    best
        The most that any left.
    stayed
        Of the moments that left something and have a next one: the share at which the next left something too. Who sees
        a gap at the close can act at the next price at the earliest.
    longest
        So many moments, one after the other, left something.
    place
        The row of the last moment at which both have a price.
    """

    buy: str
    sell: str
    bars: int
    usual: float
    now: float
    paid: int
    gain: float | None
    best: float
    stayed: float | None
    longest: int
    place: int

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "buy": self.buy,
            "sell": self.sell,
            "bars": self.bars,
            "usual": self.usual,
            "now": self.now,
            "paid": self.paid,
            "gain": self.gain,
            "best": self.best,
            "stayed": self.stayed,
            "longest": self.longest,
        }


def gaps(venues: Sequence[str], prices: _Array, *, costs: Mapping[str, float]) -> list[Gap]:
    """Give each two venues' gap, each way, what left most on average and most often first.

    What is left of buying for p and selling for q is q (1 - cost there) / (p (1 + cost here)) - 1. Moving the goods,
    and what a close is worth that nobody could trade at, are not in it: it is the most that could have been had.

    Parameters
    ----------
    venues
        Names, one for each column.
    prices
        `[moment, venue]`, ascending in time; NaN where a venue has none then.
    costs
        Of each venue: what a trade takes, as a share of its value, half the spread included.
    """
    if len(venues) < 2 or len(set(venues)) != len(venues) or prices.shape[1:] != (len(venues),):
        raise ValidationError(f"There are {len(venues)} venues; two with a column each are needed.")
    if bad := [one for one in venues if not 0 <= costs.get(one, -1.0) < 1]:
        raise ValidationError(f"The cost at {bad[0]} is {costs.get(bad[0])}; it is from 0 to below 1.")
    known = np.where(np.isfinite(prices) & (prices > 0), prices, np.nan)
    found = []
    for here, there in permutations(range(len(venues)), 2):
        shared = np.flatnonzero(np.isfinite(known[:, here]) & np.isfinite(known[:, there]))
        if len(shared):
            own = (costs[venues[here]], costs[venues[there]])
            names = (venues[here], venues[there])
            found.append(_gap(names, known[shared][:, [here, there]], own, int(shared[-1])))
    if not found:
        raise ValidationError("No two venues have a price at the same moment.", hint="Take bars of one length.")
    return sorted(found, key=lambda one: (-one.paid * (one.gain or 0.0), -one.now, one.buy, one.sell))


def _gap(names: tuple[str, str], prices: _Array, costs: tuple[float, float], place: int) -> Gap:
    bought, sold = prices.T
    left = sold * (1 - costs[1]) / (bought * (1 + costs[0])) - 1
    pays = left > 0
    before = pays[:-1]
    return Gap(
        buy=names[0],
        sell=names[1],
        bars=len(left),
        usual=float(np.median(np.abs(np.log(sold / bought)))),
        now=float(left[-1]),
        paid=int(pays.sum()),
        gain=float(left[pays].mean()) if pays.any() else None,
        best=float(left.max()),
        stayed=float(pays[1:][before].mean()) if before.any() else None,
        longest=_longest(pays),
        place=place,
    )


def _longest(pays: NDArray[np.bool_]) -> int:
    """Give the length of the longest run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], pays, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
