"""Importing files of bars into a bar store: whatever their layout, once, resumable, with a report of what was refused.

A file's answers are kept like a venue's: the file itself in bronze, its bars as published in silver under the source
`file:NAME`. What a file doesn't say is judged once for the whole of it, and said.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from ara.clock import Clock
from ara.data.bar_store import ROWS, Appended, BarStore
from ara.data.files import Reading, Refused, Table
from ara.data.files.columns import symbol_of
from ara.data.files.factors import factors, is_map
from ara.data.files.member import Member, members
from ara.data.files.prices import possible
from ara.data.files.refusals import reasons, together
from ara.data.files.series import EARLY, Series, Spool
from ara.data.files.spooling import spooling
from ara.data.grades import MOST, Grade, Unjudged, grade
from ara.data.imported import Imported
from ara.data.marks import Marks, content, digest_of
from ara.data.origin import cleaned, origin, shown
from ara.data.provider import Kind
from ara.data.rereading import read_otherwise
from ara.errors import CancelledError, ValidationError
from ara.market.bars import Basis
from ara.market.calendar import calendar
from ara.market.instrument import Instrument
from ara.market.symbols import guess
from ara.market.timeframe import Timeframe

if TYPE_CHECKING:
    from ara.data.access import Payload
    from ara.settings import Settings

__all__ = ["import_path"]

_Part = tuple[pl.DataFrame, Instrument, list[Refused]]
_WHOLE: Final = 64 << 20
_TOGETHER: Final = 200_000


def import_path(
    store: BarStore,
    path: Path,
    *,
    clock: Clock,
    settings: "Settings | None" = None,
    symbol: str = "",
    source: str = "",
    basis: str = "",
    timeframe: str = "",
    timezone: str = "",
    dates: str = "",
    asset_class: str = "",
    wide: bool = False,
    strict: bool = False,
    progress: Callable[[int, int, str], bool] | None = None,
) -> Imported:
    """Import a file, a folder or a pattern of files.

    What was imported before, hasn't changed and still has bars in the store is passed over, so an import that was
    stopped is simply run again: nothing is doubled. A row that can't be a bar, or has a price that can be none, is
    reported and left out; the file as it is stays beside the bars.

    Parameters
    ----------
    store
        Where the bars go.
    path
        CSV or Parquet, packed by gzip or zip or not; a folder; a pattern such as `prices/*.csv`.
    clock
        Tells when they are received. A bar that isn't over by then is refused.
    settings
        `data.max_mb` says, where it is more than 64, how large a file may be that is kept whole beside its bars.
    symbol
        Whose bars they are, where no column says so; else what the file is called.
    source
        Name of their origin, kept as `file:NAME`; the file's own name if empty.
    basis
        `raw`, `split` or `total`: what the prices are adjusted for. Judged by the adjusted closes if empty: raw where
        there are none or where they step as splits do and the prices do not, total where they are the closes, else
        split.
    timeframe
        Length of a bar; by the commonest distance of two stamps if empty.
    timezone
        IANA zone of times that name none; UTC if empty.
    dates
        `dmy` or `mdy`, where the whole column leaves it open.
    asset_class
        Kind of instrument, where neither file nor symbol says it.
    wide
        Each column but the time holds the closes of the symbol that it is called, whether that is known or not.
    strict
        Refuse a file with any row that can't be a bar.
    progress
        Told how many files of how many are done, and which is next; false stops before it.

    Raises
    ------
    ValidationError
        There is nothing to read, or no row of it can be a bar; under `strict`, any row can't be one.
    CancelledError
        `progress` said to stop; what was imported stays.
    """
    reading = Reading(symbol=symbol, timezone=timezone, dates=dates, asset_class=asset_class, wide=wide)
    asked = _Asked(
        reading=reading,
        source=origin(source),
        basis=Basis(basis) if _known_basis(basis) else None,
        timeframe=Timeframe.parse(timeframe) if timeframe else None,
        strict=strict,
        whole=max(_WHOLE, 0 if settings is None else settings.data.max_mb << 20),
    )
    found, passed = members(path)
    run = _Run(store, clock, asked)
    run.skipped += passed
    files = list(dict.fromkeys(member.path for member in found))
    for done, file in enumerate(files):
        if progress is not None and not progress(done, len(files), shown(file.name)):
            run.flush()
            raise CancelledError(
                f"The import stopped before {shown(file.name)}.", hint="Run it again: what is there is passed over."
            )
        run.add(file, [member for member in found if member.path == file], alone=len(files) == 1 and not passed)
    run.flush()
    if progress is not None:
        progress(len(files), len(files), "")
    return run.told()


def _known_basis(basis: str) -> bool:
    if basis and basis not in list(Basis):
        raise ValidationError(f"The basis is {basis[:20]!a}; allowed: {', '.join(Basis)}.")
    return bool(basis)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    reading: Reading
    source: str
    basis: Basis | None
    timeframe: Timeframe | None
    strict: bool
    whole: int

    @property
    def words(self) -> dict[str, str]:
        """What distinguishes two imports of one file."""
        reading = self.reading
        return {
            "symbol": reading.symbol,
            "timezone": reading.timezone,
            "dates": reading.dates,
            "asset_class": reading.asset_class,
            "source": self.source,
            "basis": str(self.basis or ""),
            "timeframe": str(self.timeframe or ""),
        } | ({"wide": "yes"} if reading.wide else {})


@dataclass(slots=True)
class _Waiting:
    """Bars that wait to be kept together, and the marks of files that are done with them."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    instruments: dict[tuple[str, str], Instrument] = field(default_factory=dict)
    marks: list["Payload"] = field(default_factory=list)
    rows: int = 0


