"""How well a source answers: what the order of asking goes by, and what `ara data` shows of it.

Each figure is an exponentially weighted mean in which the newest observation counts a tenth; the first one counts
whole.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

__all__ = ["STALE", "Health", "observe", "of", "report"]

_NEWEST: Final = 0.1
_SLOW: Final = 2_000.0

STALE: Final = 7 * 86_400.0
"""Seconds by which a bar is late at most: one that is traded no longer says little of its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One source's figures.

    Parameters
    ----------
    asked
        How many answers and failures there were.
    success
        Share of answers, 0 to 1; 1 where nothing is known.
    latency_ms
        Milliseconds until an answer was there; None where none ever was.
    freshness_s
        Seconds by which its newest bars were late, a week at most counted of each; None where nobody looked.
    quality
        Score of its bars, 0 to 1; None where nobody looked.
    error
        What went wrong last; empty where nothing did.
    failed
        When that was, in seconds since 1970; None where nobody noted it.
    """

    asked: int = 0
    success: float = 1.0
    latency_ms: float | None = None
    freshness_s: float | None = None
    quality: float | None = None
    error: str = ""
    failed: float | None = None

    @property
    def score(self) -> float:
        """What sources are ranked by, 0 to 1: success times quality, up to a tenth off for slow, three for stale."""
        slow = 0.0 if self.latency_ms is None else min(self.latency_ms / _SLOW, 1.0)
        stale = min((self.freshness_s or 0.0) / STALE, 1.0)
        return self.success * (1.0 if self.quality is None else self.quality) * (1 - 0.1 * slow) * (1 - 0.3 * stale)


def of(connection: sqlite3.Connection, source: str) -> Health:
    """Give a source's figures."""
    statement = (
        "SELECT asked, success, latency, freshness, quality, error, failures.at"
        " FROM health LEFT JOIN failures USING (source) WHERE source = ?"
    )
    row = connection.execute(statement, (source,)).fetchone()
    if row is None:
        return Health()
    names = ("asked", "success", "latency_ms", "freshness_s", "quality", "error", "failed")
    return Health(**dict(zip(names, row, strict=True)))


def observe(
    connection: sqlite3.Connection, now: float, source: str, *, ok: bool, seconds: float = 0.0, error: str = ""
) -> None:
    """Take in one answer that took so many seconds, or one failure."""
    if not ok:
        connection.execute("INSERT OR REPLACE INTO failures VALUES (?, ?)", (source, now))
    old = of(connection, source)
    success = _mean(old.success if old.asked else None, float(ok))
    latency = _mean(old.latency_ms, 1000 * seconds) if ok else old.latency_ms
    _write(
        connection, source, (old.asked + 1, success, latency, old.freshness_s, old.quality, old.error if ok else error)
    )


def report(
    connection: sqlite3.Connection, source: str, *, quality: float | None = None, freshness: float | None = None
) -> None:
    """Take in what was found when its bars were looked at: their score, and the seconds by which they were late."""
    old = of(connection, source)
    better = old.quality if quality is None else _mean(old.quality, min(max(quality, 0.0), 1.0))
    fresher = old.freshness_s if freshness is None else _mean(old.freshness_s, min(max(freshness, 0.0), STALE))
    _write(connection, source, (old.asked, old.success, old.latency_ms, fresher, better, old.error))


def _mean(old: float | None, new: float) -> float:
    return new if old is None else (1 - _NEWEST) * old + _NEWEST * new


def _write(connection: sqlite3.Connection, source: str, row: tuple[object, ...]) -> None:
    connection.execute("INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?, ?, ?, ?)", (source, *row))
