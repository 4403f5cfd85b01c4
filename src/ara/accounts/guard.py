"""Against guessing: who fails to log in waits, the longer the more often, whether or not the account exists."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from ara.accounts.network import network_of
from ara.desk import Desk
from ara.errors import QuotaError
from ara.store import Between, Record, changed

__all__ = ["Guard", "Try"]

_FREE: Final = {"pair": 5, "address": 50, "email": 200}
"""Failures without a wait: of one address on one account, of one address on all, of all addresses on one account."""

_LONGEST: Final = 900.0
_MEMORY: Final = timedelta(days=1)


class _Failures(Record, frozen=True, kw_only=True):
    """Failures to log in; the id is a digest of what they have in common."""

    kind: ClassVar[str] = "failures"
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A try that was counted as a failure before it was known to be one.

    Parameters
    ----------
    email, address
        Whose account, and from where in the network.
    at
        When.
    before
        When the failure before it was, by what they have in common; None where it is the first.
    """

    email: str
    address: str
    at: datetime
    before: Mapping[str, datetime | None]


class Guard:
    """Counts failures in the store, so that all processes know them.

    A try counts as a failure from when it begins until it turns out to be none. So those who send many guesses at once
    may make no more of them than one after the other, and who hangs up before the answer has guessed too.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = asyncio.Lock()

    async def check(self, email: str, address: str) -> None:
        """Refuse a try that comes too early after others; QuotaError says how many seconds are left."""
        now = self._desk.clock.now()
        for kind, text in _keys(email, address):
            kept = await self._desk.store.get(_Failures, _id(kind, text))
            if kept is not None:
                _refuse(kind, kept, now)

    async def begin(self, email: str, address: str) -> Try:
        """Count a try before its password is looked at; refused, and not counted, where it comes too early."""
        async with self._turn:  # those of one process wait for each other; against others decides who wrote first
            await self.check(email, address)
            now = self._desk.clock.now()
            before = {_id(kind, text): await self._counted(kind, text, now) for kind, text in _keys(email, address)}
        return Try(email=email, address=address, at=now, before=before)

    async def succeeded(self, one: Try) -> None:
        """Forget the failures of this address on this account, and that this try was counted among those of others."""
        pair, *others = [_id(kind, text) for kind, text in _keys(one.email, one.address)]
        await self._desk.store.remove(_Failures, pair)
        for id in others:
            await self._taken_back(id, one)

    async def clean(self) -> int:
        """Forget failures that are a day old, and say how many."""
        old = Between(high=self._desk.clock.now() - _MEMORY)
        found = [one async for one in self._desk.store.find(_Failures, {"last_at": old})]
        for one in found:
            await self._desk.store.remove(_Failures, one.id)
        return len(found)

    async def _counted(self, kind: str, text: str, now: datetime) -> datetime | None:
        """Count a failure, and give when the one before was; refused where another process was faster."""
        id, before = _id(kind, text), list[datetime]()

        def more(old: _Failures) -> _Failures:
            _refuse(kind, old, now)
            before[:] = [old.last_at]
            forgotten = now - old.last_at > _MEMORY
            return replace(old, count=1 if forgotten else old.count + 1, last_at=now)

        while not await self._desk.store.add(_Failures(id=id, count=1, last_at=now)):
            if await changed(self._desk.store, _Failures, id, more) is not None:
                return before[0]
        return None

    async def _taken_back(self, id: str, one: Try) -> None:
        before = one.before[id]

        def less(old: _Failures) -> _Failures:
            alone = old.last_at == one.at and before is not None
            return replace(old, count=max(old.count - 1, 0), last_at=before if alone and before else old.last_at)

        left = await changed(self._desk.store, _Failures, id, less)
        if left is not None and not left.count:
            await self._desk.store.remove(_Failures, id)


def _refuse(kind: str, kept: _Failures, now: datetime) -> None:
    """Raise QuotaError where the wait after failures is not over."""
    if kept.count < _FREE[kind] or now - kept.last_at > _MEMORY:
        return
    pause = min(2.0 ** min(kept.count - _FREE[kind], 20), _LONGEST)
    left = pause - max((now - kept.last_at).total_seconds(), 0.0)
    if left > 0:
        seconds = int(left) + 1
        raise QuotaError(f"Too many tries; wait {seconds} seconds.", retry_after=seconds)


def _keys(email: str, address: str) -> tuple[tuple[str, str], ...]:
    place = network_of(address)
    return (("pair", f"{email}\0{place}"), ("address", place), ("email", email))


def _id(kind: str, text: str) -> str:
    return f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:40]}"
