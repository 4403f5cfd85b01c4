"""When to ask a server that failed again, and whether that has been said already."""

import logging
import time
from typing import Final

__all__ = ["Outage"]

_FIRST: Final = 0.5
_LONGEST: Final = 15.0

_log = logging.getLogger(__name__)


class Outage:
    """Knows whether a server is away; says so once when it goes and once when it is back.

    Parameters
    ----------
    place
        The server as it may be named to anybody: no password.
    what
        What goes on without it, as a sentence begins.
    """

    def __init__(self, place: str, *, what: str = "The cache goes on") -> None:
        self._place = place
        self._what = what
        self._again = 0.0
        self._pause = _FIRST
        self.away = False
        self.count = 0

    def may_try(self) -> bool:
        """Say whether to ask now; while the server is away, one caller at a time, ever more seldom."""
        if not self.away:
            return True
        now = time.monotonic()
        if now < self._again:
            return False
        self._again = now + self._pause
        return True

    def failed(self, words: str) -> None:
        """Take note of a failure."""
        self._pause = min(self._pause * 2, _LONGEST) if self.away else _FIRST
        self._again = time.monotonic() + self._pause
        if not self.away:
            self.away = True
            self.count += 1
            _log.warning("%s without Redis at %s, and worse: %s", self._what, self._place, words)

    def answered(self) -> None:
        """Take note of an answer."""
        if self.away:
            self.away = False
            _log.info("Redis at %s is used again.", self._place)
