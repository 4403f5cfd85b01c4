"""The same thing is said once in a while, however often it happens."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from typing import Final

__all__ = ["Once"]

_HOUR: Final = timedelta(hours=1)
_MOST: Final = 256


class Once(logging.Filter):
    """Lets one record through for each thing that happens, and the next of it after a while; for a module's logger.

    Parameters
    ----------
    what
        Gives what a record is about; its text, if None. Records about the same count as one.
    every
        How long nothing more is said of it.
    """

    def __init__(self, what: Callable[[logging.LogRecord], str] | None = None, *, every: timedelta = _HOUR) -> None:
        super().__init__()
        self._what = what or logging.LogRecord.getMessage
        self._every = every.total_seconds()
        self._said: OrderedDict[str, float] = OrderedDict()
        self._guard = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record goes out; those below a warning always do."""
        if record.levelno < logging.WARNING:
            return True
        about = self._what(record)
        with self._guard:
            before = self._said.get(about)
            if before is not None and 0 <= record.created - before < self._every:
                return False
            self._said[about] = record.created
            self._said.move_to_end(about)
            if len(self._said) > _MOST:
                self._said.popitem(last=False)
        return True
