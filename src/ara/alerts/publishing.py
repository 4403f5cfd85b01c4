"""The one place where events are published, from whichever room they come."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from ara.alerts.event import EVENTS, Event, Reach, message_id
from ara.alerts.outgoing import Outgoing
from ara.alerts.webhook import Webhook
from ara.desk import Desk
from ara.errors import ValidationError
from ara.lineage import canonical
from ara.store import Between

__all__ = ["NOTICE", "events_after", "publish", "wanted"]

NOTICE = "webhook_disabled"
"""The type of the notice to its owner that a webhook was switched off; it stands in the stream of alerts alone."""

_LARGEST = 65_536
_NOTICE = Reach(permission="webhooks:read", words="a webhook of yours was switched off")


async def publish(desk: Desk, type: str, data: Mapping[str, Any], *, user: str = "", key: str = "") -> str | None:
    """Tell of an event: put it into the line of every webhook that asks for it, and into the stream of alerts.

    Durable on return; all of it or nothing. Not to be called within a transaction.

    Parameters
    ----------
    desk
        The desk of the process.
    type
        One of `EVENTS`.
    data
        What is told of it: JSON values, 64 kB at most.
    user
        Whose it is; empty for the installation's.
    key
        What it is the event of, such as the id of a job: the same key of the same type is told once.

    Returns
    -------
    str | None
        Id of the message; None where nobody wants to know, or was told already.
    """
    reach = _NOTICE if type == NOTICE else EVENTS.get(type)
    if reach is None:
        raise ValidationError(f"There is no event {type[:60]!r}.", hint=f"Events are: {', '.join(EVENTS)}")
    if not (user or reach.shared):
        return None  # it concerns its owner alone, and has none
    found = [one async for one in _asking(desk, type, reach, user)]
    if not found and not reach.streamed:
        return None
    now, id = desk.clock.now(), message_id(*((type, user, key) if key else ()))
    body = canonical({"type": type, "timestamp": now.isoformat(), "data": dict(data)})
    if len(body) > _LARGEST:
        raise ValidationError(f"The event has {len(body)} bytes; {_LARGEST} are allowed.")
    text = body.decode()
    async with desk.store.tx():
        new = True
        if reach.streamed:
            new = await desk.store.add(Event(id=id, type=type, user="" if reach.shared else user, at=now, body=text))
        if new:
            for one in found:
                await desk.store.add(Outgoing.fresh(id, one.id, one.user, type, text, now))
    return id if new else None


async def wanted(desk: Desk, type: str) -> bool:
    """Tell whether anybody's webhook asks for a type of events."""
    found = desk.store.find(Webhook, {"disabled_at": None})
    return any([type in one.events async for one in found])


async def events_after(desk: Desk, at: datetime) -> list[Event]:
    """Give the events of the stream from a moment on, the oldest first."""
    found = desk.store.find(Event, {"at": Between(low=at)}, order="at")
    return [one async for one in found]


async def _asking(desk: Desk, type: str, reach: Reach, user: str) -> AsyncIterator[Webhook]:
    where: dict[str, Any] = {"disabled_at": None}
    if not reach.shared:
        where["user"] = user
    async for one in desk.store.find(Webhook, where):
        if type in one.events:
            yield one
