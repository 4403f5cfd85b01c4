"""What a feature is built from, and other pasts and futures of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.features.audit.swaps import EVERY, swapped
from ara.features.blocks.inputs import instants
from ara.market.bars import Bars, Basis

__all__ = ["Scene"]

_PRICES: Final = ("open", "high", "low", "close")
_TOLD: Final = (*_PRICES, "volume")
_LOUD: Final = 1.6
_TOUCH: Final = 0.2
_TOUCHED: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Bars of an instrument, and of those that it may be compared with.

    Parameters
    ----------
    bars
        Closed, ascending in time.
    others
        By the name that features call them.
    """

    bars: Bars
    others: Mapping[str, Bars] = field(default_factory=dict)

    @property
    def known(self) -> NDArray[np.int64]:
        """When each bar's close was public, in microseconds."""
        found: NDArray[np.int64] = instants(self.bars, "known_at")
        return found

    def until(self, count: int) -> "Scene":
        """Give what was known at the close of bar `count - 1`."""
        return self._each(lambda frame, known: frame.filter(pl.Series(known <= self.known[count - 1])))

    def since(self, row: int) -> "Scene":
        """Give the same without the bars before a row, and without what was known of others before it."""
        first = self.known[row]
        return self._each(lambda frame, known: frame.filter(pl.Series(known >= first)))

    def shuffled(self, count: int, random: np.random.Generator) -> "Scene":
        """Give the past as it is up to bar `count - 1`, and after it the same bars in another order, and higher."""
        last = self.known[count - 1]
        return self._each(lambda frame, known: _mixed(frame, int((known <= last).sum()), random))

    def touched(self, row: int, random: np.random.Generator) -> "Scene":
        """Give the same but for some bars from a row on, each of which is higher and busier by a share of its own."""
        shares = np.zeros(len(self.bars))
        shares[row : row + _TOUCHED] = random.uniform(_TOUCH, 2 * _TOUCH, len(shares[row : row + _TOUCHED]))
        more = pl.Series(shares)
        busier = pl.when(more > 0).then((pl.col("volume") + 1) * (1 + more)).otherwise(pl.col("volume"))
        frame = self.bars.frame.with_columns(pl.col(_PRICES) * (1 + more), volume=busier)
        return replace(self, bars=replace(self.bars, frame=frame))

    def swapped(self, first: int) -> "Scene":
        """Give the same, but of every few bars from `first` on two neighbours have changed places."""
        at = self.known[first::EVERY]
        return self._each(lambda frame, known: swapped(frame, np.flatnonzero(np.isin(known, at))))

    def renamed(self) -> "Scene":
        """Give the same bars under a symbol that nobody has heard, another one each time."""
        unheard = "".join(chr(ord("A") + int(one, 16)) for one in uuid4().hex[:8])
        instrument = self.bars.instrument
        other = replace(instrument, symbol=f"{unheard}{instrument.symbol}")
        return replace(self, bars=replace(self.bars, instrument=other))

    def split_after(self, count: int, ratio: float) -> "Scene":
        """Give bars as traded, with a split of so many new shares for one after bar `count - 1`."""
        past, later = self.bars.frame[:count], self.bars.frame[count:]
        frame = pl.concat([past, _divided(later, ratio)])
        return replace(self, bars=replace(self.bars, frame=frame, basis=Basis.RAW))

    def seen_after_split(self, count: int, ratio: float) -> "Scene":
        """Give the bars up to `count - 1` as they are told once a split has followed them."""
        cut = self.until(count)
        return replace(cut, bars=replace(cut.bars, frame=_divided(cut.bars.frame, ratio)))

    def _each(self, change: Callable[[pl.DataFrame, NDArray[np.int64]], pl.DataFrame]) -> "Scene":
        def changed(bars: Bars) -> Bars:
            known: Any = instants(bars, "known_at")
            return replace(bars, frame=change(bars.frame, known))

        return Scene(bars=changed(self.bars), others={name: changed(one) for name, one in self.others.items()})


def _mixed(frame: pl.DataFrame, count: int, random: np.random.Generator) -> pl.DataFrame:
    past, later = frame[:count], frame[count:]
    told = later.select(_TOLD)[random.permutation(later.height).tolist()] if later.height else later.select(_TOLD)
    return pl.concat([past, later.with_columns(told.with_columns(pl.col(_PRICES) * _LOUD).get_columns())])


def _divided(frame: pl.DataFrame, ratio: float) -> pl.DataFrame:
    return frame.with_columns(pl.col(_PRICES) / ratio, pl.col("volume") * ratio)
