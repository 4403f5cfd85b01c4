"""Tables in SQLite: in the store's file, or in memory."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite

from ara.store.lane import IN_MEMORY, Lane, writing
from ara.store.steps import Run, SqliteSteps

__all__ = ["MemoryTables", "SqliteTables"]


class SqliteTables:
    """Runs statements on connections of an SQLite store.

    Parameters
    ----------
    write, read
        Run work on a connection that may write, alone and outside of transactions, and on one that reads.
    patience
        Seconds to wait for another process.
    """

    def __init__(self, write: Run, read: Run, *, patience: float) -> None:
        self._write = write
        self._read = read
        self._patience = patience
        self._dialect = sqlite.dialect()

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._dialect

    async def read(self, statement: str, arguments: Sequence[Any]) -> list[Sequence[Any]]:
        """Run a statement that changes nothing."""
        return await self._read(lambda connection: connection.execute(statement, arguments).fetchall())

    async def write(self, many: Sequence[tuple[str, Sequence[Any]]]) -> list[Sequence[Any]]:
        """Run statements in one transaction."""

        def work(connection: sqlite3.Connection) -> list[Sequence[Any]]:
            with writing(connection, self._patience):
                return [row for text, arguments in many for row in connection.execute(text, arguments).fetchall()]

        return await self._write(work)

    async def close(self) -> None:
        """Do nothing: the connections are the store's."""


class MemoryTables(SqliteTables):
    """Runs statements on an SQLite database in memory."""

    def __init__(self) -> None:
        self._lane = Lane(IN_MEMORY, patience=0.0)
        self.steps = SqliteSteps(self._lane.run, self._lane.run, patience=0.0)
        super().__init__(self._lane.run, self._lane.run, patience=0.0)

    async def close(self) -> None:
        """Forget all tables."""
        await self._lane.close()
