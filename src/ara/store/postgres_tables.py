"""Tables in PostgreSQL, over the connections of the store."""

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.base import PGDialect

from ara.store.server import Connection, Server

__all__ = ["PostgresTables"]


class PostgresTables:
    """Runs statements on a PostgreSQL server.

    Parameters
    ----------
    server
        Lends connections.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        # The driver brings its own types: SQLAlchemy's adapter for it expects to drive it itself.
        self._dialect: Dialect = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

    @property
    def dialect(self) -> Dialect:
        """PostgreSQL's, as its driver takes it."""
        return self._dialect

    async def read(self, statement: str, arguments: Sequence[Any]) -> list[Sequence[Any]]:
        """Run a statement that changes nothing."""
        async with self._server.session() as connection:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]

    async def write(self, many: Sequence[tuple[str, Sequence[Any]]]) -> list[Sequence[Any]]:
        """Run statements in one transaction."""
        async with self._server.session() as connection, connection.transaction():
            rows: list[Sequence[Any]] = []
            for text, group in groupby(many, key=itemgetter(0)):
                rows += map(tuple, await connection.fetchmany(text, [arguments for _, arguments in group]))
            return rows

    async def upgrade(self, newest: str, steps: Callable[[str | None], list[str]]) -> None:
        """Run the migrations that are missing."""
        async with self._server.locked("ara tables") as connection:
            current = await _step(connection)
            for statement in steps(current) if current != newest else ():
                await connection.execute(statement)

    async def close(self) -> None:
        """Do nothing: the connections are the store's."""


async def _step(connection: Connection) -> str | None:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    step = await connection.fetchval("SELECT version_num FROM alembic_version")
    return None if step is None else str(step)
