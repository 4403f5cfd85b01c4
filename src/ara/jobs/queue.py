"""The line of jobs: kept in the store, taken by one worker at a time, and taken again where that worker died."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from ara.desk import Desk
from ara.errors import ValidationError
from ara.jobs.hold import Hold
from ara.jobs.job import Job, Needs, State
from ara.jobs.machine import Machine
from ara.jobs.schedule import Schedule
from ara.jobs.work import Work, at_once, check
from ara.store import ConflictError, Record, revision

__all__ = ["LEASE", "TRIES", "Queue", "Taken"]

LEASE: Final = 120.0
"""Seconds without a sign of life after which a worker of another machine is taken for dead."""

TRIES: Final = 3
"""How often a job is taken whose workers die over it."""

_MOST: Final = 10_000
_PRIORITY: Final = 100
_SHORTEST: Final = 60.0
_MOMENT: Final = timedelta(microseconds=1)
_FREE: Final[Mapping[str, Any]] = {"owner": "", "hold": "", "host": "", "devices": ()}


class _Share(Record, frozen=True, kw_only=True):
    """What the workers of one machine take turns by: who takes a job changes it, so that no two do at once."""

    kind: ClassVar[str] = "job_share"
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A job that is this worker's as long as `hold` is locked."""

    job: Job
    hold: Hold


