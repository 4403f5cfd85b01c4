"""A venue that keeps failing is left alone for a while, by all processes.

Closed, requests pass. After five failures in a row, or ten among the last twenty, it opens: nothing is asked for five
seconds, then twice as long each time, five minutes at most. Then it is half open: one request goes ahead as a probe,
the others wait for its outcome, which closes or opens it again.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Breaker", "State", "admit", "look", "record"]

_IN_A_ROW: Final = 5
_OF_RECENT: Final = 10
_RECENT: Final = 20
_FIRST_REST: Final = 5.0
_LONGEST_REST: Final = 300.0


class State(StrEnum):
    """Whether requests pass: all of them, none, or one to try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF = "half"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One venue's breaker at one moment.

    Parameters
    ----------
    state
        Whether requests pass.
    failures
        How many failed in a row.
    left
        Seconds until one may be tried; 0 where it may be now.
    """

    state: State = State.CLOSED
    failures: int = 0
    left: float = 0.0


def look(connection: sqlite3.Connection, now: float, *, source: str) -> Breaker:
    """Tell how a venue's breaker stands."""
    row = _row(connection, source)
    if not row[3]:
        return Breaker(failures=row[0])
    left = row[4] - now
    if 0 < left <= _LONGEST_REST:
        return Breaker(state=State.OPEN, failures=row[0], left=left)
    probing = row[5] - now
    return Breaker(state=State.HALF, failures=row[0], left=probing if 0 < probing <= _LONGEST_REST else 0.0)


def admit(connection: sqlite3.Connection, now: float, *, source: str, lease: float) -> Breaker:
    """Tell whether a request may go ahead now, which is where `left` is 0; a probe holds the place for its lease."""
    found = look(connection, now, source=source)
    if found.state is State.HALF and not found.left:
        probe = now + min(lease, _LONGEST_REST)
        connection.execute("UPDATE breakers SET probe = ? WHERE source = ?", (probe, source))
    return found


def record(connection: sqlite3.Connection, now: float, *, source: str, ok: bool) -> Breaker:
    """Take in how a request went, and tell how the breaker stands then."""
    failures, recent, known, cooling, until, _ = _row(connection, source)
    failures = 0 if ok else failures + 1
    recent = (recent << 1 | (not ok)) & ((1 << _RECENT) - 1)
    known = min(known + 1, _RECENT)
    if ok and cooling:
        recent, known, cooling, until = 0, 0, 0.0, 0.0
    elif cooling:
        if now >= until or until - now > _LONGEST_REST:  # the probe failed; what was under way before tells nothing new
            cooling = min(2 * cooling, _LONGEST_REST)
            until = now + cooling
    elif not ok and (failures >= _IN_A_ROW or (known == _RECENT and recent.bit_count() >= _OF_RECENT)):
        cooling, until = _FIRST_REST, now + _FIRST_REST
    connection.execute(
        "INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?, ?, ?, 0)",
        (source, failures, recent, known, cooling, until),
    )
    return look(connection, now, source=source)


def _row(connection: sqlite3.Connection, source: str) -> tuple[int, int, int, float, float, float]:
    statement = "SELECT failures, recent, known, cooling, until, probe FROM breakers WHERE source = ?"
    row: tuple[int, int, int, float, float, float] | None = connection.execute(statement, (source,)).fetchone()
    return (0, 0, 0, 0.0, 0.0, 0.0) if row is None else row
