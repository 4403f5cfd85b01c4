"""Requests that are sent again: the same key and the same content get the same answer, and nothing is done twice.

The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a key is one user's, for one path, for a day.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Header
from msgspec.structs import replace
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ara.accounts.sent import LIFE, Sent
from ara.api.asks import Asker
from ara.api.service import Service
from ara.errors import StoreError, ValidationError
from ara.lineage import digest
from ara.store import ConflictError, Store, revision

__all__ = ["OnceKey", "once"]

_REPLAYED: Final = "Idempotency-Replayed"
_PAUSE: Final = 0.5
_TRIES: Final = 240
_letting_go: Final[set[asyncio.Task[None]]] = set()

OnceKey = Annotated[
    Annotated[str, Field(pattern="^[A-Za-z0-9_.:-]{8,128}$")] | SkipJsonSchema[None],
    Header(
        alias="Idempotency-Key",
        description="Send the same again with the same request, and it is done once",
    ),
]
"""The key of a request that is to be done once."""


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
    mine = Sent(
        id=digest([who.user.id, type(asked).__name__, key]), asked=digest(asked.model_dump(mode="json")), at=now
    )
    while not await _added(store, mine):
        found = await store.get(Sent, mine.id)
        if found is None:
            continue
        if now - found.at <= LIFE and not _given_up(found, now, service):
            return _again(found, mine.asked)
        await store.remove(Sent, mine.id)
    try:
        answer = await make()
        with suppress(ConflictError):  # somebody gave this request up and does it again
            await store.put(replace(mine, answer=answer.model_dump_json()), replaces=revision(mine))
    except BaseException:
        await _released(store, mine)
        raise
    return answer


async def _added(store: Store, mine: Sent) -> bool:
    """Take a key; where the store or the client went meanwhile, nobody knows whether it was taken: it is let go of."""
    try:
        return await store.add(mine)
    except (StoreError, asyncio.CancelledError):
        _later(store, mine)
        raise


async def _released(store: Store, mine: Sent) -> None:
    """Let go of a key, so that the same may be sent again: at once, or when the store is back."""
    try:
        await store.remove(Sent, mine.id)
    except (StoreError, asyncio.CancelledError):
        _later(store, mine)


def _later(store: Store, mine: Sent) -> None:
    task = asyncio.create_task(_let_go(store, mine))
    _letting_go.add(task)
    task.add_done_callback(_letting_go.discard)


async def _let_go(store: Store, mine: Sent) -> None:
    for _ in range(_TRIES):
        await asyncio.sleep(_PAUSE)
        with suppress(StoreError):
            found = await store.get(Sent, mine.id)
            if found is not None and found.at == mine.at:
                await store.remove(Sent, mine.id)
            return


def _given_up(found: Sent, now: datetime, service: Service) -> bool:
    """Say whether its process died before there was an answer: no request lives so long."""
    return not found.answer and now - found.at > timedelta(seconds=2 * service.desk.settings.api.seconds)


def _again(found: Sent, asked: str) -> Response:
    if found.asked != asked:
        raise ValidationError(
            "This Idempotency-Key was sent with another request.", hint="Send another key with each new request."
        )
    if not found.answer:
        raise HTTPException(409, "The request with this Idempotency-Key is still being answered.", {"Retry-After": "1"})
    return Response(found.answer, media_type="application/json", headers={_REPLAYED: "true"})
