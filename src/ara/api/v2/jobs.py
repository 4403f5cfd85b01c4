"""Jobs: GET /jobs, /jobs/schedule, /jobs/{job_id}, its result and its log; POST /jobs/{job_id}/cancel."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from ara.api.asks import Asker, asker
from ara.api.line import CONFLICT, JobId, cancelled, found, paged
from ara.api.v1.jobs import logs, result, schedule
from ara.api.v1.words import Absent
from ara.jobs import Job, State
from ara.jobs.document import to_document

__all__ = ["JobFacts", "JobList", "facts", "router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])
"""The paths of jobs."""

_Reads = Annotated[Asker, Depends(asker("jobs:read"))]
_Writes = Annotated[Asker, Depends(asker("jobs:write"))]
_State = Literal["waiting", "running", "done", "failed", "cancelled"]
_Queue = Literal["predictions", "backtests", "training", "upkeep"]


class JobFacts(BaseModel):
    """A job: how far it has come, and what came of it."""

    job: int
    state: _State
    queue: str
    what: str
    priority: int
    done: int = Field(description="Steps that are finished")
    total: int = Field(description="Steps there are; 0 where nobody knows")
    progress: str
    ending: bool = Field(description="Somebody asked it to end")
    words: str = Field(description="Why it failed or was cancelled")
    seconds: int = Field(description="What it may take, from when it is taken; 0 for no bound")
    tries: int
    retries: int = Field(description="How often it is taken anew after an error that may pass")
    due: datetime
    rests: datetime | None
    made_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None
    result: dict[str, Any] | None = Field(default=None, description="What came of it, once it is done")


class JobList(BaseModel):
    """Jobs, the newest first; `next` is the cursor of those before them, null where there are none."""

    items: list[JobFacts]
    next: str | None


def facts(job: Job, *, whole: bool = False) -> JobFacts:
    """Tell a job; what came of it only where it is asked for by itself."""
    told = to_document(job)
    told["result"] = told["result"] if whole and job.state is State.DONE else None
    return JobFacts(**{name: told[name] for name in JobFacts.model_fields})


@router.get("", summary="Your jobs")
async def _jobs(
    request: Request,
    who: _Reads,
    state: Annotated[_State | Absent, Query(description="Only these")] = None,
    queue: Annotated[_Queue | Absent, Query(description="Only these")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many")] = 50,
    cursor: Annotated[
        Annotated[str, Field(pattern="^[1-9][0-9]{0,14}$")] | Absent,
        Query(description="The `next` of the answer before"),
    ] = None,
) -> JobList:
    """List jobs: one's own, an administrator everybody's."""
    shown, further = await paged(request, who, state=state, queue=queue, limit=limit, cursor=cursor)
    return JobList(items=[facts(one) for one in shown], next=further)


router.get("/schedule", summary="What is done by itself")(schedule)


@router.get("/{job_id}", summary="A job")
async def _job(job_id: JobId, request: Request, who: _Reads) -> JobFacts:
    """Give a job with how far it has come, and once it is done with what came of it."""
    return facts(await found(request, who, job_id), whole=True)


router.get("/{job_id}/result", summary="What came of a job", responses=CONFLICT)(result)
router.get("/{job_id}/logs", summary="What a job said")(logs)


@router.post("/{job_id}/cancel", summary="Cancel a job", responses=CONFLICT)
async def _cancel(job_id: JobId, request: Request, who: _Writes) -> JobFacts:
    """Take a job out of the line; one that runs is asked to end, and keeps what it has."""
    return facts(await cancelled(request, who, job_id))
