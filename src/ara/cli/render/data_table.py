"""Tables that fit: columns are aligned, and the least important leave first where the screen is narrow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from ara.cli.screen import Screen
from ara.cli.words import clean, folded, padded, width

__all__ = ["Column", "fits", "instant", "left_out", "plain_value", "stamp", "table"]


_LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its head, its cells, on which side they stand, and how early it may leave (0: never)."""

    head: str
    cells: Sequence[str]
    right: bool = False
    leave: int = 0


def table(columns: Sequence[Column], s: Screen) -> list[str]:
    """Give the lines of a table, its heads first; a column whose cells are all empty is left out.

    Where the columns that stay are too wide, texts are folded, the widest first; numbers never are.
    """
    shown = _shown(columns, s)
    sizes = _fitted(shown, s.width)
    paint = s.palette()
    rows = zip(*([column.head, *map(clean, column.cells)] for column in shown), strict=True)
    lines = []
    for number, row in enumerate(rows):
        parts = [[cell] if width(cell) <= size else folded(cell, size) for cell, size in zip(row, sizes, strict=True)]
        for cells in zip_longest(*parts, fillvalue=""):
            each = zip(cells, sizes, shown, strict=True)
            line = "  " + "  ".join(padded(cell, size, right=column.right) for cell, size, column in each)
            lines.append(line.rstrip() if number else paint(line.rstrip(), "quiet"))
    return lines


def left_out(columns: Sequence[Column], s: Screen) -> list[str]:
    """Give the heads of the columns that `table` leaves out for want of room."""
    shown = _shown(columns, s)
    return [one.head for one in columns if any(one.cells) and not any(one is other for other in shown)]


def fits(columns: Sequence[Column], s: Screen) -> bool:
    """Tell whether all columns have room beside each other."""
    return _filled(columns) <= s.width


def _shown(columns: Sequence[Column], s: Screen) -> list[Column]:
    shown = [column for column in columns if any(column.cells)]
    while _filled(shown) > s.width and any(column.leave for column in shown):
        first = max(shown, key=lambda column: column.leave)
        shown = [column for column in shown if column is not first]
    return shown


def _fitted(columns: Sequence[Column], room: int) -> list[int]:
    """Give the columns' widths, those of the widest texts made smaller until all of them fit."""
    sizes = [_size(column) for column in columns]
    texts = [place for place, column in enumerate(columns) if not column.right]
    while sum(sizes) + 2 * len(sizes) > room and texts:
        widest = max(texts, key=lambda place: sizes[place])
        if sizes[widest] <= _LEAST:
            break
        sizes[widest] -= 1
    return sizes


def _size(column: Column) -> int:
    return max(map(width, (column.head, *map(clean, column.cells))))


def _filled(columns: Sequence[Column]) -> int:
    return sum(_size(column) + 2 for column in columns)


def instant(moment: datetime | None) -> str | None:
    """Give an instant as JSON has it: UTC, RFC 3339; None for none."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def stamp(moment: datetime | None, s: Screen, *, zoned: bool = False) -> str:
    """Give an instant in the user's zone, to the minute; the zone's name only where asked."""
    if moment is None:
        return ""
    there = moment.astimezone(s.zone)
    return f"{there:%Y-%m-%d %H:%M %Z}" if zoned else f"{there:%Y-%m-%d %H:%M}"


def plain_value(value: Any) -> Any:
    """Give a cell as a JSON value: numbers that JSON has, texts, and the rest in words."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [plain_value(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain_value(one) for name, one in value.items()}
    return str(value)
