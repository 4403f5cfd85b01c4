"""A book as an exchange changes it, level by level."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

__all__ = ["Ladder"]


class Ladder:
    """Bids and asks of one symbol, exact.

    Parameters
    ----------
    bids, asks
        Levels as (price, size), in any order.
    depth
        How many levels a side are kept, the best; all for 0.
    """

    def __init__(
        self, bids: Iterable[tuple[Decimal, Decimal]], asks: Iterable[tuple[Decimal, Decimal]], *, depth: int = 0
    ) -> None:
        self._bids = dict(bids)
        self._asks = dict(asks)
        self._depth = depth

    @property
    def bids(self) -> list[tuple[Decimal, Decimal]]:
        """The levels at which others buy, the highest first."""
        return sorted(self._bids.items(), reverse=True)

    @property
    def asks(self) -> list[tuple[Decimal, Decimal]]:
        """The levels at which others sell, the lowest first."""
        return sorted(self._asks.items())

    def change(self, side: Literal["bid", "ask"], levels: Iterable[tuple[Decimal, Decimal]]) -> None:
        """Set the sizes at some prices; 0 takes a level away, and what falls below the depth goes too."""
        held = self._bids if side == "bid" else self._asks
        for price, size in levels:
            if size:
                held[price] = size
            else:
                held.pop(price, None)
        if self._depth and len(held) > self._depth:
            for price in sorted(held, reverse=side == "bid")[self._depth :]:
                del held[price]
