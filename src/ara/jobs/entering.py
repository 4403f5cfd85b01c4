"""How a job comes into the line: under the next number, once for each key, no more of an account than it may have."""

from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

import msgspec

from ara.errors import NotFoundError, QuotaError, StoreError, ValidationError
from ara.jobs.job import Job, State
from ara.lineage import digest
from ara.store import ConflictError, Record, Store, revision

__all__ = ["Floor", "Key", "alive_of", "enter", "highest", "key_of", "numbered"]

_TRIES: Final = 50


class Key(Record, frozen=True, kw_only=True):
    """That a job was asked for under a key: who asks again by it is given the same job."""

    kind: ClassVar[str] = "job_key"
    job: str
    asked: str


class Floor(Record, frozen=True, kw_only=True):
    """The highest number of a job that was forgotten: no number is given twice."""

    kind: ClassVar[str] = "job_floor"
    number: int = 0


class _Door(Record, frozen=True, kw_only=True):
    """What jobs of one account or name come in by, one after the other."""

    kind: ClassVar[str] = "job_door"
    turn: int = 0


def key_of(account: str, key: str) -> str:
    """Give the id under which a key of an account is kept."""
    return digest(["job key", account, key])


async def alive_of(store: Store, *, account: str | None = None, name: str | None = None) -> list[Job]:
    """Give the jobs of an account, or of a name, that wait or run."""
    asked = {field: value for field, value in (("account", account), ("name", name)) if value is not None}
    return [
        one
        for state in (State.RUNNING, State.WAITING)
        async for one in store.find(Job, {**asked, "state": state.value})
    ]


async def enter(
    store: Store,
    job: Job,
    *,
    asked: str = "",
    most: int = 0,
    counted: Callable[[], Awaitable[object]] | None = None,
) -> Job:
    """Keep a new job, or give the one that stands for it already.

    Parameters
    ----------
    store
        Where.
    job
        The job; `key` is the id of its key. Its number is given here.
    asked
        What its key stands for, as a digest.
    most
        How many of its account may wait or run at once; 0 for no bound.
    counted
        Counts the job, in the transaction that keeps it: not one that stands there already. What it raises keeps the
        job out; ConflictError has it all done once more.

    Raises
    ------
    ValidationError
        The key stands for another job.
    QuotaError
        The account has as many as it may.
    """
    if not (job.key or job.name or (job.account and (most or counted))):
        return await numbered(store, job)
    door = _Door(id=f"name {job.name}" if job.name else f"account {job.account}")
    await store.add(door)
    for _ in range(_TRIES):
        try:
            async with store.tx():
                found = await store.get(_Door, door.id) or door
                same = await _same(store, job, asked)
                if same is not None:
                    return same
                await _room(store, job, most)
                if counted is not None:
                    await counted()
                made = await numbered(store, job)
                if job.key:
                    await store.add(Key(id=job.key, job=made.id, asked=asked))
                await store.put(msgspec.structs.replace(found, turn=found.turn + 1), replaces=revision(found))
                return made
        except ConflictError:
            continue
    raise StoreError("Others put jobs into the line all the time; nothing was written.", hint="Try again.")


async def highest(store: Store) -> int:
    """Give the highest number of a job that there is or was; 0 before the first."""
    last = [one async for one in store.find(Job, order="-number", limit=1)]
    floor = await store.get(Floor, "last")
    return max(last[0].number if last else 0, floor.number if floor else 0)


async def numbered(store: Store, job: Job) -> Job:
    """Keep a new job under the first number that is free behind all others."""
    number = await highest(store) + 1
    while True:
        made = msgspec.structs.replace(job, id=str(number), number=number)
        if await store.add(made):
            return made
        number += 1


async def _same(store: Store, job: Job, asked: str) -> Job | None:
    """Give the job that stands for this one: by its key, or by its name."""
    if job.name:
        alive = await alive_of(store, name=job.name)
        return alive[0] if alive else None
    kept = await store.get(Key, job.key) if job.key else None
    if kept is None:
        return None
    if kept.asked != asked:
        raise ValidationError(
            "This key was sent before with another request.", hint="Send another key with another request."
        )
    found = await store.get(Job, kept.job)
    if found is None:
        raise NotFoundError("The job of this key is forgotten already.", hint="Send another key.")
    return found


async def _room(store: Store, job: Job, most: int) -> None:
    if not (job.account and most):
        return
    alive = await alive_of(store, account=job.account)
    if len(alive) >= most:
        raise QuotaError(
            f"{len(alive)} of your jobs wait or run already; {most} may.",
            hint="Wait for one to end, or cancel one: GET /api/v1/jobs", retry_after=30,
        )  # fmt: skip
