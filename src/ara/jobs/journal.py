"""What a job and its worker said: kept beside the job, a bounded number of lines."""

import logging
import threading
from collections import deque
from datetime import datetime
from typing import ClassVar, Final

import msgspec

from ara.clock import Clock
from ara.errors import StoreError
from ara.logs import current
from ara.redaction import redact
from ara.store import Record, Store, changed

__all__ = ["MOST", "Journal", "Line", "Log", "lines_of", "mark_of"]

MOST: Final = 500
"""Lines that are kept of a job: the first tenth and the last."""

_FIRST: Final = MOST // 10
_LONGEST: Final = 500


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: when, how grave, what."""

    at: datetime
    level: str
    words: str


class Log(Record, frozen=True, kw_only=True):
    """The lines of a job, by its number; `left` counts those that were left out for want of room."""

    kind: ClassVar[str] = "job_log"
    lines: tuple[Line, ...] = ()
    left: int = 0


def mark_of(number: int) -> str:
    """Give the correlation id of all that is logged for a job."""
    return f"job-{number}"


async def lines_of(store: Store, number: int) -> Log:
    """Give what was said of a job so far."""
    return await store.get(Log, str(number)) or Log(id=str(number))


class Journal(logging.Handler):
    """Takes what is logged under a job's correlation id, in any thread, until it is written.

    Parameters
    ----------
    number
        Of the job.
    clock
        Says when.
    """

    def __init__(self, number: int, clock: Clock) -> None:
        super().__init__()
        self._number = number
        self._clock = clock
        self._mark = mark_of(number)
        self._waiting: deque[Line] = deque(maxlen=MOST)
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record if it is this job's."""
        if current() == self._mark:
            self.say(record.getMessage(), level=record.levelname.lower())

    def say(self, words: str, *, level: str = "info") -> None:
        """Take a line."""
        line = Line(at=self._clock.now(), level=level, words=redact(words, longest=_LONGEST))
        with self._guard:
            self._waiting.append(line)

    async def write(self, store: Store) -> None:
        """Keep what was said since the last time."""
        with self._guard:
            said = tuple(self._waiting)
            self._waiting.clear()
        if not said:
            return
        try:
            await store.add(Log(id=str(self._number)))
            await changed(store, Log, str(self._number), lambda old: _longer(old, said))
        except StoreError:
            with self._guard:
                self._waiting.extendleft(reversed(said))
            raise


def _longer(log: Log, said: tuple[Line, ...]) -> Log:
    """Give a log with more lines; where there is no room for all, the middle ones leave."""
    lines = (*log.lines, *said)
    over = max(0, len(lines) - MOST)
    kept = (*lines[:_FIRST], *lines[_FIRST + over :]) if over else lines
    return msgspec.structs.replace(log, lines=kept, left=log.left + over)
