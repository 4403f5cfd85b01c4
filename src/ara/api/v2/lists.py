"""Lists of accounts and webhooks: {"items", "next"}, as all lists of the second version are."""

import re
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from ara.api.asks import Asker, asker, service_of
from ara.api.cursors import cursor_of, place_of, strange
from ara.api.v1 import admin, apps, auth, webhooks
from ara.api.v1.admin import RoleName, UserFacts
from ara.api.v1.apps import AppFacts, ConsentFacts
from ara.api.v1.auth import KeyFacts
from ara.api.v1.webhooks import Delivered, EventType, WebhookFacts, WebhookId
from ara.api.v1.words import Absent

__all__ = ["AppList", "ConsentList", "DeliveryList", "EventList", "KeyList", "UserList", "WebhookList", "router"]

router = APIRouter()
"""The paths of lists; they stand before those with an id in their place."""

_T = TypeVar("_T")
_Keys = Annotated[Asker, Depends(asker("keys:write"))]
_Admin = Annotated[Asker, Depends(asker("users:admin"))]
_Reads = Annotated[Asker, Depends(asker("webhooks:read"))]
_MOST: Final = 1000
_USER: Final = re.compile("u_[a-z2-7]{16}")
_Limit = Annotated[int, Query(ge=1, le=_MOST, description="At most so many")]
_Cursor = Annotated[str | Absent, Query(min_length=1, max_length=128, description="The `next` of the answer before")]


class _Page(BaseModel):
    """A page of a list; `next` is the cursor of what follows, null where nothing does."""

    next: str | None


class KeyList(_Page):
    """Keys without their secrets, the oldest first."""

    items: list[KeyFacts]


class AppList(_Page):
    """Programs without their secrets."""

    items: list[AppFacts]


class ConsentList(_Page):
    """What is lent to programs."""

    items: list[ConsentFacts]


class UserList(_Page):
    """Users, by their ids."""

    items: list[UserFacts]


class WebhookList(_Page):
    """Webhooks without their secrets, the oldest first."""

    items: list[WebhookFacts]


class EventList(_Page):
    """Types of events."""

    items: list[EventType]


class DeliveryList(_Page):
    """What was sent, the newest first."""

    items: list[Delivered]


@router.get("/auth/api-keys", summary="One's keys", tags=["accounts"])
async def _keys(request: Request, who: _Keys, limit: _Limit = 200, cursor: _Cursor = None) -> KeyList:
    """List the keys of who asks, the oldest first."""
    found = await _all(service_of(request).accounts.keys.of(who.user.id))
    shown, further = _page([(one.made_at, one.id, auth.facts(one)) for one in found], limit, cursor)
    return KeyList(items=shown, next=further)


@router.get("/auth/apps", summary="One's programs", tags=["accounts"])
async def _apps(request: Request, who: _Keys, limit: _Limit = 200, cursor: _Cursor = None) -> AppList:
    """List the programs that who asks answers for."""
    found = await _all(service_of(request).accounts.apps.of(who.user.id))
    shown, further = _page([(one.made_at, one.id, apps.facts(one)) for one in found], limit, cursor)
    return AppList(items=shown, next=further)


@router.get("/auth/consents", summary="What one lends to programs", tags=["accounts"])
async def _consents(request: Request, who: _Keys, limit: _Limit = 200, cursor: _Cursor = None) -> ConsentList:
    """List the programs to which who asks lends something."""
    lent = await apps.lent(request, who)
    shown, further = _page([(one.made_at, one.client_id, one) for one in lent], limit, cursor)
    return ConsentList(items=shown, next=further)


@router.get("/auth/admin/users", summary="All users", tags=["administration"])
async def _users(
    request: Request,
    who: _Admin,
    role: Annotated[RoleName | Absent, Query(description="Only these")] = None,
    limit: _Limit = 200,
    cursor: _Cursor = None,
) -> UserList:
    """List the users, however many there are."""
    users = service_of(request).accounts.users
    if cursor is not None and not _USER.fullmatch(cursor):
        raise strange(cursor)
    found = await _all(users.all(role=role, limit=limit + 1, after=cursor or ""))
    shown = [admin.facts(one) for one in found[:limit]]
    return UserList(items=shown, next=shown[-1].id if len(found) > limit else None)


@router.get("/webhooks", summary="One's webhooks", tags=["webhooks"])
async def _webhooks(request: Request, who: _Reads, limit: _Limit = 200, cursor: _Cursor = None) -> WebhookList:
    """List the webhooks of who asks, the oldest first."""
    found = await _all(webhooks.webhooks_of(request, who).of(who.user.id))
    shown, further = _page([(one.made_at, one.id, webhooks.facts(one)) for one in found], limit, cursor)
    return WebhookList(items=shown, next=further)


@router.get("/webhooks/events", summary="What webhooks can ask for", tags=["webhooks"])
async def _events(who: _Reads) -> EventList:
    """List the types of events, all on one page."""
    return EventList(items=webhooks.event_types(), next=None)


@router.get("/webhooks/{webhook_id}/deliveries", summary="What was sent", tags=["webhooks"])
async def _sent(
    webhook_id: WebhookId,
    request: Request,
    who: _Reads,
    state: Annotated[Literal["waiting", "delivered", "dead"] | Absent, Query(description="Only these")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="At most so many")] = 20,
    cursor: _Cursor = None,
) -> DeliveryList:
    """List what was sent to a webhook and how it went, the newest first; `state=dead` gives what was given up."""
    shown, further = await webhooks.sent(request, who, webhook_id, state=state, limit=limit, cursor=cursor or "")
    return DeliveryList(items=shown, next=further)


async def _all(found: AsyncIterator[_T]) -> list[_T]:
    return [one async for one in found]


def _page(found: Iterable[tuple[datetime, str, _T]], limit: int, cursor: str | None) -> tuple[list[_T], str | None]:
    """Give so many of those that follow a cursor, by moment and id, and the cursor of what follows them."""
    place = place_of(cursor) if cursor is not None else None
    rest = sorted((one for one in found if place is None or one[:2] > place), key=lambda one: one[:2])
    shown = rest[:limit]
    return [one for _, _, one in shown], cursor_of(*shown[-1][:2]) if len(rest) > limit else None
