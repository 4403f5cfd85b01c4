"""Tables in PostgreSQL, over the connections of the store."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.base import PGDialect

from ara.store.replicas import Readers
from ara.store.server import Server

__all__ = ["PostgresTables"]


class PostgresTables:
    """Runs statements on a PostgreSQL server.

    Parameters
    ----------
    server
        Lends connections.
    readers
        The server and its replicas.
    """

    def __init__(self, server: Server, readers: Readers) -> None:
        self._server = server
        self._readers = readers
        # The driver brings its own types: SQLAlchemy's adapter for it expects to drive it itself.
        self._dialect: Dialect = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

    @property
    def dialect(self) -> Dialect:
        """PostgreSQL's, as its driver takes it."""
        return self._dialect

    async def read(self, statement: str, arguments: Sequence[Any]) -> list[Sequence[Any]]:
        """Run a statement that changes nothing."""
        rows = await self._readers.read(lambda connection: connection.fetch(statement, *arguments))
        return [tuple(row) for row in rows]

    async def write(self, many: Sequence[tuple[str, Sequence[Any]]]) -> list[Sequence[Any]]:
        """Run statements in one transaction."""
        async with self._server.session() as connection, connection.transaction():
            rows: list[Sequence[Any]] = []
            for text, group in groupby(many, key=itemgetter(0)):
                rows += map(tuple, await connection.fetchmany(text, [arguments for _, arguments in group]))
            return rows

    async def close(self) -> None:
        """Do nothing: the connections are the store's."""
