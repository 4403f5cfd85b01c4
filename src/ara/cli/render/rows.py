"""The rows of a query on a terminal and as JSON."""

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ara.cli.render.data_table import Column, plain_value, table
from ara.cli.screen import Screen
from ara.cli.words import clean, folded, width

if TYPE_CHECKING:
    import polars as pl

__all__ = ["rows", "rows_document"]

_WIDEST = 48
_ID = re.compile("[0-9a-f]{64}")  # of a fetch: another command wants all of it


def rows_document(found: "pl.DataFrame", *, cut: bool) -> dict[str, Any]:
    """Give the answer as JSON values; `cut` where there are more rows than were asked for."""
    return {
        "schema": 1,
        "columns": [{"name": name, "type": str(kind)} for name, kind in found.schema.items()],
        "rows": [[plain_value(value) for value in row] for row in found.iter_rows()],
        "cut": cut,
    }


def rows(found: "pl.DataFrame", s: Screen) -> str:
    """Give the answer as a table; where the columns don't fit, one row below the other."""
    if found.is_empty():
        return "No rows."
    columns = [
        Column(head=clean(name), cells=[_text(value) for value in found[name]], right=found[name].dtype.is_numeric())
        for name in found.columns
    ]
    needed = sum(max(width(column.head), *(width(clean(cell)) for cell in column.cells)) + 2 for column in columns)
    if needed <= s.width:
        return "\n".join(table([c if any(c.cells) else _kept(c) for c in columns], s))
    paint, label = s.palette(), max(width(column.head) for column in columns) + 2
    lines: list[str] = []
    for number in range(found.height):
        lines += ["" for _ in lines[:1]]
        for column in columns:
            cell = clean(column.cells[number])
            room = max(s.width - label - 2, 8)
            first, *more = folded(cell, room)
            lines.append(f"  {paint(column.head, 'quiet')}{' ' * (label - width(column.head))}{first}".rstrip())
            lines += [" " * (label + 2) + line for line in more]
    return "\n".join(lines)


def _kept(column: Column) -> Column:
    """Keep a column without any value: its name is part of the answer."""
    return Column(head=column.head, cells=["-"] * len(column.cells), right=column.right)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}" if value.second or value.microsecond else f"{value:%Y-%m-%d %H:%M}"
    text = value.hex() if isinstance(value, bytes) else " ".join(_plain(value).split())
    return text if len(text) <= _WIDEST or _ID.fullmatch(text) else f"{text[: _WIDEST - 1]}…"


def _plain(value: Any) -> str:
    """Give a value in words; one with others inside as JSON has it."""
    import polars as pl

    if isinstance(value, pl.Series):
        value = value.to_list()
    return json.dumps(plain_value(value), ensure_ascii=False) if isinstance(value, list | dict) else str(value)
