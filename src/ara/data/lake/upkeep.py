"""Upkeep of a table, which is part of every append: few files, a short log, nothing old left lying about."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Final

import polars as pl

from ara.data.lake.layout import Snapshot, Written
from ara.data.lake.table import Table
from ara.data.lake.turn import LOCK
from ara.errors import AraError
from ara.logs import Once

__all__ = [
    "DAYS",
    "HISTORIES",
    "KEPT",
    "LOGGED",
    "SMALL_FILES",
    "Pace",
    "Tidied",
    "clear",
    "clear_daily",
    "settle",
]

KEPT: Final = timedelta(days=7)
"""How long files stay after they ceased to count, where nothing else is said: versions can be read for that long."""

LOGGED: Final = timedelta(days=30)
"""How long a commit stays in a table's log, unless its files stay longer."""

SMALL_FILES: Final = 2
"""Files beside the large one that a partition may have, where symbols lie in several of them."""

_MARK: Final = "cleared"
_DAY: Final = timedelta(days=1)
_LOG: Final = logging.getLogger(__name__)
_LOG.addFilter(Once(lambda record: f"{record.msg} {_lake(record)}"))
_LARGEST: Final = 2_000_000
_COMMITS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How readily small files are merged.

    Parameters
    ----------
    most
        Small files that a partition may have.
    ratio
        A file joins the smaller ones where it is at most so many times as large as all of them.
    rows
        What is written again at one time; other partitions wait for the next.
    size
        Bytes that a file has at most, if it is merged of others; half of that is no small file.
    """

    most: int = SMALL_FILES
    ratio: float = 4
    rows: float = 2_000_000
    size: int = 32 << 20


DAYS: Final = Pace()
"""For rows of symbols that were there, which are read from as many files as they came in."""

HISTORIES: Final = Pace(most=8, ratio=1)
"""For whole symbols that were not there: each lies in one file, and each file notes which ones it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """By how many files the tables became fewer, and how many that didn't count were deleted."""

    merged: int
    cleared: int


def _lake(record: logging.LogRecord) -> Path:
    """Give the lake of a folder that a record names: what is wrong with one of its tables is wrong with all."""
    folder = Path(str(record.args[0])) if isinstance(record.args, tuple) and record.args else Path()
    return next((place for place in (folder, *folder.parents) if (place / LOCK).exists()), folder)


def settle(table: Table, snapshot: Snapshot, *, pace: Pace = DAYS) -> Snapshot:
    """Merge what has become too many small files, and shorten the way to the newest version; give that version.

    What fails here is logged and done with the next append: the rows are kept already.

    Parameters
    ----------
    table
        Whose files.
    snapshot
        Its newest one; the caller has the turn.
    pace
        How much of it is done now.
    """
    try:
        merged = _merge(table, snapshot, pace)
        if merged.version != snapshot.version or merged.version - _checkpoint(table) >= _COMMITS:
            table.checkpoint()
    except AraError as error:
        _LOG.warning("The upkeep of %s was put off: %s", table.folder, error.message)
        return snapshot
    return merged


def clear(table: Table, *, before: datetime) -> int:
    """Delete files that ceased to count before a moment, or never did, and count them; the caller has the turn."""
    counted = set(table.snapshot().files["path"])
    cleared = 0
    for path in table.folder.rglob("*.parquet"):
        name = path.relative_to(table.folder).as_posix()
        if name.startswith("_delta_log/") or name in counted or path.stat().st_mtime >= before.timestamp():
            continue
        path.unlink()
        cleared += 1
    return cleared


def clear_daily(folder: Path, tables: Callable[[], Mapping[str, Table]], *, now: datetime, keep: timedelta) -> None:
    """Clear all tables and shorten their logs, where that was not done within a day; the caller has the turn.

    Parameters
    ----------
    folder
        Of the lake.
    tables
        Gives its tables.
    now
        The present instant.
    keep
        How long files stay after they ceased to count.
    """
    mark = folder / _MARK
    try:
        if now - datetime.fromisoformat(mark.read_text()) < _DAY:
            return
    except (OSError, ValueError, TypeError):
        pass
    try:
        mark.write_text(now.isoformat())
        for table in tables().values():
            if table.there:
                table.begun.note(table.folder)
                if keep <= LOGGED:
                    table.shorten_log()
                clear(table, before=now - keep)
    except (OSError, AraError) as error:
        _LOG.warning("What ceased to count in %s was not cleared away: %s", folder, error)


def _merge(table: Table, snapshot: Snapshot, pace: Pace) -> Snapshot:
    parts = list(table.layout.partitions)
    groups = snapshot.files.partition_by(parts) if parts else [snapshot.files]
    crowded = [chosen for files in groups for chosen in (_crowd(files, pace),) if chosen.height > 1]
    sums = accumulate(int(one["rows"].sum()) for one in crowded)
    crowded = [
        one for place, (one, rows) in enumerate(zip(crowded, sums, strict=True)) if not place or rows <= pace.rows
    ]
    if not crowded:
        return snapshot
    written: list[Written] = []
    try:
        for files in crowded:
            written += table.write(table.reading(partial(_rows, table, files)))
        merged = table.commit(snapshot, written, pl.concat(crowded), news=False)
    except BaseException:
        table.forget(written)
        raise
    now = table.now().timestamp()
    for path in pl.concat(crowded)["path"]:
        # From now on the age of the file says since when it doesn't count.
        with suppress(OSError):
            os.utime(table.folder / path, (now, now))
    return merged


def _rows(table: Table, files: pl.DataFrame, _: Snapshot) -> pl.DataFrame:
    """Read some files; a damaged one is an error of the lake."""
    return table.scan(files).collect()


def _crowd(files: pl.DataFrame, pace: Pace) -> pl.DataFrame:
    """Choose the files to merge: from the smallest up, as long as the next is not much larger than all before it."""
    small = files.filter((pl.col("rows") < _LARGEST // 2) & (pl.col("size") < pace.size // 2)).sort("rows", "path")
    if files.height <= pace.most + 1 or small.height <= pace.most:
        return files.clear()
    chosen = rows = size = 0
    for more, bytes_more in small.select("rows", "size").iter_rows():
        if rows + more > _LARGEST or size + bytes_more > pace.size or (chosen > 1 and more > pace.ratio * rows):
            break
        chosen, rows, size = chosen + 1, rows + more, size + bytes_more
    return small.head(chosen)


def _checkpoint(table: Table) -> int:
    try:
        return int(json.loads((table.folder / "_delta_log" / "_last_checkpoint").read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
