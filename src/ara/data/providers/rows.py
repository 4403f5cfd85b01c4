"""From rows as venues write them to frames: what several adapters do alike.

A venue's stamps become sessions and instants, its decimals become floats, and what can't be a bar is refused with the
name of its field or left out with a line in the log.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
import polars as pl

from ara.data.provider import BARS, SCHEMAS, Kind
from ara.errors import DataProviderError, ShapeError
from ara.market.calendar import FIRST_YEAR, LAST_YEAR, Calendar, calendar
from ara.market.hours import labels, spans
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = [
    "bars",
    "between",
    "counted",
    "dated",
    "days",
    "each",
    "facts",
    "named",
    "number",
    "numbers",
    "offered",
    "paid",
    "prices",
    "ratio",
    "unlike",
    "volumes",
]

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
_R = TypeVar("_R")

_ABSURD: Final = 1e18
_FEW: Final = 3
_MOVING: Final = timedelta(days=1)
_PRICES: Final = ("open", "high", "low", "close")
_INSTANT: Final = pl.Datetime("us", "UTC")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH
_BEYOND: Final = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH
_YEARS: Final = {
    pl.Date: (_FIRST.days, _BEYOND.days),
    pl.Datetime: (_FIRST // _MICROSECOND, _BEYOND // _MICROSECOND),
}
_EACH: Final = {"seconds": 10**9, "milliseconds": 10**6, "nanoseconds": 1}
_SHOWN: Final = 24


def counted(stamps: Sequence[int], unit: str, *, since: datetime, source: str, field: str) -> pl.Series:
    """Give epoch stamps of a unit as UTC instants; ShapeError that quotes one at which the source can have no data.

    Parameters
    ----------
    stamps
        So many `unit` since 1970: `seconds`, `milliseconds` or `nanoseconds`.
    unit
        What they count.
    since
        The source has nothing from before.
    source, field
        Who sends them and where, for the message.
    """
    each = _EACH[unit]
    first, beyond = (since - _EPOCH) // _MICROSECOND * 1000 // each, _BEYOND // _MICROSECOND * 1000 // each
    for stamp in (min(stamps), max(stamps)) if stamps else ():
        if not first <= stamp < beyond:
            size = f"before {since.year}: is it in a larger" if stamp < first else "far ahead: is it in a smaller"
            words = f"{source} sends the time {str(stamp)[:_SHOWN]} in {field}, which is {size} unit than {unit}?"
            raise ShapeError(words, source=source, field=field)
    found = pl.Series(field, stamps, pl.Int64)
    return (found * (each // 1000) if each >= 1000 else found // 1000).cast(_INSTANT)


def days(texts: Iterable[str], *, source: str, field: str) -> pl.Series:
    """Give dates such as `2020-08-31` as a column."""
    column = pl.Series(field, list(texts), pl.String)
    found = column.str.to_date("%Y-%m-%d", strict=False)
    if found.null_count():
        raise _odd(source, field, f"the date {column.filter(found.is_null())[0]!r}")
    return _placed(found, column, source, field)


def number(value: Decimal, *, source: str, field: str) -> float:
    """Give one exact number as a float; ShapeError for one that is beyond all prices and volumes, or too small."""
    found = _float(value)
    if not math.isfinite(found) or abs(found) > _ABSURD or (found == 0 and value != 0):
        raise _odd(source, field, f"the number {str(value)[:_SHOWN]}")
    return found


def paid(value: Decimal, *, source: str, field: str) -> float:
    """Give the amount of a dividend; ShapeError where it is below zero."""
    amount = number(value, source=source, field=field)
    if amount < 0:
        raise _odd(source, field, f"the dividend {amount:g}")
    return amount


def ratio(new: Decimal, old: Decimal, *, source: str, field: str) -> float:
    """Give how many new shares one old one became; ShapeError where that is no split."""
    shares, before = number(new, source=source, field=field), number(old, source=source, field=field)
    if shares <= 0 or before <= 0:
        raise _odd(source, field, f"a split of {new} for {old}")
    return shares / before


def numbers(values: Sequence[Decimal | float | None], *, source: str, field: str) -> pl.Series:
    """Give exact numbers as a column of floats; ShapeError where one is beyond all prices and volumes, or too small."""
    floats: list[float | None]
    try:
        floats = list(map(float, values))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        floats = [None if value is None else _float(value) for value in values]
    found = pl.Series(field, floats, pl.Float64)
    # What is null here is a NaN there, and no comparison holds of it.
    sizes = np.abs(found.to_numpy())
    wrong = ~(sizes <= _ABSURD)
    # A number too small for a float would pass as nought.
    wrong[[place for place in (sizes == 0).nonzero()[0].tolist() if values[place] != 0]] = True
    if np.count_nonzero(wrong) > found.null_count():
        place = next(place for place in wrong.nonzero()[0].tolist() if values[place] is not None)
        raise _odd(source, f"{field}[{place}]", f"the number {str(values[place])[:_SHOWN]}")
    return found


def prices(column: pl.Series, *, source: str, zero: bool = True) -> None:
    """Refuse prices below zero with a ShapeError; `zero` says whether nought may stand for one that isn't known."""
    least = column.min()
    if isinstance(least, float) and (least < 0 or (least == 0 and not zero)):
        raise _odd(source, f"{column.name}[{column.arg_min()}]", f"the price {least + 0.0:g}")


