"""Cursors of lists: who sends one that no answer gave is told so, and never begins anew.

A cursor says where the page before ended by value, not by a thing that must still be there: what is deleted meanwhile
ends no walk through a list.
"""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

from ara.errors import ValidationError

__all__ = ["cursor_of", "place_of", "placed", "strange"]

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: Final = re.compile(r"(0|[1-9][0-9]{0,17})\.([A-Za-z0-9_.]{1,108})")


def cursor_of(at: datetime, id: str) -> str:
    """Give the cursor of what follows a thing in a list by moments: its microsecond since 1970, and its id."""
    return f"{(at - _BEGIN) // timedelta(microseconds=1)}.{id}"


def place_of(cursor: str) -> tuple[datetime, str]:
    """Read a cursor that `cursor_of` gave: a moment and an id."""
    found = _FORM.fullmatch(cursor)
    if found is None:
        raise strange(cursor)
    try:
        return _BEGIN + timedelta(microseconds=int(found[1])), found[2]
    except OverflowError:
        raise strange(cursor) from None


def strange(cursor: object) -> ValidationError:
    """Make the error for a cursor that no answer gave."""
    return ValidationError(f"cursor: {str(cursor)[:40]!r} is no `next` of an answer.", hint="Send it as it was given.")


async def placed(cursor: int, rest: AsyncIterator[object]) -> None:
    """Refuse a place in a log beyond its end; `rest` is the log from that place on."""
    async for _ in rest:
        return
    raise strange(cursor)
