"""Webhooks of one's own: /webhooks, their deliveries, tests and secrets."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.accounts.noting import noting
from ara.alerts import EVENTS, State, Webhook, Webhooks
from ara.alerts.document import outgoing_document, webhook_document
from ara.api.asks import Asker, asker, service_of
from ara.api.cursors import cursor_of, place_of, strange
from ara.store import Place

__all__ = [
    "Chosen",
    "Delivered",
    "Deliveries",
    "EventType",
    "Tried",
    "WebhookFacts",
    "WebhookId",
    "WebhookMade",
    "WebhookNews",
    "WebhookRequest",
    "event_types",
    "facts",
    "lists",
    "own",
    "router",
    "sent",
    "webhooks_of",
]

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
"""The paths of webhooks."""

lists = APIRouter(prefix="/webhooks", tags=["webhooks"])
"""Those that list, in the shape of the first version."""

_MOST: Final = 100
_Reads = Annotated[Asker, Depends(asker("webhooks:read"))]
_Writes = Annotated[Asker, Depends(asker("webhooks:write"))]
_Event = Literal[
    "prediction_complete", "model_trained", "model_deployed", "backtest_complete", "alert_triggered",
    "data_quality_issue", "system_error",
]  # fmt: skip
WebhookId = Annotated[str, Path(min_length=1, max_length=64, description="The id of a webhook", examples=["wh_abc"])]
"""A webhook."""
_Sent = Annotated[str, Path(min_length=1, max_length=128, description="The id of a delivery")]
_Url = Annotated[
    str,
    Field(
        min_length=9,
        max_length=2000,
        description="Where events are sent: https, to the internet",
        examples=["https://example.org/hooks/ara"],
        json_schema_extra={"pattern": r"^https://[a-z]{1,20}(\.[a-z]{2,10}){1,3}(/[A-Za-z0-9._~-]{1,20}){0,5}$"},
    ),
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WebhookRequest(_Asked):
    """An address that wants to be told."""

    url: _Url
    events: list[_Event] = Field(min_length=1, max_length=20, examples=[["prediction_complete"]])
    name: str = Field(default="", max_length=100, description="What for", examples=["trading desk"])


class WebhookNews(_Asked):
    """What is to be another; what is left out stays."""

    url: _Url | None = None
    events: list[_Event] | None = Field(default=None, min_length=1, max_length=20)
    name: str | None = Field(default=None, max_length=100)
    active: bool | None = Field(default=None, description="Switch it on or off")


class Chosen(_Asked):
    """Which webhook."""

    webhook_id: str = Field(min_length=1, max_length=64)


class WebhookFacts(BaseModel):
    """A webhook without its secret."""

    id: str
    user: str
    url: str
    events: list[str]
    name: str
    active: bool
    made_at: str
    disabled_at: str | None
    why: str | None = Field(description="Why it is off")
    failing_since: str | None
    delivered_at: str | None
    secrets: int = Field(description="Under how many it is signed: two while one is rotated")


class WebhookMade(WebhookFacts):
    """A webhook with its secret, which is shown this once."""

    secret: str


class Tried(BaseModel):
    """One try."""

    at: str
    status: int | None
    seconds: float
    words: str | None


class Delivered(BaseModel):
    """A message to a webhook, and how its tries went."""

    id: str
    message: str
    webhook: str
    event: str
    state: Literal["waiting", "delivered", "dead"]
    tries: int
    made_at: str
    due: str | None
    ended_at: str | None
    attempts: list[Tried]
    body: str


class Deliveries(BaseModel):
    """A page of the log, the newest first; `next` is the cursor of the page after it."""

    deliveries: list[Delivered]
    next: str | None


class EventType(BaseModel):
    """A type of event."""

    name: str
    description: str
    permission: str
    shared: bool = Field(description="Whether it concerns all who have the permission, or its owner alone")


@router.post("", summary="Register a webhook", status_code=201)
async def _add(asked: WebhookRequest, request: Request, who: _Writes) -> WebhookMade:
    """Register an address, and show the secret by which its messages are signed, this once."""
    made, secret = await webhooks_of(request, who).add(who.user.id, asked.url, asked.events, name=asked.name)
    return WebhookMade(**webhook_document(made), secret=secret.reveal())


@lists.get("", summary="One's webhooks")
async def _list(request: Request, who: _Reads) -> list[WebhookFacts]:
    """List the webhooks of who asks, the oldest first."""
    return [facts(one) async for one in webhooks_of(request, who).of(who.user.id)]


@lists.get("/events", summary="What webhooks can ask for")
async def _events(who: _Reads) -> list[EventType]:
    """List the types of events."""
    return event_types()


def event_types() -> list[EventType]:
    """Tell what webhooks can ask for."""
    return [
        EventType(name=name, description=reach.words, permission=reach.permission, shared=reach.shared)
        for name, reach in EVENTS.items()
    ]


@router.post("/test", summary="Send a test to a webhook, named in the body")
async def _test_named(asked: Chosen, request: Request, who: _Writes) -> Delivered:
    """Send an event of the type `test` once, and say what was answered."""
    return await _tested(asked.webhook_id, request, who)


@router.get("/{webhook_id}", summary="A webhook")
async def _show(webhook_id: WebhookId, request: Request, who: _Reads) -> WebhookFacts:
    """Give one of one's webhooks."""
    return facts(await own(webhook_id, request, who))


