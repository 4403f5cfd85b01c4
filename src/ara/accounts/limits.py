"""How much may be asked for: token buckets, of which one request empties several at once, or none.

A bucket of capacity c that fills at r a second is kept as one moment: when it will be full again (the generic cell rate
algorithm of ATM networks, ITU-T I.371, which is a token bucket without a counter). So a bucket that is full needs no
place, and nothing has to be refilled.
"""

import logging
import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from ara.data.cache.connecting import connect, faults, place_of
from ara.data.cache.outage import Outage
from ara.errors import ValidationError
from ara.redaction import redact

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Bucket", "Limiter", "MemoryLimiter", "RedisLimiter", "Verdict", "limiter"]

_MOST: Final = 100_000
_MICRO: Final = 1_000_000
_PREFIX: Final = "{ara:limits}"
"""In braces, so that all buckets of one call lie on one node of a cluster."""

_TAKE: Final = """
local time = redis.call('TIME')
local now, cost = time[1] * 1000000 + time[2], tonumber(ARGV[1])
local full, wait = {}, 0
for i, key in ipairs(KEYS) do
  local each, whole = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  full[i] = math.max(tonumber(redis.call('GET', key) or '0'), now) + cost * each
  wait = math.max(wait, full[i] - whole - now)
end
local told = {wait}
for i, key in ipairs(KEYS) do
  local each = tonumber(ARGV[2 * i])
  if wait > 0 then
    full[i] = full[i] - cost * each
  elseif full[i] > now then
    redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000))
  end
  told[i + 1] = full[i] - now
end
return told
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket: what it counts, how much it holds, how fast it fills.

    Parameters
    ----------
    name
        What is counted, such as `user:u_ab`; the same name is the same bucket in all processes.
    capacity
        What may be asked for at once after a rest.
    per_second
        What may be asked for in the long run.
    each, whole
        Microseconds in which one is filled in, and all of it from nothing.
    """

    name: str
    capacity: int
    per_second: float
    each: int = field(init=False, repr=False, compare=False)
    whole: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.capacity < 1 or not 0 < self.per_second < math.inf:
            raise ValidationError(f"A bucket holds 1 or more and fills; {self.name!r} doesn't.")
        object.__setattr__(self, "each", max(round(_MICRO / self.per_second), 1))
        object.__setattr__(self, "whole", self.capacity * self.each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request may go on, and what its sender is told.

    Parameters
    ----------
    allowed
        Every bucket held enough; all were emptied by the cost. Otherwise none was.
    bucket
        The bucket with the least share left, which the headers speak of.
    remaining
        What that one holds now.
    reset
        Seconds until it is full.
    wait
        Seconds after which the request may be sent again; 0 where it is allowed.
    """

    allowed: bool
    bucket: Bucket
    remaining: int
    reset: float
    wait: float

    def headers(self) -> dict[str, str]:
        """Give the headers of draft-ietf-httpapi-ratelimit-headers, and Retry-After where it has to wait."""
        told = {
            "RateLimit-Limit": str(self.bucket.capacity),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(math.ceil(self.reset)),
        }
        return told if self.allowed else {**told, "Retry-After": str(max(math.ceil(self.wait), 1))}


class Limiter(Protocol):
    """Empties buckets."""

    async def take(self, buckets: Sequence[Bucket], cost: int = 1) -> Verdict:
        """Take the cost from all buckets, or from none where one holds too little."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class MemoryLimiter:
    """Buckets of this process alone; those that were used longest ago are forgotten where there are too many.

    Parameters
    ----------
    most
        How many buckets are kept that are not full.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._full: OrderedDict[str, int] = OrderedDict()
        self._most = most

    async def take(self, buckets: Sequence[Bucket], cost: int = 1) -> Verdict:
        """Take the cost from all buckets, or from none where one holds too little."""
        _check(buckets, cost)
        now = self._now()
        full = [max(self._full.get(one.name, 0), now) + cost * one.each for one in buckets]
        wait = max(at - one.whole - now for at, one in zip(full, buckets, strict=True))
        if wait > 0:
            full = [at - cost * one.each for at, one in zip(full, buckets, strict=True)]
        else:
            for at, one in zip(full, buckets, strict=True):
                self._full[one.name] = at
                self._full.move_to_end(one.name)
            while len(self._full) > self._most:
                self._full.popitem(last=False)
        return _verdict(buckets, [at - now for at in full], wait)

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    @staticmethod
    def _now() -> int:
        return time.monotonic_ns() // 1_000


class RedisLimiter:
    """Buckets that all processes share, in Redis, by its clock, in one step; in memory while Redis is away.

    Parameters
    ----------
    url
        Of the server.
    """

    def __init__(self, url: str) -> None:
        self._client: Redis = connect(url)
        self._script = self._client.register_script(_TAKE)
        self._alone = MemoryLimiter()
        self.outage = Outage(place_of(url), what="The limits go on")

    async def take(self, buckets: Sequence[Bucket], cost: int = 1) -> Verdict:
        """Take the cost from all buckets, or from none where one holds too little."""
        _check(buckets, cost)
        if not self.outage.may_try():
            return await self._alone.take(buckets, cost)
        sizes = [str(number) for one in buckets for number in (one.each, one.whole)]
        try:
            told = await self._script(keys=[f"{_PREFIX}:{one.name}" for one in buckets], args=[cost, *sizes])
            wait, *left = (int(number) for number in told)
        except faults(ValueError, TypeError) as error:
            self.outage.failed(redact(f"{type(error).__name__}: {error}", longest=200))
            return await self._alone.take(buckets, cost)
        self.outage.answered()
        return _verdict(buckets, left, wait)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


def limiter(url: str) -> Limiter:
    """Give the limiter of a service: in Redis where a server is named, else in memory."""
    return RedisLimiter(url) if url else MemoryLimiter()


def _check(buckets: Sequence[Bucket], cost: int) -> None:
    if not buckets or cost < 1:
        raise ValidationError("A request takes one or more from at least one bucket.")


def _verdict(buckets: Sequence[Bucket], left: Sequence[int], wait: int) -> Verdict:
    """Tell of the bucket that is nearest to its end; `left` is when each will be full, in microseconds from now."""
    held = [(max(one.whole - max(at, 0), 0), max(at, 0), one) for at, one in zip(left, buckets, strict=True)]
    most, full, tightest = min(held, key=lambda one: one[0] / one[2].whole)
    return Verdict(
        allowed=wait <= 0, bucket=tightest, remaining=int(most // tightest.each), reset=full / _MICRO,
        wait=max(wait, 0) / _MICRO,
    )  # fmt: skip
