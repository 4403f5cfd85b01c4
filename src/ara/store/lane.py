"""One SQLite connection in a thread of its own, so that neither the disk nor a lock stops the event loop."""

import asyncio
import random
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ara.errors import StoreError, ValidationError
from ara.store.files import make_file, make_folder, unwritable
from ara.store.schema import STEPS, check_mark, mark
from ara.store.store import ConflictError, DamagedError

__all__ = ["IN_MEMORY", "Lane", "begin", "end", "writing"]

IN_MEMORY = Path(":memory:")
"""In place of a file: a database that ends with its connection."""

_T = TypeVar("_T")
_CHECKPOINT_PAGES = 2_000
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_REFUSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
# Every statement fits the tables that were made: one that suddenly doesn't has met tables that were overwritten.
_OVERWRITTEN = re.compile(r"no such (table|column)|already exists|malformed JSON")


class Lane:
    """A connection that is opened on first use, and again after it broke.

    Parameters
    ----------
    path
        The database's file.
    patience
        Seconds to wait for a lock of another process.
    """

    def __init__(self, path: Path, *, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ara-store")
        self._closed = False

    async def run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do work on the connection; cancelling waits until it is done, so that its outcome is never open."""
        if self._closed:
            raise StoreError(f"The store {self._path} is closed.", hint="Open it again.")
        doing = asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait([doing])
            doing.exception()
            raise

    async def close(self) -> None:
        """Close the connection once the work under way is done."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
            self._thread.shutdown(wait=False)

    def _do(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            if self._connection is None:
                self._connection = _connect(self._path, self._patience)
            return work(self._connection)
        except (OverflowError, UnicodeError) as error:
            raise ValidationError(f"The store {self._path} can't hold a value ({error}).") from error
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.Error) and _code(error) in _DAMAGED:
                self._drop()
            raise _translate(error, self._path, self._patience) from error

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def writing(connection: sqlite3.Connection, patience: float) -> Iterator[None]:
    """Do the block in one transaction."""
    begin(connection, patience)
    try:
        yield
    except BaseException:
        end(connection, commit=False)
        raise
    end(connection, commit=True)


def begin(connection: sqlite3.Connection, patience: float) -> None:
    """Begin a transaction that writes, waiting for those of other processes."""
    _patiently(connection, "BEGIN IMMEDIATE", patience)


def end(connection: sqlite3.Connection, *, commit: bool) -> None:
    """End a transaction; one that can't be committed is rolled back."""
    try:
        if commit:
            connection.execute("COMMIT")
    finally:
        # A full disk makes SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _patiently(connection: sqlite3.Connection, statement: str, patience: float) -> None:
    # SQLite's own waiting sleeps up to 100 ms between tries; here many short transactions follow one another.
    deadline = time.monotonic() + patience
    pause = 0.0005
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while not _done(connection, statement, last=time.monotonic() > deadline):
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the tries, hides nothing
            pause = min(pause * 1.5, 0.005)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")


def _done(connection: sqlite3.Connection, statement: str, *, last: bool) -> bool:
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        if last or _code(error) not in _LOCKED:
            raise
        return False
    return True


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    if path != IN_MEMORY:
        make_folder(path.parent)
        make_file(path)
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text
    try:
        check_mark(connection, path)
        _patiently(connection, "PRAGMA journal_mode = WAL", patience)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # not all builds overwrite what is removed: a person's key, say
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        if check_mark(connection, path) < len(STEPS):
            with writing(connection, patience):
                for step in STEPS[check_mark(connection, path) :]:
                    for statement in step:
                        connection.execute(statement)
                mark(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _text(raw: bytes) -> str | bytes:
    """Give a text; one that isn't UTF-8 was damaged and stays bytes, which whoever reads it refuses."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _code(error: sqlite3.Error) -> int:
    # The low byte is the kind, the rest says more.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _translate(error: sqlite3.Error | OSError, path: Path, patience: float) -> StoreError:
    if isinstance(error, OSError):
        return unwritable(path, error)
    code = _code(error)
    if code == sqlite3.SQLITE_CONSTRAINT:
        return ConflictError(f"The store {path} refused the rows ({error}); nothing was written.")
    if code in _LOCKED:
        return StoreError(
            f"The store {path} was locked by another process for {patience:g} s.",
            hint="Wait until the other process is done, or stop it; nothing was written.",
        )
    if code in _DAMAGED or _OVERWRITTEN.search(str(error)):
        return DamagedError(f"The store {path} is damaged or is no SQLite database ({error}).")
    if code in _REFUSED:
        return StoreError(f"The store {path} can't be opened for writing ({error}).")
    if code in _FULL:
        return StoreError(
            f"The store {path} can't be written ({error}).",
            hint="Make room on the disk, then try again; what was acknowledged before is safe.",
        )
    return StoreError(f"The store {path} failed ({error}).")
