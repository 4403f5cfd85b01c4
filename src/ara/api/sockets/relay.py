"""Streams of all processes, in Redis: one process makes the messages of a stream, every process hears them.

A stream lies in a Redis stream whose ids are its numbers; who holds its lock makes it, and lets go when it has no
listeners of its own. Messages of a server that was emptied begin anew, under another name of the stream.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ara.data.cache.connecting import connect, faults, place_of
from ara.data.cache.heed import heed
from ara.data.cache.outage import Outage
from ara.redaction import redact

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Relay"]

_LOCK: Final = 6_000
_LIFE: Final = 3_600_000
_BLOCK: Final = 250
_PREFIX: Final = "{ara:sockets}"

_ADD: Final = """
local name = redis.call('GET', KEYS[2])
if not name then name = ARGV[1] end
local n = redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[2], name, 'PX', ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
local head = '"stream":"' .. name .. '","seq":' .. n .. ','
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], n .. '-0', 'm', '{' .. head .. string.sub(ARGV[2], 2))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return n
"""
_HOLD: Final = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_FREE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Relay:
    """The streams in a Redis that processes share.

    No method raises for what Redis does or fails to do: `away` says that it can't be used now.

    Parameters
    ----------
    url
        Of the server.
    history
        Messages of a stream that are kept.
    """

    def __init__(self, url: str, *, history: int) -> None:
        self._client: Redis = connect(url)
        self._history = history
        self._token = os.urandom(8).hex()
        self._scripts = {text: self._client.register_script(text) for text in (_ADD, _HOLD, _FREE)}
        self.outage = Outage(place_of(url), what="Live streams go on")

    @property
    def away(self) -> bool:
        """Whether the server could not be reached a moment ago."""
        return self.outage.away

    async def hold(self, name: str) -> bool:
        """Take the right to make a stream, or keep it; False where another process has it, or Redis is away."""
        return bool(await self._ask(_HOLD, [_key(name, "lock")], [self._token, _LOCK]))

    async def free(self, name: str) -> None:
        """Give the right to make a stream back."""
        await self._ask(_FREE, [_key(name, "lock")], [self._token])

    async def add(self, name: str, message: bytes) -> bool:
        """Number a message, a JSON object without number, and give it to all processes; False where Redis is away."""
        keys = [_key(name, "messages"), _key(name, "name"), _key(name, "count")]
        told = await self._ask(_ADD, keys, [os.urandom(6).hex(), message, self._history, _LIFE])
        return told is not None

    async def past(self, name: str) -> tuple[str, list[tuple[int, str]]] | None:
        """Give the name of a stream, empty where it has none yet, and the messages that are kept of it."""

        async def ask() -> Any:
            async with self._client.pipeline(transaction=True) as line:
                line.get(_key(name, "name"))
                line.xrange(_key(name, "messages"))
                return await line.execute()

        told = await self._guarded(ask)
        if told is None:
            return None
        return (told[0] or b"").decode(), [_read(one) for one in told[1]]

    async def named(self, name: str) -> str | None:
        """Give the name of a stream, empty where it has none; None where Redis is away."""
        told = await self._guarded(lambda: self._client.mget(_key(name, "name")))
        return None if told is None else (told[0] or b"").decode()

    async def news(self, seen: Mapping[str, int]) -> dict[str, list[tuple[int, str]]] | None:
        """Wait a little for messages behind the numbers that were seen, of several streams; None: Redis is away."""
        keys = {_key(name, "messages"): name for name in seen}
        places: dict[Any, Any] = {key: f"{seen[name]}-0" for key, name in keys.items()}

        async def ask() -> Any:
            return await self._client.xread(places, count=self._history, block=_BLOCK)

        told = await self._guarded(ask)
        return None if told is None else {keys[key.decode()]: [_read(one) for one in found] for key, found in told}

    async def close(self) -> None:
        """Let go of the connections."""
        with suppress(*faults()):
            await heed(self._client.aclose())

    async def _ask(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        async def ask() -> Any:
            return await self._scripts[script](keys=keys, args=arguments)

        return await self._guarded(ask)

    async def _guarded(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        if not self.outage.may_try():
            return None
        try:
            told = await heed(ask())
        except faults(asyncio.IncompleteReadError) as error:
            self.outage.failed(redact(f"{type(error).__name__}: {error}", longest=200))
            return None
        self.outage.answered()
        return told


def _key(name: str, part: str) -> str:
    """Name a part of a stream; all streams lie on one node of a cluster, since they are waited for together."""
    return f"{_PREFIX}:{name}:{part}"


def _read(entry: Any) -> tuple[int, str]:
    id, fields = entry
    return int(id.decode().partition("-")[0]), fields[b"m"].decode()
