"""A worker: takes jobs from the line and sees them through."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from typing import Final
from uuid import uuid4

import msgspec

from ara.desk import Desk
from ara.errors import StoreError, ValidationError
from ara.jobs.announced import announced
from ara.jobs.course import Course, Ended
from ara.jobs.job import Job
from ara.jobs.journal import Journal, mark_of
from ara.jobs.leader import Leader
from ara.jobs.machine import Machine
from ara.jobs.queue import Queue, Taken
from ara.jobs.work import QUEUES
from ara.logs import with_correlation
from ara.store import bring_forward
from ara.workers import Workers

__all__ = ["Worker"]

_log = logging.getLogger(__name__)

_PAUSE: Final = 0.1
_TROUBLE: Final = 2.0
_LEFT: Final = 60.0


class Worker:
    """Does jobs of a desk's queue, as many at once as the machine's share allows.

    Parameters
    ----------
    desk
        The desk of the process.
    told
        Hears of each job that begins and of what became of it.
    queues
        Whose jobs it does; all of `QUEUES` by default.
    most
        How many it does at once; 0 for as many as the machine has room for.
    leads
        Whether it may be the leader, who puts the jobs of the settings' schedule into the line.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        told: Callable[[Job], None] = lambda job: None,
        queues: Sequence[str] = QUEUES,
        most: int = 0,
        leads: bool = False,
    ) -> None:
        if strange := [one for one in queues if one not in QUEUES]:
            raise ValidationError(f"There is no queue {strange[0]!r:.40}.", hint=f"There are: {', '.join(QUEUES)}")
        self.machine = Machine.of(desk.settings)
        self.owner = f"{self.machine.host}:{os.getpid()}:{uuid4().hex[:12]}"
        self._desk = desk
        self._queue = Queue(desk)
        self._queues = tuple(dict.fromkeys(queues))
        self._most = most
        self._told = told
        self._leader = Leader(desk, owner=self.owner, host=self.machine.host) if leads else None
        self._running: set[asyncio.Task[None]] = set()
        self._rung = asyncio.Event()
        self._stopping = False
        self._ready = False
        self._workers = Workers(
            msgspec.structs.replace(
                desk.settings,
                workers=msgspec.structs.replace(desk.settings.workers, processes=min(256, self.machine.cpus)),
            )
        )

    def stop(self) -> None:
        """Take no more jobs, and let those that run go back into the line."""
        self._stopping = True
        self._rung.set()

    async def ring(self, queue: str) -> None:
        """Look into the line now."""
        self._rung.set()

    async def run(self, *, once: bool = False) -> None:
        """Do jobs until `stop` is called, or with `once` until none is left that is due.

        A job that the worker's end interrupts goes back into the line: tunings and trainings go on where they were. A
        store that can't be reached is tried again, but with `once`.
        """
        try:
            while not self._stopping:
                try:
                    begun = await self.begin()
                except StoreError as error:
                    if once:
                        raise
                    _log.warning("the line of jobs can't be reached: %s", error.message)
                    await asyncio.sleep(_TROUBLE)
                    continue
                if begun is None:
                    if once and not self._running:
                        return
                    await self._wait()
        finally:
            await self.close()

    async def one(self) -> bool:
        """Do one job that is due and wait for its end; False where there is none, or no room for it."""
        begun = await self.begin()
        if begun is not None:
            await asyncio.wait([begun])
        return begun is not None

    async def begin(self) -> "asyncio.Task[None] | None":
        """Take one job where there is room and begin it; None where none was taken."""
        if self._stopping:
            return None
        if self._leader is not None:
            if not self._ready:
                await bring_forward(self._desk.store)
                self._ready = True
            await self._leader.see()
        if self._most and len(self._running) >= self._most:
            return None
        taken = await self._queue.take(self.machine, owner=self.owner, queues=self._queues)
        if taken is None:
            return None
        task = asyncio.create_task(self._see_through(taken))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def close(self) -> None:
        """Let go of what runs: it goes back into the line."""
        self._stopping = True
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._leader is not None:
            with contextlib.suppress(StoreError):
                await self._leader.leave()
        await self._workers.close()

    async def _wait(self) -> None:
        """Wait for a job to end, for the bell, or a little."""
        bell = asyncio.ensure_future(self._rung.wait())
        await asyncio.wait([*self._running, bell], timeout=_PAUSE, return_when=asyncio.FIRST_COMPLETED)
        bell.cancel()
        self._rung.clear()

    async def _see_through(self, taken: Taken) -> None:
        """Do one job and note what became of it; what is logged meanwhile, in its process too, is its log."""
        journal = Journal(taken.job.number, self._desk.clock)
        logger = logging.getLogger("ara")
        logger.addHandler(journal)
        try:
            with with_correlation(mark_of(taken.job.number)):
                await self._carried_out(taken, journal)
        finally:
            logger.removeHandler(journal)
            taken.hold.free()

    async def _carried_out(self, taken: Taken, journal: Journal) -> None:
        job = taken.job
        self._told(job)
        journal.say(f"taken by {self.owner}, try {job.tries}")
        course = Course(
            desk=self._desk, queue=self._queue, workers=self._workers, owner=self.owner, job=job, journal=journal
        )
        try:
            ended = await self._noted(course, journal)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                await self._queue.put_back(job)
                journal.say("put back into the line: the worker ends")
                await journal.write(self._desk.store)
            raise
        except StoreError as error:
            _log.warning("what became of job %s can't be noted, so it will be done again: %s", job.id, error.message)
            return
        if ended is None:
            _log.warning("job %s was given to another worker after a long silence of this one", job.id)
        else:
            self._told(ended)
            self._desk.telemetry.counter("jobs.ended").add(queue=ended.queue, state=ended.state.value)

    async def _noted(self, course: Course, journal: Journal) -> Job | None:
        """Have the work done and note its end: again and again where the store is away for a while."""
        job, found = course.job, await course.done()
        if course.lost:
            return None
        journal.say(f"{found.state.value}{': ' if found.words else ''}{found.words}", level=_grave(found))
        last = asyncio.get_running_loop().time() + _LEFT
        while True:
            try:
                await journal.write(self._desk.store)
                if not (found.passing and job.retries):
                    await announced(self._desk, job, found.state, found.result, found.words)
                return await self._queue.end(
                    job, found.state, result=found.result, words=found.words, passing=found.passing
                )
            except StoreError:
                if asyncio.get_running_loop().time() >= last:
                    raise
                await asyncio.sleep(_TROUBLE)


def _grave(found: Ended) -> str:
    return "error" if found.state.value == "failed" else "info"
