"""The line of jobs: kept in the store, taken by one worker at a time, and taken again where that worker died."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from ara.desk import Desk
from ara.errors import NotFoundError, ValidationError
from ara.jobs.bell import Bell, bell_of
from ara.jobs.entering import Floor, Key, enter, highest, key_of, numbered
from ara.jobs.hold import Hold
from ara.jobs.job import Job, Needs, State
from ara.jobs.journal import Log
from ara.jobs.machine import Machine
from ara.jobs.schedule import Schedule
from ara.jobs.work import QUEUES, Work, at_once, check, queue_of
from ara.lineage import digest
from ara.store import Between, ConflictError, Record, changed, revision

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
    bell
        What tells workers that a job came; the one of the settings if None.
    """

    desk: Desk
    bell: Bell | None = None
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
        account: str = "",
        most: int = 0,
        counted: Callable[[], Awaitable[object]] | None = None,
        key: str = "",
        name: str = "",
        retries: int = 0,
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
        account, most
            The user whose it is, and how many of theirs may wait or run at once; 0 for no bound.
        counted
            Counts a job of an account that is new, with it or not at all; what it raises keeps the job out.
        key
            Of the account: who asks again by it is given the same job, who asks for something else is refused.
        name
            Of a standing order: where one of that name waits or runs, that is given.
        retries
            How often it is taken anew after an error that may pass.
        """
        await self.desk.workers.run(check, work)
        needs = needs or Needs()
        self._check(work, needs, priority)
        _check_again(every, at)
        alive = [one for one in await self.all() if not one.ended] if once else await self._waiting()
        same = next((one for one in alive if once and (one.work, one.account) == (work, account)), None)
        if same is not None:
            return same
        if len(alive) >= _MOST:
            raise ValidationError(f"{_MOST} jobs wait already.", hint="Let some be done: ara jobs work")
        now = self.desk.clock.now()
        first = max(due or now, now)
        if at is not None:
            first = at.next(first - _MOMENT if first > now else now)
        job = Job(
            id="1", number=1, work=work, queue=queue_of(work), needs=needs, priority=priority, due=first, made_at=now,
            every=0.0 if every is None else every.total_seconds(), retries=retries, account=account, name=name,
            at="" if at is None else at.text, zone="" if at is None else at.zone,
            key=key_of(account, key) if key else "",
        )  # fmt: skip
        asked = digest(msgspec.to_builtins([work, needs, priority, job.every, job.at, job.zone])) if key else ""
        made = await enter(self.desk.store, job, asked=asked, most=most, counted=counted)
        await self._ring(made)
        return made

    def _check(self, work: Work, needs: Needs, priority: int) -> None:
        if needs.cpus < at_once(work):
            raise ValidationError(
                f"The job asks for {needs.cpus} cpus, and its trials are made by {at_once(work)} processes.",
                hint=f"Give it as many: --cpus {at_once(work)}",
            )
        Machine.of(self.desk.settings).check(needs)
        if abs(priority) > _PRIORITY:
            raise ValidationError(f"The priority is {priority}; allowed is -{_PRIORITY} to {_PRIORITY}.")

    async def _ring(self, job: Job) -> None:
        bell = self.bell or bell_of(self.desk.settings)
        await bell.ring(job.queue)

    async def _waiting(self) -> list[Job]:
        return [one async for one in self.desk.store.find(Job, {"state": State.WAITING.value}, limit=_MOST)]

    async def all(self, *, state: State | None = None) -> list[Job]:
        """Give the jobs: those that wait or run in the order of the line, then those that ended, the newest first."""
        found = [one async for one in self.desk.store.find(Job, None if state is None else {"state": state.value})]
        alive = sorted((one for one in found if not one.ended), key=lambda one: (one.state.value, one.place))
        return [*alive, *sorted((one for one in found if one.ended), key=lambda one: -one.number)]

    async def page(
        self,
        *,
        account: str | None = None,
        state: State | None = None,
        queue: str = "",
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Give jobs, the newest first.

        Parameters
        ----------
        account
            Whose; everybody's if None.
        state, queue
            Only these; all if None or empty.
        before
            Only those with a smaller number, as the last of the page before has.
        limit
            How many at the most.
        """
        where: dict[str, Any] = {} if account is None else {"account": account}
        where |= {} if state is None else {"state": state.value}
        where |= {"queue": queue} if queue else {}
        where |= {} if before is None else {"number": Between(None, before - 1)}
        return [one async for one in self.desk.store.find(Job, where, order="-number", limit=limit)]

    async def highest(self) -> int:
        """Give the highest number that a job had, one that is forgotten too; 0 before the first."""
        return await highest(self.desk.store)

    async def get(self, number: int, *, account: str | None = None) -> Job:
        """Give one job by its number; with an account, one of another is not there."""
        found = await self.desk.store.get(Job, str(number))
        if found is None or account not in (None, found.account):
            raise NotFoundError(f"There is no job {number}.", hint="See their numbers: ara jobs list")
        return found

    async def cancel(self, number: int, *, account: str | None = None) -> Job:
        """Take a job out of the line, with its repetitions; one that runs is asked to end, and keeps what it has."""
        now, how = self.desk.clock.now(), f"See: ara jobs show {number}"

        def ending(job: Job) -> Job:
            if job.ended:
                raise ValidationError(f"Job {number} is {job.state.value} already.", hint=how)
            asked = msgspec.structs.replace(job, stop=True, every=0.0, at="")
            if job.state is not State.WAITING:
                return asked
            return msgspec.structs.replace(asked, state=State.CANCELLED, ended_at=now, words="it was cancelled")

        await self.get(number, account=account)
        return await changed(self.desk.store, Job, str(number), ending) or await self.get(number)

    async def clear(self, *, before: datetime | None = None) -> int:
        """Forget the jobs that ended, all or those that did before a moment, and say how many; models and studies stay.

        Their numbers are given to no other job.
        """
        ended = [one for one in await self.all() if one.ended and (before is None or (one.ended_at or before) < before)]
        store = self.desk.store
        if ended:
            top = max(one.number for one in ended)
            await store.add(Floor(id="last"))
            await changed(store, Floor, "last", lambda old: msgspec.structs.replace(old, number=max(old.number, top)))
        for one in ended:
            await store.remove(Log, one.id)
            if one.key:
                await store.remove(Key, one.key)
            await store.remove(Job, one.id)
            for file in self._files(one.id):
                file.unlink(missing_ok=True)
        return len(ended)

    async def take(self, machine: Machine, *, owner: str, queues: Sequence[str] = QUEUES) -> Taken | None:
        """Take the first job of some queues that is due and could run here; None where none is, or no room for it.

        None overtakes another that waits for room: a large job would never have its turn. What a dead worker left is
        put back into its place first.
        """
        await self._recover(machine)
        now = self.desk.clock.now()
        line = [await self._by_the_clock(one, now) for one in await self.all(state=State.WAITING)]
        waiting = [one for one in line if one.queue in queues and one.due_now(now) and machine.fits(one.needs)]
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

    async def end(
        self,
        job: Job,
        state: State,
        *,
        result: dict[str, Any] | None = None,
        words: str = "",
        passing: bool = False,
    ) -> Job | None:
        """Note what became of a job, and put its repetition into the line; None where it is another worker's now.

        A failure that may be `passing` puts it back, to be taken again after a rest, as often as its retries say.
        """
        now = self.desk.clock.now()

        def ended(found: Job) -> dict[str, Any]:
            if passing and state is State.FAILED and found.retries > 0 and not found.stop:
                again = {"state": State.WAITING, "retries": found.retries - 1, "rests": found.rested(now)}
                return {**again, "tries": 0, "words": words[:1000], **_FREE}
            return {"state": state, "ended_at": now, "result": result or {}, "words": words[:1000], **_FREE}

        return await self._changed(job, ended)

    async def put_back(self, job: Job) -> Job | None:
        """Put a job back into its place, as if it had not been taken; None where it is another worker's now."""
        back = await self._changed(job, lambda found: {"state": State.WAITING, "tries": found.tries - 1, **_FREE})
        if back is not None:
            await self._ring(back)
        return back

    async def _changed(self, job: Job, changes: Callable[[Job], dict[str, Any]]) -> Job | None:
        """Change a job that its worker still has."""

        def own(found: Job) -> Job | None:
            if found.owner != job.owner or found.state is not State.RUNNING:
                return None
            return msgspec.structs.replace(found, **changes(found))

        return await changed(self.desk.store, Job, job.id, own, also=self._repeated)

    async def _repeated(self, job: Job) -> None:
        """Put the repetition of a job that ended into the line, in the transaction that ends it."""
        if job.ended and job.again:
            await numbered(self.desk.store, job.next(self.desk.clock.now()))

    async def _put(self, job: Job, *, replaces: Job) -> None:
        """Keep a changed job; with one that ended its repetition, or neither of them."""
        async with self.desk.store.tx():
            await self.desk.store.put(job, replaces=revision(replaces))
            await self._repeated(job)

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
                    words="",
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


def _check_again(every: timedelta | None, at: Schedule | None) -> None:
    if every is not None and every.total_seconds() < _SHORTEST:
        raise ValidationError("A job can be repeated once a minute at most.")
    if every is not None and at is not None:
        raise ValidationError("A job is repeated after a span of time or at some times, not both.")
