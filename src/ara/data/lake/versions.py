"""The versions of a table, as its log tells them."""

from typing import Any, Final

import polars as pl

from ara.data.lake.table import Table

__all__ = ["versions_of"]

_COLUMNS: Final = pl.Schema(
    {
        "version": pl.Int64(),
        "at": pl.Datetime("us", "UTC"),
        "what": pl.String(),
        "rows": pl.Int64(),
        "files": pl.Int64(),
        "dropped": pl.Int64(),
    }
)


def versions_of(table: Table) -> pl.DataFrame:
    """Give the versions that the log still has, newest first, with what each of them did."""
    return pl.DataFrame([_row(commit) for commit in table.history()], schema=_COLUMNS)


def _row(commit: dict[str, Any]) -> dict[str, Any]:
    counts = {name: int(commit.get(name, 0)) for name in ("rows", "files", "dropped")}
    what = commit.get("what", str(commit.get("operation", "")).split(" ")[0].lower())
    at = pl.Series([commit.get("timestamp", 0)]).cast(pl.Datetime("ms", "UTC")).dt.cast_time_unit("us")[0]
    return {"version": commit["version"], "at": at, "what": what, **counts}
