"""The source ECB: the euro's reference rates, one a day since 1999."""

import asyncio
import io
import lzma
import zipfile
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import polars as pl

from ara.data.access import Access, Limit, Venue
from ara.data.access.wire import quote as shown
from ara.data.provider import SCHEMAS, Kind
from ara.errors import DataProviderError, ShapeError, UnknownSymbolError
from ara.market.calendar import LAST_YEAR
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import guess
from ara.market.timeframe import DAY, Timeframe

__all__ = ["EURO", "Ecb"]

EURO: Final = replace(guess("EUR", "currency"), name="Euro", currency="EUR")
"""Stands for all rates of the euro at once: ask `history` for it to get every currency in one answer."""

_QUOTED: Final = (
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY"),
    *("KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR"),
)

_RATES: Final = SCHEMAS[Kind.RATES]
_HISTORY: Final = "/stats/eurofxref/eurofxref-hist.zip"
_LATEST: Final = "/stats/eurofxref/eurofxref.zip"
_FIRST_DAY: Final = date(1999, 1, 4)
_FIRST_YEAR: Final = _FIRST_DAY.year
_SATURDAY: Final = 5
_MANY: Final = 2
_MOST: Final = 32 << 20
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
_FRANKFURT: Final = "Europe/Berlin"
_HOUR: Final = time(14, 15)
_FIXED: Final = pl.duration(hours=_HOUR.hour, minutes=_HOUR.minute)
_PUBLISHED: Final = pl.duration(hours=16)


class Ecb:
    """Reference rates of the European Central Bank: how much of some thirty currencies one euro is worth.

    The central banks agree on them at 14:15 by Frankfurt's clock on working days, which is their `at`, and publish them
    at about 16:00, which is their `known_at`. Each is one moment's price and nobody's trade. Currencies that are quoted
    no longer keep their past. There is no key.

    Parameters
    ----------
    access
        The way to the venue.
    """

    name: ClassVar[str] = "ecb"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.RATES})
    venue: ClassVar[Venue] = Venue(
        name="ecb", url="https://www.ecb.europa.eu", limits=(Limit(requests=30, seconds=60),), check=_LATEST
    )
    classes: ClassVar[frozenset[AssetClass]] = frozenset({AssetClass.FOREX})

    def __init__(self, access: Access) -> None:
        self._access = access

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the euro against each currency that is quoted today, where symbol or name holds the query."""
        wanted = query.strip().casefold()
        pairs = [guess(f"EUR{code}") for code in _QUOTED]
        return [one for one in pairs if wanted in one.symbol.casefold() or wanted in one.name.casefold()]

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give the rates with `start <= at < end`; of the euro's newest alone the small file is asked for.

        Parameters
        ----------
        kind
            `RATES`.
        instrument
            A pair such as `EURUSD`, or `EURO` for all of them.
        timeframe
            A day.
        start, end
            Bounds of `at`, the moment of the fixing.

        Raises
        ------
        UnknownSymbolError
            The instrument is no pair of the euro that was ever quoted.
        """
        _offered(kind, timeframe)
        everything = instrument.symbol == EURO.symbol
        due = _due(start, self._access.clock.now()) if everything else _MANY
        if not due:
            return pl.DataFrame(schema=_RATES)
        rates = await self._rates(_LATEST if due < _MANY else _HISTORY)
        return _of(rates, instrument).filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give the newest rate of each pair; all of them for `EURO`."""
        _offered(kind, DAY)
        rates = await self._rates(_LATEST) if instruments else pl.DataFrame(schema=_RATES)
        rows = [_of(rates, one).select(pl.lit(one.symbol).alias("symbol"), pl.all()) for one in instruments]
        return pl.concat([pl.DataFrame(schema={"symbol": pl.String(), **_RATES}), *rows])

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Refuse: rates come once a day.

        Raises
        ------
        DataProviderError
            Always.
        """
        raise DataProviderError(
            "ecb has no stream: its rates are published once a day, at about 16:00 in Frankfurt.",
            hint="Ask for the latest rate, or name another source for live prices.",
        )

    async def close(self) -> None:
        """Let go of the connection."""
        await self._access.close()

    async def _rates(self, path: str) -> pl.DataFrame:
        packed = await self._access.get(path)
        return await asyncio.to_thread(_read, packed, self._access.clock.now(), back_to_first=path == _HISTORY)


def _due(start: datetime, now: datetime) -> int:
    """Count the fixings from a moment until now, at most two: one stands in the small file, more in the large one.

    A fixing counts from its hour, not from its publication, so that none is ever stepped over by an early one.
    """
    zone = ZoneInfo(_FRANKFURT)
    day, found = start.astimezone(zone).date(), 0
    while found < _MANY and (at := datetime.combine(day, _HOUR, zone)) <= now:
        found += at >= start and day.weekday() < _SATURDAY
        day += timedelta(days=1)
    return found


def _offered(kind: Kind, timeframe: Timeframe) -> None:
    if kind is not Kind.RATES:
        raise DataProviderError(f"ecb has rates, no {kind}.", hint="Name another source with --provider.")
    if timeframe != DAY:
        raise DataProviderError(f"ecb has one rate a day (1d), none of {timeframe}.", hint="Ask for --timeframe 1d.")


