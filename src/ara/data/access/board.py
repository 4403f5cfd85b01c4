"""What all processes of one home know of the venues, in one small SQLite file.

How much of a limit is used, which venue is resting, how well each one answers, when it was asked for what, what it
answered last: none of it is worth an error. A file that is damaged is put aside and begun anew; where nothing can be
written, each process counts for itself, and says so once.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from ara.logs import Once

__all__ = ["Board"]

_log: Final = logging.getLogger(__name__)
_log.addFilter(Once())
_T = TypeVar("_T")

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS tokens (bucket TEXT, slot INTEGER, taken INTEGER, PRIMARY KEY (bucket, slot)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pauses (bucket TEXT PRIMARY KEY, until REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS breakers (
    source TEXT PRIMARY KEY, failures INTEGER, recent INTEGER, known INTEGER, cooling REAL, until REAL, probe REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS health (
    source TEXT PRIMARY KEY, asked INTEGER, success REAL, latency REAL, freshness REAL, quality REAL, error TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (source TEXT PRIMARY KEY, at REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    source TEXT, symbol TEXT, timeframe TEXT, at TEXT, newest TEXT, code TEXT, words TEXT,
    PRIMARY KEY (source, symbol, timeframe)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    id TEXT PRIMARY KEY, etag TEXT, modified TEXT, sha256 TEXT, size INTEGER, used REAL, body BLOB
);
CREATE INDEX IF NOT EXISTS answers_used ON answers (used);
"""
_FILE: Final = "venues.db"
_ASIDE: Final = ".damaged"


class Board:
    """Runs short pieces of work in one transaction each, alone among all processes.

    Parameters
    ----------
    path
        The file, made with its folder on first use; None: this process counts for itself.
    now
        Gives the seconds since 1970 by which limits are counted: the venue's limits know no replayed clock.
    patience
        Seconds to wait for other processes.
    """

    def __init__(
        self, path: Path | None = None, *, now: Callable[[], float] = time.time, patience: float = 5.0
    ) -> None:
        self._path = path
        self._now = now
        self._patience = patience
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def at(cls, home: Path) -> "Board":
        """Give the board of a home, its file `venues.db`; nothing is touched before the first use."""
        return cls(home / _FILE)

    @property
    def shared(self) -> bool:
        """Whether other processes see what stands here."""
        return self._path is not None

    async def ask(self, work: Callable[[sqlite3.Connection, float], _T]) -> _T:
        """Run `work(connection, now)` in a thread; see `run`."""
        return await asyncio.to_thread(self.run, work)

    def run(self, work: Callable[[sqlite3.Connection, float], _T]) -> _T:
        """Run `work(connection, now)` in a transaction of its own and give what it gives."""
        with self._guard:
            while True:
                try:
                    return self._whole(work)
                except sqlite3.Error as error:
                    if self._path is None:
                        raise
                    self._heal(self._path, error)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._guard:
            self._drop()

    def _whole(self, work: Callable[[sqlite3.Connection, float], _T]) -> _T:
        if self._connection is None:
            self._connection = self._open()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(self._connection, self._now())
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        return done

    def _open(self) -> sqlite3.Connection:
        if self._path is not None:
            with contextlib.suppress(OSError):  # sqlite says it better
                self._path.parent.mkdir(parents=True, exist_ok=True)
        name = ":memory:" if self._path is None else str(self._path)
        connection = sqlite3.connect(name, timeout=self._patience, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_TABLES)
        except BaseException:
            connection.close()
            raise
        return connection

    def _heal(self, path: Path, error: sqlite3.Error) -> None:
        """Begin anew after damage, once; go on alone after anything else."""
        self._drop()
        damaged = (
            not isinstance(error, sqlite3.OperationalError) or "no such" in str(error) or "no column" in str(error)
        )
        aside = path.with_name(path.name + _ASIDE)
        if damaged and self._put_aside(path, aside):
            _log.warning(
                "what is known of the venues was damaged (%s); it begins anew, the old file is %s", error, aside
            )
            return
        _log.warning(
            "what is known of the venues can't be shared in %s (%s); this process counts for itself", path, error
        )
        self._path = None

    def _put_aside(self, path: Path, aside: Path) -> bool:
        try:
            path.replace(aside)
            for rest in ("-wal", "-shm"):
                path.with_name(path.name + rest).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
