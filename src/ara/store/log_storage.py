"""What a back-end does for a log."""

from collections.abc import Sequence
from typing import Protocol

from ara.store.chain import Draft, Entry

__all__ = ["LogStorage"]


class LogStorage(Protocol):
    """Where a back-end keeps the entries and heads of its logs.

    Entries are given as they are kept, whatever somebody made of them: `chain.sound` tells whether one is whole.
    """

    async def commit(self, stream: str, drafts: Sequence[Draft]) -> list[Entry]:
        """Make drafts durable in one transaction, with the head behind them, and give the entry of each."""
        ...

    async def entries(self, stream: str, *, after: int | None, limit: int) -> list[Entry]:
        """Give the entries behind a sequence, or from the very beginning, in order."""
        ...

    async def size(self, stream: str) -> int:
        """Count the entries."""
        ...

    async def damage(self) -> str:
        """Say what is broken in the database around the entries; empty where nothing is."""
        ...

    async def by_key(self, stream: str, key: str) -> Entry | None:
        """Give the entry with that key."""
        ...

    async def by_keys(self, stream: str, keys: Sequence[str]) -> list[Entry]:
        """Give the entries with these keys, in no order; a few hundred at once at most."""
        ...

    async def by_prefix(self, stream: str, prefix: str, *, limit: int) -> list[Entry]:
        """Give the entries whose keys begin so, by key."""
        ...

    async def head(self, stream: str) -> bytes | None:
        """Give the signed head as it is kept."""
        ...
