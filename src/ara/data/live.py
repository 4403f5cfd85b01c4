"""From a source's stream to closed bars: each once, in its turn, and none left out.

A stream tells of bars while they run and when they close, may repeat itself, lose a message or be silent for a while.
What `closed` gives is what `history` gives later: bars whose close was public when they were learned. A bar that the
stream doesn't tell of is asked for; a bar that the source itself doesn't have `patience` after its end has no trade.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import polars as pl

from ara.clock import Clock
from ara.data.provider import BARS, Kind, Provider
from ara.errors import AraError, DataProviderError, ValidationError
from ara.market.calendar import Calendar, calendar
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe, Unit

__all__ = ["MINUTE", "PATIENCE", "closed"]

MINUTE: Final = Timeframe(1, Unit.MINUTE)
"""The bars of streams, of which longer ones are made."""

PATIENCE: Final = timedelta(seconds=5)
"""How long after a bar's end a source has time to tell of it, before it is asked."""

_SCHEMA: Final = pl.Schema({"symbol": pl.String(), **BARS})
_NAMES: Final = _SCHEMA.names()
_LATE: Final = timedelta(hours=1)
_TRIES: Final = 5
_SILENT: Final = 3
_WAITING: Final = 1000

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_Row = tuple[Any, ...]
"""One row of a stream: symbol, at, known_at, learned_at, open, high, low, close, volume, adjusted."""


@dataclass(slots=True)
class _Series:
    """Where the bars of one instrument stand: all before `due` went out."""

    instrument: Instrument
    hours: Calendar
    step: Timeframe
    due: datetime | None = None
    held: dict[datetime, _Row] = field(default_factory=dict)
    asking: bool = False
    failures: int = 0
    silent: int = 0

    def after(self, at: datetime) -> datetime:
        """Give when the bar after that one opens."""
        end = self.step.closes(at, self.hours)
        return end if self.hours.name == "24/7" else max(end, self.hours.opens(self.hours.label(end)))

    def ready(self) -> list[_Row]:
        """Take the held bars whose turn it is."""
        out: list[_Row] = []
        while self.due in self.held:
            out.append(self.held.pop(self.due))
            self.due = self.after(self.due)
        return out

    def skip(self, until: datetime) -> list[_Row]:
        """Take all held bars before a time, and owe nothing before it any more."""
        out = [self.held.pop(at) for at in sorted(self.held) if at < until]
        self.due = until
        return out

    def lacks(self, until: datetime) -> bool:
        """Say whether a bar before a time is neither out nor held."""
        at = self.due
        while at is not None and at < until:
            if at not in self.held:
                return True
            at = self.after(at)
        return False

    def overdue(self, now: datetime, patience: timedelta) -> datetime | None:
        """Give up to which bar there should be all by now; None where nothing is late."""
        until = self.due
        while until is not None and self.step.closes(until, self.hours) + patience <= now:
            until = self.after(until)
        return None if until == self.due else until


class _Buckets:
    """Longer bars of one instrument, made of shorter ones that come in order."""

    def __init__(self, timeframe: Timeframe, hours: Calendar) -> None:
        self._timeframe = timeframe
        self._hours = hours
        self._open: list[Any] | None = None
        self._end: datetime | None = None

    def start(self, at: datetime) -> datetime:
        """Give when the long bar opened in which a time lies."""
        opened = self._hours.opens(self._hours.dated(at))
        return opened + (at - opened) // self._timeframe.span * self._timeframe.span

    def take(self, rows: Iterable[_Row], due: datetime | None) -> list[_Row]:
        """Add shorter bars, and give the longer ones that are whole: nothing before `due` will come any more."""
        out: list[_Row] = []
        for row in rows:
            out += self._finished(row[1])
            self._add(row)
        return out + (self._finished(due) if due is not None else [])

    def _finished(self, due: datetime) -> list[_Row]:
        if self._open is None or self._end is None or due < self._end:
            return []
        made, self._open = tuple(self._open), None
        return [made]

    def _add(self, row: _Row) -> None:
        symbol, at, _, learned, opened, high, low, close, volume, _ = row
        if self._open is None:
            start = self.start(at)
            self._end = self._timeframe.closes(start, self._hours)
            first = max(learned, self._end)
            self._open = [symbol, start, self._end, first, opened, high, low, close, volume, None]
            return
        held = self._open
        held[3] = max(held[3], learned)
        held[5], held[6], held[7] = max(held[5], high), min(held[6], low), close
        held[8] = None if held[8] is None or volume is None else held[8] + volume


async def closed(
    provider: Provider,
    instruments: Sequence[Instrument],
    timeframe: Timeframe = MINUTE,
    *,
    clock: Clock,
    since: datetime | None = None,
    patience: timedelta = PATIENCE,
    every: float = 0.5,
) -> AsyncGenerator[pl.DataFrame, None]:
    """Give closed bars as they come: each exactly once, those of one instrument in order.

    Bars of minutes and hours are made of the stream's bars of a minute; those of a day and a week are the source's own,
    asked for when they have ended.

    Parameters
    ----------
    provider
        Whose stream; it must have bars in `history` and, for bars shorter than a day, in `stream`.
    instruments
        Which ones; each once.
    timeframe
        Of the bars that are wanted.
    clock
        Says what has ended.
    since
        From which bar on: the end of the last that one has, aware. None begins with the bar that runs at the first
        message, which is given whole when it ends.
    patience
        After a bar's end, before the source is asked for it.
    every
        Seconds, of this machine, between looks at the clock.

    Yields
    ------
    pl.DataFrame
        `symbol` and the columns `BARS`; `learned_at` is never before `known_at`.

    Raises
    ------
    DataProviderError
        The stream ended or failed, or what is missing can't be had: a gap is never passed over in silence.
    """
    if Kind.BARS not in provider.offers:
        raise DataProviderError(f"The source {provider.name} has no bars.")
    if since is not None and since.tzinfo is None:
        raise ValidationError(f"since is {since.isoformat()}, without a time zone.")
    work = _Work(provider, instruments, timeframe, clock=clock, since=since, patience=patience)
    try:
        async with _closing(work.run(every)) as made:
            async for rows in made:
                yield pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    finally:
        await work.stop()


