"""The source files: bars read where they lie, in a folder of CSV or Parquet files, without an import."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote, urlsplit

import polars as pl

from ara.clock import Clock, SystemClock
from ara.data.files import Member, Reading, Table, members
from ara.data.files.member import unreadable
from ara.data.files.series import Series, Spool
from ara.data.provider import BARS, Kind
from ara.errors import DataProviderError, NoBarsError, UnknownSymbolError, ValidationError
from ara.market.bars import Basis
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

if TYPE_CHECKING:
    from ara.data.access import Access, Venue

__all__ = ["Files"]

_MOST: Final = 512 << 20
_HINT: Final = "Name the folder: ara config set data.providers.files.url PATH"


class _Named:
    """Says of the class that the settings name its place, and of no object that it asks a venue: nothing is fetched."""

    def __get__(self, instance: object, owner: type) -> "Venue":
        if instance is not None:
            raise AttributeError("venue")
        from ara.data.access import Venue

        return Venue(name="files", url="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    instrument: Instrument
    basis: Basis
    frame: pl.DataFrame


_Book = Mapping[tuple[str, str], _Held]


class Files:
    """Bars of any file that `ara data import` would take, read again whenever one of them has changed.

    What a file doesn't say is judged as an import judges it; rows that can't be bars are left out. A bar counts as
    learned when its file was last written, or else when it was known.

    Parameters
    ----------
    access
        Has the place: the path of a folder or a file, a pattern such as `prices/*.csv`, or a `file://` address.
    """

    name: ClassVar[str] = "files"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS})
    venue = _Named()

    def __init__(self, access: "Access | None" = None) -> None:
        self._place = "" if access is None else access.url
        self._clock: Clock = SystemClock() if access is None else access.clock
        self._read: tuple[tuple[object, ...], _Book] = ((), {})

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the instruments whose symbol or name holds the query, all for an empty one."""
        wanted = query.strip().casefold()
        book = await asyncio.to_thread(self._book)
        every = {symbol: held.instrument for (symbol, _), held in sorted(book.items())}
        return [one for one in every.values() if wanted in one.symbol.casefold() or wanted in one.name.casefold()]

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give the bars with `start <= at < end`.

        Raises
        ------
        DataProviderError
            Something else than bars is asked for, no place is named, or its files can't be read.
        UnknownSymbolError
            No file has bars of the instrument.
        """
        _offered(kind)
        held = _of(await asyncio.to_thread(self._book), instrument, timeframe)
        return held.frame.filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give each instrument's last bar, the daily one where there is one."""
        _offered(kind)
        book = await asyncio.to_thread(self._book)
        last = []
        for one in instruments:
            steps = [step for symbol, step in book if symbol == one.symbol]
            timeframe = Timeframe.parse(steps[0]) if steps and str(DAY) not in steps else DAY
            row = _of(book, one, timeframe).frame.tail(1)
            last.append(row.select(pl.lit(one.symbol).alias("symbol"), pl.all()))
        return pl.concat([pl.DataFrame(schema={"symbol": pl.String(), **BARS}), *last])

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Refuse: files have no live data.

        Raises
        ------
        DataProviderError
            Always.
        """
        raise DataProviderError("Files have no live data.", hint="Name a live source in the setting data.providers.")

    async def close(self) -> None:
        """Forget what was read."""
        self._read = ((), {})

    def basis(self, instrument: Instrument) -> Basis:
        """Give what the bars of an instrument are adjusted for, as its file was judged."""
        book = self._read[1]
        return next((held.basis for (symbol, _), held in book.items() if symbol == instrument.symbol), Basis.RAW)

    def _book(self) -> _Book:
        """Read what is there, or give what was read if nothing has changed since."""
        if not self._place:
            raise DataProviderError("The source files has no folder to read.", hint=_HINT)
        try:
            found, _ = members(_path(self._place))
            state = tuple((member.name, _changed(member), member.size) for member in found)
            if state != self._read[0]:
                self._read = state, self._all(found)
        except ValidationError as error:
            raise DataProviderError(f"The source files can't read: {error.message}", hint=error.hint or _HINT) from None
        return self._read[1]

    def _all(self, found: Sequence[Member]) -> _Book:
        size = sum(member.size for member in found)
        if size > _MOST:
            raise ValidationError(
                f"{size >> 20:,} MB of files are more than {_MOST >> 20} MB.", hint="Import them: ara data import"
            )
        book: dict[tuple[str, str], _Held] = {}
        failed = ""
        for member in found:
            try:
                table = Table(member, Reading(wide=True))
            except ValidationError as error:
                failed = failed or error.message
                continue
            for key, held in self._one(member, table):
                book[key] = _joined(book[key], held) if key in book else held
        if not book:
            raise ValidationError(failed or "there are no bars.")
        return book

    def _one(self, member: Member, table: Table) -> list[tuple[tuple[str, str], _Held]]:
        written = datetime.fromtimestamp(_changed(member) / 1e9, UTC)
        learned = pl.max_horizontal(pl.lit(written, pl.Datetime("us", "UTC")), "known_at").alias("learned_at")
        parts: dict[tuple[str, str], _Held] = {}
        with tempfile.TemporaryDirectory(prefix="ara-files-") as folder:
            spool = Spool(Path(folder))
            for piece, _ in table.frames():
                spool.add(piece)
            series = Series(spool, basis=None, timeframe=None, name=member.name, now=self._clock.now())
            for frame, instrument, _ in series.bars(""):
                if not frame.is_empty():
                    key = instrument.symbol, str(frame["timeframe"][0])
                    bars = frame.with_columns(learned).select(BARS.names()).cast(BARS)
                    held = _Held(instrument=instrument, basis=Basis(frame["basis"][0]), frame=bars)
                    parts[key] = _joined(parts[key], held) if key in parts else held
        return list(parts.items())


def _joined(first: _Held, second: _Held) -> _Held:
    """Add what a later file has beyond an earlier one."""
    both = pl.concat([first.frame, second.frame]).unique("at", keep="first", maintain_order=True).sort("at")
    return _Held(instrument=first.instrument, basis=first.basis, frame=both)


def _of(book: _Book, instrument: Instrument, timeframe: Timeframe) -> _Held:
    held = book.get((instrument.symbol, str(timeframe)))
    if held is not None:
        return held
    steps = ", ".join(step for symbol, step in book if symbol == instrument.symbol)
    if steps:
        raise NoBarsError(
            f"The files have bars of {instrument.symbol} of {steps}, none of {timeframe}.",
            hint=f"Ask for --timeframe {steps.partition(',')[0]}.",
        )
    listed = " ".join(sorted({symbol for symbol, _ in book})[:12])
    raise UnknownSymbolError(
        f"No file has bars of {instrument.symbol}.", hint=f"They have: {listed}", symbol=instrument.symbol
    )


def _offered(kind: Kind) -> None:
    if kind is not Kind.BARS:
        raise DataProviderError(
            f"Files have bars, no {kind}.", hint="Name another source in the setting data.providers."
        )


def _path(place: str) -> Path:
    if not place.startswith("file:"):
        return Path(place)
    parts = urlsplit(place)
    if parts.netloc not in {"", "localhost"}:
        raise ValidationError(f"{place[:80]!a} is on another machine.", hint="A file's address is file:///PATH.")
    return Path(unquote(parts.path))


def _changed(member: Member) -> int:
    try:
        return member.path.stat().st_mtime_ns
    except OSError as error:
        raise unreadable(member.name, error) from None
