"""A worker: takes jobs from the line and sees them through."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec

from ara.desk import Desk
from ara.errors import AraError, CancelledError, StoreError
from ara.jobs import memory
from ara.jobs.job import Job, State
from ara.jobs.machine import Machine
from ara.jobs.queue import LEASE, Queue, Taken
from ara.jobs.queued import perform
from ara.workers import Progress, Workers

__all__ = ["Worker"]

_log = logging.getLogger(__name__)

_PAUSE: Final = 0.25
_BEAT: Final = 5.0
_G: Final = 1 << 30


@dataclass(slots=True)
class _Course:
    """How a job that runs is getting on."""

    progress: Progress = field(default_factory=lambda: Progress(done=0))
    ending: bool = False
    lost: bool = False
    over: int = 0
    heard: float = field(default_factory=time.monotonic)

    def hear(self, progress: Progress) -> bool:
        self.progress = progress
        return not (self.ending or self.lost)


class Worker:
    """Does jobs of a desk's queue, as many at once as the machine's share allows.

    Parameters
    ----------
    desk
        The desk of the process.
    told
        Hears of each job that begins and of what became of it.
    """

    def __init__(self, desk: Desk, *, told: Callable[[Job], None] = lambda job: None) -> None:
        self.machine = Machine.of(desk.settings)
        self.owner = f"{self.machine.host}:{os.getpid()}:{uuid4().hex[:12]}"
        self._desk = desk
        self._queue = Queue(desk)
        self._told = told
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    def stop(self) -> None:
        """Take no more jobs, and let those that run go back into the line."""
        self._stopping = True

    async def run(self, *, once: bool = False) -> None:
        """Do jobs until `stop` is called, or with `once` until none is left that is due.

        A job that the worker's end interrupts goes back into the line: tunings and trainings go on where they were.
        """
        workers = Workers(
            msgspec.structs.replace(
                self._desk.settings,
                workers=msgspec.structs.replace(self._desk.settings.workers, processes=min(256, self.machine.cpus)),
            )
        )
        try:
            while not self._stopping:
                taken = await self._queue.take(self.machine, owner=self.owner)
                if taken is not None:
                    task = asyncio.create_task(self._see_through(workers, taken))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                    continue
                if once and not self._running:
                    return
                await self._wait()
        finally:
            self._stopping = True
            for task in tuple(self._running):
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            await workers.close()

    async def _wait(self) -> None:
        """Wait for a job to end, or a little."""
        if self._running:
            await asyncio.wait(self._running, timeout=_PAUSE, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(_PAUSE)

    async def _see_through(self, workers: Workers, taken: Taken) -> None:
        """Do one job and note what became of it."""
        job, course = taken.job, _Course()
        self._told(job)
        try:
            state, result, words = await self._done(workers, job, course)
            ended = None if course.lost else await self._queue.end(job, state, result=result, words=words)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                await self._queue.put_back(job)
            raise
        except StoreError as error:
            _log.warning("what became of job %s can't be noted, so it will be done again: %s", job.id, error.message)
            return
        finally:
            taken.hold.free()
        if ended is None:
            _log.warning("job %s was given to another worker after a long silence of this one", job.id)
        else:
            self._told(ended)

    async def _done(self, workers: Workers, job: Job, course: _Course) -> tuple[State, dict[str, Any], str]:
        lock = Path(job.hold).with_suffix(".work")
        work = asyncio.create_task(
            workers.run(
                perform, job.work, self._desk.settings, job.needs, job.devices, str(lock),
                where="process", watch=course.hear,
            )
        )  # fmt: skip
        try:
            while not work.done():
                await asyncio.wait([work], timeout=_PAUSE)
                await self._look(job, course, lock)
                if course.lost:
                    work.cancel()
            result = await work
        except asyncio.CancelledError:
            if not course.lost:
                work.cancel()
                await asyncio.wait([work])
                raise
            return State.CANCELLED, {}, "another worker has it"
        except AraError as error:
            if course.over:
                return State.FAILED, {}, _too_much(job, course.over)
            if course.ending or isinstance(error, CancelledError):
                return State.CANCELLED, {}, "it was cancelled"
            return State.FAILED, {}, error.message
        return (State.CANCELLED, result, "it was cancelled") if course.ending else (State.DONE, result, "")

    async def _look(self, job: Job, course: _Course, lock: Path) -> None:
        """See whether the job keeps to its memory, whether somebody wants it ended, and give a sign of life."""
        if job.needs.memory and not course.over:
            await asyncio.to_thread(_bounded, job, course, lock)
        try:
            found = await self._queue.get(job.number)
            if found.owner != self.owner:
                course.lost = True
            course.ending = course.ending or found.stop
            if time.monotonic() - course.heard >= _BEAT and not course.lost:
                told = course.progress
                beaten = await self._queue.beat(job, done=told.done, total=told.total, said=told.words)
                course.lost, course.heard = beaten is None, time.monotonic()
        except StoreError as error:
            if time.monotonic() - course.heard > LEASE / 2:
                _log.warning("the queue can't be reached, so job %s is let go: %s", job.id, error.message)
                course.lost = True


def _bounded(job: Job, course: _Course, lock: Path) -> None:
    """Kill the job's processes where they take more memory than they may."""
    try:
        pid = int(lock.read_text() or 0)
    except (OSError, ValueError):
        return
    size = memory.taken(pid) if pid in memory.family(os.getpid()) else 0
    if size <= job.needs.memory:
        return
    course.over = size
    for one in reversed(memory.family(pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _too_much(job: Job, size: int) -> str:
    return (
        f"it was stopped: it took {size / _G:.3g} GB of memory, {job.needs.memory / _G:.3g} GB are allowed; "
        "give it more with --memory, or fewer instruments"
    )
