"""The tables of bars in PostgreSQL: made on first use, cut into years, moved in bulk."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import polars as pl

from ara.data.bar_store import ROWS, WITHDRAWN
from ara.data.lake.bronze import PAYLOADS
from ara.data.lake.facts import INSTRUMENTS, kept_columns
from ara.data.lake.revision import FACT_KINDS
from ara.data.timescale_link import Connection
from ara.errors import StoreError

__all__ = ["BAR_COLUMNS", "SERIES", "copy_in", "frame", "make_years", "prepare", "quoted"]

SERIES: Final = ("symbol", "asset_class", "timeframe", "source")
"""The columns that name a series; a table of their own gives each one a number."""

BAR_COLUMNS: Final = tuple(name for name in ROWS if name not in SERIES)
"""The columns of a bar beside those."""

_VERSION: Final = 1
_TYPES: Final[dict[Any, str]] = {
    pl.String: 'text COLLATE "C"',
    pl.Float64: "double precision",
    pl.Int64: "bigint",
    pl.Boolean: "boolean",
    pl.Binary: "bytea",
    pl.Datetime: "timestamptz",
}


def quoted(names: Iterable[str]) -> str:
    """Give names of columns as a statement lists them."""
    return ", ".join(f'"{name}"' for name in names)


async def prepare(connection: Connection) -> None:
    """Make the tables where there are none; refuse those of a newer Ara."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('ara bars schema', 0))")
    if await connection.fetchval("SELECT to_regclass('bar_store_version')") is None:
        await _make(connection)
    version = await connection.fetchval("SELECT version FROM bar_store_version")
    if version != _VERSION:
        raise StoreError(
            f"The tables of bars were written by a newer Ara: their schema is {version}, this one knows {_VERSION}.",
            hint="Update Ara, or name another database in `data.bars`; nothing was changed.",
        )
    await _extend(connection)


async def _extend(connection: Connection) -> None:
    """Add what came later to tables that were made before."""
    if await connection.fetchval("SELECT to_regclass('bar_withdrawals')") is None:
        await connection.execute(
            f'{_table("bar_withdrawals", WITHDRAWN)} CREATE INDEX ON bar_withdrawals (symbol, source, "fetch");'
        )


async def make_years(connection: Connection, years: Sequence[int]) -> None:
    """Make the partitions of some years, where the table is cut by PostgreSQL itself; the caller holds the lock."""
    if await connection.fetchval("SELECT relkind FROM pg_class WHERE oid = 'bars'::regclass") != b"p":
        return
    for year in years:
        span = f"FOR VALUES FROM ('{year:04d}-01-01 00:00Z') TO ('{year + 1:04d}-01-01 00:00Z')"
        if await connection.fetchval("SELECT to_regclass($1)", f"bars_{year:04d}") is None:
            await connection.execute(f"CREATE TABLE bars_{year:04d} PARTITION OF bars {span}")


async def copy_in(connection: Connection, table: str, rows: pl.DataFrame) -> None:
    """Put rows into a table of the same columns, in bulk."""
    await connection.copy_records_to_table(table, records=rows.iter_rows(), columns=rows.columns)


async def frame(connection: Connection, schema: pl.Schema, statement: str, *arguments: Any) -> pl.DataFrame:
    """Ask for rows whose columns are those of a schema, in its order."""
    rows = await connection.fetch(statement, *arguments)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pl.DataFrame(
        [pl.Series(name, values, dtype=kind) for (name, kind), values in zip(schema.items(), columns, strict=True)]
    )


async def _make(connection: Connection) -> None:
    bars = _columns(pl.Schema({name: ROWS[name] for name in BAR_COLUMNS}))
    key = "PRIMARY KEY (series, at, learned_at)"
    await connection.execute(
        f"""
        CREATE TABLE bar_store_version (version int NOT NULL);
        INSERT INTO bar_store_version VALUES ({_VERSION});
        CREATE TABLE bar_series (
            series serial PRIMARY KEY, {_columns(pl.Schema({name: ROWS[name] for name in SERIES}))},
            bars bigint NOT NULL DEFAULT 0, corrections bigint NOT NULL DEFAULT 0,
            first timestamptz, last timestamptz, received timestamptz, basis text, UNIQUE ({", ".join(SERIES)})
        );
        {_table("bar_instruments", INSTRUMENTS)} CREATE INDEX ON bar_instruments (symbol, source);
        {_table("bar_payloads", PAYLOADS)} CREATE INDEX ON bar_payloads (mark);
        CREATE INDEX ON bar_payloads ("fetch");
        """  # noqa: S608 - names of our own
    )
    for kind in FACT_KINDS:
        table = f"bar_{kind}"
        await connection.execute(f"{_table(table, kept_columns(kind))} CREATE INDEX ON {table} (symbol, source, at);")
    if not await _hypertable(connection, f"series int NOT NULL, {bars}, {key}"):
        await connection.execute(f"CREATE TABLE bars (series int NOT NULL, {bars}, {key}) PARTITION BY RANGE (at)")
        await connection.execute("CREATE INDEX ON bars USING brin (at)")


async def _hypertable(connection: Connection, columns: str) -> bool:
    """Make the bars a hypertable where the server offers TimescaleDB and lets us."""
    if not await connection.fetchval("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"):
        return False
    import asyncpg

    try:
        async with connection.transaction():
            await connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            await connection.execute(f"CREATE TABLE bars ({columns})")
            await connection.execute("SELECT create_hypertable('bars', 'at', chunk_time_interval => INTERVAL '1 year')")
    except asyncpg.PostgresError:
        return False
    return True


def _table(name: str, schema: pl.Schema) -> str:
    return f"CREATE TABLE {name} ({_columns(schema)});"


def _columns(schema: pl.Schema) -> str:
    return ", ".join(f'"{name}" {_TYPES[type(kind)]}' for name, kind in schema.items())
