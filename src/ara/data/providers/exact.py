"""Fields of venues' messages that JSON has no type for, and messages as plain data."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from ara.data.access.wire import decimal
from ara.errors import ShapeError

__all__ = ["Millis", "Nanos", "Seconds", "Text", "amount", "instant", "opened", "plain", "stated"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_UNITS: Final = {"seconds": 1_000_000_000, "millis": 1_000_000, "nanos": 1}

_NAMES: Final = {"seconds": "seconds", "millis": "milliseconds", "nanos": "nanoseconds"}
_COINS, _BEYOND = datetime(2009, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

Seconds = Annotated[int, msgspec.Meta(extra={"exact": "seconds"})]
"""A time as whole seconds since 1970, UTC."""

Millis = Annotated[int, msgspec.Meta(extra={"exact": "millis"})]
"""A time as milliseconds since 1970, UTC."""

Nanos = Annotated[int, msgspec.Meta(extra={"exact": "nanos"})]
"""A time as nanoseconds since 1970, UTC."""

Text = Annotated[str, msgspec.Meta(extra={"exact": "amount"})]
"""A decimal as text, where the venue may leave it empty; `amount` reads it."""


def amount(text: str, *, source: str, field: str) -> Decimal | None:
    """Give the decimal of a text, None for an empty one; ShapeError that quotes the field for any other."""
    if not text:
        return None
    found = decimal(text)
    if found is None:
        raise ShapeError(f"{source} sends {text[:24]!r} in {field}, which is no number.", source=source, field=field)
    return found


def instant(count: int, unit: str = "millis") -> datetime:
    """Give the instant, UTC, of a count of `seconds`, `millis` or `nanos` since 1970; microseconds are kept."""
    return _EPOCH + timedelta(microseconds=count * _UNITS[unit] // 1000)


def opened(count: int, unit: str = "millis", *, source: str, field: str) -> datetime:
    """Give the instant, UTC, at which a coin's bar opened; ShapeError that quotes one at which there can be none.

    Parameters
    ----------
    count, unit
        As for `instant`.
    source, field
        Who sends it and where, for the message.
    """
    try:
        at = instant(count, unit)
    except OverflowError:
        at = _BEYOND if count > 0 else _EPOCH
    if _COINS <= at < _BEYOND:
        return at
    wrong = "before there were coins: is it in a larger unit" if at < _COINS else "far ahead: is it in a smaller unit"
    raise ShapeError(
        f"{source} sends the time {str(count)[:24]} in {field}, which is {wrong} than {_NAMES[unit]}?",
        source=source,
        field=field,
    )


def stated(at: datetime, *, source: str, field: str) -> datetime:
    """Give a time that a venue writes out; ShapeError for one without a zone, or at which nobody traded a coin."""
    if at.tzinfo is not None and _COINS <= at < _BEYOND:
        return at
    why = "names no zone" if at.tzinfo is None else "is before there were coins" if at < _COINS else "is far ahead"
    raise ShapeError(f"{source} sends the time {at.isoformat()} in {field}, which {why}.", source=source, field=field)


def plain(message: Any, *, source: str) -> Any:
    """Give a message as nested dictionaries and lists, by the names of its fields, with every time as a datetime.

    Parameters
    ----------
    message
        A struct of a venue's `messages`, or a list or mapping of such.
    source
        The venue's name, for the message of an error.
    """
    if isinstance(message, msgspec.Struct):
        marks = _marks(type(message))
        return {
            name: _marked(getattr(message, name), marks.get(name, ""), f"{type(message).__name__}.{name}", source)
            for name in message.__struct_fields__
        }
    if isinstance(message, dict):
        return {name: plain(part, source=source) for name, part in message.items()}
    if isinstance(message, (list, tuple)):
        return [plain(part, source=source) for part in message]
    return message


def _marked(value: Any, mark: str, field: str, source: str) -> Any:
    if value is None or not mark:
        return plain(value, source=source)
    if isinstance(value, dict):
        return {name: _balance(part) for name, part in value.items()}
    if mark == "amount":
        return amount(value, source=source, field=field)
    try:
        return instant(value, mark)
    except OverflowError:
        raise ShapeError(f"{source} sends the time {value} in {field}.", source=source, field=field) from None


def _balance(text: str) -> Decimal | str:
    """Give a decimal of a mapping, whose names are the venue's to choose; what is none stays the text that it is."""
    found = decimal(text)
    return text if found is None else found


@cache
def _marks(kind: type) -> dict[str, str]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: mark for name, hint in hints.items() if (mark := _mark(hint))}


def _mark(hint: Any) -> str:
    """Give the mark of a field's type, of its one part beside None, or of a mapping's values."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            for meta in part.__metadata__:
                if isinstance(meta, msgspec.Meta) and meta.extra:
                    return str(meta.extra.get("exact", ""))
    return ""
