"""Answers as they were received, in bronze: each body once, compressed, found again by the id of its fetch."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from ara.clock import Clock
from ara.data.bar_store import Received
from ara.data.lake.begun import Begun
from ara.data.lake.layout import Layout, Snapshot
from ara.data.lake.table import Table
from ara.data.lake.upkeep import Pace, settle

__all__ = ["PAYLOADS", "Bronze", "fetch_id", "payload_rows"]


PAYLOADS: Final = pl.Schema(
    {
        "mark": pl.Int64(),
        "fetch": pl.String(),
        "place": pl.Int64(),
        "sha256": pl.String(),
        "source": pl.String(),
        "url": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "status": pl.Int64(),
        "headers": pl.String(),
        "body": pl.Binary(),
    }
)
"""Columns of kept payloads: `mark` the first eight bytes of the sha256 as a number, which is what is searched, `fetch`
and `place` which fetch it belongs to and where in it, `headers` as JSON; `body` is null where an earlier row has it."""


_PACE: Final = Pace(most=8, ratio=1, size=8 << 20)
"""More small files may lie beside the large ones: bodies are large to write again and seldom read."""


class Bronze:
    """The payloads of a lake.

    Parameters
    ----------
    folder
        Where the table lies.
    clock
        Times the files.
    begun
        Notes of the lake which tables were begun.
    """

    def __init__(self, folder: Path, *, clock: Clock, begun: Begun) -> None:
        self.table = Table(folder, Layout(schema=PAYLOADS, order=("mark",), bounds=("at",)), clock=clock, begun=begun)

    def keep(self, fetches: Sequence[Sequence[Received]]) -> list[str]:
        """Write the payloads that are new, and give the id of each fetch; the caller has the turn."""
        ids = [fetch_id(payloads) for payloads in fetches]
        distinct = {fetch: payloads for fetch, payloads in zip(ids, fetches, strict=True) if fetch}
        if not distinct:
            return ids
        rows = payload_rows(distinct)

        def decide(snapshot: Snapshot) -> tuple[pl.DataFrame, None]:
            kept = self._kept(snapshot, rows["mark"])
            fresh = rows.filter(~pl.col("fetch").is_in(kept["fetch"].to_list()))
            told = fresh["sha256"].is_in(kept["sha256"].to_list()) | ~fresh["sha256"].is_first_distinct()
            return fresh.with_columns(body=pl.when(told).then(None).otherwise("body")), None

        _, after, _ = self.table.update(decide)
        settle(self.table, after, pace=_PACE)
        return ids

    def fetched(self, fetch: str) -> pl.DataFrame:
        """Give the payloads of a fetch with their bodies, in `PAYLOADS`, in the order in which they came."""
        rows = self._scan(pl.col("fetch") == fetch)
        lacking = rows.filter(pl.col("body").is_null())
        if lacking.is_empty():
            return rows.sort("place")
        marks = pl.col("mark").is_in(lacking["mark"].to_list()) & pl.col("body").is_not_null()
        bodies = self._scan(marks).unique("sha256").select("sha256", "body")
        filled = lacking.drop("body").join(bodies, on="sha256", how="left").select(PAYLOADS.names())
        return pl.concat([rows.filter(pl.col("body").is_not_null()), filled]).sort("place")

    def _scan(self, where: pl.Expr) -> pl.DataFrame:
        return self.table.reading(lambda now: self.table.scan(now.files, where).collect())

    def _kept(self, snapshot: Snapshot, marks: pl.Series) -> pl.DataFrame:
        where = pl.col("mark").is_in(marks.unique().to_list())
        return self.table.scan(snapshot.files, where).select("fetch", "sha256").collect()


def fetch_id(payloads: Sequence[Received]) -> str:
    """Give the id of what was received together: the sha256 over the payloads' own, in their order; empty for none."""
    if not payloads:
        return ""
    return hashlib.sha256("\n".join(one.sha256 for one in payloads).encode()).hexdigest()


def payload_rows(fetches: Mapping[str, Sequence[Received]]) -> pl.DataFrame:
    """Give the payloads of fetches, by their ids, in the columns `PAYLOADS`."""
    told: list[tuple[object, ...]] = []
    for fetch, payloads in fetches.items():
        for place, one in enumerate(payloads):
            hashed = one.sha256
            mark = int.from_bytes(bytes.fromhex(hashed[:16]), "big", signed=True)
            headers = msgspec.json.encode(dict(one.headers), order="sorted").decode()
            told.append((mark, fetch, place, hashed, one.source, one.url, one.at, one.status, headers, one.body))
    columns = zip(*told, strict=True) if told else ([] for _ in PAYLOADS)
    return pl.DataFrame(dict(zip(PAYLOADS, columns, strict=True)), schema=PAYLOADS)
