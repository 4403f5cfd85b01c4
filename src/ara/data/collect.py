"""From sources into the store: fetched with failover, judged, kept as received and as bars, a batch at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from ara.data import answers, coverage, harvest, lateness
from ara.data.actions import read
from ara.data.adjust import as_traded, seen_from_last
from ara.data.bar_store import BarStore
from ara.data.failover import Answered
from ara.data.fetched import Failed, Fetched
from ara.data.harvest import Harvest
from ara.data.provider import SCHEMAS, Kind, Provider, basis_of, fetches
from ara.data.quality import check, scores
from ara.data.sources import Sources
from ara.errors import AraError, DataProviderError, MissingKeyError, UnknownSymbolError
from ara.market.bars import Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import resolve
from ara.market.timeframe import DAY, Timeframe

if TYPE_CHECKING:
    from ara.desk import Desk

__all__ = ["Collector"]

_log = logging.getLogger("ara.data")

_OVERLAP: Final = 5
_NEAR: Final = 1e-6
_COMPARED: Final = ("open", "high", "low", "close", "volume")
_AT_ONCE: Final = 8
_CONTEXT: Final = 600
_SHORT_WHILE: Final = timedelta(days=1)
_BATCH: Final = 128
_WITH_ACTIONS: Final = frozenset({AssetClass.STOCK, AssetClass.ETF})


_Answer = tuple[Instrument, pl.DataFrame, pl.DataFrame, pl.DataFrame]
"""Whose bars, and the bars, actions and facts."""


class Collector:
    """Fetches from the desk's sources into its store.

    Parameters
    ----------
    desk
        Its settings name the sources; its clock says what is past.
    sources
        Where to ask.
    store
        Where to keep it.
    changed
        Told each symbol whose bars have changed.
    """

    def __init__(
        self,
        desk: "Desk",
        *,
        sources: Sources,
        store: BarStore,
        changed: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        self._clock = desk.clock
        self._sources = sources
        self._store = store
        self._changed = changed

    async def fetch(
        self,
        instrument: Instrument,
        timeframe: Timeframe = DAY,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        provider: str | None = None,
    ) -> Fetched:
        """Fetch the bars that opened from `start` until before `end`, and keep what is new.

        Parameters
        ----------
        instrument, timeframe
            What to fetch.
        start
            All that the source has, if None.
        end
            Now, if None.
        provider
            The one source to ask; by health and the settings' order, if None.

        Raises
        ------
        ValidationError
            The range begins in the future.
        DataProviderError
            Nobody has a closed bar of it; the message holds every reason.
        """
        if start is not None:
            coverage.askable(instrument, timeframe, start=start, now=self._clock.now())
        found = await self._harvest(instrument, timeframe, start=start, end=end, provider=provider, whole=True)
        return (await self._kept([found]))[0]

    async def update(
        self,
        instruments: Sequence[Instrument],
        timeframe: Timeframe = DAY,
        *,
        provider: str | None = None,
    ) -> AsyncIterator[Fetched | Failed]:
        """Fetch what each instrument lacks since its last kept bar, a few at a time; one that fails stops no other.

        What was told of is kept for good, so a run that is stopped goes on where it was.
        """
        last = await asyncio.to_thread(self._last, timeframe)
        for begin in range(0, len(instruments), _BATCH):
            gate = asyncio.Semaphore(_AT_ONCE)
            batch = instruments[begin : begin + _BATCH]
            found = await asyncio.gather(*(self._next(one, timeframe, last, gate, provider) for one in batch))
            harvests = [one for one in found if isinstance(one, Harvest)]
            kept = {one.instrument.symbol: one for one in await self._kept(harvests)}
            for one in found:
                yield one if isinstance(one, Failed) else kept[one.instrument.symbol]

    async def _next(
        self,
        instrument: Instrument,
        timeframe: Timeframe,
        last: dict[str, tuple[datetime, datetime]],
        gate: asyncio.Semaphore,
        provider: str | None,
    ) -> Harvest | Failed:
        async with gate:
            at, newest = last.get(instrument.symbol, (None, None))
            start = None if at is None else at - max(timeframe.span, timedelta(days=1)) * _OVERLAP
            asked: dict[str, Any] = {"provider": provider, "whole": at is None, "kept": newest}
            try:
                return await self._harvest(instrument, timeframe, start=start, end=None, **asked)
            except AraError as error:
                return Failed(instrument=instrument, error=error)

    async def _harvest(
        self,
        instrument: Instrument,
        timeframe: Timeframe,
        *,
        start: datetime | None,
        end: datetime | None,
        provider: str | None,
        whole: bool,
        kept: datetime | None = None,
    ) -> Harvest:
        """Ask for a range; where it is `whole` and no addition to what is `kept` until then, no bars are no answer."""
        now = self._clock.now()
        begin = coverage.beginning(instrument, timeframe, now) if start is None else start
        names = [provider] if provider else [n for n in self._sources.live(instrument) if fetches(self._sources.get(n))]
        span, every = (begin, end or now), start is None

        async def ask(source: Provider) -> _Answer:
            try:
                return await self._answer(source, instrument, timeframe, span, every=every, whole=whole)
            except DataProviderError as error:
                priced = await asyncio.to_thread(self._priced, instrument, error)
                if priced is None:
                    raise
                return await self._answer(source, priced, timeframe, span, every=every, whole=whole)

        def short(name: str, answer: _Answer) -> tuple[int, str] | None:
            return self._short(name, answer, timeframe, (begin, min(end or now, now)), kept=kept, newest=end is None)

        try:
            told = await self._sources.ask(names, ask, what=f"{timeframe} bars of {instrument.symbol}", short=short)
        except AraError as error:
            self._attempted(instrument, timeframe, error.context.get("tried", ()), now=now, end=end)
            raise
        tried = [asdict(one) for one in told.tried]
        self._attempted(instrument, timeframe, tried, now=now, end=end, bars=told.value[1])
        found = await asyncio.to_thread(self._judged, told, timeframe, start=start, end=end, whole=whole, kept=kept)
        if not found.bars.is_empty():
            self._sources.report(told.source, quality=found.report.score)
        return found

    def _short(
        self,
        name: str,
        answer: _Answer,
        timeframe: Timeframe,
        span: tuple[datetime, datetime],
        *,
        kept: datetime | None,
        newest: bool,
    ) -> tuple[int, str] | None:
        """Say why an answer is too old to stand; note how late its `newest` bar is, where that was asked for."""
        instrument, bars = answer[:2]
        (begin, moment), now = span, self._clock.now()
        own: datetime | None = None if bars.is_empty() else bars["known_at"][-1]
        if own is not None and newest:
            self._sources.report(name, freshness=lateness.late(own, instrument, timeframe, now=now).total_seconds())
        before = None if kept is None else self._sources.attempt(name, instrument.symbol, str(timeframe))
        known = before is not None and before.newest == own and now - before.at < _SHORT_WHILE
        return lateness.short(own, instrument, timeframe, begin=begin, moment=moment, kept=kept, known=known)

    def _judged(
        self,
        told: Answered[_Answer],
        timeframe: Timeframe,
        *,
        start: datetime | None,
        end: datetime | None,
        whole: bool,
        kept: datetime | None,
    ) -> Harvest:
        """Say what an answer is worth, and what it lacks of a range that was asked for."""
        instrument, bars, actions, facts = told.value
        now, source = self._clock.now(), self._sources.get(told.source)
        basis = basis_of(source, instrument)
        missing = None
        if whole and not bars.is_empty():
            missing = coverage.cut_short(source, bars, instrument, timeframe, start=start, now=now)
        ends = [one for one in (kept, *bars["known_at"].tail(1)) if one is not None]
        until = min(end or now, now)
        behind = lateness.behind(max(ends), instrument, timeframe, moment=until) if ends else None
        return Harvest(
            instrument=instrument,
            timeframe=timeframe,
            source=told.source,
            basis=basis,
            tried=told.tried,
            payloads=told.payloads,
            bars=bars,
            actions=actions,
            facts=facts,
            report=check(bars, instrument, timeframe, actions=actions, basis=basis, now=now),
            start=start if whole else None,
            end=end,
            missing=missing,
            behind=behind,
        )

    async def _answer(
        self,
        source: Provider,
        instrument: Instrument,
        timeframe: Timeframe,
        span: tuple[datetime, datetime],
        *,
        every: bool,
        whole: bool,
    ) -> _Answer:
        """Put all questions to a source: for every bar that it has, or for those of a span."""
        (begin, end), now = span, self._clock.now()
        bars = await answers.bars(source, instrument, timeframe, start=begin, end=end)
        if bars.is_empty() and every:
            raise DataProviderError(f"{source.name} has no bars of {instrument.symbol}.", symbol=instrument.symbol)
        if bars.is_empty() and whole:
            raise coverage.none_closed(source, instrument, timeframe, start=begin, end=end, now=now)
        since = await asyncio.to_thread(self._since, source, begin, instrument)
        actions = await self._actions(source, instrument, timeframe, since)
        basis = basis_of(source, instrument)
        actions = answers.payable(actions, bars, basis, whose=f"{source.name} {instrument.symbol}")
        return instrument, bars, actions, await self._facts(source, instrument, whole=every)

    def _priced(self, instrument: Instrument, error: AraError) -> Instrument | None:
        """Give an instrument that nothing is known of in the currency that its first source tells; None for others."""
        currency = error.context.get("currency")
        if not isinstance(currency, str) or _known(instrument.symbol):
            return None
        kept = self._store.instruments(instrument.symbol)
        return None if any(one.symbol == instrument.symbol for one in kept) else replace(instrument, currency=currency)

    def _attempted(
        self,
        instrument: Instrument,
        timeframe: Timeframe,
        tried: Sequence[Mapping[str, Any]],
        *,
        now: datetime,
        end: datetime | None,
        bars: pl.DataFrame | None = None,
    ) -> None:
        """Note who was asked for the newest bars, so that no process asks again before there can be others."""
        from ara.data.access.attempts import Attempt

        newest: datetime | None = None if bars is None else bars["known_at"].max()  # type: ignore[assignment]
        for one in tried if end is None else ():
            if one["code"] == MissingKeyError.code:  # it was not asked
                continue
            attempt = Attempt(at=now, newest=newest if one["ok"] else None, code=one["code"], words=one["words"])
            self._sources.attempted(one["source"], instrument.symbol, str(timeframe), attempt=attempt)

    async def _actions(
        self, source: Provider, instrument: Instrument, timeframe: Timeframe, start: datetime
    ) -> pl.DataFrame:
        if Kind.ACTIONS not in source.offers or instrument.asset_class not in _WITH_ACTIONS:
            return SCHEMAS[Kind.ACTIONS].to_frame()
        return await answers.actions(source, instrument, timeframe, start=start, now=self._clock.now())

    def _since(self, source: Provider, begin: datetime, instrument: Instrument) -> datetime:
        """Give from when on to ask for actions: a source that was never asked owes them for all that is kept."""
        if Kind.ACTIONS not in source.offers or instrument.asset_class not in _WITH_ACTIONS:
            return begin
        stated = self._store.facts(Kind.ACTIONS, instrument.symbol)
        asked = stated.filter((pl.col("source") == source.name) & (pl.col("action") == "asked"))["at"].min()
        first = self._store.bars(instrument.symbol, str(DAY))["at"].min()
        oldest = min(begin, first) if isinstance(first, datetime) else begin
        return begin if isinstance(asked, datetime) and asked <= oldest else oldest

    async def _facts(self, source: Provider, instrument: Instrument, *, whole: bool) -> pl.DataFrame:
        """Ask for facts with the whole history, not with each update; a source may refuse them and give its bars."""
        if whole and Kind.FACTS in source.offers:
            try:
                return await answers.facts(source, instrument, DAY, now=self._clock.now())
            except DataProviderError as error:
                _log.debug("%s gives no facts of %s: %s", source.name, instrument.symbol, error.message)
        return SCHEMAS[Kind.FACTS].to_frame()

    def _last(self, timeframe: Timeframe) -> dict[str, tuple[datetime, datetime]]:
        """Give when the newest kept bar of each symbol opened, and when its close was public."""
        newest = self._store.lasts(str(timeframe)).group_by("symbol").agg(pl.col("at", "known_at").max())
        return {str(symbol): (at, known) for symbol, at, known in newest.iter_rows()}

    async def _kept(self, harvests: Sequence[Harvest]) -> list[Fetched]:
        found = await asyncio.to_thread(self._keep, harvests)
        for one in found:
            if self._changed is not None and one.new + one.corrected:
                await self._changed(one.instrument.symbol)
        return found

    def _keep(self, harvests: Sequence[Harvest]) -> list[Fetched]:
        """Write a batch: payloads first, then facts, then bars, so that no bar is without what explains it."""
        if not harvests:
            return []
        now = self._clock.now()
        fetches = self._store.keep_all([one.payloads for one in harvests])
        for source in sorted({one.source for one in harvests}):
            listed = [one.instrument for one in harvests if one.source == source]
            self._store.put_instruments(listed, source=source, learned_at=now)
        actions = pl.concat([harvest.named(one, one.actions) for one in harvests])
        if actions.height:
            self._store.append_all_facts(Kind.ACTIONS, actions)
        told = [
            pl.concat([one.facts, harvest.told(one, fetch, now)]) for one, fetch in zip(harvests, fetches, strict=True)
        ]
        facts = [harvest.named(one, frame) for one, frame in zip(harvests, told, strict=True)]
        self._store.append_all_facts(Kind.FACTS, pl.concat(facts))
        pairs = zip(harvests, fetches, strict=True)
        rows = [self._news(one, self._rows(one, fetch)) for one, fetch in pairs]
        appended = self._store.append(pl.concat(rows))
        return [harvest.fetched(one, appended) for one in harvests]

    def _rows(self, one: Harvest, fetch: str) -> pl.DataFrame:
        """Give the rows of an answer; a source is silent that was asked for actions and never stated any."""
        stated = self._store.facts(Kind.ACTIONS, one.instrument.symbol)
        silent = stated.filter(pl.col("action") != "asked", pl.col("source") == one.source).is_empty()
        return harvest.rows(one, fetch, quality=self._scores(one), silent=silent)

    def _scores(self, one: Harvest) -> pl.Series:
        """Score the bars of an answer after those that are kept, so that an update sees what a whole fetch would."""
        if one.bars.is_empty():
            return pl.Series("quality", [], pl.Float64)
        symbol, end = one.instrument.symbol, one.bars["at"][0]
        kept = self._store.bars(symbol, str(one.timeframe), sources=[one.source], end=end).tail(_CONTEXT)
        stated = self._store.facts(Kind.ACTIONS, symbol).filter(pl.col("source") == one.source)
        splits = [action for action in read(stated) if action.split] if one.basis is Basis.SPLIT else []
        columns = one.bars.columns
        whole = pl.concat([as_traded(frame.select(columns), splits) for frame in (kept, one.bars)])
        return scores(seen_from_last(whole, splits, one.source), one.instrument, one.timeframe).tail(one.bars.height)

    def _news(self, one: Harvest, rows: pl.DataFrame) -> pl.DataFrame:
        """Leave out bars that differ from the kept ones by a split alone: the source divided them, nobody corrected."""
        if one.basis is not Basis.SPLIT or rows.is_empty() or "split" not in set(one.actions["action"]):
            return rows
        symbol, span = one.instrument.symbol, {"start": rows["at"][0], "end": rows["at"][-1] + timedelta.resolution}
        kept = self._store.bars(symbol, str(one.timeframe), sources=[one.source], **span)
        stated = self._store.facts(Kind.ACTIONS, symbol).filter(pl.col("source") == one.source)
        splits = [action for action in read(stated) if action.split]
        before = as_traded(kept, splits).select("at", *(pl.col(name).alias(f"kept_{name}") for name in _COMPARED))
        both = as_traded(rows, splits).join(before, on="at", how="left", maintain_order="left")
        near = [
            ((pl.col(name) - pl.col(f"kept_{name}")).abs() <= _NEAR * pl.col(f"kept_{name}").abs()).fill_null(
                pl.col(name).is_null() & pl.col(f"kept_{name}").is_null()
            )
            for name in _COMPARED
        ]
        there = pl.col("kept_close").is_not_null()
        return rows.filter(~both.select(pl.all_horizontal(there, *near)).to_series())


def _known(symbol: str) -> bool:
    try:
        return resolve(symbol).symbol == symbol
    except UnknownSymbolError:
        return False
