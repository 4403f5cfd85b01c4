"""Records for a person: one short, aligned line each."""

import json
import logging
import time
from functools import lru_cache
from typing import Any, Final

from ara.logs.context import current
from ara.logs.record import failure, fields, named, one_line, trace, words

__all__ = ["HumanFormatter"]

_COLOURS: Final = {logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "1;31"}


class HumanFormatter(logging.Formatter):
    """Time in UTC, level, room, message, fields, the exception's message, correlation id.

    Parameters
    ----------
    colour
        Whether levels from warning upwards are coloured.
    traces
        Whether tracebacks follow. Each of their lines begins with `  | `, so that none can pass for a record.
    """

    def __init__(self, *, colour: bool = False, traces: bool = False) -> None:
        super().__init__()
        self._colour = colour
        self._traces = traces

    def format(self, record: logging.LogRecord) -> str:
        """Give the record's line, and the traceback's where these are wanted."""
        at = _at(int(record.created))
        level = f"{one_line(named(record.levelname).lower()):<8}"
        if self._colour and (paint := _COLOURS.get(record.levelno)):
            level = f"\x1b[{paint}m{level}\x1b[0m"
        room = one_line(named(record.name.removeprefix("ara.").partition(".")[0]))
        lines = [f"{at} {level} {room:<10} {one_line(self._said(record))}".rstrip()]
        if self._traces and (told := trace(record)):
            lines += [f"  | {one_line(line)}" for line in told.split("\n")]
        return "\n".join(lines)

    def _said(self, record: logging.LogRecord) -> str:
        said = words(record)
        if failed := failure(record):
            said += f": {': '.join(filter(None, failed))}"
        shown = [f"{name}={_value(value)}" for name, value in fields(record).items()]
        if current():
            shown.append(f"({current()})")
        return "  ".join([said, *shown])


@lru_cache(2)
def _at(second: int) -> str:
    """Give the time of day of a second since 1970: records come many in one."""
    return time.strftime("%H:%M:%SZ", time.gmtime(second))


def _value(value: Any) -> str:
    if isinstance(value, str) and value and value.isprintable() and not set(value) & set(" \"'="):
        return value
    return json.dumps(value, ensure_ascii=False)
