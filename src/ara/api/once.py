"""Requests that are sent again: the same key and the same content get the same answer, and nothing is done twice.

The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a key is one user's, for one path, for a day.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from fastapi import Header
from msgspec.structs import replace
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ara.api.asks import Asker
from ara.api.service import Service
from ara.errors import ValidationError
from ara.lineage import digest
from ara.store import Between, ConflictError, Record, Store, revision

__all__ = ["OnceKey", "clean", "once"]

_LIFE: Final = timedelta(days=1)
_REPLAYED: Final = "Idempotency-Replayed"

OnceKey = Annotated[
    Annotated[str, Field(pattern="^[A-Za-z0-9_.:-]{8,128}$")] | SkipJsonSchema[None],
    Header(
        alias="Idempotency-Key",
        description="Send the same again with the same request, and it is done once",
    ),
]
"""The key of a request that is to be done once."""


class _Once(Record, frozen=True, kw_only=True):
    """A request that has a key: what it asked, and its answer once there is one."""

    kind: ClassVar[str] = "once"
    asked: str
    at: datetime
    answer: str = ""


async def once(
    service: Service, who: Asker, key: str | None, asked: BaseModel, make: Callable[[], Awaitable[BaseModel]]
) -> Response | BaseModel:
    """Give the answer to a request; the kept one, where the same user sent the same with the same key before.

    Parameters
    ----------
    service, who
        The service, and who asks.
    key
        As it was sent; None does it whether or not it was done before.
    asked
        What is asked.
    make
        Does it. What fails is not kept: the same key may be sent again.
    """
    if key is None:
        return await make()
    store, now = service.desk.store, service.desk.clock.now()
    mine = _Once(
        id=digest([who.user.id, type(asked).__name__, key]), asked=digest(asked.model_dump(mode="json")), at=now
    )
    while not await store.add(mine):
        found = await store.get(_Once, mine.id)
        if found is None:
            continue
        if now - found.at <= _LIFE and not _given_up(found, now, service):
            return _again(found, mine.asked)
        await store.remove(_Once, mine.id)
    try:
        answer = await make()
    except BaseException:
        await store.remove(_Once, mine.id)
        raise
    with suppress(ConflictError):  # somebody gave this request up and does it again
        await store.put(replace(mine, answer=answer.model_dump_json()), replaces=revision(mine))
    return answer


async def clean(store: Store, now: datetime) -> int:
    """Forget keys that are a day old, and say how many."""
    found = [one async for one in store.find(_Once, {"at": Between(high=now - _LIFE)})]
    for one in found:
        await store.remove(_Once, one.id)
    return len(found)


def _given_up(found: _Once, now: datetime, service: Service) -> bool:
    """Say whether its process died before there was an answer: no request lives so long."""
    return not found.answer and now - found.at > timedelta(seconds=2 * service.desk.settings.api.seconds)


def _again(found: _Once, asked: str) -> Response:
    if found.asked != asked:
        raise ValidationError(
            "This Idempotency-Key was sent with another request.", hint="Send another key with each new request."
        )
    if not found.answer:
        raise HTTPException(409, "The request with this Idempotency-Key is still being answered.", {"Retry-After": "1"})
    return Response(found.answer, media_type="application/json", headers={_REPLAYED: "true"})
