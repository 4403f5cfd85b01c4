"""Telling somebody that a source makes us wait."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

__all__ = ["Wait", "lasting", "tell", "telling"]

_WORTH: Final = 1.0
_SHORT: Final = 120.0
_DAY: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A pause before a request.

    Parameters
    ----------
    source
        Whom we wait for.
    seconds
        How long.
    why
        The limit, or what went wrong.
    """

    source: str
    seconds: float
    why: str

    @property
    def words(self) -> str:
        """All of it in a sentence."""
        return f"Waiting {math.ceil(self.seconds)} s for {self.source}: {self.why}."


def lasting(seconds: float) -> str:
    """Say a time in the two largest of its units, rounded up.

    >>> lasting(40), lasting(5_000), lasting(86_398), lasting(190_000)
    ('40 s', '1 h 24 min', '1 d', '2 d 5 h')
    """
    if seconds < _SHORT:
        return f"{math.ceil(seconds)} s"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    days, hours = divmod(hours + (minutes > 0), 24) if hours >= _DAY else (0, hours)
    parts = [(days, "d"), (hours, "h"), (0 if days else minutes, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


_listener: Final[ContextVar[Callable[[Wait], object] | None]] = ContextVar("ara_waits", default=None)


@contextmanager
def telling(listener: Callable[[Wait], object]) -> Iterator[None]:
    """Have every wait of more than a second told to a listener before it begins, in this task and those it starts."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(source: str, seconds: float, why: str) -> None:
    """Tell of a wait that begins now; one of a second or less isn't worth a word."""
    listener = _listener.get()
    if listener is not None and seconds > _WORTH:
        listener(Wait(source=source, seconds=seconds, why=why))
