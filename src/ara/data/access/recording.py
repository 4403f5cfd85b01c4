"""Which answers came while a piece of work was done, each task for itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from ara.data.access.venue import Payload

__all__ = ["note", "recording"]

_open: Final[ContextVar[tuple[tuple[str, list[Payload]], ...]]] = ContextVar("ara_payloads", default=())


@contextmanager
def recording(source: str = "") -> Iterator[list[Payload]]:
    """Give a list that fills with what is received inside, by this task and the tasks that it starts.

    Parameters
    ----------
    source
        Only what this provider received; empty: all.
    """
    received: list[Payload] = []
    token = _open.set((*_open.get(), (source, received)))
    try:
        yield received
    finally:
        _open.reset(token)


def note(payload: Payload) -> None:
    """Put an answer into every list that is open for its source."""
    for source, received in _open.get():
        if source in {"", payload.source}:
            received.append(payload)