@dataclass(slots=True)
class Queue:
    """The line of jobs in a desk's store.

    Parameters
    ----------
    desk
        The desk of the process.
    """

    desk: Desk
    _seen: dict[str, tuple[str, float]] = field(default_factory=dict, init=False)

    async def add(
        self,
        work: Work,
        *,
        needs: Needs | None = None,
        priority: int = 0,
        due: datetime | None = None,
        every: timedelta | None = None,
        at: Schedule | None = None,
        once: bool = False,
    ) -> Job:
        """Put work into the line.

        Parameters
        ----------
        work
            What to do; refused where it could only fail.
        needs
            What it may use; refused where this machine has less.
        priority
            From -100 to 100, the highest first.
        due
            Not before this moment; now if None.
        every
            Do it again so long after it was due, until it is cancelled.
        at
            Do it at these days and times, until it is cancelled.
        once
            Give the job that waits or runs already with the same work, instead of another.
        """
        check(work)
        needs = needs or Needs()
        if needs.cpus < at_once(work):
            raise ValidationError(
                f"The job asks for {needs.cpus} cpus, and its trials are made by {at_once(work)} processes.",
                hint=f"Give it as many: --cpus {at_once(work)}",
            )
        Machine.of(self.desk.settings).check(needs)
        if abs(priority) > _PRIORITY:
            raise ValidationError(f"The priority is {priority}; allowed is -{_PRIORITY} to {_PRIORITY}.")
        if every is not None and every.total_seconds() < _SHORTEST:
            raise ValidationError("A job can be repeated once a minute at most.")
        if every is not None and at is not None:
            raise ValidationError("A job is repeated after a span of time or at some times, not both.")
        waiting = [one for one in await self.all() if not one.ended]
        same = next((one for one in waiting if one.work == work), None) if once else None
        if same is not None:
            return same
        if len(waiting) >= _MOST:
            raise ValidationError(f"{_MOST} jobs wait already.", hint="Let some be done: ara jobs work")
        now = self.desk.clock.now()
        first = max(due or now, now)
        if at is not None:
            first = at.next(first - _MOMENT if first > now else now)
        return await self._numbered(
            Job(
                id="1", number=1, work=work, needs=needs, priority=priority, due=first, made_at=now,
                every=0.0 if every is None else every.total_seconds(),
                at="" if at is None else at.text, zone="" if at is None else at.zone,
            )
        )  # fmt: skip

    async def all(self, *, state: State | None = None) -> list[Job]:
        """Give the jobs: those that wait or run in the order of the line, then those that ended, the newest first."""
        found = [one async for one in self.desk.store.find(Job, None if state is None else {"state": state.value})]
        alive = sorted((one for one in found if not one.ended), key=lambda one: (one.state.value, one.place))
        return [*alive, *sorted((one for one in found if one.ended), key=lambda one: -one.number)]

    async def get(self, number: int) -> Job:
        """Give one job by its number."""
        found = await self.desk.store.get(Job, str(number))
        if found is None:
            raise ValidationError(f"There is no job {number}.", hint="See their numbers: ara jobs list")
        return found

    async def cancel(self, number: int) -> Job:
        """Take a job out of the line, with its repetitions; one that runs is asked to end, and keeps what it has."""
        while True:
            job = await self.get(number)
            if job.ended:
                raise ValidationError(f"Job {number} is {job.state.value} already.")
            changed = msgspec.structs.replace(job, stop=True, every=0.0, at="")
            if job.state is State.WAITING:
                now = self.desk.clock.now()
                changed = msgspec.structs.replace(
                    changed, state=State.CANCELLED, ended_at=now, words="it was cancelled"
                )
            try:
                await self.desk.store.put(changed, replaces=revision(job))
            except ConflictError:
                continue
            return changed

    async def clear(self) -> int:
        """Forget the jobs that ended, and say how many; models and studies stay."""
        ended = [one for one in await self.all() if one.ended]
        for one in ended:
            await self.desk.store.remove(Job, one.id)
            for file in self._files(one.id):
                file.unlink(missing_ok=True)
        return len(ended)

    async def take(self, machine: Machine, *, owner: str) -> Taken | None:
        """Take the first job that is due and could run here; None where there is none, or too little is left for it.

        None overtakes another that waits for room: a large job would never have its turn. What a dead worker left is
        put back into its place first.
        """
        await self._recover(machine)
        now = self.desk.clock.now()
        line = [await self._by_the_clock(one, now) for one in await self.all(state=State.WAITING)]
        waiting = [one for one in line if one.due_now(now) and machine.fits(one.needs)]
        for job in waiting:
            hold = Hold.take(self._files(job.id)[0])
            if hold is None:
                continue
            try:
                taken = await self._claimed(job, machine, owner=owner, hold=hold)
            except BaseException:
                hold.free()
                raise
            if taken is None:
                hold.free()
                return None
            return Taken(job=taken, hold=hold)
        return None

    async def beat(self, job: Job, *, done: int, total: int, said: str) -> Job | None:
        """Give a sign of life of a job that this worker has; None where it is not its own any more."""
        return await self._changed(
            job, lambda found: {"beats": found.beats + 1, "done": done, "total": total, "said": said[:300]}
        )

    async def end(self, job: Job, state: State, *, result: dict[str, Any] | None = None, words: str = "") -> Job | None:
        """Note what became of a job, and put its repetition into the line; None where it is another worker's now."""
        facts = {"state": state, "ended_at": self.desk.clock.now(), "result": result or {}, "words": words[:1000]}
        return await self._changed(job, lambda found: {**facts, **_FREE})

    async def put_back(self, job: Job) -> Job | None:
        """Put a job back into its place, as if it had not been taken; None where it is another worker's now."""
        return await self._changed(job, lambda found: {"state": State.WAITING, "tries": found.tries - 1, **_FREE})

    async def _changed(self, job: Job, changes: Callable[[Job], dict[str, Any]]) -> Job | None:
        """Change a job that its worker still has."""
        while True:
            found = await self.desk.store.get(Job, job.id)
            if found is None or found.owner != job.owner or found.state is not State.RUNNING:
                return None
            changed = msgspec.structs.replace(found, **changes(found))
            try:
                await self._put(changed, replaces=found)
            except ConflictError:
                continue
            return changed

    async def _put(self, job: Job, *, replaces: Job) -> None:
        """Keep a changed job; with one that ended its repetition, or neither of them."""
        async with self.desk.store.tx():
            await self.desk.store.put(job, replaces=revision(replaces))
            if job.ended and job.again:
                await self._numbered(job.next(self.desk.clock.now()))

    async def _by_the_clock(self, job: Job, now: datetime) -> Job:
        """Give a job that waits, its moment set anew where the clock was put back far."""
        moved = job.moved(now)
        if moved is None:
            return job
        try:
            await self.desk.store.put(moved, replaces=revision(job))
        except ConflictError:
            return job
        return moved

    async def _numbered(self, job: Job) -> Job:
        """Keep a new job under the first number that is free behind all others."""
        last = [one async for one in self.desk.store.find(Job, order="-number", limit=1)]
        number = last[0].number + 1 if last else 1
        while True:
            made = msgspec.structs.replace(job, id=str(number), number=number)
            if await self.desk.store.add(made):
                return made
            number += 1

    async def _claimed(self, job: Job, machine: Machine, *, owner: str, hold: Hold) -> Job | None:
        """Make a job this worker's, if there is room and nobody was faster."""
        store, share = self.desk.store, _Share(id=machine.host or "?")
        await store.add(share)
        try:
            async with store.tx():
                found = await store.get(_Share, share.id) or share
                running = [one async for one in store.find(Job, {"state": State.RUNNING.value, "host": machine.host})]
                if not machine.left([one.needs for one in running]).fits(job.needs):
                    return None
                used = {card for one in running for card in one.devices}
                cards = tuple(card for card in range(machine.gpus) if card not in used)[: job.needs.gpus]
                taken = msgspec.structs.replace(
                    job, state=State.RUNNING, tries=job.tries + 1, taken_at=self.desk.clock.now(), host=machine.host,
                    owner=owner, hold=str(self._files(job.id)[0]), devices=cards, beats=job.beats + 1, said="",
                )  # fmt: skip
                await store.put(msgspec.structs.replace(found, turn=found.turn + 1), replaces=revision(found))
                await store.put(taken, replaces=revision(job))
        except ConflictError:
            return None
        return taken

    async def _recover(self, machine: Machine) -> None:
        """Put back what dead workers left; what killed several of them is given up."""
        for job in await self.all(state=State.RUNNING):
            hold = self._dead(job, machine)
            if hold is None:
                continue
            try:
                await self._put(self._left(job), replaces=job)
            except ConflictError:
                continue
            finally:
                hold.free()

    def _left(self, job: Job) -> Job:
        """Give what becomes of a job whose worker died."""
        free = msgspec.structs.replace(job, **_FREE)
        if job.stop or job.tries >= TRIES:
            words = "it was cancelled" if job.stop else f"its worker was killed or crashed {job.tries} times"
            state = State.CANCELLED if job.stop else State.FAILED
            return msgspec.structs.replace(free, state=state, ended_at=self.desk.clock.now(), words=words)
        return msgspec.structs.replace(free, state=State.WAITING)

    def _dead(self, job: Job, machine: Machine) -> Hold | None:
        """Give a lock on the file of a job whose worker is dead; None where it lives, or may live.

        On one machine the system tells, by the lock. A worker elsewhere is dead if it gave no sign of life while this
        one looked for the length of a lease, by this one's own clock.
        """
        if job.host == machine.host and Path(job.hold).exists():
            return Hold.take(Path(job.hold))
        mark, now = revision(job), time.monotonic()
        seen, since = self._seen.get(job.id, ("", now))
        self._seen[job.id] = (mark, since if seen == mark else now)
        return Hold.take(self._files(job.id)[0]) if seen == mark and now - since >= LEASE else None

    def _files(self, id: str) -> tuple[Path, Path]:
        """Give the files of a job that a worker locks, and that the process locks which does the work."""
        folder = Path(self.desk.settings.home) / "jobs"
        return folder / f"{id}.worker", folder / f"{id}.work"
