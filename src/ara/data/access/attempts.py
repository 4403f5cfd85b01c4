"""When each source was last asked for the newest bars of an instrument, and what came of it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Attempt", "last", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One question for the newest bars.

    Parameters
    ----------
    at
        When it was put, UTC, by the desk's clock.
    newest
        When the close of the last bar of the answer was public; None where there was no bar.
    code
        Of the error, as in `ara.errors`; empty where the source answered.
    words
        What the error said.
    """

    at: datetime
    newest: datetime | None = None
    code: str = ""
    words: str = ""


def note(
    connection: sqlite3.Connection, _now: float, *, source: str, symbol: str, timeframe: str, attempt: Attempt
) -> None:
    """Keep an attempt in the place of the one before."""
    newest = "" if attempt.newest is None else attempt.newest.isoformat()
    row = (source, symbol, timeframe, attempt.at.isoformat(), newest, attempt.code, attempt.words)
    connection.execute("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def last(connection: sqlite3.Connection, _now: float, *, source: str, symbol: str, timeframe: str) -> Attempt | None:
    """Give the last attempt; None where there was none."""
    statement = "SELECT at, newest, code, words FROM attempts WHERE source = ? AND symbol = ? AND timeframe = ?"
    row = connection.execute(statement, (source, symbol, timeframe)).fetchone()
    if row is None:
        return None
    newest = datetime.fromisoformat(row[1]) if row[1] else None
    return Attempt(at=datetime.fromisoformat(row[0]), newest=newest, code=row[2], words=row[3])
