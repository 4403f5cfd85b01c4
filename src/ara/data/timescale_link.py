"""The way to a PostgreSQL server for synchronous callers: connections that live in a thread of their own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from ara.errors import ConfigurationError, IntegrityError, StoreError, ValidationError

__all__ = ["Connection", "Link"]

Connection = Any
"""A connection of asyncpg, or the pool's stand-in for one."""

_T = TypeVar("_T")

_LARGEST_POOL: Final = 4
_STATEMENT_SECONDS: Final = 300


class Link:
    """Connections to one database, opened on first use and again after the server was gone.

    Parameters
    ----------
    url
        `postgresql://USER:PASSWORD@HOST:PORT/NAME`.
    prepare
        Called once with a connection, in a transaction, before anything else.
    patience
        Seconds to wait for a connection or for somebody's lock.
    """

    def __init__(self, url: str, *, prepare: Callable[[Connection], Awaitable[None]], patience: float) -> None:
        self._url = url
        self._prepare = prepare
        self._patience = patience
        self._turn = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opening: asyncio.Lock | None = None
        self._pool: Any = None
        self._driver = _driver()
        self.place = _place(url)
        """Host, port and name of the database; no secrets."""

    def run(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Do work on a connection, in a transaction, and wait for it; its errors come translated.

        Whoever is interrupted while waiting cancels the work, and the transaction leaves nothing behind.
        """
        doing: Future[_T] = asyncio.run_coroutine_threadsafe(self._do(work), self._running())
        try:
            return doing.result()
        except BaseException as error:
            doing.cancel()
            raise self._translated(error) from error

    def close(self) -> None:
        """End all connections and the thread; closing twice is no fault."""
        with self._turn:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._turn:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._opening = asyncio.Lock()
                self._thread = threading.Thread(target=self._loop.run_forever, name="ara-bars", daemon=True)
                self._thread.start()
            return self._loop

    async def _do(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        pool = await self._opened()
        async with pool.acquire(timeout=self._patience) as connection, connection.transaction():
            return await work(connection)

    async def _opened(self) -> Any:
        assert self._opening is not None  # noqa: S101 - made with the loop
        async with self._opening:
            if self._pool is None:
                pool = await self._driver.create_pool(
                    self._url,
                    min_size=0,
                    max_size=_LARGEST_POOL,
                    timeout=self._patience,
                    command_timeout=_STATEMENT_SECONDS,
                    server_settings={
                        "lock_timeout": f"{round(self._patience * 1000)}",
                        "application_name": "ara",
                        "timezone": "UTC",
                    },
                )
                try:
                    async with pool.acquire(timeout=self._patience) as connection, connection.transaction():
                        await self._prepare(connection)
                except BaseException:
                    pool.terminate()
                    raise
                self._pool = pool
        return self._pool

    async def _end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(self._patience):
                    await pool.close()
            except (TimeoutError, OSError, self._driver.PostgresError, self._driver.InterfaceError):
                pool.terminate()

    def _translated(self, error: BaseException) -> BaseException:
        driver = self._driver
        words = str(error) or type(error).__name__
        if isinstance(error, driver.DataCorruptedError | driver.IndexCorruptedError | driver.UndefinedObjectError):
            return IntegrityError(f"The database {self.place} is damaged ({words}).")
        if isinstance(error, driver.SyntaxOrAccessError):
            return IntegrityError(
                f"The tables of bars in the database {self.place} are not as Ara made them ({words}).",
                hint="Name a database of Ara's own in `data.bars`, or restore this one from a back-up.",
            )
        if isinstance(error, driver.DataError | UnicodeError | OverflowError):
            return ValidationError(f"The database {self.place} can't hold a value ({words}).")
        if isinstance(error, driver.LockNotAvailableError):
            return StoreError(
                f"The bars in {self.place} were being written by somebody else for {self._patience:g} s.",
                hint="Wait until the other one is done, or stop it; nothing was written.",
            )
        gone = driver.PostgresError | driver.InterfaceError | driver.InternalClientError | OSError | TimeoutError
        if isinstance(error, gone):
            return StoreError(
                f"The database {self.place} can't be used ({words}).",
                hint="Check that the server runs and that `data.bars` is right. What was not acknowledged may be done "
                "again: nothing is written twice.",
            )
        return error


def _driver() -> Any:
    try:
        import asyncpg
    except ImportError as error:
        raise ConfigurationError(
            "data.bars names a PostgreSQL server, but its driver, asyncpg, is not installed.",
            hint="Install it: pip install 'ara-ai[db]'",
        ) from error
    return asyncpg


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    except ValueError as error:
        raise ConfigurationError(
            f"data.bars names no PostgreSQL database ({error}); allowed is postgresql://USER@HOST:PORT/NAME."
        ) from None
