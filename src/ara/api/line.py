"""The line of jobs behind the routes: who may see which, how one is told, and the worker inside of the process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ara.api.asks import Asker, service_of
from ara.api.cursors import strange
from ara.api.lasting import lasting
from ara.api.problems import described
from ara.api.service import Service
from ara.api.shell import also_told
from ara.errors import NotFoundError
from ara.jobs import Job, Needs, Queue, State, Work, Worker
from ara.jobs.document import to_document
from ara.logs.context import current

__all__ = [
    "CONFLICT",
    "JobId",
    "Told",
    "begin",
    "cancelled",
    "found",
    "line_of",
    "paged",
    "result_of",
    "told",
    "whose",
    "working",
]

_ALL: Final = "users:admin"
_RETRIES: Final = 1

JobId = Annotated[
    str, Path(pattern="^[1-9][0-9]{0,14}$", max_length=15, description="As it was told when the job was asked for")
]
"""The id of a job, in a path."""

CONFLICT: Final[dict[int | str, dict[str, Any]]] = {409: described("The job has ended, or nothing came of it yet.")}
"""How a path answers where a job is not in the state that it needs."""


class Told(BaseModel):
    """A job: the old shape, and how far it has come beside it."""

    request_id: str | None
    timestamp: datetime
    job_id: str
    status: str = Field(description="waiting, running, done, failed or cancelled")
    message: str = Field(description="How far it has come, or what became of it")
    queue: str
    what: str
    priority: int
    done: int = Field(description="Steps that are finished")
    total: int = Field(description="Steps there are; 0 where nobody knows")
    progress: str
    ending: bool = Field(description="Somebody asked it to end")
    seconds: int = Field(description="What it may take, from when it is taken; 0 for no bound")
    tries: int
    retries: int = Field(description="How often it is taken anew after an error that may pass")
    due: datetime
    rests: datetime | None
    made_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None
    result: dict[str, Any] | None = Field(default=None, description="What came of it, once it is done")


def told(job: Job, *, whole: bool = False) -> Told:
    """Tell a job; what came of it only where it is asked for by itself."""
    facts = to_document(job)
    return Told(
        request_id=current() or None, timestamp=datetime.now(UTC), job_id=str(job.number), status=job.state.value,
        message=job.words or job.said or _MESSAGES[job.state],
        result=facts["result"] if whole and job.state is State.DONE else None,
        **{name: facts[name] for name in _SAME},
    )  # fmt: skip


_SAME: Final = (
    "queue", "what", "priority", "done", "total", "progress", "ending", "seconds", "tries", "retries", "due", "rests",
    "made_at", "taken_at", "ended_at",
)  # fmt: skip
_MESSAGES: Final = {
    State.WAITING: "It waits in the line.",
    State.RUNNING: "It runs.",
    State.DONE: "It is done.",
    State.FAILED: "It failed.",
    State.CANCELLED: "It was cancelled.",
}


def line_of(service: Service, request: Request) -> Queue:
    """Give the line of jobs; the worker of this process hears at once of what comes into it."""
    worker: Worker | None = getattr(request.app.state, "worker", None)
    return Queue(service.desk, bell=worker)


def whose(who: Asker) -> str | None:
    """Give whose jobs somebody may see and cancel: their own, or all of them."""
    return None if _ALL in who.permissions else who.user.id


async def begin(
    request: Request, who: Asker, work: Work, *, key: str | None = None, priority: int = 0, once: bool = False
) -> Job:
    """Put work of somebody's into the line, within their bounds and what is left of their day."""
    service = service_of(request)
    settings = service.desk.settings.jobs
    most: int = getattr(settings, who.user.tier)

    async def counted() -> None:
        also_told((await service.accounts.quota.spend_once(who.user, "jobs")).headers())

    return await line_of(service, request).add(
        work, needs=Needs(seconds=settings.seconds), account=who.user.id, most=most, counted=counted,
        key=key or "", priority=priority, retries=_RETRIES, once=once,
    )  # fmt: skip


async def found(request: Request, who: Asker, job_id: str, *, queue: str = "") -> Job:
    """Give a job that somebody may see, of a queue where one is named; NotFoundError for all others."""
    job = await line_of(service_of(request), request).get(int(job_id), account=whose(who))
    if queue and job.queue != queue:
        raise NotFoundError(f"There is no job {job_id} here.", hint="See all of yours: GET /api/v1/jobs")
    return job


async def paged(
    request: Request, who: Asker, *, state: str | None, queue: str | None, limit: int, cursor: str | None
) -> tuple[list[Job], str | None]:
    """Give the jobs that somebody may see, the newest first, and the cursor of those before them."""
    line = line_of(service_of(request), request)
    if cursor is not None and int(cursor) > await line.highest():
        raise strange(cursor)
    found = await line.page(
        account=whose(who), state=State(state) if state else None, queue=queue or "", limit=limit + 1,
        before=int(cursor) if cursor else None,
    )  # fmt: skip
    return found[:limit], str(found[limit - 1].number) if len(found) > limit else None


async def cancelled(request: Request, who: Asker, job_id: str) -> Job:
    """Take a job out of the line, or ask it to end."""
    job = await found(request, who, job_id)
    if job.ended:
        raise HTTPException(409, f"Job {job_id} is {job.state.value} already.")
    return await line_of(service_of(request), request).cancel(job.number, account=whose(who))


def result_of(job: Job) -> dict[str, Any]:
    """Give what came of a job; 409 where nothing did, or not yet."""
    if job.state is not State.DONE:
        words = f": {job.words}" if job.words else ""
        later = {} if job.ended else {"Retry-After": "1"}
        raise HTTPException(409, f"Job {job.number} is {job.state.value}{words}.", later)
    result: dict[str, Any] = to_document(job)["result"]
    return result


@asynccontextmanager
async def working(app: FastAPI, service: Service) -> AsyncIterator[None]:
    """Do jobs inside of this process, as many at once as the setting `jobs.inside` says, until it is left."""
    most = service.desk.settings.jobs.inside
    if not most or service.desk.settings.jobs.broker:
        yield
        return
    worker = Worker(service.desk, most=most, leads=True)
    app.state.worker = worker
    words = "the worker inside of the service has ended; jobs wait for others: ara worker"
    task = asyncio.create_task(lasting(worker.run(), words))
    try:
        yield
    finally:
        worker.stop()
        await asyncio.gather(task, return_exceptions=True)
