"""How a job that a worker took goes: its process, its bounds, its log, and what became of it."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ara.desk import Desk
from ara.errors import AraError, CancelledError, DataProviderError, StoreError, WorkerError, words_of
from ara.jobs import memory
from ara.jobs.job import Job, State
from ara.jobs.journal import Journal
from ara.jobs.queue import LEASE, Queue
from ara.jobs.queued import perform
from ara.workers import Progress, Workers

__all__ = ["Course", "Ended"]

_log = logging.getLogger(__name__)

_PAUSE: Final = 0.25
_BEAT: Final = 5.0
_G: Final = 1 << 30
_PASSING: Final = (DataProviderError, StoreError, WorkerError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a job's work; `passing` tells of an error that may be gone the next time."""

    state: State
    result: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    passing: bool = False


@dataclass(slots=True, kw_only=True)
class Course:
    """One job that runs.

    Parameters
    ----------
    desk, queue, workers
        Of the worker.
    owner
        The worker.
    job
        As it was taken.
    journal
        Takes what is said.
    """

    desk: Desk
    queue: Queue
    workers: Workers
    owner: str
    job: Job
    journal: Journal
    lost: bool = False
    _progress: Progress = field(default_factory=lambda: Progress(done=0), init=False)
    _ending: bool = field(default=False, init=False)
    _over: str = field(default="", init=False)
    _heard: float = field(default_factory=time.monotonic, init=False)
    _began: float = field(default_factory=time.monotonic, init=False)

    async def done(self) -> Ended:
        """Do the work in a process of its own, and give what became of it."""
        lock = Path(self.job.hold).with_suffix(".work")
        work = asyncio.create_task(
            self.workers.run(
                perform, self.job.work, self.desk.settings, self.job.needs, self.job.devices, str(lock),
                where="process", watch=self._hear,
            )
        )  # fmt: skip
        try:
            while not work.done():
                await asyncio.wait([work], timeout=_PAUSE)
                await self._look(lock)
                if self.lost:
                    work.cancel()
            result = await work
        except asyncio.CancelledError:
            if not self.lost:
                work.cancel()
                await asyncio.wait([work])
                raise
            return Ended(state=State.CANCELLED, words="another worker has it")
        except AraError as error:
            return self._failed(error)
        if self._ending:
            return Ended(state=State.CANCELLED, result=result, words="it was cancelled")
        return Ended(state=State.DONE, result=result)

    def _hear(self, progress: Progress) -> bool:
        self._progress = progress
        return not (self._ending or self.lost)

    def _failed(self, error: AraError) -> Ended:
        if self._over:
            return Ended(state=State.FAILED, words=self._over)
        if self._ending or isinstance(error, CancelledError):
            return Ended(state=State.CANCELLED, words="it was cancelled")
        return Ended(state=State.FAILED, words=words_of(error), passing=isinstance(error, _PASSING))

    async def _look(self, lock: Path) -> None:
        """See whether the job keeps to its bounds, whether somebody wants it ended, and give a sign of life."""
        if not self._over:
            await asyncio.to_thread(self._bound, lock)
        try:
            found = await self.queue.get(self.job.number)
            self.lost = self.lost or found.owner != self.owner
            self._ending = self._ending or found.stop
            if time.monotonic() - self._heard >= _BEAT and not self.lost:
                await self._beat()
        except StoreError as error:
            if time.monotonic() - self._heard > LEASE / 2:
                _log.warning("the queue can't be reached, so job %s is let go: %s", self.job.id, error.message)
                self.lost = True

    async def _beat(self) -> None:
        told = self._progress
        if told.words or told.done:
            self.journal.say(f"{told.done} of {told.total or '?'} {told.words}".rstrip(), level="progress")
        beaten = await self.queue.beat(self.job, done=told.done, total=told.total, said=told.words)
        self.lost, self._heard = beaten is None, time.monotonic()
        await self.journal.write(self.desk.store)

    def _bound(self, lock: Path) -> None:
        """Kill the job's processes where they take more time or memory than they may."""
        needs = self.job.needs
        if not (needs.memory or needs.seconds):
            return
        with contextlib.suppress(OSError, ValueError):
            pid = int(lock.read_text() or 0)
            if pid not in memory.family(os.getpid()):
                return
            size = memory.taken(pid) if needs.memory else 0
            if needs.memory and size > needs.memory:
                self._over = _too_much(size, needs.memory)
            elif needs.seconds and time.monotonic() - self._began > needs.seconds:
                self._over = f"it was stopped: it took longer than the {needs.seconds} s that are allowed"
            else:
                return
            for one in reversed(memory.family(pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)


def _too_much(size: int, allowed: int) -> str:
    return (
        f"it was stopped: it took {size / _G:.3g} GB of memory, {allowed / _G:.3g} GB are allowed; "
        "give it more with --memory, or fewer instruments"
    )
