"""Whether the service lives, may be asked, how its parts are, and what it has counted."""

import os
import time
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

import ara
from ara.accounts.limits import RedisLimiter
from ara.api.asks import Asker, asker, service_of
from ara.api.measured import measure
from ara.api.service import Service
from ara.errors import AraError, NotFoundError
from ara.jobs import Queue, State

__all__ = ["Health", "Part", "Parts", "metrics", "router"]

router = APIRouter(prefix="/health", tags=["health"])
"""The paths of health."""

metrics = APIRouter(tags=["health"])
"""The path of metrics."""

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_BEGAN: Final = time.monotonic()
_Told = Literal["ok", "unavailable"]
_METRICS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Metrics as Prometheus reads them.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


class Health(BaseModel):
    """How the service is."""

    status: _Told
    version: str
    at: datetime


class Part(BaseModel):
    """How a part is, and how long its answer took."""

    status: _Told
    milliseconds: float
    words: str


class Parts(Health):
    """How each part of the service is."""

    uptime_seconds: float
    process: int
    parts: dict[str, Part]


def _health(status: _Told) -> Health:
    return Health(status=status, version=ara.__version__, at=datetime.now(UTC))


@router.get("", summary="Whether the service answers")
@router.get("/live", summary="Whether the process lives")
async def _live() -> Health:
    """Say that the process lives; nothing else is asked."""
    return _health("ok")


@router.get("/ready", summary="Whether requests may be sent here", responses={503: {"model": Health}})
async def _ready(request: Request, response: Response) -> Health:
    """Say whether the store answers, by reading from it."""
    found = await _store(service_of(request))
    response.status_code = 200 if found.status == "ok" else 503
    return _health(found.status)


@router.get("/detailed", summary="How the parts are", responses={503: {"model": Parts}})
async def _detailed(
    request: Request, response: Response, who: Annotated[Asker, Depends(asker("market:read"))]
) -> Parts:
    """Say how the store, limits, jobs and sockets are, since when the process lives, and which version it is."""
    service = service_of(request)
    parts = {
        "store": await _store(service), "limits": _limits(service), "jobs": await _jobs(service),
        "sockets": _part("ok", time.perf_counter(), f"{request.app.state.room.count} open in this process"),
    }  # fmt: skip
    status: _Told = parts["store"].status
    response.status_code = 200 if status == "ok" else 503
    return Parts(
        **_health(status).model_dump(), uptime_seconds=round(time.monotonic() - _BEGAN, 3), process=os.getpid(),
        parts=parts,
    )  # fmt: skip


@metrics.get("/metrics", summary="Metrics for Prometheus", responses=_METRICS)
@router.get("/metrics", summary="Metrics for Prometheus", responses=_METRICS)
async def _metrics(request: Request) -> Response:
    """Give what was counted and timed, in Prometheus's text format; 404 where telemetry.prometheus is off."""
    service = service_of(request)
    if not service.desk.settings.telemetry.prometheus:
        raise NotFoundError(
            "There are no metrics to show: telemetry.prometheus is off.",
            hint="Switch it on: ara config set telemetry.prometheus true",
        )
    await measure(request.app, service, time.monotonic())
    return Response(service.desk.telemetry.exposition(), media_type=_TEXT)


async def _store(service: Service) -> Part:
    began = time.perf_counter()
    try:
        await service.accounts.users.find("u_nobody")
    except AraError as error:
        return _part("unavailable", began, error.code)
    return _part("ok", began, service.desk.settings.store.url.partition(":")[0] or "sqlite")


async def _jobs(service: Service) -> Part:
    began, queue = time.perf_counter(), Queue(service.desk)
    try:
        waiting, running = [len(await queue.all(state=state)) for state in (State.WAITING, State.RUNNING)]
    except AraError as error:
        return _part("unavailable", began, error.code)
    return _part("ok", began, f"{waiting} wait, {running} run")


def _limits(service: Service) -> Part:
    began, limits = time.perf_counter(), service.limits
    if not isinstance(limits, RedisLimiter):
        return _part("ok", began, "in memory")
    return _part("unavailable" if limits.outage.away else "ok", began, "in Redis")


def _part(status: _Told, began: float, words: str) -> Part:
    return Part(status=status, milliseconds=round(1e3 * (time.perf_counter() - began), 3), words=words)
