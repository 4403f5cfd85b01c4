"""Questions in SQL over the lake: one SELECT, answered by DuckDB in a room without doors.

Before the question is read, the database is closed off: of all files only those of the asked tables may be opened,
nothing is installed or loaded, no setting can be changed again, and Python's variables are out of sight.
"""

import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from ara.data.lake.faults import broken, vanished
from ara.data.lake.layout import Snapshot
from ara.data.lake.table import Table
from ara.errors import PluginError, ValidationError

if TYPE_CHECKING:
    from ara.data.lake.lake import Lake

__all__ = ["query"]

_MEMORY: Final = "1GB"
_SPILL: Final = "8GB"
_THREADS: Final = 2
_LONGEST: Final = 100_000
_WORDED: Final = re.compile(r"\bINTERVAL\b|\bTIME WITH TIME ZONE\b")
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


def query(lake: "Lake", sql: str, *, limit: int = 10_000, seconds: float = 30.0) -> pl.DataFrame:
    """Answer one SELECT over the tables of a lake.

    The tables: `bars` (the latest revision of each bar), `revisions` (all of them), `actions`, `facts`, `rates`,
    `instruments`, `bronze` (payloads without their bodies), and `gold.NAME`, its version that was written last. Times
    are UTC; the column `at`, a word of SQL too, is written `"at"`. What does not fit into memory is sorted and joined
    on disk, in a folder that is deleted afterwards. Spans of time are given as text, and a name that several columns
    of the answer have gets a number: `close`, `close_2`.

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

    Raises
    ------
    ValidationError
        It is no single SELECT, it can't be answered, or it takes too long.
    IntegrityError
        A file of the lake is missing or can't be read.
    PluginError
        DuckDB is not installed.
    """
    if limit < 0 or seconds <= 0:
        raise ValidationError(f"A query gives {limit} rows in {seconds:g} s; allowed are 0 or more, in more than 0.")
    if len(sql) > _LONGEST:
        raise ValidationError(f"The query has {len(sql):,} characters; at most {_LONGEST:,} are read.")
    duckdb = _duckdb()
    with tempfile.TemporaryDirectory(prefix="ara-query-") as spill, duckdb.connect() as connection:
        _set(connection, spill)
        with _refusing(duckdb, seconds), _sound(duckdb, lake):
            _offer(connection, lake)
            connection.execute("SET lock_configuration = true")
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise ValidationError(
                    "A query is one SELECT; the lake is never changed by one.",
                    hint='For example: ara data query "select symbol, avg(close) from bars group by symbol"',
                )
            with _limited(connection, seconds):
                return _answer(connection, statements[0].query, limit)


def _answer(connection: Any, sql: str, limit: int) -> pl.DataFrame:
    asked = connection.sql(sql)
    names = _distinct(asked.columns)
    # Polars has no type for these.
    worded = [_WORDED.search(str(kind)) is not None for kind in asked.types]
    if names != asked.columns or any(worded):
        shown = ", ".join(
            f"CAST({name} AS VARCHAR) AS {name}" if text else name
            for name, text in zip(map(_name, names), worded, strict=True)
        )
        asked = asked.query("answer", f"SELECT {shown} FROM answer AS answer({', '.join(map(_name, names))})")  # noqa: S608 - names quoted
    try:
        return pl.DataFrame(asked.limit(limit))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ValidationError(
            f"The query's answer can't be shown: {_first(error)}", hint="Cast its columns to text: CAST(x AS VARCHAR)."
        ) from error


def _distinct(names: Sequence[str]) -> list[str]:
    """Number the names that several columns have; SQL knows no capitals."""
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    given = []
    for name in names:
        new, number = name, 1
        while new.casefold() in (seen if number == 1 else seen | taken):
            number += 1
            new = f"{name}_{number}"
        seen.add(new.casefold())
        given.append(new)
    return given


def _set(connection: Any, spill: str) -> None:
    settings = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "python_scan_all_frames": "false",
        "memory_limit": _text(_MEMORY),
        "threads": str(_THREADS),
        "temp_directory": _text(spill),
        "max_temp_directory_size": _text(_SPILL),
        "TimeZone": _text("UTC"),
        "enable_progress_bar": "false",
    }
    for name, value in settings.items():
        connection.execute(f"SET {name} = {value}")


def _offer(connection: Any, lake: "Lake") -> None:
    """Make a view of each table over the files that count now, and let no other file be opened."""
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
    connection.execute(f"SET allowed_paths = [{', '.join(_text(path) for path in paths)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("CREATE SCHEMA gold")
    for view, (table, snapshot) in views.items():
        connection.execute(f"CREATE VIEW {view} AS {_select(table, snapshot)}")
    corrected = bool(lake.catalogue()["corrections"].sum())
    last = f"QUALIFY row_number() OVER (PARTITION BY {_BAR} ORDER BY learned_at DESC) = 1" if corrected else ""
    stands = "" if lake.withdrawals().is_empty() else _STANDS
    connection.execute(f"CREATE VIEW bars AS SELECT * FROM revisions r {stands} {last}")  # noqa: S608 - words of our own


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


@contextmanager
def _limited(connection: Any, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@contextmanager
def _sound(duckdb: Any, lake: "Lake") -> Iterator[None]:
    """Say of a failure that a file of the lake is to blame for what it is."""
    try:
        yield
    except duckdb.Error as error:
        denied = isinstance(error, duckdb.PermissionException | duckdb.InterruptException)
        for table in lake.tables.values():
            paths = table.snapshot().files["path"].to_list()
            gone = vanished(table.folder, paths)
            if gone or (not denied and any(str(table.folder / path) in str(error) for path in paths)):
                raise broken(table.folder, error, gone=gone) from error
        raise


@contextmanager
def _refusing(duckdb: Any, seconds: float) -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException as error:
        raise ValidationError(
            f"The query took longer than {seconds:g} s and was stopped.",
            hint="Ask for fewer symbols or a shorter time, or allow it more with --seconds.",
        ) from error
    except duckdb.PermissionException as error:
        raise ValidationError(
            f"The query asks for something beyond the lake: {_first(error)}",
            hint="A query sees the lake's tables and nothing else.",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise ValidationError(f"The query needs more than {_MEMORY} of memory or {_SPILL} of disk.") from error
    except duckdb.Error as error:
        raise ValidationError(
            f"The query can't be answered: {_first(error)}",
            hint="The tables: bars, revisions, actions, facts, rates, instruments, bronze, gold.NAME. "
            'The column at is a word of SQL too: write "at", with the quotes.',
        ) from error


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise PluginError(
            "Queries in SQL need DuckDB, which is not installed.", hint="Install it: pip install 'ara-ai[sql]'"
        ) from error
    return duckdb


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
