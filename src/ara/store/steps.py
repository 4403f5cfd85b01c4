"""At which step a database's tables are, and how they get to another: no library of tables is loaded to tell."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from ara.store.lane import writing

if TYPE_CHECKING:
    from ara.store.server import Connection, Server

__all__ = ["PostgresSteps", "Run", "SqliteSteps", "Steps"]

_T = TypeVar("_T")
_Written = Callable[[str | None], list[str]]


class Run(Protocol):
    """Runs work on a connection of an SQLite file."""

    def __call__(self, work: Callable[[sqlite3.Connection], _T], /) -> Awaitable[_T]:
        """Give what the work gives."""
        ...


class Steps(Protocol):
    """Where a back-end's tables are brought from one step to another."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        ...

    async def current(self) -> str | None:
        """Name the step that the tables have; None where there are none."""
        ...

    async def move(self, written: _Written) -> None:
        """Run what leads from the database's step to another, in one transaction, one process at a time."""
        ...


class PostgresSteps:
    """The steps of a PostgreSQL database.

    Parameters
    ----------
    server
        Lends connections.
    """

    dialect = "postgresql"

    def __init__(self, server: "Server") -> None:
        self._server = server

    async def current(self) -> str | None:
        """Name the step that the tables have."""
        async with self._server.session() as connection:
            return await _step(connection)

    async def move(self, written: _Written) -> None:
        """Run the statements; of processes that start together one does it, the others wait and find nothing to do."""
        async with self._server.locked("ara tables") as connection:
            # What another process made meanwhile is seen from the first lock on a table on: waiting shows nothing.
            await connection.execute("LOCK TABLE store_version IN ACCESS SHARE MODE")
            for statement in written(await _step(connection)):
                await connection.execute(statement)


class SqliteSteps:
    """The steps of an SQLite file.

    Parameters
    ----------
    write, read
        Run work on a connection that may write, alone and outside of transactions, and on one that reads.
    patience
        Seconds to wait for another process.
    """

    dialect = "sqlite"

    def __init__(self, write: Run, read: Run, *, patience: float) -> None:
        self._write = write
        self._read = read
        self._patience = patience

    async def current(self) -> str | None:
        """Name the step that the tables have."""
        return await self._read(_step_of_file)

    async def move(self, written: _Written) -> None:
        """Run the statements; who waited for another process finds nothing to do."""

        def work(connection: sqlite3.Connection) -> None:
            with writing(connection, self._patience):
                for statement in written(_step_of_file(connection)):
                    connection.execute(statement)

        await self._write(work)


async def _step(connection: "Connection") -> str | None:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    step = await connection.fetchval("SELECT version_num FROM alembic_version")
    return None if step is None else str(step)


def _step_of_file(connection: sqlite3.Connection) -> str | None:
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if there else None
    return None if row is None else str(row[0])
