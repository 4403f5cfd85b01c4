"""A store in a PostgreSQL database: what several machines share."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from ara.clock import Clock
from ara.store.documents import decode, encode, is_name
from ara.store.engine import Engine
from ara.store.postgres_logs import PostgresLogs
from ara.store.query import Query, Value
from ara.store.replicas import Readers
from ara.store.server import Connection, Server
from ara.store.steps import PostgresSteps
from ara.store.store import ConflictError, Record, Signer
from ara.store.turn import NO_PART, refuse_inside

if TYPE_CHECKING:
    from ara.store.tables import TableStorage

__all__ = ["PostgresStore"]

_R = TypeVar("_R", bound=Record)


class PostgresStore(Engine):
    """Documents, logs and tables in a PostgreSQL database; heads of logs in a table beside the entries.

    Parameters
    ----------
    url
        `postgresql://USER:PASSWORD@HOST:PORT/NAME`; the database exists and is Ara's own.
    signer
        The vault, which signs the heads of logs.
    clock
        Gives the time of log entries.
    patience
        Seconds to wait for a connection or a lock before giving up.
    pool
        Connections at most, to the database and to each replica.
    replicas
        Databases that follow it; what may be a little old is read from them.
    """

    def __init__(
        self,
        url: str,
        *,
        signer: Signer,
        clock: Clock,
        patience: float = 10.0,
        pool: int = 8,
        replicas: Sequence[str] = (),
    ) -> None:
        self._server = Server(url, patience=patience, largest=pool)
        followers = [Server(one, patience=min(patience, 3.0), largest=pool, replica=True) for one in replicas]
        self._readers = Readers(self._server, followers)
        self._open: dict[asyncio.Task[Any], Connection] = {}
        logs = PostgresLogs(self._server, self._readers, signer=signer, clock=clock)
        super().__init__(logs, signer=signer, outside=self._refuse_inside)

    async def add(self, record: Record) -> bool:
        """Keep a new document; see `Store.add`."""
        body = encode(record)
        statement = "INSERT INTO documents VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1"
        row = (record.kind, record.id, hashlib.sha256(body).hexdigest(), body.decode())
        async with self._session() as connection:
            return await connection.fetchval(statement, *row) is not None

    async def put(self, record: Record, *, replaces: str) -> None:
        """Replace a document whose revision is known; see `Store.put`."""
        body = encode(record)
        statement = (
            "UPDATE documents SET revision = $1, body = $2 WHERE kind = $3 AND id = $4 AND revision = $5 RETURNING 1"
        )
        row = (hashlib.sha256(body).hexdigest(), body.decode(), record.kind, record.id, replaces)
        async with self._session() as connection:
            if await connection.fetchval(statement, *row) is not None:
                return
        raise ConflictError.of(record, there=await self.get(type(record), record.id) is not None)

    async def get(self, kind: type[_R], id: str) -> _R | None:
        """Give one document, or None."""
        if not is_name(id):
            return None
        async with self._session() as connection:
            body = await connection.fetchval("SELECT body FROM documents WHERE kind = $1 AND id = $2", kind.kind, id)
        return None if body is None else decode(kind, body)

    async def remove(self, kind: type[_R], id: str) -> None:
        """Forget one document."""
        if not is_name(id):
            return
        async with self._session() as connection:
            await connection.execute("DELETE FROM documents WHERE kind = $1 AND id = $2", kind.kind, id)

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[None]:
        """Open a transaction; see `Store.tx`."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        if task in self._open:
            raise refuse_inside("A transaction is open already in this task.")
        async with self._server.connection() as connection:
            transaction = connection.transaction()
            with self._server.translated():
                await transaction.start()
            self._open[task] = connection
            try:
                yield
            except BaseException:
                with self._server.translated():
                    await transaction.rollback()
                raise
            else:
                with self._server.translated():
                    await transaction.commit()
            finally:
                del self._open[task]

    async def close(self) -> None:
        """Finish the appends under way and close all connections."""
        await super().close()
        await self._readers.close()
        await self._server.close()

    async def _select(self, query: Query, limit: int) -> list[bytes | str]:
        statement, arguments = query.statement(_Json(), limit)
        async with self._session() as connection:
            return [row[0] for row in await connection.fetch(statement, *arguments)]

    @property
    def steps(self) -> PostgresSteps:
        """Where migrations of the tables run."""
        return PostgresSteps(self._server)

    def _table_storage(self) -> "TableStorage":
        from ara.store.postgres_tables import PostgresTables

        return PostgresTables(self._server, self._readers)

    def _mine(self) -> Connection | None:
        task = asyncio.current_task()
        return None if task is None else self._open.get(task)

    def _refuse_inside(self) -> None:
        if self._mine() is not None:
            raise refuse_inside(NO_PART)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Connection]:
        own = self._mine()
        if own is None:
            async with self._server.session() as connection:
                yield connection
        else:
            with self._server.translated():
                yield own


class _Json:
    """Fields of documents in PostgreSQL's JSON operators, sorted by code point and by exact number."""

    def field(self, name: str, family: str) -> str:
        if name == "id":
            return "id"
        text = f"(body ->> '{name}')"
        return {"text": f'{text} COLLATE "C"', "number": f"{text}::numeric", "flag": f"{text}::boolean"}[family]

    def order(self, name: str, family: str, *, chosen: bool) -> str:
        return self.field(name, family)

    def bind(self, value: Value, family: str, arguments: list[Any]) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        arguments.append(Decimal(repr(value)) if number else value)
        return f"${len(arguments)}"
