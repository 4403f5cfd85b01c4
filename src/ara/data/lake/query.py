"""Questions in SQL over the lake: one SELECT, answered in a process of its own that sees the lake's tables alone."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from ara.data.lake.asking import ANSWER, OUTCOME, Outcome, Question
from ara.data.lake.faults import broken, vanished
from ara.data.lake.layout import Snapshot
from ara.data.lake.table import Table
from ara.errors import PluginError, ValidationError

if TYPE_CHECKING:
    from ara.data.lake.lake import Lake

__all__ = ["query"]

_TABLES: Final = (
    "The tables: bars, revisions, withdrawals, actions, facts, rates, instruments, bronze, gold.NAME. "
    'The column at is a word of SQL too: write "at", with the quotes.'
)
_LONGEST: Final = 100_000
_GRACE: Final = 20.0
_BAR: Final = 'symbol, asset_class, timeframe, source, "at"'
_STANDS: Final = """WHERE NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.symbol = r.symbol
AND w.source = r.source AND w."fetch" = r."fetch" AND w.learned_at >= r.learned_at)"""
_TYPES: Final = {
    pl.String: "VARCHAR",
    pl.Float64: "DOUBLE",
    pl.Float32: "FLOAT",
    pl.Int64: "BIGINT",
    pl.Int32: "INTEGER",
    pl.Int16: "SMALLINT",
    pl.Int8: "TINYINT",
    pl.Boolean: "BOOLEAN",
    pl.Binary: "BLOB",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMPTZ",
}


def query(
    lake: "Lake", sql: str, *, limit: int = 10_000, seconds: float = 30.0, memory_mb: int = 1_024
) -> pl.DataFrame:
    """Answer one SELECT over the tables of a lake.

    The tables: `bars` (the latest revision of each bar that stands), `revisions` (all of them), `withdrawals`,
    `actions`, `facts`, `rates`, `instruments`, `bronze` (payloads without their bodies), and `gold.NAME`, its version
    that was written last. Times are UTC; the columns `at` and `fetch`, words of SQL too, are written `"at"` and
    `"fetch"`. What does not fit into memory is sorted and joined on disk, in a folder that is deleted afterwards. Spans
    of time are given as text, and a name that several columns of the answer have gets a number: `close`, `close_2`.

    Parameters
    ----------
    lake
        Whose tables.
    sql
        One SELECT, at most 100,000 characters.
    limit
        The most rows to give; what comes after them is left out.
    seconds
        The most time it may take.
    memory_mb
        Megabytes that it may use; a question that wants more is ended, and this process goes on.

    Raises
    ------
    ValidationError
        It is no single SELECT, it can't be answered, or it takes too long or too much memory.
    IntegrityError
        A file of the lake is missing or can't be read.
    PluginError
        DuckDB is not installed.
    """
    if limit < 0 or seconds <= 0 or memory_mb < 1:
        raise ValidationError(
            f"A query gives {limit} rows in {seconds:g} s and {memory_mb} MB;"
            " allowed are 0 or more, in more than 0, and at least 1."
        )
    if len(sql) > _LONGEST:
        raise ValidationError(f"The query has {len(sql):,} characters; at most {_LONGEST:,} are read.")
    if find_spec("duckdb") is None:
        raise PluginError(
            "Queries in SQL need DuckDB, which is not installed.", hint="Install it: pip install 'ara-ai[sql]'"
        )
    asked = Question(sql=sql, limit=limit, seconds=seconds, memory_mb=memory_mb, views=_offer(lake))
    with tempfile.TemporaryDirectory(prefix="ara-query-") as name:
        folder = Path(name)
        outcome = _asked(folder, asked)
        if outcome.kind == "done":
            return pl.read_ipc(BytesIO((folder / ANSWER).read_bytes()))
    _check_files(lake, outcome)
    raise _refusal(outcome, asked)


def _asked(folder: Path, question: Question) -> Outcome:
    """Have a question answered by a process of its own, which ends with this one."""
    with _child(folder) as process:
        assert process.stdin is not None  # noqa: S101 - it was asked for
        try:
            process.stdin.write(msgspec.json.encode(question) + b"\n")
            process.stdin.flush()
            process.wait(question.seconds + _GRACE)
        except subprocess.TimeoutExpired:
            return Outcome(kind="late")
        except BrokenPipeError:
            process.wait(_GRACE)
    try:
        return msgspec.json.decode((folder / OUTCOME).read_bytes(), type=Outcome)
    except (OSError, msgspec.DecodeError):
        return Outcome(kind="memory" if process.returncode < 0 else "died", words=_printed(folder))


@contextmanager
def _child(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    # Each arena of the C library reserves 64 MB of addresses, which count as memory where it is limited.
    threads = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(  # noqa: S603 - a command of our own
            [sys.executable, "-P", "-m", "ara.data.lake.asking", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=printed,
            env={**os.environ, **threads},
            process_group=0,
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _printed(folder: Path) -> str:
    lines = (folder / "printed").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _offer(lake: "Lake") -> tuple[str, ...]:
    """Give the statements that make a view of each table over the files that count now, and let no other be opened."""
    tables = lake.tables
    views: dict[str, tuple[Table, Snapshot]] = {}
    newest: dict[str, str] = {}
    for name, table in tables.items():
        if name.startswith("gold/"):
            newest[name.split("/")[1]] = name
        elif name != "gold":
            views[_name("revisions" if name == "bars" else name)] = (table, table.snapshot())
    for name, key in newest.items():
        views[f"gold.{_name(name)}"] = (tables[key], tables[key].snapshot())
    paths = [
        str(table.folder / path) for table, snapshot in views.values() for path in snapshot.files["path"].to_list()
    ]
    made = [
        f"SET allowed_paths = [{', '.join(_text(path) for path in paths)}]",
        "SET enable_external_access = false",
        "CREATE SCHEMA gold",
        *(f"CREATE VIEW {view} AS {_shown(view, table, snapshot)}" for view, (table, snapshot) in views.items()),
    ]
    corrected = bool(lake.catalogue()["corrections"].sum())
    last = f"QUALIFY row_number() OVER (PARTITION BY {_BAR} ORDER BY learned_at DESC) = 1" if corrected else ""
    stands = "" if lake.withdrawals().is_empty() else _STANDS
    made.append(f"CREATE VIEW bars AS SELECT * FROM revisions r {stands} {last}")  # noqa: S608 - words of our own
    return tuple(made)


def _shown(view: str, table: Table, snapshot: Snapshot) -> str:
    """Give what a view shows: of the actions those that sources state, and no notes of who was asked for some."""
    chosen = _select(table, snapshot)
    stated = f"SELECT * FROM ({chosen}) WHERE action IN ('split', 'dividend')"  # noqa: S608 - words of our own
    return stated if view == _name("actions") else chosen


def _select(table: Table, snapshot: Snapshot) -> str:
    hidden = {"bucket", "body", "mark", "part"}
    columns = {name: kind for name, kind in table.layout.schema.items() if name not in hidden}
    if snapshot.files.is_empty():
        empty = ", ".join(f"NULL::{_TYPES[type(kind)]} AS {_name(name)}" for name, kind in columns.items())
        return f"SELECT {empty} WHERE false"
    files = ", ".join(_text(str(table.folder / path)) for path in snapshot.files["path"])
    parts = ", ".join(f"{_text(name)}: {_TYPES[type(table.layout.schema[name])]}" for name in table.layout.partitions)
    hive = f"hive_partitioning = true, hive_types = {{{parts}}}" if parts else "hive_partitioning = false"
    return f"SELECT {', '.join(map(_name, columns))} FROM read_parquet([{files}], {hive})"  # noqa: S608 - names quoted


def _check_files(lake: "Lake", outcome: Outcome) -> None:
    """Say of a failure that a file of the lake is to blame for what it is."""
    error = RuntimeError(outcome.words)
    for table in lake.tables.values():
        paths = table.snapshot().files["path"].to_list()
        gone = vanished(table.folder, paths)
        named = outcome.kind == "wrong" and any(str(table.folder / path) in outcome.words for path in paths)
        if gone or named:
            raise broken(table.folder, error, gone=gone)


def _refusal(outcome: Outcome, asked: Question) -> ValidationError:
    words = (outcome.words.strip().splitlines() or [""])[0][:300]
    told = {
        "many": (
            "A query is one SELECT; the lake is never changed by one.",
            'For example: ara data query "select symbol, avg(close) from bars group by symbol"',
        ),
        "late": (
            f"The query took longer than {asked.seconds:g} s and was stopped.",
            "Ask for fewer symbols or a shorter time, or allow it more with --seconds.",
        ),
        "denied": (
            f"The query asks for something beyond the lake: {words}",
            "A query sees the lake's tables and nothing else.",
        ),
        "memory": (
            f"The query needs more than {asked.memory_mb:,} MB of memory, or of disk than there is, and was ended.",
            "Ask for fewer rows or shorter lists, or allow it more: --set data.query_mb=4096",
        ),
        "shape": (f"The query's answer can't be shown: {words}", "Cast its columns to text: CAST(x AS VARCHAR)."),
        "died": (f"The query's process ended before it answered: {words}", "Ask again; nothing was changed."),
    }
    wrong = (
        f"The query can't be answered: {words}",
        _TABLES,
    )
    message, hint = told.get(outcome.kind, wrong)
    return ValidationError(message, hint=hint)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
