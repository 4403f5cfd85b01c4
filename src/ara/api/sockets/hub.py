"""All streams of a process: each is made once, in this process or in another, and given to all who listen."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from ara.api.sockets.channel import Channel, Outbox, packed
from ara.api.sockets.feeds import Feed
from ara.api.sockets.relay import Relay
from ara.clock import Clock
from ara.errors import AraError
from ara.settings import SocketSettings

__all__ = ["Hub", "Place"]

_Tell: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[None]]
_LINGER: Final = 15.0
_LOOK: Final = 2.0
_LONGEST: Final = 60.0
_READY: Final = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a listener was: the name of a stream, and the number of the last message that it has."""

    stream: str
    seq: int


@dataclass(slots=True)
class _Live:
    """A stream that is made, or followed."""

    feed: Feed
    channel: Channel
    count: int = 0
    shared: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    end: asyncio.TimerHandle | None = None


class Hub:
    """Makes streams while somebody listens, and a little longer, so that who comes back finds what they missed.

    Parameters
    ----------
    settings
        Bounds of history and of waiting.
    clock
        Says when a message was made.
    relay
        The streams of all processes; None where this one is alone.
    """

    def __init__(self, settings: SocketSettings, clock: Clock, relay: Relay | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._relay = relay
        self._lives: dict[str, _Live] = {}
        self._reader: asyncio.Task[None] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The streams that are made or followed now."""
        return tuple(self._lives)

    @asynccontextmanager
    async def listen(self, name: str, feed: Feed, after: Place | None = None) -> AsyncIterator[Outbox]:
        """Listen to a stream; the first message says where it is, those that were missed come next.

        Parameters
        ----------
        name
            Of the stream, the same in all processes.
        feed
            Makes it, where nobody does yet.
        after
            Where the listener was; None for one that is new.
        """
        live = self._begun(name, feed)
        outbox = Outbox(self._settings.waiting)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_READY):
                    await live.ready.wait()
            self._greet(live.channel, outbox, after)
            live.channel.listeners.add(outbox)
            yield outbox
        finally:
            live.channel.listeners.discard(outbox)
            live.count -= 1
            if not live.count and name in self._lives:
                live.end = asyncio.get_running_loop().call_later(_LINGER, self._stop, name)

    async def close(self) -> None:
        """End all streams."""
        tasks = [one.task for one in self._lives.values() if one.task] + [one for one in (self._reader,) if one]
        for live in self._lives.values():
            if live.end is not None:
                live.end.cancel()
        self._lives.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._relay is not None:
            await self._relay.close()

    def _begun(self, name: str, feed: Feed) -> _Live:
        live = self._lives.get(name)
        if live is None:
            live = self._lives[name] = _Live(feed=feed, channel=Channel(self._settings.history))
            work = self._alone(live) if self._relay is None else self._together(name, live, self._relay)
            live.task = asyncio.create_task(work, name=f"ara.api.sockets {name}")
        if live.end is not None:
            live.end.cancel()
            live.end = None
        live.count += 1
        return live

    def _greet(self, channel: Channel, outbox: Outbox, after: Place | None) -> None:
        """Say where the stream is, and give what was missed; where that is gone, the newest message alone."""
        missed = None if after is None else channel.after(after.stream, after.seq)
        facts = {
            "stream": channel.stream, "seq": channel.seq, "resumed": missed is not None,
            "gone": after is not None and missed is None, "beat": self._settings.beat,
        }  # fmt: skip
        outbox.first([packed("hello", self._clock.now(), facts), *(text for _, text in missed or ())])
        if missed is None:
            outbox.first([text for _, text in channel.last()])

    def _stop(self, name: str) -> None:
        live = self._lives.get(name)
        if live is not None and not live.count:
            del self._lives[name]
            if live.task is not None:
                live.task.cancel()

    async def _alone(self, live: _Live) -> None:
        """Make a stream for this process."""

        async def tell(kind: str, data: Mapping[str, Any]) -> None:
            live.channel.tell(kind, self._clock.now(), data)

        live.ready.set()
        await self._made(live, tell)

    async def _made(self, live: _Live, tell: _Tell) -> None:
        """Make a stream for as long as it is wanted; where it fails that is told, and it begins again."""
        pause = 1.0
        while True:
            try:
                async with aclosing(live.feed()) as told:
                    async for kind, data in told:
                        await tell(kind, data)
                        pause = 1.0
            except AraError as error:
                facts = {"live": False, "detail": error.message, "hint": error.hint, "code": error.code}
                await tell("status", {**facts, "again": pause})
            except Exception:  # noqa: BLE001 - whatever happens to one stream, it is begun again
                _log.exception("a live stream failed")
                facts = {"live": False, "detail": "Something went wrong inside.", "hint": "", "code": "internal"}
                await tell("status", {**facts, "again": pause})
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    async def _together(self, name: str, live: _Live, relay: Relay) -> None:
        """Follow a stream of all processes, and make it where nobody else does; alone while Redis is away."""
        try:
            while True:
                past = await relay.past(name)
                if past is None:
                    await self._until_back(live, relay, name)
                    continue
                live.channel.begin_anew(*past)
                live.shared = True
                live.ready.set()
                if self._reader is None:
                    self._reader = asyncio.create_task(self._read(relay), name="ara.api.sockets relay")
                await self._led(name, live, relay)
        finally:
            live.shared = False
            with suppress(Exception):
                await relay.free(name)

    async def _until_back(self, live: _Live, relay: Relay, name: str) -> None:
        live.shared = False
        live.channel.begin_anew(os.urandom(6).hex())
        alone = asyncio.create_task(self._alone(live))
        try:
            while await relay.named(name) is None:  # noqa: ASYNC110 - a server is asked
                await asyncio.sleep(_LOOK / 2)
        finally:
            alone.cancel()
            await asyncio.gather(alone, return_exceptions=True)

    async def _led(self, name: str, live: _Live, relay: Relay) -> None:
        """Make the stream while this process has the right to; returns where Redis is away, or was emptied."""

        async def tell(kind: str, data: Mapping[str, Any]) -> None:
            message = {"type": kind, "at": self._clock.now().isoformat(), "data": data}
            await relay.add(name, msgspec.json.encode(message))

        maker: asyncio.Task[None] | None = None
        try:
            while True:
                mine = await relay.hold(name)
                if mine and maker is None:
                    maker = asyncio.create_task(self._made(live, tell))
                elif not mine and maker is not None:
                    maker.cancel()
                    await asyncio.gather(maker, return_exceptions=True)
                    maker = None
                await asyncio.sleep(_LOOK)
                known = await relay.named(name)
                if known is None or (live.channel.stream and known and known != live.channel.stream):
                    return
        finally:
            if maker is not None:
                maker.cancel()
                await asyncio.gather(maker, return_exceptions=True)

    async def _read(self, relay: Relay) -> None:
        """Hear the messages of all streams that are followed."""
        while True:
            seen = {name: live.channel.seq for name, live in self._lives.items() if live.shared}
            news = await relay.news(seen) if seen else None
            if news is None:
                await asyncio.sleep(_LOOK / 10)
                continue
            for name, found in news.items():
                live = self._lives.get(name)
                for seq, text in found if live is not None and live.shared else ():
                    assert live is not None  # noqa: S101 - looked up above
                    self._heard(live.channel, seq, text)

    @staticmethod
    def _heard(channel: Channel, seq: int, text: str) -> None:
        if seq <= channel.seq:
            return
        channel.stream = text.split('"', 4)[3]
        channel.pass_on(seq, text)
