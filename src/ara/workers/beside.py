"""One more process for work that is not asynchronous: it takes calls while its owner goes on with others."""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError
from typing import Any, Final, Self

from ara.errors import CancelledError
from ara.workers.job import Job, Processes
from ara.workers.progress import Progress

__all__ = ["Beside", "Errand"]

_LOOK: Final = 0.2


class Errand:
    """A call that was handed over; made by `Beside.submit`."""

    def __init__(self, processes: Processes, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self._said, self._dropped = Progress(0), threading.Event()
        self._future = processes.submit(Job(function, args, kwargs, hear=self._hear, stopped=self._dropped))

    def _hear(self, progress: Progress) -> bool:
        self._said = progress
        return not self._dropped.is_set()

    @property
    def said(self) -> Progress:
        """What the call told of its progress last."""
        return self._said

    def taken_back(self) -> bool:
        """Take it back if nobody has begun it; tells whether that came in time."""
        return self._future.cancel()

    def result(self, going: Callable[[], bool]) -> Any:
        """Wait for the result, or raise what the call raised; CancelledError once `going` answers False."""
        while True:
            with contextlib.suppress(TimeoutError):
                return self._future.result(timeout=_LOOK)
            if not going():
                raise CancelledError("nobody waits for this work any more")


class Beside:
    """A process of its own for calls that are made one after the other, in the order in which they were handed over.

    Use it as a context: at its end the process is gone, with what it was doing. It is for code that blocks, such as a
    fit; asynchronous code has `Workers`. Its environment is that of its beginning: libraries that its owner imports
    meanwhile may set variables, and a process that knows a library already is not given up for that.
    """

    def __init__(self) -> None:
        self._processes = Processes(1, environ=dict(os.environ))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Errand:
        """Hand over a call; what can be called, and with what, is told at `Workers.run`, whose processes these are."""
        return Errand(self._processes, function, *args, **kwargs)
