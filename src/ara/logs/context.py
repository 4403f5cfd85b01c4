"""The id that ties together all records of one request, command or job."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["correlation", "current", "with_correlation"]

correlation: Final[ContextVar[str]] = ContextVar("ara_correlation", default="")
"""The present id; empty outside of any. Tasks inherit it; threads do where they run in a copy of the context."""

_STRANGE: Final = re.compile(r"[^A-Za-z0-9._:-]+")
_LONGEST: Final = 64


def current() -> str:
    """Give the present id, to hand it to another process; empty outside of any."""
    return correlation.get()


@contextmanager
def with_correlation(id: str = "") -> Iterator[str]:
    """Give all records within the same id.

    Parameters
    ----------
    id
        The id that a caller or another process sent; a new one by default. Only its letters, digits and `. _ : -`
        are kept, and of these 64, since it may come from a stranger.
    """
    kept = _STRANGE.sub("", id)[:_LONGEST] or os.urandom(8).hex()
    token = correlation.set(kept)
    try:
        yield kept
    finally:
        correlation.reset(token)
