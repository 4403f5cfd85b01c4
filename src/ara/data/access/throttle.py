"""A venue's limits as buckets of tokens that all processes with one key share.

A request takes tokens; each comes back one window after the request was answered, so no window of that length ever
sees more requests than the venue allows. A bucket that begins full and refills evenly would let through almost twice as
many: the full bucket, and what flows in behind it. Who must wait reserves tokens that come back later, in the order of
asking, and looks again when it is time, since those before may have been slow.
"""

import math
import sqlite3
from collections.abc import Sequence
from typing import Final

from ara.data.access.venue import Limit
from ara.errors import ValidationError

__all__ = ["adopt", "confirm", "pause", "paused", "reserve", "settle", "tightest"]

_SLOTS: Final = 32
_SLACK: Final = 0.1
_MOST_SLACK: Final = 0.5
_LONGEST_PAUSE: Final = 86_400.0


def reserve(
    connection: sqlite3.Connection,
    now: float,
    *,
    bucket: str,
    limits: Sequence[Limit],
    weight: int = 1,
    earliest: float = 0.0,
    patience: float = math.inf,
) -> tuple[float, bool]:
    """Take tokens and give the seconds until they may be used, and whether they were taken.

    Parameters
    ----------
    connection, now
        The board's.
    bucket
        Venue and key.
    limits
        All of which hold.
    weight
        How many tokens.
    earliest
        Not before so many seconds from now.
    patience
        Where the wait were longer, nothing is taken. It also bounds what a clock that was set back can cost.
    """
    at = now + earliest
    for limit in limits:
        if weight > limit.requests:
            raise ValidationError(f"A request of weight {weight} can't be made: {limit.requests} are allowed at once.")
        _forget(connection, now, bucket=bucket, limit=limit, patience=patience)
        at = max(at, _free(connection, at, bucket=bucket, limit=limit, weight=weight))
    if at - now > patience:
        return at - now, False
    _count(connection, at, bucket=bucket, limits=limits, weight=weight)
    return at - now, True


def tightest(
    connection: sqlite3.Connection, now: float, *, bucket: str, limits: Sequence[Limit], weight: int
) -> Limit | None:
    """Give the limit for which a request would wait longest; None where there is none."""
    if len(limits) < 2:
        return limits[0] if limits else None
    return max(limits, key=lambda one: _free(connection, now, bucket=bucket, limit=one, weight=weight))


def confirm(
    connection: sqlite3.Connection, now: float, *, bucket: str, limits: Sequence[Limit], weight: int, reserved: float
) -> float:
    """Give the seconds for which a reservation, due now, must wait all the same; it is moved by so much.

    Parameters
    ----------
    connection, now
        The board's.
    bucket, limits, weight
        As they were reserved.
    reserved
        The time that was reserved.
    """
    _count(connection, reserved, bucket=bucket, limits=limits, weight=-weight)
    at = now
    for limit in limits:
        at = max(at, _free(connection, at, bucket=bucket, limit=limit, weight=weight, begun=now))
    _count(connection, at, bucket=bucket, limits=limits, weight=weight)
    return at - now


def settle(
    connection: sqlite3.Connection, now: float, *, bucket: str, limits: Sequence[Limit], weight: int, reserved: float
) -> None:
    """Count a request from now on, when it was answered: the venue may have seen it as late as this."""
    _count(connection, reserved, bucket=bucket, limits=limits, weight=-weight)
    _count(connection, now, bucket=bucket, limits=limits, weight=weight)


def adopt(
    connection: sqlite3.Connection, now: float, *, bucket: str, limits: Sequence[Limit], seconds: float, used: int
) -> None:
    """Count as much as the venue itself has counted, where that is more than what went out from here.

    Others may ask from the same address or with the same key, and a venue may weigh requests otherwise than we thought.

    Parameters
    ----------
    connection, now
        The board's.
    bucket, limits
        As they were reserved.
    seconds
        Which limit is meant: the one of that length.
    used
        What the venue has counted in it.
    """
    for limit in limits:
        if limit.seconds == seconds:
            slot, window = _slot(limit), _window(limit)
            statement = "SELECT sum(taken) FROM tokens WHERE bucket = ? AND slot <= ? AND (slot + 1) * ? + ? > ?"
            told = (_name(bucket, limit), math.floor(now / slot), slot, window, now)
            more = min(used, limit.requests) - int(connection.execute(statement, told).fetchone()[0] or 0)
            if more > 0:
                _count(connection, now, bucket=bucket, limits=[limit], weight=more)


def pause(connection: sqlite3.Connection, now: float, *, bucket: str, seconds: float) -> None:
    """Note that the venue wants to be left alone for some seconds, a day at most."""
    until = now + min(seconds, _LONGEST_PAUSE)
    connection.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?)", (bucket, until))


def paused(connection: sqlite3.Connection, now: float, *, bucket: str) -> float:
    """Give the seconds for which the venue still wants to be left alone."""
    row = connection.execute("SELECT until FROM pauses WHERE bucket = ?", (bucket,)).fetchone()
    left = 0.0 if row is None else float(row[0]) - now
    return left if 0 < left <= _LONGEST_PAUSE else 0.0


def _name(bucket: str, limit: Limit) -> str:
    return f"{bucket} {limit.seconds:g}"


def _slot(limit: Limit) -> float:
    return limit.seconds / _SLOTS


def _window(limit: Limit) -> float:
    """Make the window a little longer, since requests need not arrive in the rhythm in which they were sent."""
    return limit.seconds + min(_SLACK * limit.seconds, _MOST_SLACK)


def _forget(connection: sqlite3.Connection, now: float, *, bucket: str, limit: Limit, patience: float) -> None:
    """Give back tokens whose window is over, and those of a time that the clock, set back, hasn't reached yet."""
    back = math.floor((now - _window(limit)) / _slot(limit)) - 1
    ahead = math.inf if math.isinf(patience) else math.ceil((now + patience) / _slot(limit))
    statement = "DELETE FROM tokens WHERE bucket = ? AND (slot <= ? OR slot > ?)"
    connection.execute(statement, (_name(bucket, limit), back, ahead))


def _count(connection: sqlite3.Connection, at: float, *, bucket: str, limits: Sequence[Limit], weight: int) -> None:
    """Count tokens as taken at a time; a negative weight counts them no longer."""
    statement = "INSERT INTO tokens VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET taken = taken + excluded.taken"
    for limit in limits:
        connection.execute(statement, (_name(bucket, limit), math.floor(at / _slot(limit)), weight))
        connection.execute("DELETE FROM tokens WHERE bucket = ? AND taken <= 0", (_name(bucket, limit),))


def _free(
    connection: sqlite3.Connection, at: float, *, bucket: str, limit: Limit, weight: int, begun: float | None = None
) -> float:
    """Give the first time from `at` on at which so many tokens are in the bucket.

    Only what was taken until `begun` counts, where that is given. Else all that is reserved does, so nobody overtakes:
    what is too much for those before is too much for one more.
    """
    slot, window = _slot(limit), _window(limit)
    statement = "SELECT slot, taken FROM tokens WHERE bucket = ? AND slot <= ? ORDER BY slot"
    last = (1 << 62) if begun is None else math.floor(begun / slot)
    rows = connection.execute(statement, (_name(bucket, limit), last)).fetchall()
    returns = [((number + 1) * slot + window, taken) for number, taken in rows]
    out = sum(taken for back, taken in returns if back > at)
    for back, taken in returns:
        if limit.requests - out >= weight:
            break
        if back > at:
            at, out = back, out - taken
    return at
