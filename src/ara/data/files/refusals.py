"""Rows that can't be bars: why, which, and what stands in the first of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import polars as pl

__all__ = ["Refused", "Why", "reasons", "report", "together"]

_EXAMPLES: Final = 5
_LONGEST: Final = 40

Why: TypeAlias = tuple[pl.Series | None, str] | tuple[pl.Series | None, str, pl.Series]
"""The rows that a reason holds for, the reason, and where it helps the cells that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Rows of one file that can't be bars, for one reason.

    Parameters
    ----------
    file
        Which.
    reason
        In words.
    count
        How many rows.
    rows
        The first of them; the first row of data is 1.
    example
        What stands in the first of them where a value is meant; empty where nothing does.
    """

    file: str
    reason: str
    count: int
    rows: tuple[int, ...] = field(default=())
    example: str = ""

    @property
    def words(self) -> str:
        """The whole in one line."""
        rows = ", ".join(f"{row:,}" for row in self.rows)
        noun = "row" if self.count == 1 else "rows"
        more = f" and {self.count - len(self.rows):,} more" if self.count > len(self.rows) else ""
        cell = self.example if len(self.example) <= _LONGEST else f"{self.example[:_LONGEST]}…"
        shown = f" ({cell if cell.isprintable() else ascii(cell)[1:-1]})" if cell else ""
        return f"{self.file}, {noun} {rows}{more}: {self.reason}{shown}"


def report(rows: pl.Series, why: Sequence[Why], empty: pl.Series, name: str) -> tuple[pl.Series, list[Refused]]:
    """Give which rows are refused, each for the first reason that holds, and the report of it.

    Parameters
    ----------
    rows
        Their numbers in the file.
    why
        Which rows it holds for (None: for none), the reason, and what stands there.
    empty
        The rows that hold nothing at all.
    name
        The file.
    """
    bad = pl.repeat(value=False, n=len(rows), eager=True, dtype=pl.Boolean)
    reports: list[Refused] = []
    for flag, reason, *cells in why:
        if flag is None:
            continue
        now = flag.fill_null(value=False) & ~bad & ~empty
        if now.any():
            examples = tuple(rows.filter(now).head(_EXAMPLES).to_list())
            example = _example(cells[0].filter(now)) if cells else ""
            reports.append(Refused(file=name, reason=reason, count=int(now.sum()), rows=examples, example=example))
            bad |= now
    return bad, reports


def reasons(refused: Sequence[Refused]) -> str:
    """Give the first reports in a row, without the file's name."""
    return "; ".join(one.words.partition(", ")[2] for one in refused[:3]) or "they are empty"


def together(refused: Iterable[Refused]) -> Iterator[Refused]:
    """Join the reports of a file's pieces, one for each reason."""
    by_reason: dict[tuple[str, str], list[Refused]] = {}
    for one in refused:
        by_reason.setdefault((one.file, one.reason), []).append(one)
    for (file, reason), parts in by_reason.items():
        rows = sorted(row for part in parts for row in part.rows)[:_EXAMPLES]
        count, example = sum(part.count for part in parts), parts[0].example
        yield Refused(file=file, reason=reason, count=count, rows=tuple(rows), example=example)


def _example(cells: pl.Series) -> str:
    """Give what stands in the first cell, if that can be shown: a value, not a table of them."""
    if not len(cells) or cells.dtype.is_nested() or cells.dtype == pl.Binary:
        return ""
    return str(cells.cast(pl.String, strict=False)[0] or "").strip()
