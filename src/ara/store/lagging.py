"""Who lets an answer be a little old says so, and a read replica may give it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["lagging", "may_lag"]

_MAY: Final[ContextVar[bool]] = ContextVar("ara_store_may_lag", default=False)


@contextmanager
def may_lag() -> Iterator[None]:
    """Let what this block reads of logs and tables be some seconds old: a replica may answer, where there is one.

    Documents, among them users, keys and jobs, are not read so; nor is what the block writes.
    """
    before = _MAY.set(True)
    try:
        yield
    finally:
        _MAY.reset(before)


def lagging() -> bool:
    """Tell whether the caller lets its answer be old."""
    return _MAY.get()
