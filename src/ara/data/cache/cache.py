"""The one cache of a desk: memory, then Redis, then whoever loads; one load for all who ask at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

import msgspec
import polars as pl

from ara.clock import Clock
from ara.data.cache.events import Mark, Reason, mark_of, next_close
from ara.data.cache.frames import Kept
from ara.data.cache.key import Key
from ara.data.cache.memory import Memory
from ara.data.cache.news import Dropped, hear
from ara.data.cache.redis_tier import RedisTier
from ara.data.cache.tally import Popularity, Tally
from ara.errors import AraError, CancelledError
from ara.settings import Settings
from ara.telemetry import Telemetry

__all__ = ["Cache", "Load", "Warmed"]

Load = Callable[[], Awaitable[pl.DataFrame]]
"""Fetches the value that the cache lacks."""

_MEGABYTE: Final = 2**20
_TOLD_EVERY: Final = 5.0
_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmed:
    """The symbols whose values are at hand now, and those that failed, each with its error."""

    symbols: tuple[str, ...]
    failed: tuple[tuple[str, AraError], ...]


@dataclass(slots=True, eq=False)
class _Flight:
    """One load under way, and how many wait for it."""

    symbol: str
    task: asyncio.Task[pl.DataFrame] = field(init=False)
    waiting: int = 0
    valid: bool = True


class Cache:
    """Keeps frames at hand: in memory, and in Redis where `data.cache.redis` names one.

    It belongs to one event loop. A frame that it gives is the caller's own: its columns may be replaced, their values
    are shared.

    Parameters
    ----------
    settings
        The branch `data.cache`: budgets, addresses and times.
    clock
        Says what is stale.
    telemetry
        Is told of hits and misses, tier by tier; nobody, if None.
    """

    def __init__(self, settings: Settings, *, clock: Clock, telemetry: Telemetry | None = None) -> None:
        wanted = settings.data.cache
        self._live = (timedelta(seconds=wanted.live_seconds), timedelta(seconds=wanted.redis_live_seconds))
        self._kept = (timedelta(minutes=wanted.kept_minutes),) * 2
        self._clock = clock
        self._memory = Memory(wanted.memory_mb * _MEGABYTE)
        self._redis = RedisTier(wanted.redis, budget=wanted.redis_mb * _MEGABYTE, clock=clock) if wanted.redis else None
        self._counter = (telemetry or Telemetry()).counter("cache_requests")
        self._flights: dict[str, _Flight] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._marks: dict[str, Mark] = {}
        self._tally = Tally()
        self._asked = Popularity()
        self._ears: asyncio.Task[None] | None = None
        self._told = monotonic()

    async def get(self, key: Key, load: Load, *, live: bool = False) -> pl.DataFrame:
        """Give the value of a key: from memory, from Redis, or by loading it.

        All who ask while a load is under way get its answer. Its failure is given to each of them and never kept. The
        load goes on as long as one of them waits, and is cancelled with the last.

        Parameters
        ----------
        key
            What is wanted.
        load
            Fetches it.
        live
            Whether it is the price of the moment, which is stale after seconds, or history.

        Raises
        ------
        CancelledError
            The cache was closed before the value was there.
        """
        self._asked.ask(key.symbol)
        frame = self._memory.get(key.text, self._clock.now())
        if frame is not None:
            self._note("memory", hit=True)
            return frame
        self._note("memory", hit=False)
        flight = self._flights.get(key.text)
        if flight is None:
            flight = self._start(key, load, live=live)
        else:
            self._tally.add("shared")
        return (await self._wait(key, flight)).clone()

    async def drop(self, symbol: str | None = None, reason: Reason = Reason.MANUAL) -> int:
        """Drop what is kept of a symbol, or all, here and in every process that shares the Redis.

        A value whose load began before is given to those who wait for it, but not kept.

        Returns
        -------
        int
            How many values there were, the larger of both tiers.
        """
        self._told_to_drop(symbol)
        gone = self._memory.drop(symbol)
        if self._redis is not None:
            news = Dropped(sender=self._redis.sender, symbol=symbol or "", reason=reason)
            gone = max(gone, await self._redis.drop(symbol, msgspec.json.encode(news)))
        self._tally.add(f"dropped_{reason}", gone)
        return gone

    async def price(self, symbol: str, price: float) -> bool:
        """Take note of a live price; where it is far from the cached close, drop the symbol and say True.

        Far is `FAR` standard deviations of one bar, from the symbol's own last 60 bars. The next move is measured from
        this price until there is a new close.
        """
        mark = self._marks.get(symbol)
        if mark is None or not mark.far(price):
            return False
        self._marks[symbol] = mark.after(price)
        await self.drop(symbol, Reason.MOVE)
        return True

    async def popular(self, count: int = 20) -> list[str]:
        """Give the symbols that were asked for most often, by all processes where there is a Redis."""
        shared = [] if self._redis is None else list(await self._redis.asked(count))
        return (shared or self._asked.first(count))[:count]

    async def warm(self, symbols: Sequence[str], load: Callable[[str], Awaitable[Any]]) -> Warmed:
        """Load symbols before anybody asks for them, four at once; one that fails keeps no other from its turn.

        Parameters
        ----------
        symbols
            Which.
        load
            Asks for a symbol's values through this cache, such as `MarketData.bars` does.
        """
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(symbol: str) -> AraError | None:
            async with turns:
                try:
                    await load(symbol)
                except AraError as error:
                    return error
            return None

        wanted = tuple(dict.fromkeys(symbols))
        found = await asyncio.gather(*(one(symbol) for symbol in wanted))
        failed = tuple((symbol, error) for symbol, error in zip(wanted, found, strict=True) if error is not None)
        return Warmed(symbols=tuple(s for s, error in zip(wanted, found, strict=True) if error is None), failed=failed)

    def stats(self) -> dict[str, Any]:
        """Give what this process counted: hits, misses, evictions and bytes of each tier, loads and drops."""
        tiers: dict[str, Any] = {
            "memory": {
                **self._counted("memory"),
                "entries": len(self._memory),
                "bytes": self._memory.bytes,
                "budget": self._memory.budget,
                "evictions": self._memory.evicted,
                "expired": self._memory.expired,
            }
        }
        if self._redis is not None:
            tiers["redis"] = {
                **self._counted("redis"),
                "evictions": self._redis.evicted,
                "refused": self._redis.refused,
                "damaged": self._redis.damaged,
                "away": self._redis.outage.away,
                "outages": self._redis.outage.count,
            }
        loads = {name: self._tally[name] for name in ("loads", "failures", "shared")}
        closed = {str(Reason.CLOSE): self._memory.closed} if self._memory.closed else {}
        return {"tiers": tiers, **loads, "dropped": {**self._tally.reasons(), **closed}}

    async def shared_stats(self) -> dict[str, int] | None:
        """Give the sums of all processes that share the Redis; None without one, or where it is away."""
        if self._redis is None:
            return None
        await self._tell()
        return await self._redis.state()

    async def close(self) -> None:
        """Cancel what is under way, tell the last sums, let go of connections; closing twice is no fault."""
        tasks, self._ears = tuple(self._tasks), None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._redis is not None:
            await self._tell()
            await self._redis.close()

    def _start(self, key: Key, load: Load, *, live: bool) -> _Flight:
        flight = _Flight(key.symbol)
        flight.task = asyncio.create_task(self._fill(key, load, flight, live=live), name=f"ara-cache {key.text}")
        self._flights[key.text] = flight
        self._tasks.add(flight.task)
        flight.task.add_done_callback(lambda task: self._landed(key.text, flight, task))
        if self._redis is not None and self._ears is None:
            self._ears = asyncio.create_task(
                hear(self._redis.client, self._redis.channel, told=self._heard, missed=self._missed),
                name="ara-cache news",
            )
            self._tasks.add(self._ears)
            self._ears.add_done_callback(self._tasks.discard)
        return flight

    async def _wait(self, key: Key, flight: _Flight) -> pl.DataFrame:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if flight.task.cancelled() and not (me and me.cancelling()):
                raise CancelledError(f"The load of {key.symbol} was cancelled: the cache is closed.") from None
            raise
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key.text, flight)
                flight.task.cancel()

    def _landed(self, name: str, flight: _Flight, task: asyncio.Task[pl.DataFrame]) -> None:
        self._tasks.discard(task)
        self._forget(name, flight)
        if not task.cancelled() and task.exception() is not None:
            self._tally.add("failures")

    def _forget(self, name: str, flight: _Flight) -> None:
        if self._flights.get(name) is flight:
            del self._flights[name]

    async def _fill(self, key: Key, load: Load, flight: _Flight, *, live: bool) -> pl.DataFrame:
        """Ask Redis, else load; keep the answer where nothing was dropped meanwhile."""
        redis = self._redis
        if redis is None:
            kept = await self._load(key, load, live=live)
            self._keep(key, kept, flight, live=live)
            return kept.frame
        found = await redis.get(key)
        if found.kept is None and not redis.outage.away:
            self._note("redis", hit=False)
            async with redis.turn(key) as found:
                kept = found.kept or await self._load(key, load, live=live)
                if found.kept is None:
                    await redis.put(key, self._longer(key, kept, live=live), found)
        else:
            self._note("redis", hit=found.kept is not None)
            kept = found.kept or await self._load(key, load, live=live)
        self._keep(key, kept, flight, live=live)
        await self._tell_at_times()
        return kept.frame

    async def _load(self, key: Key, load: Load, *, live: bool) -> Kept:
        self._tally.add("loads")
        begun = self._clock.now()
        frame = await load()
        return Kept(frame=frame, at=begun, until=self._end(key, begun, self._times(live)[0]))

    def _keep(self, key: Key, kept: Kept, flight: _Flight, *, live: bool) -> None:
        if not flight.valid:
            return
        now = self._clock.now()
        until = min(kept.until, now + self._times(live)[0])
        closing = until == next_close(key.timeframe, key.calendar, kept.at)
        self._memory.put(key.text, key.symbol, Kept(frame=kept.frame, at=kept.at, until=until), now, closing=closing)
        mark, before = mark_of(kept.frame), self._marks.get(key.symbol)
        if mark is not None and (before is None or before.base != mark.base):
            self._marks[key.symbol] = mark

    def _longer(self, key: Key, kept: Kept, *, live: bool) -> Kept:
        return Kept(frame=kept.frame, at=kept.at, until=self._end(key, kept.at, self._times(live)[1]))

    def _times(self, live: bool) -> tuple[timedelta, timedelta]:
        return self._live if live else self._kept

    def _end(self, key: Key, begun: datetime, span: timedelta) -> datetime:
        close = next_close(key.timeframe, key.calendar, begun)
        return begun + span if close is None else min(begun + span, close)

    def _told_to_drop(self, symbol: str | None) -> None:
        """Let loads that are under way end, but neither join them any more nor keep what they give."""
        for name, flight in list(self._flights.items()):
            if symbol in (None, flight.symbol):
                flight.valid = False
                del self._flights[name]

    def _heard(self, news: Dropped) -> None:
        if self._redis is None or news.sender == self._redis.sender:
            return
        self._told_to_drop(news.symbol or None)
        self._memory.drop(news.symbol or None)

    def _missed(self) -> None:
        self._told_to_drop(None)
        self._memory.drop()

    def _note(self, tier: str, *, hit: bool) -> None:
        outcome = "hits" if hit else "misses"
        self._tally.add(f"{tier}_{outcome}")
        self._counter.add(tier=tier, outcome=outcome)

    def _counted(self, tier: str) -> dict[str, int]:
        return {outcome: self._tally[f"{tier}_{outcome}"] for outcome in ("hits", "misses")}

    async def _tell_at_times(self) -> None:
        if monotonic() - self._told >= _TOLD_EVERY:
            await self._tell()

    async def _tell(self) -> None:
        """Add what was counted here to the sums of all processes; what fails is lost, it is statistics."""
        self._told = monotonic()
        sums, asked = self._tally.fresh(), self._asked.fresh()
        if self._redis is not None and (sums or asked):
            await self._redis.count(sums, asked)
