"""What every format takes from a record: its words, its fields and its error, redacted and cut to size."""

import logging
import re
import traceback
from functools import lru_cache
from typing import Any, Final

from ara.redaction import redact, redact_tree

__all__ = ["STANDARD", "UNPRINTABLE", "failure", "fields", "named", "one_line", "trace", "words"]

STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""The attributes of every record; all others are a caller's fields."""

UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""What could end a line, steer a terminal, turn the direction of text, or not be encoded."""


@lru_cache(1024)
def named(text: str) -> str:
    """Give the name of a logger or a level, redacted: there are few, and each comes again and again."""
    return redact(text)


def words(record: logging.LogRecord) -> str:
    """Give the message with its arguments; where these don't fit, both stand side by side."""
    try:
        return redact(record.getMessage())
    except Exception:  # noqa: BLE001 - a wrong format or a failing __str__ must not lose the record
        return redact(f"{redact_tree(record.msg)} {redact_tree(record.args)}")


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """Give what the caller added by `extra`, as redacted JSON data."""
    if vars(record).keys() <= STANDARD:
        return {}
    return dict(redact_tree({name: value for name, value in vars(record).items() if name not in STANDARD}))


def failure(record: logging.LogRecord) -> tuple[str, str] | None:
    """Give type and message of the record's exception; None where it has none."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return None
    try:
        return type(error).__name__, redact(str(error))
    except Exception:  # noqa: BLE001 - as above
        return type(error).__name__, ""


def trace(record: logging.LogRecord) -> str:
    """Give the traceback of the record's exception, or the stack where it asks for that; empty without."""
    parts = [record.stack_info or ""]
    if record.exc_info and record.exc_info[1]:
        parts[:0] = traceback.format_exception(record.exc_info[1])
    return redact("".join(parts).rstrip("\n"))


def one_line(text: str) -> str:
    """Escape all that is not printable, as Python writes it."""
    if text.isascii() and text.isprintable():
        return text
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
