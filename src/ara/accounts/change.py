"""Changes to a document that hold although others change it too."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from ara.errors import StoreError
from ara.store import ConflictError, Record, Store, revision

__all__ = ["changed"]

_R = TypeVar("_R", bound=Record)
_TRIES: Final = 50


async def changed(store: Store, kind: type[_R], id: str, change: Callable[[_R], _R]) -> _R | None:
    """Apply a change to what is there now, again where somebody was faster; None where nothing is there.

    Parameters
    ----------
    store
        Where the document is.
    kind, id
        Which document.
    change
        Gives the new one from the old; called once for each try, and may raise.
    """
    for _ in range(_TRIES):
        old: Any = await store.get(kind, id)
        if old is None:
            return None
        new = change(old)
        if new == old:
            return new
        try:
            await store.put(new, replaces=revision(old))
        except ConflictError:
            continue
        return new
    raise StoreError(
        f"The {kind.kind} {id!r} is changed by others all the time; nothing was written.", hint="Try again."
    )
