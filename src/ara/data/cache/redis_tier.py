"""The cache's second tier: frames in a Redis that processes share, and what they tell each other there.

No method raises for what Redis does or fails to do: where it is away, slow, full or refuses, the answer is that of an
empty cache, and `Outage` says so once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import uuid4

from ara.clock import Clock
from ara.data.cache.connecting import connect, faults, place_of
from ara.data.cache.frames import LARGEST, Kept, pack, unpack
from ara.data.cache.heed import heed
from ara.data.cache.key import PREFIX, Key
from ara.data.cache.outage import Outage
from ara.data.cache.scripts import DROP, PUT, RELEASE, RENEW
from ara.redaction import redact

__all__ = ["Found", "RedisTier"]

_T = TypeVar("_T")

_LOCKED: Final = 5_000
_LONGEST_WAIT: Final = 60.0
_VERSIONS: Final = timedelta(days=2)
_BATCH: Final = 500
_ALL: Final = ""

_log = logging.getLogger(__name__)


class Found:
    """What a look into Redis gave: the value or none, and the versions that a value loaded now belongs to."""

    __slots__ = ("kept", "versions")

    def __init__(self, kept: Kept | None = None, versions: tuple[bytes, bytes] | None = None) -> None:
        self.kept = kept
        self.versions = versions


class RedisTier:
    """Frames by name in Redis, within a budget of bytes that all processes share.

    Parameters
    ----------
    url
        Of the server, perhaps with a password; only host and port are ever told.
    budget
        Bytes that all values of the cache together may fill there.
    clock
        Tells whether a value still counts.
    """

    def __init__(self, url: str, *, budget: int, clock: Clock) -> None:
        self.client = connect(url)
        self.outage = Outage(place_of(url))
        self.sender = uuid4().hex
        pool = getattr(self.client, "connection_pool", None)  # a cluster has many, and no numbered databases
        database = 0 if pool is None else pool.connection_kwargs.get("db") or 0
        self.channel = f"{PREFIX}@events:{database}"
        self.evicted = 0
        self.refused = 0
        self.damaged = 0
        self._budget = budget
        self._clock = clock
        self._scripts = {name: self.client.register_script(_named(name)) for name in (PUT, DROP, RELEASE, RENEW)}

    async def get(self, key: Key) -> Found:
        """Look for a value; one that is damaged is removed."""
        versions = _versions(key)

        async def ask() -> Found:
            async with self.client.pipeline(transaction=False) as line:
                line.getrange(key.text, 0, LARGEST)
                for one in versions:  # a pipeline to a cluster has no MGET
                    line.get(one)
                line.zadd(f"{PREFIX}@used", {key.text: self._milliseconds()}, xx=True)
                data, every, own, _ = await line.execute()
            seen_versions = (every or b"", own or b"")
            if not data:
                return Found(versions=seen_versions)
            kept = await _unpacked(data)
            if kept is None:
                self.damaged += 1
                await self._scripts[DROP](keys=[key.text])
            elif not kept.at <= self._clock.now() < kept.until:
                kept = None
            return Found(kept, seen_versions)

        return await self._ask(ask, Found())

    async def put(self, key: Key, kept: Kept, found: Found) -> None:
        """Keep a value, unless its symbol was dropped after `found` was looked up."""
        left = (kept.until - self._clock.now()) // timedelta(milliseconds=1)
        if found.versions is None or left <= 0:
            return
        data = await _packed(kept)
        if data is None or len(data) > self._budget:
            return
        arguments: list[bytes | int] = [data, left, self._budget, *found.versions]

        async def ask() -> None:
            gone = int(await self._scripts[PUT](keys=[key.text, _versions(key)[1]], args=arguments))
            self.evicted += max(gone, 0)
            self.refused += gone < 0

        await self._ask(ask, None)

    @asynccontextmanager
    async def turn(self, key: Key) -> AsyncIterator[Found]:
        """Wait until nobody else is loading this value, and hold the right to do so; gives what there is by then."""
        name, token = f"{PREFIX}@lock:{key.text.removeprefix(PREFIX)}", uuid4().hex
        found, mine = await self._wait(key, name, token)
        if not mine:
            yield found
            return
        keeper = asyncio.create_task(self._renew(name, token))
        try:
            yield found
        finally:
            keeper.cancel()
            await self._ask(lambda: self._scripts[RELEASE](keys=[name], args=[token]), None)

    async def _wait(self, key: Key, name: str, token: str) -> tuple[Found, bool]:
        pause, given_up = 0.01, monotonic() + _LONGEST_WAIT
        while True:
            mine = await self._ask(lambda: self.client.set(name, token, nx=True, px=_LOCKED), None)
            found = await self.get(key)
            if mine or found.kept is not None or self.outage.away or monotonic() > given_up:
                return found, bool(mine)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.2)

    async def _renew(self, name: str, token: str) -> None:
        while True:
            await asyncio.sleep(_LOCKED / 3_000)
            await self._ask(lambda: self._scripts[RENEW](keys=[name], args=[token, _LOCKED]), None)

    async def drop(self, symbol: str | None, message: bytes) -> int:
        """Remove the values of a symbol, or all, for every process, and tell them; gives how many there were."""
        version = f"{PREFIX}@version:{_ALL if symbol is None else symbol}"
        kind_and_symbol = f"{PREFIX}*" if symbol is None else f"{PREFIX}*:{Key.spelled(symbol)}:*"

        async def ask() -> int:
            async with self.client.pipeline(transaction=True) as line:
                line.incr(version)
                line.expire(version, _VERSIONS)
                await line.execute()
            names = [name async for name, _ in self.client.zscan_iter(f"{PREFIX}@ends", kind_and_symbol, _BATCH)]
            gone = 0
            for start in range(0, len(names), _BATCH):
                gone += int(await self._scripts[DROP](keys=names[start : start + _BATCH]))
            await self.client.publish(self.channel, message)
            return gone

        return await self._ask(ask, 0)

    async def count(self, sums: Mapping[str, int], asked: Mapping[str, int]) -> bool:
        """Add to the sums of all processes and to how often each symbol was asked for; False where it failed."""

        async def ask() -> bool:
            async with self.client.pipeline(transaction=False) as line:
                for name, number in sums.items():
                    line.hincrby(f"{PREFIX}@sums", name, number)
                for symbol, number in asked.items():
                    line.zincrby(f"{PREFIX}@asked", number, symbol)
                line.zremrangebyrank(f"{PREFIX}@asked", 0, -1_001)
                await line.execute()
            return True

        return await self._ask(ask, otherwise=False)

    async def state(self) -> dict[str, int] | None:
        """Give the sums of all processes, and how many values and bytes there are now; None where Redis is away."""

        async def ask() -> dict[str, int]:
            async with self.client.pipeline(transaction=False) as line:
                line.hgetall(f"{PREFIX}@sums")
                line.zcount(f"{PREFIX}@ends", self._milliseconds(), "+inf")
                line.get(f"{PREFIX}@total")
                sums, entries, total = await line.execute()
            counted = {name.decode(): int(number) for name, number in sums.items()}
            return {**counted, "entries": int(entries), "bytes": int(total or 0)}

        return await self._ask(ask, None)

    async def asked(self, count: int) -> Sequence[str]:
        """Give the symbols that all processes asked for most often, the first one first."""

        async def ask() -> list[str]:
            names: list[Any] = await self.client.zrevrange(f"{PREFIX}@asked", 0, count - 1)
            return [name.decode() for name in names]

        return await self._ask(ask, [])

    async def close(self) -> None:
        """Let go of the connections, whether or not the server is there."""
        with suppress(*faults()):
            await heed(self.client.aclose())

    async def _ask(self, work: Callable[[], Awaitable[_T]], otherwise: _T) -> _T:
        if not self.outage.may_try():
            return otherwise
        try:
            value = await heed(work())
        except faults(ValueError, TypeError) as error:  # the last two: an answer of another form
            self.outage.failed(redact(f"{type(error).__name__}: {error}", longest=200))
            return otherwise
        self.outage.answered()
        return value

    def _milliseconds(self) -> int:
        return round(self._clock.now().timestamp() * 1_000)


def _named(script: str) -> str:
    return script.replace("{p}", PREFIX)


def _versions(key: Key) -> tuple[str, str]:
    return f"{PREFIX}@version:{_ALL}", f"{PREFIX}@version:{key.symbol}"


async def _packed(kept: Kept) -> bytes | None:
    if kept.frame.estimated_size() < 2**20:
        return pack(kept)
    return await asyncio.to_thread(pack, kept)


async def _unpacked(data: Any) -> Kept | None:
    if len(data) < 2**20:
        return unpack(data)
    return await asyncio.to_thread(unpack, data)