def _of(rates: pl.DataFrame, instrument: Instrument) -> pl.DataFrame:
    """Give one pair's rates, or all."""
    if instrument.symbol == EURO.symbol:
        return rates
    found = rates.filter(pl.col("base") + pl.col("quote") == instrument.symbol)
    if found.is_empty():
        raise UnknownSymbolError(
            f"ecb has no rates of {instrument.symbol}.",
            hint=f"It has the euro in {' '.join(sorted(rates['quote'].unique()))}.",
            symbol=instrument.symbol,
        )
    return found


def _read(packed: bytes, now: datetime, *, back_to_first: bool = False) -> pl.DataFrame:
    """Give the rates in a zipped table: a row a day, a column a currency, the newest day first."""
    table = _table(_unpacked(packed))
    rates = table.unpivot(index="day", variable_name="quote", value_name="text")
    rates = rates.with_columns(rate=pl.col("text").str.strip_chars().cast(pl.Float64, strict=False))
    rates = rates.filter(pl.col("text").is_not_null(), ~pl.col("text").str.strip_chars().is_in(["N/A", ""]))
    wrong = rates.filter(~(pl.col("rate").is_finite() & (pl.col("rate") > 0)).fill_null(value=False))
    if wrong.height:
        day, field, text, _ = wrong.row(0)
        raise _odd(f"the rate of {field} on {day} is {shown(text)}", field)
    oldest: object = table["day"].min()
    if back_to_first and oldest != _FIRST_DAY:
        raise _odd(f"its oldest day is {oldest}, not {_FIRST_DAY}, so the table was cut", "Date")
    midnight = pl.col("day").cast(pl.Datetime("us"))
    return rates.select(
        at=_instant(midnight + _FIXED),
        known_at=_instant(midnight + _PUBLISHED),
        learned_at=pl.max_horizontal(pl.lit(now, _RATES["at"]), _instant(midnight + _PUBLISHED)),
        base=pl.lit("EUR"),
        quote="quote",
        rate="rate",
    ).sort("at", "quote")


def _table(text: bytes) -> pl.DataFrame:
    """Give the cells as they stand, under `day` and the codes of the currencies."""
    try:
        cells = pl.read_csv(text, infer_schema=False, truncate_ragged_lines=False)
    except pl.exceptions.PolarsError as error:
        raise _odd(f"it is no table, {shown(str(error))}", "") from None
    _whole(text)
    names = [name.strip() for name in cells.columns]
    cells.columns = names
    codes = [name for name in names[1:] if name]
    strange = [name for name in codes if not (len(name) == 3 and name.isascii() and name.isupper() and name.isalpha())]
    if names[0] != "Date" or not codes or strange:
        raise _odd(f"the columns are {shown(', '.join(names))}", strange[0] if strange else names[0])
    days = cells["Date"].str.strip_chars()
    read = days.str.to_date("%Y-%m-%d", strict=False).fill_null(days.str.to_date("%d %B %Y", strict=False))
    if read.has_nulls():
        raise _odd(f"the date is {shown(days.filter(read.is_null()).fill_null('missing')[0])}", "Date")
    strange_years = days.filter(~read.dt.year().is_between(_FIRST_YEAR, LAST_YEAR))
    if len(strange_years):
        raise _odd(f"the date is {shown(strange_years[0])}", "Date")
    if read.is_duplicated().any():
        raise _odd(f"the date {read.filter(read.is_duplicated())[0]} stands twice", "Date")
    return cells.select(read.alias("day"), *codes)


def _whole(text: bytes) -> None:
    """Refuse a row with fewer cells than the heading: the table was cut, and so perhaps the row's last number."""
    heading, *rows = text.splitlines()
    wanted = heading.count(b",")
    for row in rows:
        if row.strip() and row.count(b",") < wanted:
            held = row.count(b",") + 1
            raise _odd(f"a row has {held} cells under a heading of {wanted + 1}: {shown(row)}", "Date")


def _unpacked(packed: bytes) -> bytes:
    """Give the one file in an archive, no larger than any honest one."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            names = archive.namelist()
            if len(names) != 1 or not names[0].endswith(".csv"):
                raise _odd(f"the archive holds {len(names)} files, not one CSV", "")
            with archive.open(names[0]) as file:
                text = file.read(_MOST + 1)
    except (*_DAMAGED, OSError, RuntimeError, ValueError) as error:
        raise _odd(f'it is no archive, {shown(str(error))}: "{shown(packed)}"', "") from None
    if len(text) > _MOST:
        raise _odd(f"its table is larger than {_MOST >> 20} MB", "")
    return text


def _instant(wall: pl.Expr) -> pl.Expr:
    return wall.dt.replace_time_zone(_FRANKFURT).dt.convert_time_zone("UTC")


def _odd(words: str, field: str) -> ShapeError:
    return ShapeError(f"ecb answers in a shape that isn't the agreed one: {words}.", source="ecb", field=field)
