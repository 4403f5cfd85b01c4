"""Who may write now: one at a time, and a transaction keeps its turn until it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ara.errors import StoreError

__all__ = ["NO_PART", "Turn", "refuse_inside"]

NO_PART = "Only documents can be part of a transaction; logs and tables can't be used inside one."
"""Said where a task with an open transaction comes to a log or a table."""


class Turn:
    """The turn to write in one process, passed on in order of arrival.

    Parameters
    ----------
    patience
        Seconds that a caller waits before it gets a StoreError.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None

    def mine(self) -> bool:
        """Tell whether the running task has a transaction open."""
        return self._owner is not None and self._owner is asyncio.current_task()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Wait for the turn and keep it for the block."""
        try:
            async with asyncio.timeout(self._patience):
                await self._lock.acquire()
        except TimeoutError:
            raise StoreError(
                f"The store was busy with another transaction of this process for {self._patience:g} s.",
                hint="Keep transactions short, and don't wait inside one for a task that writes too.",
            ) from None
        try:
            yield
        finally:
            self._lock.release()

    @asynccontextmanager
    async def owned(self) -> AsyncIterator[None]:
        """Take the turn for a transaction of the running task."""
        if self.mine():
            raise refuse_inside("A transaction is open already in this task.")
        async with self.taken():
            self._owner = asyncio.current_task()
            try:
                yield
            finally:
                self._owner = None

    def outside(self) -> None:
        """Refuse what can't be part of a transaction."""
        if self.mine():
            raise refuse_inside(NO_PART)


def refuse_inside(words: str) -> StoreError:
    """Give the error for what a transaction can't hold."""
    return StoreError(words, hint="Leave the `async with store.tx()` block first.")
