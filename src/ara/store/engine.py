"""What every engine of the store does alike: it finds documents page by page, and lends its logs and its tables."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ara.store.log import Log, check_stream
from ara.store.log_storage import LogStorage
from ara.store.query import Query, pages, parse
from ara.store.steps import Steps
from ara.store.store import Place, Record, Signer

if TYPE_CHECKING:
    from ara.store.tables import Tables, TableStorage

__all__ = ["Engine"]

_R = TypeVar("_R", bound=Record)


class Engine(ABC):
    """A store but for where its documents lie.

    Parameters
    ----------
    logs
        Keeps the entries of all logs.
    signer
        The vault, which signs the heads of logs.
    outside
        Refuses logs and tables where the running task has a transaction open.
    """

    def __init__(self, logs: LogStorage, *, signer: Signer, outside: Callable[[], None]) -> None:
        self._storage = logs
        self._signer = signer
        self._outside = outside
        self._logs: dict[str, Log] = {}
        self._tables: Tables | None = None

    def find(
        self,
        kind: type[_R],
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "id",
        limit: int | None = None,
        after: _R | Place | None = None,
    ) -> AsyncIterator[_R]:
        """Give the documents that match; see `Store.find`."""
        return pages(kind, parse(kind, where, order=order, after=after), limit=limit, read=self._select)

    def log(self, stream: str) -> Log:
        """Give the log of that name."""
        check_stream(stream)
        if stream not in self._logs:
            self._logs[stream] = Log(stream, self._storage, signer=self._signer, outside=self._outside)
        return self._logs[stream]

    @property
    @abstractmethod
    def steps(self) -> Steps:
        """Where migrations of the tables run."""

    @property
    def tables(self) -> "Tables":
        """The tables; opened when they are first asked for."""
        if self._tables is None:
            from ara.store.tables import Tables

            self._tables = Tables(self._table_storage(), steps=self.steps, outside=self._outside)
        return self._tables

    async def close(self) -> None:
        """Finish the appends under way and close what was opened."""
        for log in self._logs.values():
            await log.close()
        if self._tables is not None:
            await self._tables.close()

    @abstractmethod
    async def _select(self, query: Query, limit: int) -> list[bytes | str]:
        """Give the bodies of the first documents that a query finds."""

    @abstractmethod
    def _table_storage(self) -> "TableStorage":
        """Open what keeps the tables."""
