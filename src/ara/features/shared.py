"""What indicators that are told the same bars have in common: computed once for all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

__all__ = ["shared", "together"]

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


def shared(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function of arrays, given by place, that is computed once within `together`.

    What it gives belongs to all who ask, so nobody writes to it.
    """

    @wraps(function)
    def once(*given: Any, **named: Any) -> Any:
        known = _known.get()
        if known is None or named:
            return cast("Callable[..., Any]", function)(*given, **named)
        key = (function, *map(id, given))
        found = known.get(key)
        if found is None:
            # Kept with what was given, so that nothing else gets its id meanwhile.
            found = known[key] = (cast("Callable[..., Any]", function)(*given), given)
        return found[0]

    return cast("Callable[_P, _R]", once)
