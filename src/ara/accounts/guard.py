"""Against guessing: who fails to log in waits, the longer the more often, whether or not the account exists."""

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from ara.desk import Desk
from ara.errors import QuotaError
from ara.store import Between, Record, changed

__all__ = ["Guard"]

_FREE: Final = {"pair": 5, "address": 50, "email": 200}
"""Failures without a wait: of one address on one account, of one address on all, of all addresses on one account."""

_LONGEST: Final = 900.0
_MEMORY: Final = timedelta(days=1)


class _Failures(Record, frozen=True, kw_only=True):
    """Failures to log in; the id is a digest of what they have in common."""

    kind: ClassVar[str] = "failures"
    count: int
    last_at: datetime


class Guard:
    """Counts failures in the store, so that all processes know them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def check(self, email: str, address: str) -> None:
        """Refuse a try that comes too early after others; QuotaError says how many seconds are left."""
        now = self._desk.clock.now()
        waits = [await self._wait(kind, text, now) for kind, text in _keys(email, address)]
        left = max(waits)
        if left > 0:
            seconds = int(left) + 1
            raise QuotaError(f"Too many tries; wait {seconds} seconds.", retry_after=seconds)

    async def failed(self, email: str, address: str) -> None:
        """Count a failure."""
        now = self._desk.clock.now()
        for kind, text in _keys(email, address):
            id = _id(kind, text)

            def more(old: _Failures) -> _Failures:
                forgotten = now - old.last_at > _MEMORY
                return replace(old, count=1 if forgotten else old.count + 1, last_at=now)

            if not await self._desk.store.add(_Failures(id=id, count=1, last_at=now)):
                await changed(self._desk.store, _Failures, id, more)

    async def succeeded(self, email: str, address: str) -> None:
        """Forget the failures of this address on this account; those of others stay counted."""
        await self._desk.store.remove(_Failures, _id(*_keys(email, address)[0]))

    async def clean(self) -> int:
        """Forget failures that are a day old, and say how many."""
        old = Between(high=self._desk.clock.now() - _MEMORY)
        found = [one async for one in self._desk.store.find(_Failures, {"last_at": old})]
        for one in found:
            await self._desk.store.remove(_Failures, one.id)
        return len(found)

    async def _wait(self, kind: str, text: str, now: datetime) -> float:
        kept = await self._desk.store.get(_Failures, _id(kind, text))
        if kept is None or kept.count < _FREE[kind] or now - kept.last_at > _MEMORY:
            return 0.0
        pause = min(2.0 ** min(kept.count - _FREE[kind], 20), _LONGEST)
        return pause - max((now - kept.last_at).total_seconds(), 0.0)


def _keys(email: str, address: str) -> tuple[tuple[str, str], ...]:
    return (("pair", f"{email}\0{address}"), ("address", address), ("email", email))


def _id(kind: str, text: str) -> str:
    return f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:40]}"