def volumes(column: pl.Series, *, source: str) -> None:
    """Refuse volumes below zero with a ShapeError."""
    least = column.min()
    if isinstance(least, float) and least < 0:
        raise _odd(source, f"{column.name}[{column.arg_min()}]", f"the volume {least:g}")


def dated(stamps: pl.Series, zone: str, *, source: str) -> pl.Series:
    """Give the dates that instants have in a zone; ShapeError where there is no such zone."""
    try:
        if stamps.has_nulls():
            return stamps.dt.convert_time_zone(zone).dt.date()
        return _dates(stamps.cast(pl.Int64).to_numpy().tobytes(), zone).alias(stamps.name)
    except pl.exceptions.PolarsError:
        raise _odd(source, "time zone", f"{zone[:40]!r}") from None


def bars(
    stamps: pl.Series,
    columns: Mapping[str, pl.Series],
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    source: str,
    now: datetime,
    zone: str = "",
    zero: bool = True,
) -> pl.DataFrame:
    """Make bars, open ones among them, of a venue's columns in any order.

    Parameters
    ----------
    stamps
        Dates, the labels of daily bars; or the instants, UTC, at which shorter ones opened.
    columns
        `open high low close`, and `volume` and `adjusted` where there are such. Rows without a price are left out.
    instrument, timeframe
        Whose bars, and how long each is.
    source
        The provider's name, for the log.
    now
        When they were received.
    zone
        Where given, daily bars run to the end of their date in this zone, and are known then at the earliest.
    zero
        Whether nought may stand for a price that the source doesn't know.

    Returns
    -------
    pl.DataFrame
        Columns as in `BARS`, ascending, one an `at`. Of the newest one, while it runs and for a day after, a source may
        tell twice: the last in order counts.

    Raises
    ------
    ShapeError
        Two rows have one time and other values, or a number can be no price or no volume.
    """
    frame = pl.DataFrame({"stamp": stamps, **columns})
    priced = frame.drop_nulls(_PRICES) if any(columns[name].has_nulls() for name in _PRICES) else frame
    if dropped := len(frame) - len(priced):
        what = "1 row" if dropped == 1 else f"{dropped:,} rows"
        _log.info("%s: %s of %s without a price left out", source, what, instrument.symbol)
    if priced.is_empty():
        return pl.DataFrame(schema=BARS)
    if not instrument.below_zero:
        for name in _PRICES:
            prices(priced[name], source=source, zero=zero)
    if "volume" in columns:
        volumes(priced["volume"], source=source)
    whole, twice = _single(priced)
    hours = calendar(instrument.calendar)
    stamp = whole["stamp"]
    times = _daily(stamp, hours, zone) if timeframe == DAY else _shorter(stamp, timeframe, hours)
    if len(twice) and (twice[0] != stamp[-1] or times["known_at"][-1] < now - _MOVING):
        raise unlike(source, instrument.symbol, twice[0], priced.filter(pl.col("stamp") == twice[0]))
    learned = _repeated("learned_at", (now - _EPOCH) // _MICROSECOND, pl.Int64(), len(whole)).cast(_INSTANT)
    absent = [_repeated(name, None, pl.Float64(), len(whole)) for name in ("volume", "adjusted") if name not in columns]
    return whole.hstack([*times, learned, *absent])[BARS.names()]


def unlike(source: str, symbol: str, at: date, rows: pl.DataFrame) -> ShapeError:
    """Make the error for a time of which a source gives bars that differ: nobody can say which is right."""
    field = next((name for name in (*_PRICES, "volume") if name in rows.columns and rows[name].n_unique() > 1), "row")
    values = rows[field].unique(maintain_order=True).to_list() if field in rows.columns else []
    told = f": {field} {' and '.join(f'{value or 0:.10g}' for value in values[:_FEW])}" if values else ""
    when = f"{at:%Y-%m-%d %H:%M}" if isinstance(at, datetime) else str(at)
    return ShapeError(
        f"{source} sends unlike bars of {symbol} for {when}{told}.",
        hint="Ask another source with --provider, or this one later.",
        source=source,
        field=field,
        symbol=symbol,
    )


def between(frame: pl.DataFrame, start: datetime, end: datetime) -> pl.DataFrame:
    """Keep the rows with `start <= at < end` that are no open bars."""
    return frame.filter(pl.col("at") >= start, pl.col("at") < end, pl.col("learned_at") >= pl.col("known_at"))


def named(frame: pl.DataFrame, symbol: str) -> pl.DataFrame:
    """Put the symbol before all columns."""
    return frame.select(pl.lit(symbol).alias("symbol"), pl.all())


def facts(values: Mapping[str, str | None], now: datetime) -> pl.DataFrame:
    """Make the kind `FACTS` of fields and their values; a source that keeps no history of them dates them now."""
    there = {field: value.strip() for field, value in values.items() if value and value.strip()}
    columns = {name: [now] * len(there) for name in ("at", "known_at", "learned_at")}
    return pl.DataFrame({**columns, "field": list(there), "value": list(there.values())}, schema=SCHEMAS[Kind.FACTS])


def offered(kind: Kind, kinds: frozenset[Kind], *, source: str) -> None:
    """Raise DataProviderError for a kind that a source doesn't offer."""
    if kind not in kinds:
        there = ", ".join(sorted(kinds))
        raise DataProviderError(f"{source} offers {there}; no {kind}.", hint="Name another source with --provider.")


async def each(ask: Callable[[_T], Awaitable[_R]], items: Iterable[_T], *, at_once: int = 8) -> list[_R]:
    """Ask for each item, a few at once, and give the answers in order; the first failure ends the others."""
    gate = asyncio.Semaphore(at_once)

    async def one(item: _T) -> _R:
        async with gate:
            return await ask(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _float(value: Decimal | float) -> float:
    # float() refuses a signalling NaN
    return math.nan if isinstance(value, Decimal) and value.is_nan() else float(value)


def _repeated(name: str, value: object, kind: pl.DataType, count: int) -> pl.Series:
    return pl.Series(name, [value], kind).new_from_index(0, count)


def _placed(column: pl.Series, said: pl.Series, source: str, field: str) -> pl.Series:
    """Refuse a date or instant outside the years of the calendars; compared as numbers, which takes no query."""
    first, beyond = _YEARS[type(column.dtype)]
    numbers = column.cast(pl.Int64)
    wrong = ((numbers < first) | (numbers >= beyond)).arg_max()
    if wrong is not None and not first <= numbers[wrong] < beyond:
        shown = str(said[wrong])[:_SHOWN]
        raise _odd(source, field, f"the time {shown}, outside the years {FIRST_YEAR} to {LAST_YEAR},")
    return column


def _single(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Give the rows ascending, one a stamp, the last in order; and the stamps, ascending, of which there are unlike."""
    stamps = frame["stamp"]
    if not stamps.has_nulls() and (stamps[1:] > stamps[:-1]).all():
        return frame, stamps.clear()
    if stamps.n_unique() == len(frame):
        return frame.sort("stamp"), stamps.clear()
    distinct = frame.unique(maintain_order=True)
    twice = distinct["stamp"].filter(distinct["stamp"].is_duplicated()).unique().sort()
    return distinct.unique("stamp", keep="last", maintain_order=True).sort("stamp"), twice


def _daily(labels: pl.Series, hours: Calendar, zone: str) -> pl.DataFrame:
    found = spans(labels, hours)
    if not zone:
        return found
    midnight = (labels + timedelta(days=1)).cast(pl.Datetime("us"))
    ends = midnight.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
    return found.with_columns(known_at=pl.max_horizontal("known_at", ends.alias("ends")))


@lru_cache(maxsize=16)
def _dates(micros: bytes, zone: str) -> pl.Series:
    """Give the dates in a zone of instants; many instruments have the same instants."""
    stamps = pl.Series("stamp", np.frombuffer(micros, dtype=np.int64)).cast(_INSTANT)
    return stamps.dt.convert_time_zone(zone).dt.date()


def _shorter(at: pl.Series, timeframe: Timeframe, hours: Calendar) -> pl.DataFrame:
    """Give when bars within sessions open and close: with the session at the latest, outside one by the clock."""
    session = spans(labels(at, hours), hours).rename({"at": "opens", "known_at": "bell"})
    by_clock = pl.col("at") + timeframe.span
    inside = (pl.col("at") >= pl.col("opens")) & (pl.col("at") < pl.col("bell"))
    ends = pl.when(inside).then(pl.min_horizontal(by_clock, "bell")).otherwise(by_clock)
    return session.with_columns(at.rename("at")).select("at", known_at=ends)


def _odd(source: str, field: str, what: str) -> ShapeError:
    return ShapeError(f"{source} sends {what} in {field}.", source=source, field=field)