@asynccontextmanager
async def _closing(stream: AsyncIterator[_T]) -> AsyncIterator[AsyncIterator[_T]]:
    """Close a stream at the end, where it can be."""
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


class _Work:
    """One loop that decides; a task that reads the stream, and one for each question, only hand over to it."""

    def __init__(
        self,
        provider: Provider,
        instruments: Sequence[Instrument],
        timeframe: Timeframe,
        *,
        clock: Clock,
        since: datetime | None,
        patience: timedelta,
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._patience = patience
        self._streamed = timeframe.unit in {Unit.MINUTE, Unit.HOUR}
        step = MINUTE if self._streamed else timeframe
        self._series = {one.symbol: _Series(one, calendar(one.calendar), step) for one in instruments}
        self._buckets = {
            symbol: _Buckets(timeframe, series.hours)
            for symbol, series in self._series.items()
            if self._streamed and timeframe != MINUTE
        }
        self._queue: asyncio.Queue[Any] = asyncio.Queue(_WAITING)
        self._tasks: set[asyncio.Task[None]] = set()
        for series in self._series.values():
            if since is not None or not self._streamed:
                self._begin(series, clock.now() if since is None else since)

    async def run(self, every: float) -> AsyncIterator[list[_Row]]:
        """Give rows that may go out, until the stream ends or fails."""
        if self._streamed:
            self._start(self._read())
        loop = asyncio.get_running_loop()
        looked = loop.time() - every
        while True:
            if loop.time() - looked >= every:
                looked = loop.time()
                self._look()
            try:
                async with asyncio.timeout(every):
                    item = await self._queue.get()
            except TimeoutError:
                continue
            if isinstance(item, Exception):
                raise item
            rows = self._filled(*item) if isinstance(item, tuple) else self._told(item)
            if rows:
                yield rows

    async def stop(self) -> None:
        """End the tasks, the stream among them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        try:
            instruments = [series.instrument for series in self._series.values()]
            async with _closing(self._provider.stream(Kind.BARS, instruments)) as told:
                async for frame in told:
                    await self._queue.put(frame)
            await self._queue.put(DataProviderError(f"The stream of {self._provider.name} has ended."))
        except Exception as error:  # noqa: BLE001 - raised again in the loop, where the caller is
            await self._queue.put(error)

    async def _ask(self, series: _Series, start: datetime, until: datetime) -> None:
        answer: pl.DataFrame | AraError
        try:
            answer = await self._provider.history(Kind.BARS, series.instrument, series.step, start=start, end=until)
        except AraError as error:
            answer = error
        await self._queue.put((series, until, answer))

    def _begin(self, series: _Series, at: datetime) -> None:
        buckets = self._buckets.get(series.instrument.symbol)
        if not self._streamed:
            label = series.hours.label(at)
            first = label - timedelta(days=label.weekday()) if series.step.unit is Unit.WEEK else label
            series.due = series.hours.opens(series.hours.sessions(first, label)[0])
        else:
            series.due = buckets.start(at) if buckets else at.replace(second=0, microsecond=0)

    def _told(self, frame: pl.DataFrame) -> list[_Row]:
        out: list[_Row] = []
        for row in (frame if frame.columns == _NAMES else frame.select(_NAMES)).rows():
            symbol, at, known, learned = row[:4]
            series = self._series.get(symbol)
            if series is None:
                continue
            if series.due is None:
                self._begin(series, at)
            if learned < known or series.due is None or at < series.due:
                continue
            series.silent = 0
            series.held.setdefault(at, row)
            out += self._out(series, series.ready())
            if series.held and not series.asking:
                self._question(series, min(series.held))
        return out

    def _question(self, series: _Series, until: datetime) -> None:
        if series.due is not None:
            series.asking = True
            self._start(self._ask(series, series.due, until))

    def _filled(self, series: _Series, until: datetime, answer: pl.DataFrame | AraError) -> list[_Row]:
        series.asking = False
        if isinstance(answer, AraError):
            series.failures += 1
            if series.failures >= _TRIES:
                raise answer
            return []
        series.failures = 0
        symbol = series.instrument.symbol
        for row in answer.select(pl.lit(symbol).alias("symbol"), *BARS).iter_rows():
            if series.due is not None and series.due <= row[1] < until and row[3] >= row[2]:
                series.held.setdefault(row[1], row)
        rows = series.ready()
        patience = self._patience if self._streamed else _LATE
        if series.lacks(until) and self._clock.now() >= until + patience:
            rows += [*series.skip(until), *series.ready()]
        return self._out(series, rows)

    def _look(self) -> None:
        """Ask for what should have come by now."""
        now = self._clock.now()
        for series in self._series.values():
            until = None if series.asking else series.overdue(now, self._patience)
            if until is None:
                continue
            series.silent += 1
            if series.silent == _SILENT and self._streamed:
                words = "%s tells nothing of %s any more; its bars are asked for instead"
                _log.warning(words, self._provider.name, series.instrument.symbol)
            self._question(series, until)

    def _out(self, series: _Series, rows: list[_Row]) -> list[_Row]:
        buckets = self._buckets.get(series.instrument.symbol)
        return buckets.take(rows, series.due) if buckets else rows
