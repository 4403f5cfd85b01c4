"""Jobs: GET /jobs, /jobs/schedule, /jobs/{id}, its result and its log; POST /jobs/{id}/cancel, DELETE /jobs/{id}."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from ara.api.asks import Asker, asker, service_of
from ara.api.line import CONFLICT, JobId, Told, cancelled, found, paged, result_of, told
from ara.jobs.document import log_document
from ara.jobs.journal import lines_of
from ara.jobs.standing import standing
from ara.logs.context import current

__all__ = ["Jobs", "Log", "logs", "result", "router", "schedule"]

router = APIRouter(prefix="/jobs", tags=["jobs"])
"""The paths of jobs."""

_Reads = Annotated[Asker, Depends(asker("jobs:read"))]
_Writes = Annotated[Asker, Depends(asker("jobs:write"))]
_Admin = Annotated[Asker, Depends(asker("users:admin"))]
_State = Literal["waiting", "running", "done", "failed", "cancelled"]
_Queue = Literal["predictions", "backtests", "training", "upkeep"]


class Jobs(BaseModel):
    """Jobs, the newest first; `next` is the cursor of those before them, null where there are none."""

    request_id: str | None
    timestamp: datetime
    jobs: list[Told]
    next: str | None


class _Line(BaseModel):
    at: datetime
    level: str
    words: str


class Log(BaseModel):
    """What a job and its workers said, and how many lines in the middle were left out."""

    job: int
    lines: list[_Line]
    left_out: int


@router.get("", summary="Your jobs")
async def _jobs(
    request: Request,
    who: _Reads,
    state: Annotated[_State | None, Query(description="Only these")] = None,
    queue: Annotated[_Queue | None, Query(description="Only these")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[
        str | None, Query(pattern="^[1-9][0-9]{0,14}$", description="What the answer before called `next`")
    ] = None,
) -> Jobs:
    """List jobs: one's own, an administrator everybody's."""
    shown, further = await paged(request, who, state=state, queue=queue, limit=limit, cursor=cursor)
    return Jobs(
        request_id=current() or None, timestamp=datetime.now(UTC), jobs=[told(one) for one in shown], next=further
    )


@router.get("/schedule", summary="What is done by itself")
async def schedule(request: Request, who: _Admin) -> dict[str, Any]:
    """Say what is done by itself, when, how it went and who sees to it: as `ara jobs schedule --json`."""
    return {"schema": 1, **(await standing(service_of(request).desk)).as_dict()}


@router.get("/{job_id}", summary="A job")
async def _job(job_id: JobId, request: Request, who: _Reads) -> Told:
    """Give a job with how far it has come, and once it is done with what came of it."""
    return told(await found(request, who, job_id), whole=True)


@router.get("/{job_id}/result", summary="What came of a job", responses=CONFLICT)
async def result(job_id: JobId, request: Request, who: _Reads) -> dict[str, Any]:
    """Give what came of a job that is done: as `ara jobs result --json`."""
    return {"schema": 1, **result_of(await found(request, who, job_id))}


@router.get("/{job_id}/logs", summary="What a job said")
async def logs(
    job_id: JobId,
    request: Request,
    who: _Reads,
    last: Annotated[int, Query(ge=1, le=500, description="At most so many lines, the newest")] = 500,
) -> Log:
    """Give what a job and its workers said, the newest lines last."""
    job = await found(request, who, job_id)
    log = log_document(job.number, await lines_of(service_of(request).desk.store, job.number))
    return Log.model_validate({**log, "lines": log["lines"][-last:]})


@router.post("/{job_id}/cancel", summary="Cancel a job", responses=CONFLICT)
@router.delete("/{job_id}", summary="Cancel a job", responses=CONFLICT)
async def _cancel(job_id: JobId, request: Request, who: _Writes) -> Told:
    """Take a job out of the line; one that runs is asked to end, and keeps what it has."""
    return told(await cancelled(request, who, job_id))
