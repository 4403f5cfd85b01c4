"""A cancellation is heeded even where what was waited for has swallowed it.

Before Python 3.12 `asyncio.wait_for` forgets a cancellation that comes in the very step in which its work is done. The
client of Redis sends every command through it, so a task that asks Redis could be cancelled and go on for ever.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["heed"]

_T = TypeVar("_T")


async def heed(work: Awaitable[_T]) -> _T:
    """Wait for work, and be cancelled where somebody asked for it meanwhile, whatever became of the work."""
    me = asyncio.current_task()
    before = me.cancelling() if me is not None else 0
    try:
        return await work
    finally:
        if me is not None and me.cancelling() > before:
            raise asyncio.CancelledError
