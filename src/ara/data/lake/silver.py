"""Bars as published, in silver: read by symbol, written as news."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from ara.clock import Clock
from ara.data.bar_store import BROUGHT, ROWS, Appended
from ara.data.lake.begun import Begun
from ara.data.lake.faults import lost
from ara.data.lake.heads import Heads, listed
from ara.data.lake.layout import Layout, Snapshot
from ara.data.lake.revision import BAR, check_moments, check_rows, distinct, latest, news
from ara.data.lake.table import Table
from ara.data.lake.upkeep import DAYS, HISTORIES, settle
from ara.data.lake.withdrawals import Withdrawals, without

__all__ = ["BROUGHT_BY", "BUCKETS", "Silver", "brought"]

BUCKETS: Final = 64
"""Folders among which the symbols of a class and timeframe are dealt out."""

_LAYOUT: Final = Layout(
    schema=pl.Schema({**ROWS, "bucket": pl.Int32()}),
    order=("symbol", "source", "at", "learned_at"),
    partitions=("timeframe", "asset_class", "bucket"),
    bounds=("symbol", "at"),
    noted="symbol",
)
_FEW: Final = 50

BROUGHT_BY: Final = ("symbol", "source", "timeframe", "fetch")
"""The columns by which it is told what brought which bars."""


class Silver:
    """The bars of a lake.

    Parameters
    ----------
    folder
        Where the table `bars` lies.
    clock
        Times the files.
    begun
        Notes of the lake which tables were begun.
    """

    def __init__(self, folder: Path, *, clock: Clock, begun: Begun) -> None:
        self.table = Table(folder / "bars", _LAYOUT, clock=clock, begun=begun)
        self.heads = Heads(folder / "heads", self.table)
        self.withdrawals = Withdrawals(folder / "withdrawals", clock=clock, begun=begun)

    @property
    def there(self) -> bool:
        """Whether bars are kept; IntegrityError where they were and their table is gone."""
        if self.table.there:
            return True
        # Another look at the table: heads are written after it, maybe in between.
        if self.heads.there and not self.table.there:
            raise lost(self.table.folder, "it is gone, though the lake has told of its bars (silver/heads)")
        return False

    def append(self, rows: pl.DataFrame) -> Appended:
        """Write what is new or differs; the caller has the turn."""
        check_rows(rows)
        self._look()
        if rows.is_empty():
            return Appended(new=0, corrected=0, same=0)
        given = distinct(rows)

        def decide(snapshot: Snapshot) -> tuple[pl.DataFrame, pl.DataFrame]:
            fresh, _ = news(given, self._kept(snapshot, given))
            return _dealt(fresh.drop("corrects")), fresh

        before, after, fresh = self.table.update(decide)
        if fresh.height:
            grown = fresh["symbol"].unique().is_in(self.heads.at(before)["symbol"].unique().to_list()).any()
            pace = DAYS if grown else HISTORIES
            self.heads.take(before, settle(self.table, after, pace=pace), news=fresh)
        return Appended.of(rows, fresh)

    def bars(
        self,
        symbol: str,
        timeframe: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        known_by: datetime | None = None,
        learned_by: datetime | None = None,
        sources: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """Give the latest revision of each bar within the bounds."""
        check_moments(start, end, known_by, learned_by)
        where = pl.col("symbol") == symbol
        if start is not None:
            where &= pl.col("at") >= start
        if end is not None:
            where &= pl.col("at") < end
        if known_by is not None:
            where &= pl.col("known_at") <= known_by
        if learned_by is not None:
            where &= pl.col("learned_at") <= learned_by
        if sources is not None:
            where &= pl.col("source").is_in(list(sources))
        rows = self._read(symbol, timeframe, where=where, start=start, end=end)
        return latest(without(rows, self.withdrawals.read(), learned_by=learned_by), ("source", "at"))

    def revisions(self, symbol: str, timeframe: str, *, start: datetime, end: datetime) -> pl.DataFrame:
        """Give every row of the bars that opened in a span."""
        check_moments(start, end)
        where = (pl.col("symbol") == symbol) & (pl.col("at") >= start) & (pl.col("at") < end)
        return self._read(symbol, timeframe, where=where, start=start, end=end).sort("source", "at", "learned_at")

    def lasts(self, timeframe: str, *, known_by: datetime | None = None) -> pl.DataFrame:
        """Give the newest bar of each series; the bounds of what was known are looked up only where they matter."""
        check_moments(known_by)

        def read(snapshot: Snapshot) -> pl.DataFrame:
            heads = self._shown(snapshot).filter(pl.col("timeframe") == timeframe).select(ROWS.names())
            if known_by is None:
                return heads
            late = heads.filter(pl.col("known_at") > known_by)
            if late.is_empty():
                return heads
            kept = heads.join(late, on=BAR[:4], how="anti")
            return pl.concat([kept, self._earlier(snapshot, late, known_by)])

        return self.table.reading(read).sort("symbol", "source")

    def catalogue(self) -> pl.DataFrame:
        """Give the series that are kept."""
        self._look()
        found = self.table.reading(self._shown)
        return listed(found)

    def brought(self, *, fetch: str, source: str) -> pl.DataFrame:
        """Give what stands of the bars that came by a fetch or from a source."""
        where = pl.lit(value=True)
        if fetch:
            where &= pl.col("fetch") == fetch
        if source:
            where &= pl.col("source") == source
        rows = self.table.reading(
            lambda now: self.table.scan(now.files, where).select(*BROUGHT_BY, "at", "learned_at").collect()
        )
        return brought(without(rows, self.withdrawals.read()))

    def _shown(self, snapshot: Snapshot) -> pl.DataFrame:
        """Give the heads as they are seen: those of series of which something was withdrawn are counted without it."""
        heads, told = self.heads.at(snapshot), self.withdrawals.read()
        if told.is_empty():
            return heads
        touched = heads.join(told, on=("symbol", "source"), how="semi").select(BAR[:4])
        buckets = _dealt(touched).select(_LAYOUT.partitions).unique()
        files = snapshot.files.join(buckets, on=_LAYOUT.partitions, how="semi")
        again = self.heads.counted(files, symbols=touched["symbol"].unique(), cut=lambda rows: without(rows, told))
        stood = heads.join(touched, on=BAR[:4], how="anti")
        return pl.concat([stood, again.join(touched, on=BAR[:4], how="semi")])

    def _look(self) -> None:
        """Refuse to go on where the bars were lost."""
        _ = self.there

    def _read(
        self, symbol: str, timeframe: str, *, where: pl.Expr, start: datetime | None, end: datetime | None
    ) -> pl.DataFrame:
        def read(snapshot: Snapshot) -> pl.DataFrame:
            chosen = (pl.col("timeframe") == timeframe) & (pl.col("bucket") == _bucket(symbol))
            chosen &= (pl.col("min.symbol") <= symbol) & (pl.col("max.symbol") >= symbol)
            if start is not None:
                chosen &= pl.col("max.at") >= start
            if end is not None:
                chosen &= pl.col("min.at") < end
            files = self.table.noted.holding(snapshot.files.filter(chosen), symbol)
            return self.table.scan(files, where).select(ROWS.names()).collect()

        return self.table.reading(read)

    def _earlier(self, snapshot: Snapshot, late: pl.DataFrame, known_by: datetime) -> pl.DataFrame:
        """Give the newest bars of some series that were known by a moment, one bucket after the other."""
        found = [late.clear()]
        for values, part in _dealt(late).group_by(_LAYOUT.partitions):
            chosen = pl.col("symbol").is_in(part["symbol"].unique().to_list()) & (pl.col("known_at") <= known_by)
            older = self.table.scan(snapshot.files.filter(_within(values)), chosen).select(ROWS.names()).collect()
            older = without(older, self.withdrawals.read())
            found.append(older.sort(*BAR, "learned_at").unique(BAR[:4], keep="last"))
        return pl.concat(found).join(late, on=BAR[:4], how="semi")

    def _kept(self, snapshot: Snapshot, rows: pl.DataFrame) -> pl.DataFrame:
        """Give the latest revisions of those bars of `rows` that may be kept: none is looked for behind a last one."""
        if snapshot.version < 0:
            return rows.clear()
        heads = self.heads.at(snapshot).select(*BAR[:4], last="at")
        asked = _dealt(rows.join(heads, on=BAR[:4]).filter(pl.col("at") <= pl.col("last")).select(ROWS.names()))
        found = [rows.clear()]
        for values, part in asked.group_by(_LAYOUT.partitions):
            low, high = part["at"].min(), part["at"].max()
            files = snapshot.files.filter(_within(values) & (pl.col("max.at") >= low) & (pl.col("min.at") <= high))
            where = pl.col("at").is_between(low, high)
            symbols = part["symbol"].unique()
            if len(symbols) <= _FEW:
                where &= pl.col("symbol").is_in(symbols.to_list())
            kept = self.table.scan(files, where).join(part.lazy().select(BAR).unique(), on=BAR, how="semi")
            found.append(latest(without(kept.select(ROWS.names()).collect(), self.withdrawals.read()), BAR))
        return pl.concat(found)


def brought(rows: pl.DataFrame) -> pl.DataFrame:
    """Count the bars of each series and fetch, in `BROUGHT`."""
    counted = rows.group_by(BROUGHT_BY).agg(
        bars=pl.col("at").n_unique().cast(pl.Int64),
        first=pl.col("at").min(),
        last=pl.col("at").max(),
        learned_at=pl.col("learned_at").max(),
    )
    return counted.select(BROUGHT.names()).sort(BROUGHT_BY)


def _bucket(symbol: str) -> int:
    return zlib.crc32(symbol.encode()) % BUCKETS


def _within(values: tuple[object, ...]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name) == value for name, value in zip(_LAYOUT.partitions, values, strict=True))


def _dealt(rows: pl.DataFrame) -> pl.DataFrame:
    symbols = rows["symbol"].unique()
    buckets = pl.DataFrame({"symbol": symbols, "bucket": pl.Series([_bucket(one) for one in symbols], dtype=pl.Int32)})
    return rows.join(buckets, on="symbol", maintain_order="left")
