"""Cursors of lists: who sends one that no answer gave is told so, and never begins anew."""

from collections.abc import AsyncIterator

from ara.errors import ValidationError

__all__ = ["placed", "strange"]


def strange(cursor: object) -> ValidationError:
    """Make the error for a cursor that no answer gave."""
    return ValidationError(f"cursor: {str(cursor)[:40]!r} is no `next` of an answer.", hint="Send it as it was given.")


async def placed(cursor: int, rest: AsyncIterator[object]) -> None:
    """Refuse a place in a log beyond its end; `rest` is the log from that place on."""
    async for _ in rest:
        return
    raise strange(cursor)
