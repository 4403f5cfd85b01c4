"""Connections to a PostgreSQL server: opened on first use, and again after the server was gone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from ara.errors import ConfigurationError, StoreError, ValidationError
from ara.store.store import ConflictError, DamagedError

__all__ = ["Connection", "Server"]

Connection = Any
"""A connection of asyncpg, or the pool's stand-in for one."""

_VERSION = 1
_LARGEST_POOL = 8
_STATEMENT_SECONDS = 60
# The server found its files damaged, or Ara's tables are not as Ara made them.
_DAMAGED = (
    asyncpg.DataCorruptedError,
    asyncpg.IndexCorruptedError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.DatatypeMismatchError,
    UnicodeDecodeError,
)
# What the driver says of a server that went; between two messages that is an InternalClientError.
_GONE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
_SCHEMA = """
CREATE TABLE store_version (version int NOT NULL);
CREATE TABLE documents (
    kind text NOT NULL, id text COLLATE "C" NOT NULL, revision text NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE TABLE entries (
    stream text NOT NULL, sequence bigint NOT NULL, at timestamptz NOT NULL, key text COLLATE "C" NOT NULL,
    previous text NOT NULL, hash text NOT NULL, body bytea NOT NULL, PRIMARY KEY (stream, sequence)
);
CREATE UNIQUE INDEX entries_key ON entries (stream, key) WHERE key <> '';
CREATE TABLE heads (stream text PRIMARY KEY, document text NOT NULL);
INSERT INTO store_version VALUES (1);
"""


class Server:
    """A pool of connections to one database.

    Parameters
    ----------
    url
        `postgresql://USER:PASSWORD@HOST:PORT/NAME`.
    patience
        Seconds to wait for a connection or for somebody's lock.
    largest
        Connections at most; who comes when all are lent waits.
    replica
        It is only read: whether Ara's tables are there is left to whoever reads.
    """

    def __init__(self, url: str, *, patience: float, largest: int = _LARGEST_POOL, replica: bool = False) -> None:
        self._url = url
        self._largest = largest
        self._replica = replica
        self._patience = patience
        self._pool: Any = None
        self._opening = asyncio.Lock()
        self._closed = False
        self.place = _place(url)
        """Host, port and name of the database; no secrets."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; what fails inside the block is the caller's to translate."""
        with self.translated():
            pool = await self._opened()
            connection = await pool.acquire(timeout=self._patience)
        try:
            yield connection
        finally:
            with self.translated():
                await pool.release(connection)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Connection]:
        """Lend a connection for statements of the store's own, its errors translated."""
        async with self.connection() as connection:
            with self.translated():
                yield connection

    @asynccontextmanager
    async def locked(self, name: str) -> AsyncIterator[Connection]:
        """Lend a connection with a transaction that keeps others of the same name waiting until it ends."""
        async with self.session() as connection, connection.transaction():
            await _lock(connection, name)
            yield connection

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's errors into Ara's."""
        try:
            yield
        except asyncpg.IntegrityConstraintViolationError as error:
            raise ConflictError(
                f"The database {self.place} refused the rows ({error}); nothing was written."
            ) from error
        except _DAMAGED as error:
            raise DamagedError(f"The database {self.place} is damaged ({error}).") from error
        except (asyncpg.DataError, OverflowError, UnicodeError) as error:
            raise ValidationError(f"The database {self.place} can't hold a value ({error}).") from error
        except asyncpg.LockNotAvailableError as error:
            raise StoreError(
                f"The database {self.place} was locked by another process for {self._patience:g} s.",
                hint="Wait until the other process is done, or stop it; nothing was written.",
            ) from error
        except (*_GONE, TimeoutError) as error:
            raise StoreError(
                f"The database {self.place} can't be used ({error or type(error).__name__}).",
                hint="Check that the server runs and that store.url is right. What was not acknowledged may be done "
                "again: with the same keys and ids nothing is written twice.",
            ) from error

    async def close(self) -> None:
        """Close all connections; those that don't end in time are cut off."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(self._patience):
                    await pool.close()
            except (*_GONE, TimeoutError):
                pool.terminate()

    async def _opened(self) -> Any:
        if self._closed:
            raise StoreError(f"The store {self.place} is closed.", hint="Open it again.")
        async with self._opening:
            if self._pool is None:
                pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._largest,
                    timeout=self._patience,
                    command_timeout=_STATEMENT_SECONDS,
                    server_settings={"lock_timeout": f"{round(self._patience * 1000)}", "application_name": "ara"},
                )
                try:
                    if not self._replica:
                        await self._prepare(pool)
                except BaseException:
                    pool.terminate()
                    raise
                self._pool = pool
        return self._pool

    async def _prepare(self, pool: Any) -> None:
        async with pool.acquire(timeout=self._patience) as connection, connection.transaction():
            await _lock(connection, "ara schema")
            if await connection.fetchval("SELECT to_regclass('store_version')") is None:
                await connection.execute(_SCHEMA)
            version = await connection.fetchval("SELECT version FROM store_version")
            if version != _VERSION:
                raise StoreError(
                    f"The store {self.place} was written by a newer Ara: its schema is {version}, this one knows "
                    f"{_VERSION}.",
                    hint="Update Ara, or use another store; nothing was changed.",
                )


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    except ValueError as error:
        raise ConfigurationError(
            f"store.url names no PostgreSQL database ({error}); allowed is postgresql://USER@HOST:PORT/NAME."
        ) from None


async def _lock(connection: Connection, name: str) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