@dataclass(slots=True)
class _OfFile:
    """What is known of the file that is read now: whose bars, whether some are not over yet, whether it was here."""

    symbols: set[str] = field(default_factory=set)
    early: bool = False
    known: bool = False
    alone: bool = True


class _Run:
    def __init__(self, store: BarStore, clock: Clock, asked: _Asked) -> None:
        self._store = store
        self._clock = clock
        self._asked = asked
        self._waiting = _Waiting()
        self._done = Appended(new=0, corrected=0, same=0)
        self._symbols: set[str] = set()
        self._files = self._rows = 0
        self._refused: list[Refused] = []
        self._notes: list[str] = []
        self._marks = Marks(store, asked.words)
        self._of_file = _OfFile()
        self._known: set[str] | None = None
        self._quality: list[Grade] = []
        self._unjudged: dict[Unjudged, None] = {}
        self._judged = 0
        self.skipped: list[str] = []

    def add(self, file: Path, tables: list[Member], *, alone: bool) -> None:
        """Import one file."""
        now = self._clock.now()
        try:
            digest = digest_of(file)
        except ValidationError as error:
            if alone:
                raise
            self.skipped.append(error.message)
            return
        if self._marks.done(self._marks.of(file, digest, now), {self._source(member) for member in tables}):
            self.skipped.append(f"{shown(file.name)} was imported before and has not changed.")
            return
        fetch = ""
        read = 0
        self._of_file = _OfFile(alone=len(tables) == 1)
        for member in tables:
            try:
                if self._facts(member, now):
                    read += 1
                    continue
                table = Table(member, self._asked.reading, kept=self._kept)
                table.check_name()
            except ValidationError as error:
                if alone and len(tables) == 1:
                    raise
                self.skipped.append(error.message)
                continue
            if not fetch:
                whole = content(file, digest, now, most=self._asked.whole)
                self._of_file.known = self._marks.kept(whole)
                fetch = self._store.keep([whole])
            if why := self._table(member, table, fetch, now):
                if alone and len(tables) == 1:
                    raise why
                self.skipped.append(why.message)
                continue
            read += 1
        if read:
            self._files += 1
            if not self._of_file.early:
                self._waiting.marks.append(self._marks.of(file, digest, now, symbols=self._of_file.symbols))

    def _table(self, member: Member, table: Table, fetch: str, now: datetime) -> ValidationError | None:
        """Take the bars of a table; say why where none of them can be taken."""
        with spooling() as folder:
            spool = Spool(folder)
            try:
                refused = _spooled(table, spool, member.name)
            except ValidationError as error:  # it turns out further down; of its bars none is held yet
                return error
            if not spool.rows and not self._asked.strict:
                self._refused += refused
                words = f"{member.name} has no row that can be a bar: {reasons(refused)}."
                return ValidationError(words, hint="Correct its rows and import it again.")
            series = Series(
                spool,
                basis=self._asked.basis,
                timeframe=self._asked.timeframe,
                name=member.name,
                now=now,
                actions=self._actions,
            )
            read = partial(series.bars, self._asked.reading.asset_class)
            if self._asked.strict:
                refused += [one for *_, report in read() for one in report]
                if refused:
                    raise ValidationError(
                        f"{refused[0].words}; nothing of it was imported.",
                        hint="Correct the row, or leave out --strict.",
                    )
            if self._of_file.known and (why := self._otherwise(read(), member, fetch)):
                return why
            for frame, instrument, report in read():
                refused += report
                self._judge(frame, instrument, now, source=self._source(member))
                self._hold(frame, instrument, source=self._source(member), fetch=fetch)
            self._notes += series.notes + table.notes
            self._rows += spool.rows
        # What can be a bar later makes the file worth reading again.
        self._of_file.early |= any(one.reason == EARLY for one in refused)
        self._refused += together(refused)
        return None

    def _otherwise(self, read: Iterator[_Part], member: Member, fetch: str) -> ValidationError | None:
        parts = ((instrument.symbol, frame) for frame, instrument, _ in read)
        source, alone = self._source(member), self._of_file.alone
        return read_otherwise(self._store, parts, name=member.name, source=source, fetch=fetch, whole=alone)

    def _judge(self, frame: pl.DataFrame, instrument: Instrument, now: datetime, *, source: str) -> None:
        """Say how good the bars of a series are, as long as they are not very many."""
        if frame.is_empty():
            return
        series = Unjudged(symbol=instrument.symbol, timeframe=str(frame["timeframe"][0]), source=source)
        # a very long series comes in parts, of which the last is short
        if series in self._unjudged or self._judged + frame.height > MOST:
            self._unjudged[series] = None
            return
        self._judged += frame.height
        actions = self._store.facts(Kind.ACTIONS, instrument.symbol)
        self._quality.append(grade(frame, instrument, actions=actions, now=now))

    def _hold(self, frame: pl.DataFrame, instrument: Instrument, *, source: str, fetch: str) -> None:
        rows = frame.with_columns(
            symbol=pl.lit(instrument.symbol),
            asset_class=pl.lit(str(instrument.asset_class)),
            source=pl.lit(source),
            imputed=pl.lit(value=False),
            fetch=pl.lit(fetch),
        )
        waiting = self._waiting
        waiting.frames.append(rows.select(ROWS.names()).cast(ROWS))
        waiting.instruments[source, instrument.symbol] = instrument
        waiting.rows += rows.height
        self._symbols.add(instrument.symbol)
        if rows.height:
            self._of_file.symbols.add(instrument.symbol)
        if waiting.rows >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Keep the bars that wait, then the marks of the files that are done."""
        waiting = self._waiting
        if waiting.frames:
            self._done += self._store.append(pl.concat(waiting.frames))
            self._marks.forget()
        by_source: dict[str, list[Instrument]] = {}
        for (source, _), instrument in waiting.instruments.items():
            by_source.setdefault(source, []).append(instrument)
        for source, instruments in by_source.items():
            self._store.put_instruments(instruments, source=source, learned_at=self._clock.now())
        waiting.frames, waiting.instruments, waiting.rows = [], {}, 0
        for mark in waiting.marks:
            self._store.keep([mark])
        waiting.marks.clear()

    def _kept(self) -> set[str]:
        """Give the symbols that the store has bars of, before this import."""
        if self._known is None:
            self._known = set(self._store.catalogue()["symbol"].to_list())
        return self._known

    def _actions(self) -> pl.DataFrame:
        return self._store.facts(Kind.ACTIONS)

    def _facts(self, member: Member, now: datetime) -> bool:
        """Take a file of factors or of tickers for what it is; false where it is neither."""
        if is_map(member):
            raise ValidationError(f"{member.name} holds no bars: it lists the tickers that a company had.")
        symbol = self._asked.reading.symbol or symbol_of(member.stem)
        if not symbol:
            return False
        instrument = guess(symbol, self._asked.reading.asset_class or "stock")
        stated = factors(member, calendar(instrument.calendar), now=now)
        if stated is None:
            return False
        added = self._store.append_facts(Kind.ACTIONS, instrument.symbol, self._source(member), stated.actions)
        self._of_file.symbols.add(instrument.symbol)
        self._notes.append(f"{member.name} states {stated.words(new=added)}.")
        return True

    def _source(self, member: Member) -> str:
        return f"file:{(self._asked.source.removeprefix('file:') or cleaned(member.path.stem))}"

    def told(self) -> Imported:
        """Give what came of it."""
        if not self._files and not any("imported before" in reason for reason in self.skipped):
            raise ValidationError(self.skipped[0] if self.skipped else "There is nothing to import.")
        return Imported(
            files=self._files,
            symbols=len(self._symbols),
            rows=self._rows,
            new=self._done.new,
            corrected=self._done.corrected,
            same=self._done.same,
            refused=tuple(self._refused),
            skipped=tuple(self.skipped),
            notes=tuple(self._notes),
            quality=tuple(self._quality),
            unjudged=tuple(self._unjudged),
        )


def _spooled(table: Table, spool: Spool, name: str) -> list[Refused]:
    """Put down the rows of a table that can be bars; give the report of the others."""
    refused: list[Refused] = []
    for piece, report in table.frames():
        good, bad = possible(piece, name)
        spool.add(good)
        refused += [*report, *bad]
    return list(together(refused))
