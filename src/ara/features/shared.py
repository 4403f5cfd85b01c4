"""What indicators that are told the same bars have in common: computed once for all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

import numpy as np

__all__ = ["apart", "recalled", "shared", "together"]

_LONG: Final = 8192

_P = ParamSpec("_P")
_R = TypeVar("_R")

_known: Final[ContextVar[dict[Any, Any] | None]] = ContextVar("ara_figures", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Keep what shared functions give until the end, for all who ask with the same arrays."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """Let nothing be shared until the end: for a stranger's code, which may write to what it is given."""
    token = _known.set(None)
    try:
        yield
    finally:
        _known.reset(token)


def shared(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function of arrays, given by place, that is computed once within `together`.

    What it gives belongs to all who ask, so nobody can write to it.
    """
    call = cast("Callable[..., Any]", function)

    @wraps(function)
    def once(*given: Any, **named: Any) -> Any:
        known = _known.get()
        if known is None or named:
            return call(*given, **named)
        key = (call, *map(id, given))
        found = known.get(key)
        if found is None:
            # Kept with what was given, so that nothing else gets its id meanwhile.
            found = known[key] = (_sealed(call(*given)), given)
        return found[0]

    return cast("Callable[_P, _R]", once)


def recalled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function of arrays, given by place, that still knows what it gave last, for who asks with equal ones.

    Those who look at the same bars one after the other need not be told so. The arrays are compared number by number,
    and long ones are not kept.
    """
    call = cast("Callable[..., Any]", function)
    last: list[tuple[list[bytes], Any]] = [([], None)]

    @wraps(function)
    def again(*given: Any) -> Any:
        if len(given[0]) > _LONG:
            return call(*given)
        told = [one.tobytes() for one in given]
        before, found = last[0]
        if told != before:
            found = _sealed(call(*given))
            last[0] = (told, found)
        return found

    return cast("Callable[_P, _R]", again)


def _sealed(found: Any) -> Any:
    """Give what many read, arrays or tuples of them, so that nobody can write to it."""
    if isinstance(found, tuple):
        return tuple(map(_sealed, found))
    if isinstance(found, np.ndarray):
        found.flags.writeable = False
    return found
