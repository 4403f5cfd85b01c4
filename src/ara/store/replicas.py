"""Reads that may be a little old go to read replicas, so that the database that takes writes has less to do.

Who reads says so: `with may_lag():`. Only logs and tables are read so; documents, among them users, keys and jobs, come
from the database itself always. A replica that fails, or is too far behind, is passed over for a while.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from ara.errors import StoreError
from ara.store.lagging import lagging
from ara.store.server import Connection, Server

__all__ = ["Readers"]

_T = TypeVar("_T")
_OLDEST: Final = 10.0
_LOOKED: Final = 5.0
_PAUSES: Final = (1.0, 30.0)
# A replica that has played all it received is up to date however long nothing was written.
_LAG: Final = """
SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN NULL
    WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
END
"""
_log = logging.getLogger(__name__)


class Readers:
    """The database and its replicas, to read from.

    Parameters
    ----------
    server
        The database that takes writes.
    replicas
        Its replicas; asked in turn, and left alone for a while after they failed or where they are too far behind.
    """

    def __init__(self, server: Server, replicas: Sequence[Server] = ()) -> None:
        self._server = server
        self._replicas = [_Replica(one) for one in replicas]
        self._turn = 0

    async def read(self, ask: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Give what a connection answers; of a replica, where the caller lets it be old, else of the database."""
        if lagging():
            self._turn += 1
            start = self._turn % max(len(self._replicas), 1)
            for one in self._replicas[start:] + self._replicas[:start]:
                try:
                    if await one.fresh():
                        async with one.server.session() as connection:
                            return await ask(connection)
                except StoreError as error:
                    one.failed(error.message)
        async with self._server.session() as connection:
            return await ask(connection)

    async def close(self) -> None:
        """Let go of the connections to replicas."""
        for one in self._replicas:
            await one.server.close()


class _Replica:
    """A replica, and whether it may be asked now."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._again = 0.0
        self._looked = float("-inf")
        self._pause = _PAUSES[0]
        self._well = True

    async def fresh(self) -> bool:
        """Tell whether it follows the database closely enough; looked at every few seconds."""
        now = time.monotonic()
        if now < self._again:
            return False
        if now - self._looked < _LOOKED:
            return True
        async with self.server.session() as connection:
            lag = await connection.fetchval(_LAG)
        if lag is None:
            self.failed("it follows no database")
        elif lag > _OLDEST:
            self.failed(f"it is {lag:.0f} s behind")
        else:
            self._looked, self._pause = time.monotonic(), _PAUSES[0]
            if not self._well:
                self._well = True
                _log.info("The replica %s is used again.", self.server.place)
            return True
        return False

    def failed(self, words: str) -> None:
        """Leave it alone for a while, longer each time; said once."""
        self._again, self._looked = time.monotonic() + self._pause, float("-inf")
        self._pause = min(self._pause * 2, _PAUSES[1])
        if self._well:
            self._well = False
            _log.warning("The replica %s is not used for now: %s", self.server.place, words)
