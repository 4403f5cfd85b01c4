"""The cache's first tier: frames in this process, the least recently used leaving first."""

import heapq
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ara.data.cache.frames import Kept

__all__ = ["Memory"]

_ENTRY = 512
_COLUMN = 128


@dataclass(slots=True)
class _Entry:
    kept: Kept
    symbol: str
    size: int
    closing: bool


class Memory:
    """Frames by name, within a budget of bytes; each until its own instant.

    Parameters
    ----------
    budget
        Bytes that all frames together may fill; a larger frame is not kept.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.bytes = 0
        self.evicted = 0
        self.expired = 0
        self.closed = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        self._ends: list[tuple[datetime, str]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str, now: datetime) -> pl.DataFrame | None:
        """Give a frame of its caller's own, sharing the columns; None where there is none that still counts.

        One that is dated after `now`, because the clock was set back, counts no more.
        """
        entry = self._entries.get(name)
        if entry is None:
            return None
        if not entry.kept.at <= now < entry.kept.until:
            self._end(name, entry)
            return None
        self._entries.move_to_end(name)
        return entry.kept.frame.clone()

    def put(self, name: str, symbol: str, kept: Kept, now: datetime, *, closing: bool = False) -> None:
        """Keep a frame in place of what was there; make room where it is needed.

        Parameters
        ----------
        name, symbol
            Of the frame.
        kept
            The frame and its times.
        now
            The present instant.
        closing
            Whether what ends it is the close of a bar and not its age.
        """
        self._remove(name)
        size = int(kept.frame.estimated_size()) + _ENTRY + _COLUMN * kept.frame.width
        if size > self.budget or kept.until <= now:
            return
        self._sweep(now)
        while self.bytes + size > self.budget:
            self._remove(next(iter(self._entries)))
            self.evicted += 1
        self._entries[name] = _Entry(
            Kept(frame=kept.frame.clone(), at=kept.at, until=kept.until), symbol, size, closing
        )
        self._names[symbol].add(name)
        self.bytes += size
        heapq.heappush(self._ends, (kept.until, name))

    def drop(self, symbol: str | None = None) -> int:
        """Remove the frames of a symbol, or all, and give how many there were."""
        names = list(self._entries) if symbol is None else list(self._names.get(symbol, ()))
        for name in names:
            self._remove(name)
        return len(names)

    def _sweep(self, now: datetime) -> None:
        """Remove what time has ended, so that nothing fresh is evicted in its place."""
        while self._ends and self._ends[0][0] <= now:
            _, name = heapq.heappop(self._ends)
            entry = self._entries.get(name)
            if entry is not None and entry.kept.until <= now:
                self._end(name, entry)
        if len(self._ends) > 2 * len(self._entries) + 64:
            self._ends = [(entry.kept.until, name) for name, entry in self._entries.items()]
            heapq.heapify(self._ends)

    def _end(self, name: str, entry: _Entry) -> None:
        self._remove(name)
        self.closed += entry.closing
        self.expired += not entry.closing

    def _remove(self, name: str) -> None:
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        self.bytes -= entry.size
        names = self._names[entry.symbol]
        names.discard(name)
        if not names:
            del self._names[entry.symbol]
