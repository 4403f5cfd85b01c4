"""A store that lives as long as its process: for tests, for trying out and for machines without a disk."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from ara.clock import Clock
from ara.store.chain import Draft, Entry, Tip, check_tip, extend, sign_head
from ara.store.documents import decode, encode, revision
from ara.store.engine import Engine
from ara.store.query import Query
from ara.store.steps import SqliteSteps
from ara.store.store import ConflictError, Record, Signer
from ara.store.turn import Turn

if TYPE_CHECKING:
    from ara.store.sqlite_tables import MemoryTables
    from ara.store.tables import TableStorage

__all__ = ["MemoryStore"]

_R = TypeVar("_R", bound=Record)
_Documents = dict[str, dict[str, bytes]]


class MemoryStore(Engine):
    """Documents, logs and tables in memory.

    Parameters
    ----------
    signer
        The vault, which signs the heads of logs.
    clock
        Gives the time of log entries.
    patience
        Seconds to wait for another transaction.
    """

    def __init__(self, *, signer: Signer, clock: Clock, patience: float = 10.0) -> None:
        self._turn = Turn(patience)
        super().__init__(_MemoryLogs(signer, clock), signer=signer, outside=self._turn.outside)
        self._documents: _Documents = {}
        self._draft: _Documents = {}
        self._rows: MemoryTables | None = None

    async def add(self, record: Record) -> bool:
        """Keep a new document; see `Store.add`."""
        body = encode(record)
        async with self._writing() as documents:
            kept = documents.setdefault(record.kind, {})
            return kept.setdefault(record.id, body) is body

    async def put(self, record: Record, *, replaces: str) -> None:
        """Replace a document whose revision is known; see `Store.put`."""
        body = encode(record)
        async with self._writing() as documents:
            old = documents.get(record.kind, {}).get(record.id)
            if old is None or revision(decode(type(record), old)) != replaces:
                raise ConflictError.of(record, there=old is not None)
            documents[record.kind][record.id] = body

    async def get(self, kind: type[_R], id: str) -> _R | None:
        """Give one document, or None."""
        body = self._seen().get(kind.kind, {}).get(id)
        return None if body is None else decode(kind, body)

    async def remove(self, kind: type[_R], id: str) -> None:
        """Forget one document."""
        async with self._writing() as documents:
            documents.get(kind.kind, {}).pop(id, None)

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[None]:
        """Open a transaction; see `Store.tx`."""
        async with self._turn.owned():
            self._draft = {kind: dict(kept) for kind, kept in self._documents.items()}
            yield
            self._documents = self._draft

    @property
    def steps(self) -> SqliteSteps:
        """Where migrations of the tables run."""
        return self._kept_tables().steps

    def _table_storage(self) -> "TableStorage":
        return self._kept_tables()

    def _kept_tables(self) -> "MemoryTables":
        if self._rows is None:
            from ara.store.sqlite_tables import MemoryTables

            self._rows = MemoryTables()
        return self._rows

    async def _select(self, query: Query, limit: int) -> list[bytes | str]:
        return query.select(self._seen().get(query.kind, {}), limit)

    def _seen(self) -> _Documents:
        return self._draft if self._turn.mine() else self._documents

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[_Documents]:
        if self._turn.mine():
            yield self._draft
            return
        async with self._turn.taken():
            yield self._documents


class _MemoryLogs:
    """The entries and heads of all logs of one memory store."""

    def __init__(self, signer: Signer, clock: Clock) -> None:
        self._signer = signer
        self._clock = clock
        self._entries: dict[str, list[Entry]] = {}
        self._keys: dict[str, dict[str, Entry]] = {}
        self._heads: dict[str, bytes] = {}

    async def commit(self, stream: str, drafts: Sequence[Draft]) -> list[Entry]:
        entries, keys = self._entries.setdefault(stream, []), self._keys.setdefault(stream, {})
        now, tip, head = self._clock.now(), _tip(entries), self._heads.get(stream)
        check_tip(head, stream, tip=tip, hash_at=lambda sequence: entries[sequence - 1].hash, signer=self._signer)
        answers, added = extend(stream, drafts, tip=tip, existing=keys, now=now)
        if added:
            self._heads[stream] = sign_head(self._signer, stream, tip=Tip.of(added[-1]))
            entries.extend(added)
            keys.update((entry.key, entry) for entry in added if entry.key)
        return answers

    async def entries(self, stream: str, *, after: int | None, limit: int) -> list[Entry]:
        start = max(after or 0, 0)
        return self._entries.get(stream, [])[start : start + limit]

    async def size(self, stream: str) -> int:
        return len(self._entries.get(stream, []))

    async def damage(self) -> str:
        return ""

    async def by_key(self, stream: str, key: str) -> Entry | None:
        return self._keys.get(stream, {}).get(key)

    async def by_keys(self, stream: str, keys: Sequence[str]) -> list[Entry]:
        mine = self._keys.get(stream, {})
        return [mine[key] for key in dict.fromkeys(keys) if key in mine]

    async def by_prefix(self, stream: str, prefix: str, *, limit: int) -> list[Entry]:
        keys = self._keys.get(stream, {})
        return [keys[key] for key in sorted(key for key in keys if key.startswith(prefix))[:limit]]

    async def head(self, stream: str) -> bytes | None:
        return self._heads.get(stream)


def _tip(entries: Sequence[Entry]) -> Tip | None:
    last = entries[-1] if entries else None
    return None if last is None else Tip.read(last.stream, last.sequence, at=last.at, hash=last.hash)
