"""One instrument's rows, sorted and as arrays, as every rule looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.quality.report import Severity
from ara.market.calendar import FIRST_YEAR, LAST_YEAR, Calendar, calendar
from ara.market.hours import labels, spans
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe, Unit

__all__ = ["Finding", "Floats", "Instants", "Series", "rows"]

Floats = NDArray[np.float64]
"""Prices, volumes, returns."""

Instants = NDArray[np.int64]
"""Microseconds since 1970, UTC."""

_INSTANT: Final = pl.Datetime("us", "UTC")
_PRICES: Final = ("open", "high", "low", "close")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found: the bars' opens, the words for all of them and those for one."""

    rule: str
    severity: Severity
    at: Instants
    words: str
    single: str = ""
    count: int = -1
    whole: bool = False
    """Whether it is about the series and not about single bars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Rows ascending in time, and among them the bars: one for each time, each with a possible close.

    Parameters
    ----------
    instrument, timeframe, calendar
        Whose they are, how long, and when its venue trades.
    now
        When it is looked at, in microseconds.
    unknown
        How many rows have no time and are left out.
    at, known, learned
        Times of all rows; a missing `known_at` is the open and the timeframe's length, a missing `learned_at` `now`.
    prices
        Open, high, low, close of all rows; NaN where null.
    adjusted, volume
        Of all rows; NaN where null.
    label
        Session under which each row is filed, in days since 1970.
    twin
        Whether an earlier row has the same time.
    bar
        Index of each bar among the rows.
    """

    instrument: Instrument
    timeframe: Timeframe
    calendar: Calendar
    now: int
    unknown: int
    at: Instants
    known: Instants
    learned: Instants
    prices: Floats
    adjusted: Floats
    volume: Floats
    label: NDArray[np.int64]
    twin: NDArray[np.bool_]
    bar: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.at)

    @property
    def daily(self) -> bool:
        """Whether a bar is a session or more, so that it is named by a date."""
        return self.timeframe.unit in (Unit.DAY, Unit.WEEK)

    @property
    def belled(self) -> bool:
        """Whether its bars are parts of sessions that begin and end with a bell."""
        return not self.daily and bool(self.calendar.weekend) and self.calendar.name != "forex"

    def quiet(self) -> NDArray[np.bool_]:
        """Say of each row whether it is of hours outside the regular session, before the bell or after it."""
        if not self.belled or not len(self):
            return np.zeros(len(self), bool)
        days, place = np.unique(self.label, return_inverse=True)
        span = self.timeframe.span // timedelta(microseconds=1)
        early = self.at + span <= self.opens(days)[place]
        return np.asarray(early | (self.at >= self.closes(days)[place]))

    def opens(self, days: NDArray[np.int64]) -> Instants:
        """Give when the bars of sessions open."""
        return self._hours(days, "at")

    def closes(self, days: NDArray[np.int64]) -> Instants:
        """Give when sessions close."""
        return self._hours(days, "known_at")

    def _hours(self, days: NDArray[np.int64], edge: str) -> Instants:
        if not len(days):
            return days
        found = spans(pl.Series("label", days.astype(np.int32)).cast(pl.Date), self.calendar)[edge]
        instants: Instants = found.cast(pl.Int64).to_numpy()
        return instants

    def sessions(self, first: int, last: int) -> NDArray[np.int64]:
        """Give the sessions from one day to another, both included, as days since 1970."""
        low, high = (np.datetime64(day, "D").item().year for day in (first, last))
        years = range(max(low, FIRST_YEAR), min(high, LAST_YEAR) + 1)
        days = np.concatenate([np.empty(0, np.int64), *(_year(self.calendar.name, year) for year in years)])
        return days[np.searchsorted(days, first) : np.searchsorted(days, last, side="right")]

    def when(self, at: int) -> str:
        """Write a time as a person names the bar: by its session, or by the minute."""
        if self.daily:
            return str(self.calendar.dated(_EPOCH + timedelta(microseconds=int(at))))
        return f"{_EPOCH + timedelta(microseconds=int(at)):%Y-%m-%d %H:%M}"

    def since(self, at: Instants, singular: str, plural: str) -> str:
        """Say `1 bar is wrong: 2020-02-03` or `3 bars are wrong, first 2020-02-03`."""
        first = self.when(int(at[0]))
        return f"1 {singular}: {first}" if len(at) == 1 else f"{len(at):,} {plural}, first {first}"


def rows(
    bars: pl.DataFrame, instrument: Instrument, timeframe: Timeframe, *, now: datetime | None = None
) -> tuple[Series, NDArray[np.int64]]:
    """Give rows in time's order, and for each the index of the row that it was."""
    frame = (
        bars.select(_columns(bars.schema)).with_row_index("row").filter(pl.col("at").is_not_null()).sort("at", "row")
    )
    at = frame["at"].cast(pl.Int64).to_numpy()
    span = timeframe.span // timedelta(microseconds=1)
    known = frame["known_at"].cast(pl.Int64).fill_null(frame["at"].cast(pl.Int64) + span)
    moment = _microseconds(now) if now is not None else _last(frame["learned_at"].cast(pl.Int64), known)
    venue = calendar(instrument.calendar)
    prices = frame.select(_PRICES).to_numpy().T
    twin = np.zeros(len(at), bool)
    twin[1:] = at[1:] == at[:-1]
    with np.errstate(invalid="ignore"):
        good = ~twin & np.isfinite(prices[3]) & (prices[3] > 0)
    made = Series(
        instrument=instrument,
        timeframe=timeframe,
        calendar=venue,
        now=moment,
        unknown=len(bars) - len(frame),
        at=at,
        known=known.to_numpy(),
        learned=frame["learned_at"].cast(pl.Int64).fill_null(moment).to_numpy(),
        prices=np.ascontiguousarray(prices),
        adjusted=frame["adjusted"].to_numpy(),
        volume=frame["volume"].to_numpy(),
        label=_days(frame["at"], venue),
        twin=twin,
        bar=np.flatnonzero(good),
    )
    return made, frame["row"].to_numpy().astype(np.int64)


def _days(at: pl.Series, venue: Calendar) -> NDArray[np.int64]:
    found: NDArray[np.int64] = labels(at, venue).cast(pl.Int32).to_numpy().astype(np.int64)
    return found


def _columns(schema: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """Give every column that the rules look at; one that is not there is null."""
    types = {
        **dict.fromkeys(("at", "known_at", "learned_at"), _INSTANT),
        **dict.fromkeys((*_PRICES, "volume", "adjusted"), pl.Float64()),
    }
    found = []
    for name, kind in types.items():
        column = pl.col(name) if name in schema else pl.lit(None)
        found.append(
            column.cast(kind).fill_null(np.nan).alias(name) if kind == pl.Float64() else column.cast(kind).alias(name)
        )
    return found


def _last(*times: pl.Series) -> int:
    """Give the latest time that the rows tell of, for want of a clock."""
    return max((int(latest) for one in times if isinstance(latest := one.max(), int)), default=0)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=512)
def _year(name: str, year: int) -> NDArray[np.int64]:
    """Give a year's sessions as days since 1970; a pure function of its arguments, so kept."""
    first = datetime(year, 1, 1, tzinfo=UTC).date()
    days = np.array(calendar(name).sessions(first, first.replace(month=12, day=31)), "datetime64[D]").astype(np.int64)
    days.flags.writeable = False
    return days
