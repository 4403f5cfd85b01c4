"""Who asked of late: how many users a process has at a time."""

from typing import Final

__all__ = ["Seen"]

_SPAN: Final = 300.0
_MOST: Final = 100_000


class Seen:
    """Users who asked something of this process in the last five minutes."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def note(self, user: str, at: float) -> None:
        """Note that a user asked, at a time in seconds of any clock that only goes on."""
        self._last.pop(user, None)
        self._last[user] = at
        if len(self._last) > _MOST:
            del self._last[next(iter(self._last))]

    def count(self, at: float) -> int:
        """Say how many asked of late; the others are forgotten."""
        while self._last and at - self._last[first := next(iter(self._last))] > _SPAN:
            del self._last[first]
        return len(self._last)
