"""What indicators are told: the columns of one instrument's bars, prepared once, and what is missing in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.indicator import INPUTS
from ara.features.sets import MARKET
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe

__all__ = ["Inputs", "fresh", "instants"]

_PRICES: Final = ("open", "high", "low", "close")
_FRESH: Final = timedelta(days=7)
_FRESH_BARS: Final = 4

_Array = NDArray[np.float64]


@dataclass(slots=True)
class Inputs:
    """Columns of one instrument's bars.

    Parameters
    ----------
    bars
        Ascending in time.
    others
        Bars of the instruments that it may be compared with, by the name that items call them; `market:crypto` goes
        before `market` for an instrument of that asset class.
    """

    bars: Bars
    others: Mapping[str, Bars]
    _columns: dict[str, _Array] = field(default_factory=dict)
    _gaps: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        moments = instants(self.bars, "at")
        wrong = np.flatnonzero(np.diff(moments) <= 0)
        if len(wrong):
            frame, row = self.bars.frame, int(wrong[0])
            words = f"the bar of {frame['at'][row + 1]} comes after that of {frame['at'][row]}"
            raise FeatureEngineeringError(
                f"The bars of {self.bars.instrument.symbol} are not ascending in time: {words}.",
                hint="Sort them by time and keep one bar for each.",
            )

        self._refuse(instants(self.bars, "known_at") <= moments, "is known before it opened, or as it opened")
        high, low = (self.bars.frame[name].to_numpy() for name in ("high", "low"))
        self._refuse(high < low, "has a high below its low")

    def _refuse(self, wrong: NDArray[np.bool_], words: str) -> None:
        """Refuse bars that no market makes: what is computed of them would be wrong, and nobody would see it."""
        if wrong.any():
            row = int(np.argmax(wrong))
            told = f"The bar of {self.bars.instrument.symbol} at {self.bars.frame['at'][row]} {words}."
            raise FeatureEngineeringError(told, hint="Correct it, or leave it out.")

    def given(self, wanted: tuple[str, ...], *, other: str = "") -> tuple[dict[str, _Array], str]:
        """Give the columns that an indicator wants, and why it can't have them where one is missing."""
        found: dict[str, _Array] = {}
        for name in wanted:
            key = f"other:{other or MARKET}" if name == "other" else name
            if key not in self._columns:
                self._columns[key], self._gaps[key] = self._prepared(name, other or MARKET)
            if self._gaps[key]:
                return {}, self._gaps[key]
            found[name] = self._columns[key]
        return found, ""

    def _prepared(self, name: str, other: str) -> tuple[_Array, str]:
        if name == "other":
            return self._compared(other)
        if name == "session":
            from ara.features.catalogue import columns

            return columns(self.bars, ("session",))["session"], ""
        if name not in INPUTS:
            return np.empty(0), f"bars have no {name}"
        values = self.bars.frame[name].to_numpy().astype(np.float64)
        if name == "volume":
            return self._traded(values)
        if len(values) and not np.isfinite(values).any():
            return values, f"{self.bars.instrument.symbol} has no {name}"
        return values, ""

    def _traded(self, volume: _Array) -> tuple[_Array, str]:
        """Take volume as unknown before the first bar that has one, so that what follows has no say in it."""
        known = volume > 0
        if len(volume) and not known.any():
            return volume, f"{self.bars.instrument.symbol} has no volume"
        start = int(np.argmax(known)) if len(volume) else 0
        return np.where(np.arange(len(volume)) >= start, volume, np.nan), ""

    def _compared(self, other: str) -> tuple[_Array, str]:
        """Give the other's close as it was known at each bar's close; NaN where that is no longer fresh."""
        bars = self.others.get(f"{other}:{self.bars.instrument.asset_class}") or self.others.get(other)
        if bars is None:
            if other == MARKET:
                return np.empty(0), "no instrument is given that stands for its market"
            return np.empty(0), f"no bars of {other} are given to compare with"
        known, now = instants(bars, "known_at"), instants(self.bars, "known_at")
        close = bars.frame["close"].to_numpy().astype(np.float64)
        place = np.searchsorted(known, now, side="right") - 1
        place = place[place >= 0]
        current = now[len(now) - len(place) :] - known[place] <= fresh(self.bars.timeframe, bars.timeframe)
        found = np.full(len(now), np.nan)
        found[len(now) - len(place) :] = np.where(current, close[place], np.nan)
        if len(found) and not np.isfinite(found).any():
            return found, f"nothing was known of {other} at these bars"
        return found, ""


def fresh(*timeframes: Timeframe) -> int:
    """Give for how many microseconds a price stands for its instrument: a week, or four of the longest bars."""
    longest = max(one.span for one in timeframes)
    return max(_FRESH, _FRESH_BARS * longest) // timedelta(microseconds=1)


def instants(bars: Bars, name: str) -> NDArray[Any]:
    """Give `at` or `known_at` of bars, in microseconds."""
    return bars.frame[name].cast(pl.Datetime("us", "UTC")).to_physical().to_numpy()
