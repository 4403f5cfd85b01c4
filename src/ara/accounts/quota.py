"""What a user may ask for in a day: forecasts and jobs, counted in the store, so exactly over all processes.

A day is one of UTC, from midnight to midnight: what is left is there again at the next one.
"""

import asyncio
import dataclasses
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar, Final, Literal, TypeAlias
from weakref import WeakValueDictionary

from msgspec.structs import replace

from ara.accounts.user import User
from ara.desk import Desk
from ara.errors import QuotaError, StoreError
from ara.settings import TierSettings
from ara.store import Between, ConflictError, Record, changed, revision

__all__ = ["WHAT", "Quota", "Standing", "What"]

What: TypeAlias = Literal["forecasts", "jobs"]
"""What is counted by the day."""

WHAT: Final[tuple[What, ...]] = ("forecasts", "jobs")
"""All that is counted by the day."""

_DAY: Final = 86_400
_TRIES: Final = 200
_KNOWN: Final = 10_000


class _Used(Record, frozen=True, kw_only=True):
    """What a user asked for in a day, written as 2026-11-22."""

    kind: ClassVar[str] = "used"
    user: str
    what: str
    day: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How much of a day's share is used.

    Parameters
    ----------
    user, what
        Whose, and of what.
    most
        What the tier may ask for in a day.
    used
        What was asked for since midnight.
    at, resets_at
        The moment of asking, and the midnight at which all of it is there again.
    """

    user: str
    what: What
    most: int
    used: int
    at: datetime
    resets_at: datetime

    @property
    def left(self) -> int:
        """What may still be asked for today."""
        return max(self.most - self.used, 0)

    @property
    def day(self) -> str:
        """The day, as 2026-11-22."""
        return f"{self.at.astimezone(UTC):%Y-%m-%d}"

    @property
    def seconds(self) -> int:
        """Seconds until all of it is there again."""
        return max(math.ceil((self.resets_at - self.at).total_seconds()), 1)

    def headers(self) -> dict[str, str]:
        """Give the headers RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers, version 10."""
        return {
            "RateLimit-Policy": f'"{self.what}";q={self.most};w={_DAY}',
            "RateLimit": f'"{self.what}";r={self.left};t={self.seconds}',
        }


class Quota:
    """The days' shares of all users, in a desk's store.

    Parameters
    ----------
    desk
        The desk of the process.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._last: OrderedDict[str, int] = OrderedDict()

    async def spend(self, user: User, what: What, count: int = 1) -> Standing:
        """Count what a user asks for; QuotaError, and nothing counted, where that is more than is left of the day."""
        turn = self._turns.setdefault(f"{user.id} {what}", asyncio.Lock())
        async with turn:  # those of one process wait for each other; against others decides who wrote first
            for _ in range(_TRIES):
                empty = self._empty(user, what)
                known = self._last.pop(_id(empty), None)  # as this process wrote it last: nobody else may have since
                try:
                    if known is None:
                        after = await self.spend_once(user, what, count)
                    else:
                        after = await self._counted(dataclasses.replace(empty, used=known), count, user.tier)
                except ConflictError:
                    continue
                except QuotaError:
                    if known is None:
                        raise
                    continue
                self._remember(after)
                return after
        raise StoreError("Others count for this user all the time; nothing was counted.", hint="Try again.")

    async def spend_once(self, user: User, what: What, count: int = 1) -> Standing:
        """Count as `spend` does, also within a transaction; ConflictError where another process was faster."""
        return await self._counted(await self._standing(user, what), count, user.tier)

    async def give_back(self, spent: Standing, count: int) -> None:
        """Take back what was counted and came to nothing."""
        self._last.pop(_id(spent), None)
        await changed(
            self._desk.store, _Used, _id(spent), lambda old: replace(old, count=max(old.count - count, 0))
        )  # fmt: skip

    async def of(self, user: User) -> Sequence[Standing]:
        """Say how much of the day's shares a user has used."""
        return [await self._standing(user, what) for what in WHAT]

    async def remove_of(self, user: str) -> None:
        """Forget what a user asked for."""
        found = [one async for one in self._desk.store.find(_Used, {"user": user})]
        for one in found:
            await self._desk.store.remove(_Used, one.id)

    async def clean(self) -> int:
        """Forget days that are over, and say how many counts there were."""
        last = f"{self._desk.clock.now().astimezone(UTC) - timedelta(days=2):%Y-%m-%d}"
        found = [one async for one in self._desk.store.find(_Used, {"day": Between(high=last)})]
        for one in found:
            await self._desk.store.remove(_Used, one.id)
        return len(found)

    async def _standing(self, user: User, what: What) -> Standing:
        empty = self._empty(user, what)
        kept = await self._desk.store.get(_Used, _id(empty))
        return empty if kept is None else dataclasses.replace(empty, used=kept.count)

    def _empty(self, user: User, what: What) -> Standing:
        now = self._desk.clock.now()
        tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
        tier: TierSettings = getattr(self._desk.settings.accounts, user.tier)
        most = tier.per_day if what == "forecasts" else tier.jobs_per_day
        return Standing(user=user.id, what=what, most=most, used=0, at=now, resets_at=tomorrow)

    def _remember(self, after: Standing) -> None:
        self._last[_id(after)] = after.used
        if len(self._last) > _KNOWN:
            self._last.popitem(last=False)

    async def _counted(self, before: Standing, count: int, tier: str) -> Standing:
        after = dataclasses.replace(before, used=before.used + count)
        if after.used > after.most:
            raise _refused(before, tier)
        await self._write(before, after)
        return after

    async def _write(self, before: Standing, after: Standing) -> None:
        store, id = self._desk.store, _id(before)
        old = _Used(id=id, user=before.user, what=before.what, day=before.day, count=before.used)
        new = replace(old, count=after.used)
        if before.used == 0 and await store.add(new):
            return
        await store.put(new, replaces=revision(old))


def _id(one: Standing) -> str:
    return f"{one.user} {one.what} {one.day}"


def _refused(found: Standing, tier: str) -> QuotaError:
    """Make the error for what is more than is left: it says when there is more, in words and in headers."""
    wait = str(found.seconds)
    old = {"RateLimit-Limit": str(found.most), "RateLimit-Remaining": str(found.left), "RateLimit-Reset": wait}
    return QuotaError(
        f"The tier {tier} has {found.most} {found.what} a day; {found.left} are left.",
        hint=f"Ask for fewer, wait until {found.resets_at:%H:%M} UTC, or change the tier: ara users tier WHO pro",
        retry_after=found.seconds, headers={**found.headers(), **old, "Retry-After": wait},
    )  # fmt: skip
