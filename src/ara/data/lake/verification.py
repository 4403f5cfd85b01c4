"""Whether the files of a table are what was written."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ara.data.lake.faults import broken
from ara.data.lake.table import Table, told_hash
from ara.errors import AraError

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a look at every file found.

    Parameters
    ----------
    tables, files, rows, size
        How many were looked at; the size in bytes.
    problems
        One sentence for each thing that is wrong.
    """

    tables: int
    files: int
    rows: int
    size: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def with_problem(self, words: str) -> "Verification":
        """Give the same with one problem more, unless that was found already."""
        return self if words in self.problems else replace(self, problems=(*self.problems, words))

    @property
    def words(self) -> str:
        """The outcome in a sentence."""
        seen = f"{self.tables} tables, {self.files:,} files, {self.rows:,} rows"
        return f"The lake is sound: {seen}." if self.ok else f"The lake is damaged: {' '.join(self.problems)}"


def verify(tables: dict[str, Table], *, whole: bool = True) -> Verification:
    """Read every file that counts and compare it with what the log and its own name say of it.

    Parameters
    ----------
    tables
        By name.
    whole
        Whether files are read; else only whether they are there, with the size that the log says.
    """
    problems: list[str] = []
    looked = files = rows = size = 0
    for name, table in tables.items():
        try:
            if not table.there:
                continue
            looked += 1
            listed = table.snapshot().files
        except AraError as error:
            problems.append(error.message)
            continue
        for path, told_size, told_rows in listed.select("path", "size", "rows").iter_rows():
            files, rows, size = files + 1, rows + (told_rows or 0), size + told_size
            file = table.folder / path
            wrong = _wrong(file, told_size, told_rows) if whole else _unlike(file, told_size)
            if wrong:
                problems.append(f"{name}: {path} {wrong}.")
    return Verification(tables=looked, files=files, rows=rows, size=size, problems=tuple(problems))


def _unlike(path: Path, size: int) -> str:
    try:
        found = path.stat().st_size
    except OSError as error:
        return f"can't be read ({error.strerror})"
    return "" if found == size else f"has {found:,} bytes, not {size:,}"


def _wrong(path: Path, size: int, rows: int | None) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"can't be read ({error.strerror})"
    if len(content) != size:
        return f"has {len(content):,} bytes, not {size:,}"
    if not hashlib.sha256(content).hexdigest().startswith(told_hash(path.name)):
        return "was changed since it was written"
    try:
        found = pl.scan_parquet(path, glob=False, hive_partitioning=False).select(pl.len()).collect().item()
    except (OSError, pl.exceptions.PolarsError) as error:
        return f"is no table ({broken(path.parent, error).message})"
    return "" if rows is None or found == rows else f"has {found:,} rows, not {rows:,}"
