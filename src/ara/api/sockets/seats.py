"""How many sockets each user has open, over all processes: kept in Redis, where a seat lives as long as it is renewed.

Where Redis is away, a process counts its own alone; those that it gave meanwhile are told to Redis when it is back.
"""

import os
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ara.data.cache.connecting import connect, faults, place_of
from ara.data.cache.heed import heed
from ara.data.cache.outage import Outage
from ara.redaction import redact

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RENEWED", "Seats"]

RENEWED: Final = 10.0
"""Seconds after which seats are renewed."""

_LIFE: Final = 30_000
_PREFIX: Final = "ara:seats"

_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
"""
_RENEW: Final = """
local time = redis.call('TIME')
local ends = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], ends, ARGV[i]) end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1
"""


class Seats:
    """The seats of users in a Redis that processes share; no method raises for what Redis does.

    Parameters
    ----------
    url
        Of the server.
    life
        Milliseconds that a seat outlives the process that gave it.
    """

    def __init__(self, url: str, *, life: int = _LIFE) -> None:
        self._life = life
        self._client: Redis = connect(url)
        self._scripts = {text: self._client.register_script(text) for text in (_TAKE, _RENEW)}
        self._held: defaultdict[str, set[str]] = defaultdict(set)
        self.outage = Outage(place_of(url), what="Sockets are counted")

    async def take(self, user: str, most: int) -> str | None:
        """Take a seat of a user's and give its name; None where all processes together gave as many as there may be."""
        seat = os.urandom(8).hex()
        if await self._ask(_TAKE, user, [seat, most, self._life]) == 0:
            return None
        self._held[user].add(seat)
        return seat

    async def free(self, user: str, seat: str) -> None:
        """Give a seat back."""
        self._held[user].discard(seat)
        if not self._held[user]:
            del self._held[user]
        await self._guarded(lambda: self._client.zrem(_key(user), seat))

    async def renew(self) -> None:
        """Say that the seats of this process are still taken."""
        for user, seats in tuple(self._held.items()):
            await self._ask(_RENEW, user, [self._life, *seats])

    async def close(self) -> None:
        """Let go of the connections, also where the server was away a moment ago."""
        with suppress(*faults()):
            await heed(self._client.aclose())

    async def _ask(self, script: str, user: str, arguments: list[Any]) -> Any:
        return await self._guarded(lambda: self._scripts[script](keys=[_key(user)], args=arguments))

    async def _guarded(self, ask: Any) -> Any:
        if not self.outage.may_try():
            return None
        try:
            told = await heed(ask())
        except faults() as error:
            self.outage.failed(redact(f"{type(error).__name__}: {error}", longest=200))
            return None
        self.outage.answered()
        return told


def _key(user: str) -> str:
    return f"{_PREFIX}:{user}"
