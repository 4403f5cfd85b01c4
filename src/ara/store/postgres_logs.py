"""Logs in PostgreSQL: entries in one table, heads in another, both written in the same transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ara.clock import Clock
from ara.store.chain import Draft, Entry, Tip, check_tip, extend, sign_head, signed_upto
from ara.store.replicas import Readers
from ara.store.server import Connection, Server
from ara.store.store import Signer

__all__ = ["PostgresLogs"]

_COLUMNS = "stream, sequence, at, key, body, previous, hash"
# A time that Python can't hold was not written here: it comes as NULL, which no entry has.
_AT = "CASE WHEN at >= '0001-01-02 00:00Z' AND at < '9999-12-31 00:00Z' THEN at END AS at"
_ENTRIES = f"SELECT stream, sequence, {_AT}, key, body, previous, hash FROM entries WHERE stream = $1::text AND"  # noqa: S608


class PostgresLogs:
    """The entries and heads of all logs of one database.

    Parameters
    ----------
    server
        Lends connections.
    readers
        The server and its replicas.
    signer
        The vault, which signs heads.
    clock
        Gives the time of entries.
    """

    def __init__(self, server: Server, readers: Readers, *, signer: Signer, clock: Clock) -> None:
        self._server = server
        self._readers = readers
        self._signer = signer
        self._clock = clock

    async def commit(self, stream: str, drafts: Sequence[Draft]) -> list[Entry]:
        """Chain and keep drafts and sign the head, in one transaction."""
        async with self._server.locked(f"ara log {stream}") as connection:
            now, tip = self._clock.now(), await _tip(connection, stream)
            await self._check(connection, stream, tip)
            keys = [draft.key for draft in drafts if draft.key]
            rows = await connection.fetch(f"{_ENTRIES} key <> '' AND key = ANY($2::text[])", stream, keys)
            existing = {row["key"]: Entry(**row) for row in rows}
            answers, added = extend(stream, drafts, tip=tip, existing=existing, now=now)
            if added:
                await _insert(connection, added)
                head = await asyncio.to_thread(sign_head, self._signer, stream, tip=Tip.of(added[-1]))
                await connection.execute(
                    "INSERT INTO heads VALUES ($1, $2) ON CONFLICT (stream) DO UPDATE SET document = $2",
                    stream,
                    head.decode(),
                )
        return answers

    async def entries(self, stream: str, *, after: int | None, limit: int) -> list[Entry]:
        """Give the entries behind a sequence; from the beginning also those whose sequence is no number."""
        if after is None:
            return await self._select("true ORDER BY sequence LIMIT $2", stream, limit)
        return await self._select("sequence > $2::bigint ORDER BY sequence LIMIT $3", stream, after, limit)

    async def size(self, stream: str) -> int:
        """Count the entries."""
        async with self._server.session() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM entries WHERE stream = $1", stream))

    async def damage(self) -> str:
        """Give nothing: the server watches over its own pages and indexes, and says so when they are read."""
        return ""

    async def by_key(self, stream: str, key: str) -> Entry | None:
        """Give the entry with that key."""
        found = await self._select("key <> '' AND key = $2", stream, key)
        return found[0] if found else None

    async def by_keys(self, stream: str, keys: Sequence[str]) -> list[Entry]:
        """Give the entries with these keys, in no order."""
        return await self._select("key <> '' AND key = ANY($2::text[])", stream, list(keys))

    async def by_prefix(self, stream: str, prefix: str, *, limit: int) -> list[Entry]:
        """Give the entries whose keys begin so, by key."""
        condition = "key <> '' AND key >= $2 AND key < $3 ORDER BY key LIMIT $4"
        return await self._select(condition, stream, prefix, prefix + "\U0010ffff", limit)

    async def head(self, stream: str) -> bytes | None:
        """Give the signed head as it is kept."""
        async with self._server.session() as connection:
            document = await connection.fetchval("SELECT document FROM heads WHERE stream = $1", stream)
        return None if document is None else str(document).encode()

    async def _check(self, connection: Connection, stream: str, tip: Tip | None) -> None:
        text = await connection.fetchval("SELECT document FROM heads WHERE stream = $1", stream)
        document = None if text is None else str(text).encode()
        vouched = await connection.fetchval(
            "SELECT hash FROM entries WHERE stream = $1 AND sequence = $2",
            stream,
            0 if document is None else signed_upto(document),
        )
        await asyncio.to_thread(check_tip, document, stream, tip=tip, hash_at=lambda _: vouched, signer=self._signer)

    async def _select(self, condition: str, *arguments: Any) -> list[Entry]:
        rows = await self._readers.read(lambda connection: connection.fetch(f"{_ENTRIES} {condition}", *arguments))
        return [Entry(**row) for row in rows]


async def _tip(connection: Connection, stream: str) -> Tip | None:
    row = await connection.fetchrow(
        f"SELECT sequence, {_AT}, hash FROM entries WHERE stream = $1 ORDER BY sequence DESC LIMIT 1",  # noqa: S608
        stream,
    )
    return None if row is None else Tip.read(stream, row["sequence"], at=row["at"], hash=row["hash"])


async def _insert(connection: Connection, entries: Sequence[Entry]) -> None:
    await connection.executemany(
        f"INSERT INTO entries ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)",  # noqa: S608 - names of our own
        [(one.stream, one.sequence, one.at, one.key, one.body, one.previous, one.hash) for one in entries],
    )
