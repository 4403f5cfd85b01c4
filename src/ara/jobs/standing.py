"""Standing orders as they are now: when each is due, how it went, and who leads."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ara.desk import Desk
from ara.jobs.entering import alive_of
from ara.jobs.job import Job
from ara.jobs.leader import Order, leading, orders
from ara.jobs.work import words

__all__ = ["Standing", "Told", "standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A standing order: when it is due next, and the job that carried it out last."""

    order: Order
    due: datetime | None
    last: Job | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "name": self.order.name,
            "when": self.order.when,
            "zone": self.order.zone,
            "what": words(self.order.work),
            "words": self.order.words,
            "due": _instant(self.due),
            "last": None if self.last is None else {
                "job": self.last.number, "state": self.last.state.value, "ended_at": _instant(self.last.ended_at),
                "words": self.last.words,
            },
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All standing orders, the machine whose worker sees to them, empty for none, and its last sign of life."""

    orders: tuple[Told, ...]
    leader: str
    seen: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """Give them as JSON values."""
        told = [one.as_dict() for one in self.orders]
        return {"leader": self.leader or None, "seen": _instant(self.seen), "schedule": told}


async def standing(desk: Desk) -> Standing:
    """Give the standing orders of a desk's settings."""
    leader, seen = await leading(desk)
    told = [
        Told(order=one, due=await _due(desk, one.name), last=await _last(desk, one.name))
        for one in orders(desk.settings)
    ]
    return Standing(orders=tuple(told), leader=leader, seen=seen)


async def _due(desk: Desk, name: str) -> datetime | None:
    alive = await alive_of(desk.store, name=name)
    return alive[0].due if alive else None


async def _last(desk: Desk, name: str) -> Job | None:
    async for one in desk.store.find(Job, {"name": name}, order="-number", limit=20):
        if one.ended:
            return one
    return None


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
