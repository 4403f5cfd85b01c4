"""Whether the service lives, may be asked, and how its parts are."""

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

import ara
from ara.api.asks import service_of
from ara.errors import AraError

__all__ = ["Health", "router"]

router = APIRouter(prefix="/health", tags=["health"])
"""The paths of health."""


class Health(BaseModel):
    """How the service is."""

    status: Literal["ok", "unavailable"]
    version: str
    at: datetime


def _health(status: Literal["ok", "unavailable"]) -> Health:
    return Health(status=status, version=ara.__version__, at=datetime.now(UTC))


@router.get("", summary="Whether the service answers")
@router.get("/live", summary="Whether the process lives")
async def _live() -> Health:
    """Say that the process lives; nothing else is asked."""
    return _health("ok")


@router.get("/ready", summary="Whether requests may be sent here", responses={503: {"model": Health}})
async def _ready(request: Request, response: Response) -> Health:
    """Say whether the store answers, by reading from it."""
    parts = await _parts(request)
    if any(one != "ok" for one in parts.values()):
        response.status_code = 503
        return _health("unavailable")
    return _health("ok")


async def _parts(request: Request) -> dict[str, Any]:
    try:
        await service_of(request).accounts.users.find("u_nobody")
    except AraError as error:
        return {"store": error.code}
    return {"store": "ok"}
