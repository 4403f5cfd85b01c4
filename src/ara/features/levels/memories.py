"""What the turns of the last bars say of a price: how often it turned there, how far it went, how long ago that was."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array
from ara.features.swings import Swings, swings

__all__ = ["Memories"]

_AFTER: Final = 10
_FULL: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memories:
    """The turns that count, and what each weighs.

    Parameters
    ----------
    turns
        Confirmed by the last bar.
    weight
        Of each: how far the price went from it, in mean true ranges and at most 4 of them, over 4, halved for every
        half window of age.
    reach
        How near to a price a turn counts for it.
    """

    turns: Swings
    weight: Array
    reach: float

    @classmethod
    def of(cls, high: Array, low: Array, ranges: Array, *, span: int, window: int, width: float) -> Self:
        """Gather the turns of the last `window` bars.

        Parameters
        ----------
        high, low
            Of each bar.
        ranges
            The mean true range at each bar.
        span, window, width
            As in `levels`.
        """
        last = len(high) - 1
        found = swings(high, low, strength=span)
        young = found.at > last - window
        turns = Swings(at=found.at[young], price=found.price[young], high=found.high[young], known=found.known[young])
        went = [_reaction(high, low, int(at), bool(top)) for at, top in zip(turns.at, turns.high, strict=True)]
        usual = ranges[turns.at]
        far = np.minimum(np.array(went, np.float64) / np.where(usual > 0, usual, np.inf), _FULL) / _FULL
        weight = np.nan_to_num(far) * 0.5 ** ((last - turns.at) / (window / 2.0))
        reach = width * float(ranges[-1]) if len(ranges) and np.isfinite(ranges[-1]) else 0.0
        return cls(turns=turns, weight=weight, reach=reach)

    def near(self, low: float, high: float) -> NDArray[np.bool_]:
        """Give which turns are within reach of a band."""
        return (self.turns.price >= low - self.reach) & (self.turns.price <= high + self.reach)

    def strength(self, chosen: NDArray[np.bool_]) -> float:
        """Give 0 to 1 for some of the turns."""
        return float(-np.expm1(-self.weight[chosen].sum() / 2.0))

    def clusters(self) -> list[NDArray[np.int64]]:
        """Give groups of two turns and more, none wider than twice the reach: the heaviest first, each turn in one."""
        prices, left, found = self.turns.price, np.ones(len(self.turns), np.bool_), []
        near = np.abs(prices[:, None] - prices) <= self.reach
        while left.any():
            mass = (near & left) @ (self.weight + 1e-9) * left
            members = near[int(mass.argmax())] & left
            left &= ~members
            if members.sum() > 1:
                found.append(np.flatnonzero(members))
        return found


def _reaction(high: Array, low: Array, at: int, top: bool) -> float:
    """Give how far the price went from a turn in the bars after it."""
    after = slice(at + 1, at + 1 + _AFTER)
    if top:
        return float(high[at] - np.nanmin(low[after]))
    return float(np.nanmax(high[after]) - low[at])
