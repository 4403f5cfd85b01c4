"""Logs in SQLite: entries in a table, heads in files beside the database."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from ara.clock import Clock
from ara.errors import StoreError
from ara.store.chain import Draft, Entry, Tip, check_tip, extend, sign_head, signed_upto
from ara.store.documents import instant_text
from ara.store.heads import HeadFiles
from ara.store.lane import writing
from ara.store.store import Signer

__all__ = ["SqliteLogs"]

_T = TypeVar("_T")
_COLUMNS = "stream, sequence, at, key, body, previous, hash"
# An index finds the row, and the row itself says what it holds: SQLite would take what it can from the index.
_ENTRIES = f"""
SELECT {", ".join(f"entry.{name}" for name in _COLUMNS.split(", "))}
FROM entries AS place CROSS JOIN entries AS entry ON entry.rowid = place.rowid WHERE place.stream = ? AND
"""  # noqa: S608 - names of our own
_KEYS_AT_ONCE = 500


class _Run(Protocol):
    def __call__(self, work: Callable[[sqlite3.Connection], _T], /) -> Awaitable[_T]: ...


class SqliteLogs:
    """The entries and heads of all logs of one database.

    A commit holds the database's lock only while it writes. Heads are signed afterwards, for the end of the log as it
    is then: of several processes that committed meanwhile one signs for all, the others find it done.

    Parameters
    ----------
    write, read
        Run work on a connection that may write, and on one that reads.
    heads
        Where the heads are kept.
    signer
        The vault, which signs them.
    clock
        Gives the time of entries.
    patience
        Seconds to wait for another process.
    """

    def __init__(
        self, write: _Run, read: _Run, *, heads: HeadFiles, signer: Signer, clock: Clock, patience: float
    ) -> None:
        self._write = write
        self._read = read
        self._heads = heads
        self._signer = signer
        self._clock = clock
        self._patience = patience

    async def commit(self, stream: str, drafts: Sequence[Draft]) -> list[Entry]:
        """Chain and keep drafts in one transaction, then sign the head."""

        def work(connection: sqlite3.Connection) -> list[Entry]:
            with writing(connection, self._patience):
                answers = self._insert(connection, stream, drafts)
            self._sign(connection, stream, upto=max(entry.sequence for entry in answers))
            return answers

        return await self._write(work)

    async def entries(self, stream: str, *, after: int | None, limit: int) -> list[Entry]:
        """Give the entries behind a sequence; from the beginning also those whose sequence is no number."""
        if after is None:
            return await self._select("true ORDER BY place.sequence LIMIT ?", (stream, limit))
        return await self._select("place.sequence > ? ORDER BY place.sequence LIMIT ?", (stream, after, limit))

    async def size(self, stream: str) -> int:
        """Count the entries."""
        statement = "SELECT count(*) FROM entries WHERE stream = ?"
        return int(await self._read(lambda connection: connection.execute(statement, (stream,)).fetchone()[0]))

    async def damage(self) -> str:
        """Have SQLite compare every table with its indexes and every page with its neighbours."""
        found = await self._read(lambda connection: connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        return "" if found == "ok" else " ".join(str(found).split())

    async def by_key(self, stream: str, key: str) -> Entry | None:
        """Give the entry with that key."""
        found = await self._select("place.key <> '' AND place.key = ?", (stream, key))
        return found[0] if found else None

    async def by_keys(self, stream: str, keys: Sequence[str]) -> list[Entry]:
        """Give the entries with these keys, in no order."""
        return list((await self._read(lambda connection: _by_keys(connection, stream, keys))).values())

    async def by_prefix(self, stream: str, prefix: str, *, limit: int) -> list[Entry]:
        """Give the entries whose keys begin so, by key."""
        # The last code point can't be part of a key, so every key that begins so lies before it.
        ends = (prefix, prefix + "\U0010ffff")
        condition = "place.key <> '' AND place.key >= ? AND place.key < ? ORDER BY place.key LIMIT ?"
        return await self._select(condition, (stream, *ends, limit))

    async def head(self, stream: str) -> bytes | None:
        """Give the signed head as it is kept, also where the database can't be opened any more."""
        try:
            return await asyncio.to_thread(self._heads.read, stream)
        except OSError as error:
            raise StoreError(
                f"The head of the log {stream!r} can't be read: {error.strerror}.",
                hint=f"Look at the file {error.filename}.",
            ) from error

    def _insert(self, connection: sqlite3.Connection, stream: str, drafts: Sequence[Draft]) -> list[Entry]:
        now, tip = self._clock.now(), _tip(connection, stream)
        self._check(connection, stream, tip)
        existing = _by_keys(connection, stream, [draft.key for draft in drafts if draft.key])
        answers, added = extend(stream, drafts, tip=tip, existing=existing, now=now)
        if tip is None:
            # A head before the first entry: from now on a head that is missing was taken away.
            with self._heads.locked():
                genesis = Tip(sequence=0, at=now, hash="")
                self._heads.write(stream, sign_head(self._signer, stream, tip=genesis))
        connection.executemany(
            f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - names of our own
            [(stream, one.sequence, instant_text(one.at), one.key, one.body, one.previous, one.hash) for one in added],
        )
        return answers

    def _check(self, connection: sqlite3.Connection, stream: str, tip: Tip | None) -> None:
        document = self._heads.read(stream)

        def hash_at(sequence: int) -> str | None:
            row = connection.execute(
                "SELECT hash FROM entries WHERE stream = ? AND sequence = ?", (stream, sequence)
            ).fetchone()
            return None if row is None else str(row[0])

        check_tip(document, stream, tip=tip, hash_at=hash_at, signer=self._signer)

    def _sign(self, connection: sqlite3.Connection, stream: str, *, upto: int) -> None:
        with self._heads.locked():
            document = self._heads.read(stream)
            if document is not None and signed_upto(document) >= upto:
                return
            tip = _tip(connection, stream)
            if tip is not None:
                self._heads.write(stream, sign_head(self._signer, stream, tip=tip))

    async def _select(self, condition: str, arguments: tuple[Any, ...]) -> list[Entry]:
        statement = _ENTRIES + condition
        return await self._read(lambda connection: [_entry(row) for row in connection.execute(statement, arguments)])


def _tip(connection: sqlite3.Connection, stream: str) -> Tip | None:
    row = connection.execute(
        "SELECT sequence, at, hash FROM entries WHERE stream = ? ORDER BY sequence DESC LIMIT 1", (stream,)
    ).fetchone()
    return None if row is None else Tip.read(stream, row[0], at=_instant(row[1]), hash=row[2])


def _by_keys(connection: sqlite3.Connection, stream: str, keys: Sequence[str]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        statement = f"{_ENTRIES} place.key <> '' AND place.key IN ({marks})"
        found.update((row[3], _entry(row)) for row in connection.execute(statement, (stream, *some)))
    return found


def _entry(row: tuple[Any, ...]) -> Entry:
    stream, sequence, at, key, body, previous, hash = row
    return Entry(
        stream=stream,
        sequence=sequence,
        at=_instant(at),
        key=key,
        body=body,
        previous=previous,
        hash=hash,
    )


def _instant(text: Any) -> Any:
    """Give the time that a text holds; the text as it is where it isn't one that was written here."""
    try:
        at = datetime.fromisoformat(text)
        return at if instant_text(at) == text else text
    except (TypeError, ValueError, OverflowError):
        return text
