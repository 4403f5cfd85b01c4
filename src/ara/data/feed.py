"""Bars as they were known at a moment, whichever source has them."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Self
from weakref import WeakValueDictionary

import polars as pl

from ara.data import lateness
from ara.data.bar_store import WITHDRAWN, BarStore, open_bar_store, untouched
from ara.data.direct import Direct, Views
from ara.data.due import due, lacks
from ara.data.lengths import as_long
from ara.data.provider import SCHEMAS, Kind, Provider, fetches
from ara.data.reasons import beside, nothing, otherwise, refusal, worst
from ara.data.scarce import FEW, origins, scarce
from ara.data.sources import Sources
from ara.data.view import Kept, View, levelled
from ara.errors import AraError, DataProviderError, UnknownSymbolError, ValidationError
from ara.market import symbols
from ara.market.bars import Bars
from ara.market.calendar import calendar
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

if TYPE_CHECKING:
    from ara.data.cache import Cache
    from ara.data.collect import Collector
    from ara.data.provenance import Provenance
    from ara.desk import Desk

__all__ = ["MarketData"]

_log = logging.getLogger("ara.data")


class MarketData:
    """The desk's access to market data: what is kept, and the sources behind it.

    Parameters
    ----------
    desk
        Its settings name the sources, the preferred one first, and the store; its clock says what is past.
    providers
        Names of sources to ask instead of the settings'; or sources themselves, which are asked past the store and stay
        the caller's to close.
    store
        Where bars are kept; the settings' if None.
    """

    def __init__(
        self, desk: "Desk", *, providers: Sequence[str | Provider] | None = None, store: BarStore | None = None
    ) -> None:
        self._desk, self._clock = desk, desk.clock
        named = [one for one in providers or () if isinstance(one, str)]
        self._given = providers is not None and len(named) < max(len(providers), 1)
        self._sources = Sources(
            desk,
            names=None if providers is None else [one if isinstance(one, str) else one.name for one in providers],
            given=[one for one in providers or () if not isinstance(one, str)],
        )
        self._store = store
        self._store_given = store is not None
        self._elsewhere: Sources | None = None
        self._cache: Cache | None = None
        self._direct_bars, self._views = Direct(), Views()
        self._asking: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def sources(self) -> Sources:
        """The desk's sources, opened as they are needed."""
        return self._sources

    @property
    def store(self) -> BarStore:
        """Where bars are kept."""
        if self._store is None:
            self._store = open_bar_store(self._desk.settings, clock=self._clock)
        return self._store

    @property
    def cache(self) -> "Cache":
        """What is kept at hand: in memory, and in Redis where the settings name one."""
        if self._cache is None:
            from ara.data.cache import Cache

            self._cache = Cache(self._desk.settings, clock=self._clock, telemetry=self._desk.telemetry)
        return self._cache

    @property
    def collector(self) -> "Collector":
        """Fetches from the sources into the store."""
        from ara.data.collect import Collector

        return Collector(self._desk, sources=self.online, store=self.store, changed=self._changed)

    async def bars(
        self,
        instrument: Instrument,
        timeframe: Timeframe = DAY,
        *,
        as_of: datetime | None = None,
        learned: datetime | None = None,
        repaired: bool = False,
    ) -> Bars:
        """Give the closed bars that were public at a moment, adjusted to the last of them.

        What is not yet known is cut before anything is computed, so the answer for a moment never changes with what
        comes after it. What is kept is looked at first. Where the settings name a live source, it is brought up to
        date if its last closed bar is missing, unless it was asked since that bar could be there. Then the other
        sources are asked in their order. Bars longer than any that there are get made of shorter ones (`as_long`).

        Parameters
        ----------
        instrument
            Whose bars.
        timeframe
            Length of a bar.
        as_of
            Only bars whose close was public then; now, if None.
        learned
            Only bars that Ara had received then; all, if None.
        repaired
            Whether bars that can't be used are put right where two witnesses say how, and marked in `imputed`. What is
            kept stays as it is. A repair looks at bars that came later, so it is for looking at the past.

        Raises
        ------
        DataProviderError
            No source has such bars, or none before `as_of`.
        UnknownSymbolError
            No source knows the instrument.
        """

        async def ask(length: Timeframe, until: datetime | None) -> Bars:
            seen, _, notes = await self._view(instrument, length, as_of=until, learned=learned, repaired=repaired)
            return replace(seen.bars, notes=notes) if notes else seen.bars

        return await as_long(ask, instrument, timeframe, as_of=as_of, now=self._clock.now())

    async def why(
        self,
        instrument: Instrument,
        day: date,
        timeframe: Timeframe = DAY,
        *,
        as_of: datetime | None = None,
        learned: datetime | None = None,
    ) -> "Provenance":
        """Tell where one bar comes from: sources, votes, repairs, requests.

        Parameters
        ----------
        instrument, timeframe
            Whose bar.
        day
            Label of its session; or the instant at which the bar opened, aware.
        as_of, learned
            Seen as of then, as for `bars`.

        Raises
        ------
        DataProviderError
            There is no such bar.
        """
        from ara.data.provenance import provenance

        at = _aware("day", day) if isinstance(day, datetime) else calendar(instrument.calendar).opens(day)
        seen, kept, _ = await self._view(instrument, timeframe, as_of=as_of, learned=learned, wanted=at)
        revisions, facts, taken = kept.rows.clear(), SCHEMAS[Kind.FACTS].to_frame(), WITHDRAWN.to_frame()
        if not self._given and self._stores():
            span = {"start": at, "end": at + timedelta.resolution}
            revisions = await asyncio.to_thread(self.store.revisions, instrument.symbol, str(timeframe), **span)
            facts = await asyncio.to_thread(self.store.facts, Kind.FACTS, instrument.symbol, learned_by=learned)
            taken = await asyncio.to_thread(self.store.withdrawals, instrument.symbol, learned_by=learned)
        return provenance(seen, kept, at, revisions=revisions, facts=facts, taken=taken)

    async def instrument(self, text: str) -> Instrument:
        """Give the instrument that a user means: one that Ara ships facts about, that is kept, or that a source knows.

        Raises
        ------
        UnknownSymbolError
            Nobody knows it; the message names the three nearest.
        """
        found = symbols.recognised(text)
        if found is None:
            wanted = symbols.normalise(text)
            mine = (one for one in await self._candidates(wanted) if one.symbol == wanted)
            found = next(mine, None)
        return found or symbols.resolve(text, beside=await self._every())

    async def close(self) -> None:
        """Close the sources, the store and the cache that it opened; they open again when they are asked again."""
        await self._sources.close()
        if self._elsewhere is not None:
            await self._elsewhere.close()
            self._elsewhere = None
        if self._cache is not None:
            await self._cache.close()
            self._cache = None
        if self._store is not None and not self._store_given:
            self._store.close()
            self._store = None

    async def _candidates(self, wanted: str) -> list[Instrument]:
        found: list[Instrument] = []
        if not self._given and self._stores():
            found += await asyncio.to_thread(self.store.instruments, wanted)
        for name in self._sources.names:
            if not found:
                found += await self._sources.get(name).symbols(wanted)
        return found

    async def _every(self) -> list[Instrument]:
        return await asyncio.to_thread(self.store.instruments) if not self._given and self._stores() else []

    async def _lengths(self, symbol: str) -> set[str]:
        told = await asyncio.to_thread(self.store.catalogue)
        return set(told.filter(pl.col("symbol") == symbol)["timeframe"])

    async def _kept(self, instrument: Instrument, timeframe: Timeframe, *, learned: datetime | None) -> Kept | None:
        """Give what is kept, through the cache unless an earlier knowledge is asked for; None where nothing is."""
        if not self._stores():
            return None
        symbol, length = instrument.symbol, str(timeframe)

        async def rows() -> pl.DataFrame:
            return await asyncio.to_thread(self.store.bars, symbol, length, learned_by=learned)

        async def actions() -> pl.DataFrame:
            return await asyncio.to_thread(self.store.facts, Kind.ACTIONS, symbol, learned_by=learned)

        if learned is not None:
            return Kept(rows=await rows(), actions=await actions())
        from ara.data.cache import Key

        cache = self.cache
        bars = Key(kind=Kind.BARS, symbol=symbol, timeframe=timeframe, calendar=instrument.calendar)
        return Kept(
            rows=await cache.get(bars, rows),
            actions=await cache.get(Key(kind=Kind.ACTIONS, symbol=symbol), actions),
        )

    @property
    def online(self) -> Sources:
        """The sources to fetch from: those that the settings name, or else those that need no setting."""
        named = [name for name in self._sources.names if self._fetches(name)]
        if named or self._given:
            return self._sources
        if self._elsewhere is None:
            self._elsewhere = Sources(self._desk, names=self._desk.settings.data.online)
        return self._elsewhere

    async def _refresh(
        self, kept: Kept | None, instrument: Instrument, timeframe: Timeframe, moment: datetime
    ) -> AraError | None:
        """Fetch what is missing by a moment, where somebody can have it; give the reason where that fails."""
        from ara.data.fetched import Failed

        rows = SCHEMAS[Kind.BARS].to_frame() if kept is None else kept.rows
        wanted, held = await asyncio.to_thread(self._due, rows, instrument, timeframe, moment)
        if not wanted:
            return held
        async for outcome in self.collector.update([instrument], timeframe):
            if isinstance(outcome, Failed):
                if rows.height:  # else the error itself is all that there is to say
                    _log.warning("%s was not brought up to date: %s", instrument.symbol, outcome.error.message)
                return outcome.error
        return None

    def _due(
        self, rows: pl.DataFrame, instrument: Instrument, timeframe: Timeframe, moment: datetime
    ) -> tuple[bool, AraError | None]:
        """Say whether to ask the sources, and if not, with what error they ended last time; all processes count."""
        sources, now, held = self.online, self._clock.now(), None
        for name in filter(self._fetches, sources.live(instrument)):
            attempt = sources.attempt(name, instrument.symbol, str(timeframe))
            if due(attempt, rows, instrument, timeframe, moment=moment, now=now):
                return True, None
            if attempt is None or not attempt.code:
                return False, None
            held = held or refusal(attempt, instrument.symbol)
        return False, held

    async def _view(
        self,
        instrument: Instrument,
        timeframe: Timeframe,
        *,
        as_of: datetime | None,
        learned: datetime | None,
        wanted: datetime | None = None,
        repaired: bool = False,
    ) -> tuple[View, Kept, tuple[str, ...]]:
        """Give what is seen, what it is made of, and what a reader should know of it; `wanted` is all he asks for."""
        moment = self._clock.now() if as_of is None else _aware("as_of", as_of)
        bound = None if learned is None else _aware("learned", learned)
        failed: list[AraError] = []
        if not self._given:
            kept = await self._kept(instrument, timeframe, learned=bound)
            rows = None if kept is None else kept.rows
            missing = lacks(rows, instrument, timeframe, moment=moment, wanted=wanted)
            if missing and bound is None and self._live(instrument):
                async with self._asking.setdefault((instrument.symbol, str(timeframe)), asyncio.Lock()):
                    kept = await self._kept(instrument, timeframe, learned=bound)
                    error = await self._refresh(kept, instrument, timeframe, moment)
                failed += [error] if error else []
                instrument = await asyncio.to_thread(self._as_kept, instrument)
                kept = await self._kept(instrument, timeframe, learned=bound)
            order = self._sources.names
            seen = kept and self._views.of(kept, instrument, timeframe, moment=moment, order=order, repaired=repaired)
            if kept and seen:
                said = [f"not brought up to date: {one.message}" for one in failed]
                said += await self._hidden(seen, moment=moment, learned=bound)
                said += lateness.note(seen.bars, moment)
                return seen, kept.until(moment), (*said, *levelled(seen, moment if as_of else None))
        notes = tuple(f"no live source answered: {one.message}" for one in failed)
        if not self._given and kept and not kept.rows.is_empty() and kept.rows["known_at"].min() > moment:  # type: ignore[operator]
            whose = " and ".join(origins(kept.rows["source"].unique()))
            failed.append(nothing(whose, instrument, kept.rows, moment=moment, learned=bound))
        for name in self._past_the_store():
            try:
                kept = await self._direct(name, instrument, timeframe, moment=moment, learned=bound)
            except (DataProviderError, UnknownSymbolError) as error:
                failed.append(error)
                continue
            seen = self._views.of(kept, instrument, timeframe, moment=moment, repaired=repaired)
            if seen:
                return seen, kept, notes
        every = await self._every()
        mine = bound is None and any(one.symbol == instrument.symbol for one in every)
        lengths = await self._lengths(instrument.symbol) if mine else ()
        raise otherwise(beside(worst(failed), every), instrument.symbol, timeframe, lengths)

    async def _hidden(self, seen: View, *, moment: datetime, learned: datetime | None) -> list[str]:
        """Say of a few kept bars that a source with more is hidden by them."""
        bars = seen.bars
        for name in self._past_the_store() if len(bars) < FEW else ():
            with suppress(DataProviderError, UnknownSymbolError):
                kept = await self._direct(name, bars.instrument, bars.timeframe, moment=moment, learned=learned)
                if kept.rows.height > len(bars):
                    symbol, sources = bars.instrument.symbol, bars.frame["source"]
                    return [scarce(symbol, len(bars), sources=sources, behind=name, held=kept.rows.height)]
        return []

    async def _direct(
        self, name: str, instrument: Instrument, timeframe: Timeframe, *, moment: datetime, learned: datetime | None
    ) -> Kept:
        """Ask a source that holds its own bars: the sample, files, a plug-in without a venue."""
        source, now = self._sources.get(name), self._clock.now()
        asked = (name, source, instrument, timeframe)
        return await self._direct_bars.kept(*asked, moment=moment, learned=learned, now=now)

    def _as_kept(self, instrument: Instrument) -> Instrument:
        """Give an instrument as its first source told of it: what a symbol alone tells may be wrong."""
        listed = self.store.instruments(instrument.symbol) if self._stores() else []
        return next((one for one in listed if one.symbol == instrument.symbol), instrument)

    def _live(self, instrument: Instrument) -> bool:
        """Say whether the settings name a source that fetches this instrument from a venue."""
        return any(self._fetches(name) for name in self._sources.live(instrument))

    def _past_the_store(self) -> list[str]:
        """Give the sources whose bars are read where they lie; all that were given."""
        return [name for name in self._sources.names if self._given or not self._fetches(name)]

    def _fetches(self, name: str) -> bool:
        return fetches(self._sources.get(name))

    def _stores(self) -> bool:
        empty = self._store is None and untouched(self._desk.settings)  # the store itself takes long to import
        return not empty and (self._store_given or bool(getattr(self.store, "there", True)))

    async def _changed(self, symbol: str) -> None:
        from ara.data.cache import Reason

        await self.cache.drop(symbol, reason=Reason.BAR)


def _aware(what: str, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValidationError(
            f"{what} is {moment.isoformat()}, without a time zone.", hint="Give an aware time: 2020-02-20T21:00:00Z"
        )
    return moment.astimezone(UTC)