@router.patch("/{webhook_id}", summary="Change a webhook")
async def _change(webhook_id: WebhookId, asked: WebhookNews, request: Request, who: _Writes) -> WebhookFacts:
    """Change address, events or name, or switch it on or off."""
    one = await own(webhook_id, request, who)
    return facts(
        await webhooks_of(request, who).change(
            one, url=asked.url, events=asked.events, name=asked.name, on=asked.active
        )
    )


@router.delete("/{webhook_id}", summary="Delete a webhook", status_code=204)
async def _remove(webhook_id: WebhookId, request: Request, who: _Writes) -> None:
    """Forget a webhook and all that was sent to it."""
    await webhooks_of(request, who).remove(await own(webhook_id, request, who))


@router.post("/{webhook_id}/rotate", summary="Give a webhook another secret", status_code=201)
async def _rotate(
    webhook_id: WebhookId,
    request: Request,
    who: _Writes,
    overlap_days: Annotated[int, Query(ge=0, le=90, description="Days that the old one signs too")] = 1,
) -> WebhookMade:
    """Show another secret, this once; messages are signed by both for some days."""
    one, secret = await webhooks_of(request, who).rotate(await own(webhook_id, request, who), overlap=overlap_days)
    return WebhookMade(**webhook_document(one), secret=secret.reveal())


@router.post("/{webhook_id}/test", summary="Send a test")
async def _test(webhook_id: WebhookId, request: Request, who: _Writes) -> Delivered:
    """Send an event of the type `test` once, and say what was answered."""
    return await _tested(webhook_id, request, who)


@lists.get("/{webhook_id}/deliveries", summary="What was sent")
async def _log(
    webhook_id: WebhookId,
    request: Request,
    who: _Reads,
    state: Annotated[Literal["waiting", "delivered", "dead"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 20,
    cursor: Annotated[str, Query(max_length=128, description="`next` of the page before")] = "",
) -> Deliveries:
    """List what was sent to a webhook and how it went, the newest first; `state=dead` gives what was given up."""
    found, rest = await sent(request, who, webhook_id, state=state, limit=limit, cursor=cursor)
    return Deliveries(deliveries=found, next=rest)


async def sent(
    request: Request, who: Asker, webhook_id: str, *, state: str | None, limit: int, cursor: str
) -> tuple[list[Delivered], str | None]:
    """Tell what was sent to a webhook of who asks, and the cursor of what was sent before that."""
    one = await own(webhook_id, request, who)
    wanted = None if state is None else State(state)
    place = Place(*place_of(cursor)) if cursor else None
    if place is not None and not place.id.endswith(f".{one.id}"):
        raise strange(cursor)
    found = await webhooks_of(request, who).log(one, state=wanted, limit=limit + 1, after=place)
    rest = cursor_of(found[limit - 1].made_at, found[limit - 1].id) if len(found) > limit else None
    return [Delivered(**outgoing_document(each)) for each in found[:limit]], rest


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", summary="Send it again", status_code=202)
async def _again(webhook_id: WebhookId, delivery_id: _Sent, request: Request, who: _Writes) -> Delivered:
    """Put a message into the line once more, under the id that it had."""
    one = await own(webhook_id, request, who)
    return Delivered(**outgoing_document(await webhooks_of(request, who).again(one, delivery_id)))


def webhooks_of(request: Request, who: Asker) -> Webhooks:
    """Give the room of webhooks, whose changes the audit log notes as this user's."""
    service = service_of(request)
    return Webhooks(service.desk, noted=noting(service.accounts.audit, by=who.user.id))


async def own(id: str, request: Request, who: Asker) -> Webhook:
    """Give a webhook of who asks: those of others are as good as none."""
    return await webhooks_of(request, who).get(id, user=who.user.id)


async def _tested(id: str, request: Request, who: Asker) -> Delivered:
    return Delivered(**outgoing_document(await webhooks_of(request, who).test(await own(id, request, who))))


def facts(webhook: Webhook) -> WebhookFacts:
    """Tell a webhook without its secret."""
    told: dict[str, Any] = webhook_document(webhook)
    return WebhookFacts(**told)
