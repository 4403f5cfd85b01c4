"""The one crossing from asynchronous code to long work."""

import asyncio
import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ara.errors import CancelledError, ValidationError, WorkerError
from ara.settings import Settings
from ara.workers.call import takes_watch
from ara.workers.progress import Progress

if TYPE_CHECKING:
    from ara.telemetry import Telemetry
    from ara.workers.job import Processes

__all__ = ["Workers"]

_R = TypeVar("_R")


class Workers:
    """Runs functions beside the event loop, in as many threads and processes as the settings allow.

    It belongs to no event loop: one that ends and another that begins may use the same workers in turn.

    Parameters
    ----------
    settings
        `workers.threads` and `workers.processes` bound how much runs at once; the rest waits its turn.
    telemetry
        Where the duration of each run is recorded.
    """

    def __init__(self, settings: Settings, *, telemetry: "Telemetry | None" = None) -> None:
        self._threads = ThreadPoolExecutor(settings.workers.threads, thread_name_prefix="ara-thread")
        self._count = settings.workers.processes
        self._processes: Processes | None = None
        self._telemetry = telemetry
        self._closed = threading.Event()

    async def run(
        self,
        function: Callable[..., _R],
        /,
        *args: Any,
        where: Literal["thread", "process"] = "thread",
        watch: Callable[[Progress], bool] | None = None,
        **kwargs: Any,
    ) -> _R:
        """Call a function elsewhere and await its result; the correlation id goes along.

        A function that has a parameter `watch` gets a callable there: it takes a Progress and gives False once the
        work should end, because the caller's own `watch` said so or the awaiting task was cancelled.

        Parameters
        ----------
        function
            What to call. In a process it is called by its name, so it stands at the top level of a module; its
            arguments and result are numbers, text, dataclasses, Structs, frames and arrays, and its annotations say
            which. Secrets may be among them: they go through a pipe, never to disk.
        *args, **kwargs
            What to call it with.
        where
            `thread` for what takes under a second; `process` for what is long or may crash. A thread that was
            cancelled runs to its end unseen; a process is killed, after a moment to finish if it has a `watch`.
        watch
            Hears of the progress, in a worker's thread; False asks the work to end early with what it has.

        Raises
        ------
        ValidationError
            The function or an argument can't go where it should.
        WorkerError
            In a process: it crashed, or raised an exception that is none of Ara's; those arrive as they are.
        CancelledError
            The workers were closed meanwhile.
        """
        if self._closed.is_set():
            raise WorkerError("The workers are closed.", hint="Keep the desk open while its work is running.")
        if where not in ("thread", "process"):
            raise ValidationError(f"where is {where!r}; work runs in a 'thread' or a 'process'.")
        if watch and not takes_watch(function):
            raise ValidationError(f"{_words(function)} has no parameter 'watch', so it can't report its progress.")
        stopped = threading.Event()
        hear = functools.partial(_hear, watch, (stopped, self._closed))
        with self._stage(function, where):
            if where == "process":
                return await self._run_process(function, args, kwargs, hear, stopped)
            if takes_watch(function):
                kwargs["watch"] = hear
            future = self._threads.submit(contextvars.copy_context().run, _call, function, args, kwargs)
            return await self._result(future, stopped.set, wait=False)

    async def close(self) -> None:
        """End every process, killing those that work, and wait for the threads; who awaits work gets CancelledError."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._closed.set()
        if self._processes is not None:
            await asyncio.to_thread(self._processes.close)
        await asyncio.to_thread(self._threads.shutdown)

    async def _run_process(
        self,
        function: Callable[..., _R],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        hear: Callable[[Progress], bool],
        stopped: threading.Event,
    ) -> _R:
        from ara.workers.job import Job, Processes

        if self._processes is None:
            self._processes = Processes(self._count)
        job = Job(function, args, kwargs, hear=hear, stopped=stopped)
        return await self._result(self._processes.submit(job), job.cancel, wait=True)

    async def _result(self, future: "Future[_R]", cancel: Callable[[], None], *, wait: bool) -> _R:
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if future.cancelled() and not (task and task.cancelling()):
                raise CancelledError("The workers were closed before this work began.") from None
            cancel()
            if wait and not future.cancelled():
                rest = asyncio.wrap_future(future)
                rest.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
                await asyncio.wait([rest])
            raise

    def _stage(self, function: Callable[..., Any], where: str) -> contextlib.AbstractContextManager[Any]:
        if self._telemetry is None:
            return contextlib.nullcontext()
        return self._telemetry.stage("worker", function=_words(function), where=where)


def _call(function: Callable[..., _R], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _R:
    try:
        return function(*args, **kwargs)
    except StopIteration as error:  # a future can't carry it
        raise RuntimeError(f"{_words(function)} raised StopIteration") from error


def _hear(
    watch: Callable[[Progress], bool] | None, stops: tuple[threading.Event, threading.Event], progress: Progress
) -> bool:
    if any(stop.is_set() for stop in stops):
        return False
    return watch is None or bool(watch(progress))


def _words(function: Callable[..., Any]) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', repr(function))}"
