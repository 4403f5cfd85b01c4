"""Logs in PostgreSQL: entries in one table, heads in another, both written in the same transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ara.clock import Clock
from ara.store.chain import Draft, Entry, Tip, check_tip, extend, sign_head, signed_upto
from ara.store.server import Connection, Server
from ara.store.store import Signer

__all__ = ["PostgresLogs"]

_COLUMNS = "stream, sequence, at, key, body, previous, hash"


class PostgresLogs:
    """The entries and heads of all logs of one database.

    Parameters
    ----------
    server
        Lends connections.
    signer
        The vault, which signs heads.
    clock
        Gives the time of entries.
    """

    def __init__(self, server: Server, *, signer: Signer, clock: Clock) -> None:
        self._server = server
        self._signer = signer
        self._clock = clock

    async def commit(self, stream: str, drafts: Sequence[Draft]) -> list[Entry]:
        """Chain and keep drafts and sign the head, in one transaction."""
        async with self._server.locked(f"ara log {stream}") as connection:
            now, tip = self._clock.now(), await _tip(connection, stream)
            await self._check(connection, stream, tip)
            keys = [draft.key for draft in drafts if draft.key]
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM entries WHERE stream = $1 AND key <> '' AND key = ANY($2::text[])",  # noqa: S608
                stream,
                keys,
            )
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

    async def entries(self, stream: str, *, after: int, limit: int) -> list[Entry]:
        """Give the entries behind a sequence."""
        condition = "stream = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
        return await self._select(condition, stream, after, limit)

    async def tip(self, stream: str) -> Tip | None:
        """Say where the log ends."""
        async with self._server.session() as connection:
            return await _tip(connection, stream)

    async def by_key(self, stream: str, key: str) -> Entry | None:
        """Give the entry with that key."""
        found = await self._select("stream = $1 AND key <> '' AND key = $2", stream, key)
        return found[0] if found else None

    async def by_prefix(self, stream: str, prefix: str, *, limit: int) -> list[Entry]:
        """Give the entries whose keys begin so, by key."""
        condition = "stream = $1 AND key <> '' AND key >= $2 AND key < $3 ORDER BY key LIMIT $4"
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
        statement = f"SELECT {_COLUMNS} FROM entries WHERE {condition}"  # noqa: S608 - conditions of our own
        async with self._server.session() as connection:
            return [Entry(**row) for row in await connection.fetch(statement, *arguments)]


async def _tip(connection: Connection, stream: str) -> Tip | None:
    row = await connection.fetchrow(
        "SELECT sequence, at, hash FROM entries WHERE stream = $1 ORDER BY sequence DESC LIMIT 1", stream
    )
    return None if row is None else Tip(**row)


async def _insert(connection: Connection, entries: Sequence[Entry]) -> None:
    await connection.executemany(
        f"INSERT INTO entries ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)",  # noqa: S608 - names of our own
        [(one.stream, one.sequence, one.at, one.key, one.body, one.previous, one.hash) for one in entries],
    )
