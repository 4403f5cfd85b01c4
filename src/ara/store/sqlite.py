"""A store in one SQLite file: what a single machine needs, also with many processes at once."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ara.clock import Clock
from ara.store.documents import decode, encode, is_name
from ara.store.engine import Engine
from ara.store.heads import HeadFiles
from ara.store.lane import Lane, begin, end, writing
from ara.store.query import Query, Value
from ara.store.sqlite_logs import SqliteLogs
from ara.store.steps import SqliteSteps
from ara.store.store import ConflictError, Record, Signer
from ara.store.turn import Turn

if TYPE_CHECKING:
    from ara.store.tables import TableStorage

__all__ = ["SqliteStore"]

_R = TypeVar("_R", bound=Record)
_T = TypeVar("_T")


class SqliteStore(Engine):
    """Documents, logs and tables in an SQLite file; the heads of the logs lie in `heads/` beside it.

    What is acknowledged has been handed to the disk (`synchronous = FULL`). Readers never wait for writers.

    Parameters
    ----------
    path
        The file; it and its folder are made on first use.
    signer
        The vault, which signs the heads of logs.
    clock
        Gives the time of log entries.
    patience
        Seconds to wait for another process or another transaction before giving up.
    """

    def __init__(self, path: Path, *, signer: Signer, clock: Clock, patience: float = 10.0) -> None:
        self._path = path
        self._patience = patience
        self._turn = Turn(patience)
        self._writer = Lane(path, patience=patience)
        self._reader = Lane(path, patience=patience)
        heads = HeadFiles(path.parent / "heads", patience=patience)
        logs = SqliteLogs(
            self._write_alone, self._reader.run, heads=heads, signer=signer, clock=clock, patience=patience
        )
        super().__init__(logs, signer=signer, outside=self._turn.outside)

    async def add(self, record: Record) -> bool:
        """Keep a new document; see `Store.add`."""
        body = encode(record)
        row = (record.kind, record.id, hashlib.sha256(body).hexdigest(), body.decode())
        statement = "INSERT INTO documents (kind, id, revision, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return await self._write(lambda connection: connection.execute(statement, row).rowcount) == 1

    async def put(self, record: Record, *, replaces: str) -> None:
        """Replace a document whose revision is known; see `Store.put`."""
        body = encode(record)
        row = (hashlib.sha256(body).hexdigest(), body.decode(), record.kind, record.id, replaces)
        statement = "UPDATE documents SET revision = ?, body = ? WHERE kind = ? AND id = ? AND revision = ?"
        if await self._write(lambda connection: connection.execute(statement, row).rowcount) == 0:
            raise ConflictError.of(record, there=await self.get(type(record), record.id) is not None)

    async def get(self, kind: type[_R], id: str) -> _R | None:
        """Give one document, or None."""
        if not is_name(id):
            return None
        statement = "SELECT body FROM documents WHERE kind = ? AND id = ?"
        row = await self._read(lambda connection: connection.execute(statement, (kind.kind, id)).fetchone())
        return None if row is None else decode(kind, row[0])

    async def remove(self, kind: type[_R], id: str) -> None:
        """Forget one document."""
        if not is_name(id):
            return
        statement = "DELETE FROM documents WHERE kind = ? AND id = ?"
        await self._write(lambda connection: connection.execute(statement, (kind.kind, id)))

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[None]:
        """Open a transaction; see `Store.tx`."""
        async with self._turn.owned():
            try:
                await self._writer.run(lambda connection: begin(connection, self._patience))
                yield
                await self._writer.run(lambda connection: end(connection, commit=True))
            except BaseException:
                await self._writer.run(lambda connection: end(connection, commit=False))
                raise

    async def close(self) -> None:
        """Finish the appends under way and close the file."""
        await super().close()
        await self._writer.close()
        await self._reader.close()

    async def _select(self, query: Query, limit: int) -> list[bytes | str]:
        statement, arguments = query.statement(_Json(), limit)
        return await self._read(lambda connection: [row[0] for row in connection.execute(statement, arguments)])

    @property
    def steps(self) -> SqliteSteps:
        """Where migrations of the tables run."""
        return SqliteSteps(self._write_alone, self._reader.run, patience=self._patience)

    def _table_storage(self) -> "TableStorage":
        from ara.store.sqlite_tables import SqliteTables

        return SqliteTables(self._write_alone, self._reader.run, patience=self._patience)

    async def _read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        return await (self._writer if self._turn.mine() else self._reader).run(work)

    async def _write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        if self._turn.mine():
            return await self._writer.run(work)

        def whole(connection: sqlite3.Connection) -> _T:
            with writing(connection, self._patience):
                return work(connection)

        return await self._write_alone(whole)

    async def _write_alone(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        async with self._turn.taken():
            return await self._writer.run(work)


class _Json:
    """Fields of documents in SQLite's JSON functions."""

    def field(self, name: str, family: str) -> str:
        return "id" if name == "id" else f"json_extract(body, '$.{name}')"

    def order(self, name: str, family: str, *, chosen: bool) -> str:
        # A plus keeps SQLite from walking through all documents of a kind because they lie in this order already.
        return "+id" if name == "id" and chosen else self.field(name, family)

    def bind(self, value: Value, family: str, arguments: list[Any]) -> str:
        arguments.append(value)
        return "?"
