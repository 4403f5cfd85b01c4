"""A stream that several listen to: its messages have numbers, and the last of them can be asked for again."""

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

__all__ = ["Channel", "Outbox", "packed"]

_BYTES: Final = 4 * 2**20
_PATIENCE: Final = 3


def packed(kind: str, at: datetime, data: Mapping[str, Any], *, stream: str = "", seq: int = 0) -> str:
    """Give a message as it goes over the wire; what is told to one listener alone has no number."""
    place = {"stream": stream, "seq": seq} if seq else {}
    return msgspec.json.encode({"type": kind, **place, "at": at.isoformat(), "data": data}).decode()


class Outbox:
    """What waits for one listener: a few messages, and if it is too slow the newest alone.

    Parameters
    ----------
    most
        Messages that may wait.
    """

    __slots__ = ("_dropped", "_first", "_most", "_times", "_waiting", "_wake", "slow")

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[tuple[int, str]] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._dropped = 0
        self._first = 0
        self._times = 0
        self.slow = False

    def offer(self, seq: int, text: str) -> None:
        """Put a message behind those that wait; where there are too many, drop them and keep this one."""
        if len(self._waiting) >= self._most:
            numbers = [one for one, _ in self._waiting if one]
            self._first = self._first or min(numbers, default=seq)
            self._dropped += len(self._waiting)
            self._waiting.clear()
            self._times += 1
            self.slow = self._times > _PATIENCE
        self._waiting.append((seq, text))
        self._woken()

    def first(self, texts: Iterable[str]) -> None:
        """Put what is told to this listener alone behind what waits; it is never dropped for being too much."""
        self._waiting.extend((0, text) for text in texts)
        self._woken()

    def beat(self, text: str) -> None:
        """Put a sign of life there, where nothing else waits."""
        if not self._waiting:
            self.first([text])

    async def next(self, now: datetime) -> list[str]:
        """Wait for messages, and give all that wait, behind word of those that were dropped."""
        if not self._waiting and not self.slow:
            self._times = 0
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        told = []
        if self._dropped:
            facts = {"count": self._dropped, "from": self._first, "to": self._waiting[0][0] - 1}
            told.append(packed("dropped", now, facts))
            self._dropped = self._first = 0
        told += [text for _, text in self._waiting]
        self._waiting.clear()
        return told

    def _woken(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class Channel:
    """A stream and those who listen.

    Parameters
    ----------
    most
        Messages that can be asked for again.
    """

    def __init__(self, most: int) -> None:
        self.stream = os.urandom(6).hex()
        self.seq = 0
        self.listeners: set[Outbox] = set()
        self._most = most
        self._history: deque[tuple[int, str]] = deque()
        self._size = 0

    def tell(self, kind: str, at: datetime, data: Mapping[str, Any]) -> None:
        """Number a message and give it to all who listen."""
        self.pass_on(self.seq + 1, packed(kind, at, data, stream=self.stream, seq=self.seq + 1))

    def pass_on(self, seq: int, text: str) -> None:
        """Give a message that has its number to all who listen."""
        self.seq = seq
        self._history.append((seq, text))
        self._size += len(text)
        while len(self._history) > self._most or (self._size > _BYTES and len(self._history) > 1):
            self._size -= len(self._history.popleft()[1])
        for one in self.listeners:
            one.offer(seq, text)

    def begin_anew(self, stream: str, history: Iterable[tuple[int, str]] = ()) -> None:
        """Take the numbers of another stream: those of this one mean nothing any more."""
        self.stream, self.seq, self._size = stream, 0, 0
        self._history.clear()
        for seq, text in history:
            self.seq = seq
            self._history.append((seq, text))
            self._size += len(text)

    def after(self, stream: str, seq: int) -> list[tuple[int, str]] | None:
        """Give the messages behind a number; None where some of them are gone, or it is a number of another stream."""
        if stream != self.stream or not 0 <= seq <= self.seq:
            return None
        if seq == self.seq:
            return []
        if not self._history or self._history[0][0] > seq + 1:
            return None
        return [one for one in self._history if one[0] > seq]

    def last(self) -> list[tuple[int, str]]:
        """Give the newest message, where there is one."""
        return [self._history[-1]] if self._history else []
