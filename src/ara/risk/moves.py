"""Returns of several instruments side by side, on the days that all of them have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.market.bars import Bars
from ara.market.calendar import calendar
from ara.market.hours import labels

__all__ = ["Moves", "aligned", "days_a_year"]

_Array = NDArray[np.float64]

_FEWEST: Final = 3
_YEARS: Final = (date(2017, 1, 1), date(2020, 12, 31))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moves:
    """Daily returns of instruments on the days that all have.

    Parameters
    ----------
    symbols
        Whose, in the order of the columns.
    dates
        The day on which each return ended, by each instrument's own calendar.
    returns
        `[day, instrument]`: simple returns from one common day to the next.
    per_year
        Days of a year, by the calendar that has the fewest.
    """

    symbols: tuple[str, ...]
    dates: tuple[date, ...]
    returns: _Array
    per_year: float

    def __len__(self) -> int:
        return len(self.dates)

    def last(self, days: int) -> "Moves":
        """Give the last so many days of them."""
        return self._cut(slice(max(len(self) - days, 0), None), range(len(self.symbols)))

    def only(self, symbols: Sequence[str]) -> "Moves":
        """Give those of some of the instruments, in the order that is named."""
        return self._cut(slice(None), [self.symbols.index(one) for one in symbols])

    def _cut(self, days: slice, places: Sequence[int]) -> "Moves":
        return Moves(
            symbols=tuple(self.symbols[place] for place in places),
            dates=self.dates[days],
            returns=np.ascontiguousarray(self.returns[days][:, list(places)]),
            per_year=self.per_year,
        )


def aligned(bars: Sequence[Bars]) -> Moves:
    """Put daily closes of instruments side by side and give their returns.

    A day counts that all of them have; a coin's return from Friday to Monday then spans the weekend, so that nothing is
    compared with a day on which the others stood still. Closes that are missing or not above 0 are passed over.

    Parameters
    ----------
    bars
        One series of daily bars for each instrument.

    Raises
    ------
    ValidationError
        There is no instrument, one is there twice, or they have fewer than three days in common.
    """
    symbols = [one.instrument.symbol for one in bars]
    if not symbols:
        raise ValidationError("No instrument is given.", hint="Name one, such as AAPL.")
    if twice := {one for one in symbols if symbols.count(one) > 1}:
        raise ValidationError(f"{min(twice)} is there twice.", hint="Name each instrument once.")
    whole: pl.DataFrame | None = None
    for place, one in enumerate(bars):
        day = labels(one.frame["at"], calendar(one.instrument.calendar))
        close = pl.DataFrame({"day": day, str(place): one.frame["close"]})
        close = close.filter(pl.col(str(place)).is_finite() & (pl.col(str(place)) > 0)).unique("day", keep="last")
        whole = close if whole is None else whole.join(close, on="day", how="inner")
    assert whole is not None  # noqa: S101 - there is an instrument
    whole = whole.sort("day")
    if len(whole) < _FEWEST:
        spans = _spans({one.instrument.symbol: one for one in bars})
        raise ValidationError(
            f"{' and '.join(symbols[:3])} have {len(whole)} days in common; {_FEWEST} are needed.",
            hint=f"Their bars: {spans}.",
        )
    close_of = whole.drop("day").to_numpy()
    return Moves(
        symbols=tuple(symbols),
        dates=tuple(whole["day"].to_list()[1:]),
        returns=np.ascontiguousarray(close_of[1:] / close_of[:-1] - 1),
        per_year=min(days_a_year(one.instrument.calendar) for one in bars),
    )


@lru_cache(maxsize=64)
def days_a_year(name: str) -> float:
    """Give the sessions that a calendar has in a year: 252 of the New York exchanges, 365 of coins.

    The mean of 2017 to 2020, rounded to whole days.
    """
    return float(round(len(calendar(name).sessions(*_YEARS)) / 4))


def _spans(bars: Mapping[str, Bars]) -> str:
    told = []
    for symbol, one in list(bars.items())[:3]:
        ends = one.frame["at"].sort()
        told.append(f"{symbol} " + (f"{ends[0]:%Y-%m-%d} to {ends[-1]:%Y-%m-%d}" if len(one) else "none"))
    return ", ".join(told)
