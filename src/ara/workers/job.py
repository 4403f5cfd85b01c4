"""Calls on their way through worker processes."""

import contextlib
import contextvars
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ara.errors import AraError, CancelledError, WorkerError
from ara.logs import correlation
from ara.workers.call import name_of, pack_arguments, returned, takes_watch
from ara.workers.freight import Freight, room_hint
from ara.workers.process import GRACE, KILL, Child
from ara.workers.progress import Progress
from ara.workers.wire import Call, Done, Failed

__all__ = ["Job", "Processes"]


class Job:
    """One call of a function in a child.

    Parameters
    ----------
    function, args, kwargs
        What to call, with what.
    hear
        Is told of progress; says whether to go on.
    stopped
        Set once nobody wants the result; `hear` looks at it too.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        hear: Callable[[Progress], bool],
        stopped: threading.Event,
    ) -> None:
        self._place = name_of(function)
        self._name = self._place.replace(":", ".")
        self._function, self._args, self._kwargs = function, args, kwargs
        self._hear, self._stopped = hear, stopped
        self._child: Child | None = None
        self._guard = threading.Lock()
        self._timers: list[threading.Timer] = []

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the result any more."""
        return self._stopped.is_set()

    def pack(self, freight: Freight, folder: str) -> Call:
        """Make the call's message and its files; ValidationError where an argument can't travel."""
        return Call(
            function=self._place,
            arguments=pack_arguments(self._function, self._args, self._kwargs, freight=freight),
            folder=folder,
            path=list(sys.path),
            place=_working_folder(),
            correlation=correlation.get(),
            level=logging.getLogger("ara").getEffectiveLevel(),
        )

    def send(self, call: Call, child: Child) -> Done | Failed:
        """Have the child make the call; CancelledError where the job was cancelled before or meanwhile."""
        with self._guard:
            self._child = None if self.cancelled else child
        try:
            if not self.cancelled:
                return child.call(call, hear=self._hear)
        except WorkerError:
            if not self.cancelled:
                raise
        finally:
            with self._guard:
                self._child = None
                for timer in self._timers:
                    timer.cancel()
        raise CancelledError(f"{self._name} was cancelled.")

    def unpack(self, end: Done | Failed, freight: Freight) -> Any:
        """Give the function's result, or raise what it raised."""
        if isinstance(end, Failed):
            raise _revive(end, self._name)
        try:
            return freight.unpack(end.value, returned(self._function))
        except (TypeError, ValueError, NameError) as error:
            words = f"{self._name} returned what its annotation doesn't describe: {error}."
            raise WorkerError(words, hint="Correct the annotation.", function=self._name) from error

    def cancel(self) -> None:
        """End the child: at once, or after a moment to finish where the function has a `watch`; then without mercy."""
        patience = GRACE if takes_watch(self._function) else 0.0
        with self._guard:
            self._stopped.set()
            if self._child is None or self._timers:
                return
            for delay, number in ((patience, int(signal.SIGTERM)), (patience + GRACE, KILL)):
                timer = threading.Timer(delay, self._signal, [number])
                timer.daemon = True
                timer.start()
                self._timers.append(timer)

    def _signal(self, number: int) -> None:
        with self._guard:
            if self._child is not None:
                self._child.signal(number)


class Processes:
    """A few children, started when needed and kept warm; each makes one call at a time.

    A kept child has the modules of its earlier calls in memory: a source file that changes is seen by new ones only.
    One whose environment is no longer the parent's is replaced.

    Parameters
    ----------
    count
        How many may live at once; further jobs wait.
    environ
        Environment of all of them, whatever becomes of the parent's; None for the parent's at each call.
    """

    def __init__(self, count: int, *, environ: Mapping[str, str] | None = None) -> None:
        self._environ = environ
        self._turns = ThreadPoolExecutor(count, thread_name_prefix="ara-process")
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._jobs: set[Job] = set()

    def submit(self, job: Job) -> "Future[Any]":
        """Queue a job; the future holds its result."""
        self._jobs.add(job)
        future = self._turns.submit(contextvars.copy_context().run, self._run, job)
        future.add_done_callback(lambda _: self._jobs.discard(job))
        return future

    def close(self) -> None:
        """End all children, the working ones by force, and wait until they are gone."""
        self._turns.shutdown(wait=False, cancel_futures=True)
        for job in tuple(self._jobs):
            job.cancel()
        self._turns.shutdown()
        while not self._idle.empty():
            self._idle.get().end(patience=GRACE)

    def _run(self, job: Job) -> Any:
        with _files():
            folder = tempfile.mkdtemp(prefix="ara-worker-")
        try:
            freight = Freight(Path(folder), side="sent")
            with _files():
                call = job.pack(freight, folder)
            end = self._send(job, call)
            with _files():
                return job.unpack(end, freight)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _send(self, job: Job, call: Call) -> Done | Failed:
        child = self._take()
        try:
            end = job.send(call, child)
        except BaseException:
            child.end()
            raise
        self._idle.put(child)
        return end

    def _take(self) -> Child:
        environ = dict(os.environ if self._environ is None else self._environ)
        with contextlib.suppress(Empty):
            child = self._idle.get_nowait()
            if child.environ == environ and child.answers():
                return child
            child.end(patience=GRACE)
        return Child(environ)


@contextlib.contextmanager
def _files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = f"The files of a worker process can't be written or read: {error}."
        raise WorkerError(words, hint=room_hint(error) or None) from error


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _revive(failed: Failed, name: str) -> AraError:
    """Rebuild an error of Ara's as the nearest class that this process knows; make a WorkerError of another's."""
    error: AraError | None = None
    for place in failed.classes:
        module, _, attribute = place.partition(":")
        kind = getattr(sys.modules.get(module), attribute, None)
        if error is None and isinstance(kind, type) and issubclass(kind, AraError):
            error = kind.__new__(kind)
            AraError.__init__(error, failed.message, hint=failed.hint, **failed.context)
    if error is None:
        words = f"{name} failed in a worker process: {failed.message}"
        error = WorkerError(words, hint=failed.hint or None, function=name)
    error.add_note(f"In the worker process:\n{failed.trace}")
    return error
