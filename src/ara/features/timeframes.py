"""What each shorter bar could know of the longer ones that are made of it (`ara.market.longer`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.market.bars import Bars
from ara.market.longer import resample
from ara.market.timeframe import Timeframe

__all__ = ["Higher"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Higher:
    """Longer bars of an instrument beside its shorter ones.

    Parameters
    ----------
    bars
        The longer ones, closed.
    last
        For each shorter bar, the place of the last longer one that was known at its close; -1 where none was.
    """

    bars: Bars
    last: NDArray[np.int64]

    @classmethod
    def of(cls, bars: Bars, timeframe: Timeframe) -> "Higher":
        """Make longer bars of shorter ones; see `resample`."""
        longer = resample(bars, timeframe)
        known, moments = (one.frame["known_at"].to_physical().to_numpy() for one in (longer, bars))
        return cls(bars=longer, last=np.searchsorted(known, moments, side="right") - 1)

    def seen(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give, for each shorter bar, the figure of the last longer bar that was known at its close; NaN for none."""
        if not len(values):
            return np.full(len(self.last), np.nan)
        return np.where(self.last >= 0, values[np.maximum(self.last, 0)], np.nan)
