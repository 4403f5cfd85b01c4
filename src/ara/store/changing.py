"""Changes to a document that hold although others change it too."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from ara.errors import StoreError
from ara.store.documents import revision
from ara.store.store import ConflictError, Record, Store

__all__ = ["changed"]

_R = TypeVar("_R", bound=Record)
_TRIES: Final = 50


async def changed(
    store: Store,
    kind: type[_R],
    id: str,
    change: Callable[[_R], _R | None],
    *,
    also: Callable[[_R], Awaitable[None]] | None = None,
) -> _R | None:
    """Apply a change to what is there now, again where somebody was faster; None where nothing is there.

    Parameters
    ----------
    store
        Where the document is.
    kind, id
        Which document.
    change
        Gives the new one from the old, or None where it is to be left alone, which is the answer then; called once for
        each try, and may raise.
    also
        Writes what belongs to the new one: both are there, or neither.
    """
    for _ in range(_TRIES):
        old: Any = await store.get(kind, id)
        new = None if old is None else change(old)
        if new is None or new == old:
            return new
        try:
            await _written(store, new, old, also)
        except ConflictError:
            continue
        return new
    raise StoreError(
        f"The {kind.kind} {id!r} is changed by others all the time; nothing was written.", hint="Try again."
    )


async def _written(store: Store, new: _R, old: _R, also: Callable[[_R], Awaitable[None]] | None) -> None:
    if also is None:
        await store.put(new, replaces=revision(old))
        return
    async with store.tx():
        await store.put(new, replaces=revision(old))
        await also(new)
