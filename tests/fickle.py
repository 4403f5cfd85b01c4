"""A store of which a test says when it is away, and for what; the real one behind it does all the rest."""

from typing import Any

from ara.errors import StoreError
from ara.store import Store

__all__ = ["ALL", "Fickle"]

ALL = "everything"


class Fickle:
    """A store that fails while it is told to.

    Parameters
    ----------
    store
        Does what is asked otherwise.
    """

    def __init__(self, store: Store) -> None:
        self.real = store
        self.away: set[str] = set()
        self.error: Exception = StoreError("The store is away.")
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        if self.away & {name, ALL}:
            self.refused += 1
            raise self.error
        return getattr(self.real, name)
