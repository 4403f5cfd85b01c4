"""Imports and fetches that were taken back: a fact of its own beside the bars, which stay where they are."""

from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from ara.clock import Clock
from ara.data.bar_store import WITHDRAWN
from ara.data.lake.begun import Begun
from ara.data.lake.layout import Layout, Snapshot
from ara.data.lake.revision import check_moments
from ara.data.lake.table import Table
from ara.data.lake.upkeep import settle
from ara.errors import ValidationError

__all__ = ["Withdrawals", "bounded", "check_withdrawn", "without"]

_KEY: Final = ("symbol", "source", "fetch")


class Withdrawals:
    """What of a lake was withdrawn.

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
        layout = Layout(schema=WITHDRAWN, order=(*_KEY, "learned_at"), bounds=("symbol",))
        self.table = Table(folder, layout, clock=clock, begun=begun)
        self._known: tuple[tuple[int, int], pl.DataFrame] = ((-1, -1), WITHDRAWN.to_frame())

    def add(self, rows: pl.DataFrame) -> None:
        """Keep withdrawals, in `WITHDRAWN`; the caller has the turn."""
        check_withdrawn(rows)
        _, after, _ = self.table.update(lambda _: (rows, None))
        settle(self.table, after)

    def read(self) -> pl.DataFrame:
        """Give all of them; quick where there are none."""
        snapshot = self.table.snapshot()
        if snapshot.version < 0:
            return WITHDRAWN.to_frame()
        mark = (snapshot.life, snapshot.version)
        if self._known[0] != mark:
            self._known = (mark, self.table.reading(self._all))
        return self._known[1]

    def _all(self, snapshot: Snapshot) -> pl.DataFrame:
        return self.table.scan(snapshot.files).collect().sort(*_KEY, "learned_at")


def without(rows: pl.DataFrame, told: pl.DataFrame, *, learned_by: datetime | None = None) -> pl.DataFrame:
    """Give the rows that were not withdrawn after they had been received, in their order.

    Parameters
    ----------
    rows
        Revisions of bars, with at least `symbol`, `source`, `fetch` and `learned_at`.
    told
        Withdrawals, in `WITHDRAWN`.
    learned_by
        Only withdrawals that were made by then count.
    """
    if learned_by is not None:
        told = told.filter(pl.col("learned_at") <= learned_by)
    if told.is_empty() or rows.is_empty():
        return rows
    last = told.group_by(_KEY).agg(pl.col("learned_at").max().alias("withdrawn_at"))
    seen = rows.join(last, on=_KEY, how="left", maintain_order="left")
    stands = pl.col("withdrawn_at").is_null() | (pl.col("learned_at") > pl.col("withdrawn_at"))
    return seen.filter(stands).drop("withdrawn_at")


def bounded(told: pl.DataFrame, symbol: str, learned_by: datetime | None) -> pl.DataFrame:
    """Give the withdrawals of a symbol that were made by a moment."""
    check_moments(learned_by)
    if symbol:
        told = told.filter(pl.col("symbol") == symbol)
    return told if learned_by is None else told.filter(pl.col("learned_at") <= learned_by)


def check_withdrawn(rows: pl.DataFrame) -> None:
    """Refuse what is no withdrawal: other columns, or something unnamed."""
    if rows.schema != WITHDRAWN:
        raise ValidationError(f"A withdrawal has the columns {', '.join(WITHDRAWN)}, not {', '.join(rows.columns)}.")
    if rows.null_count().sum_horizontal().sum() or (rows["fetch"] == "").any():
        raise ValidationError("A withdrawal names symbol, source, fetch and time.")
