"""Requests that a user marked with a key, so that the same sent again is done once; kept for a day."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from ara.store import Between, Record, Store

__all__ = ["LIFE", "Sent", "forget_sent"]

LIFE: Final = timedelta(days=1)
"""How long a key is good for."""


class Sent(Record, frozen=True, kw_only=True):
    """A request that has a key: what it asked, and its answer once there is one."""

    kind: ClassVar[str] = "once"
    asked: str
    at: datetime
    answer: str = ""


async def forget_sent(store: Store, now: datetime) -> int:
    """Forget requests that are a day old, and say how many."""
    found = [one async for one in store.find(Sent, {"at": Between(high=now - LIFE)})]
    for one in found:
        await store.remove(Sent, one.id)
    return len(found)
