"""The series of one table: its rows put down on disk, judged as a whole, given as bars of one instrument at a time."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from ara.data.files.refusals import Refused
from ara.data.files.splits import steps
from ara.data.files.table import FRAME
from ara.data.quality import scores
from ara.market.bars import Basis
from ara.market.calendar import calendar
from ara.market.hours import Stamped, spans, stamped, step
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import guess
from ara.market.timeframe import DAY, Timeframe

__all__ = ["EARLY", "Series", "Spool"]

EARLY: Final = "its bar is not over yet"
"""Why a row is refused that can be a bar later."""

_WITH_ACTIONS: Final = frozenset({AssetClass.STOCK, AssetClass.ETF})
_TOGETHER: Final = 200_000
_BEFORE: Final = 5_000
_STEP: Final = 0.28
_INVERSE: Final = 0.2
_FEW: Final = 3
_EXAMPLES: Final = 5
_VALUES: Final = ("open", "high", "low", "close", "volume", "adjusted")


class Spool:
    """Rows on their way, in a folder: more than memory holds.

    Parameters
    ----------
    folder
        An empty one, which goes when the caller says so.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pieces = 0
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Put down a piece, in `FRAME`."""
        if frame.is_empty():
            return
        frame.sort("symbol", "ts", "row").write_parquet(self._folder / f"{self._pieces:06}.parquet")
        self._pieces += 1
        self.rows += frame.height

    def scan(self) -> pl.LazyFrame:
        """Give all pieces to ask of; not in order."""
        if not self._pieces:
            return pl.LazyFrame(schema=FRAME)
        return pl.scan_parquet([self._folder / f"{place:06}.parquet" for place in range(self._pieces)], glob=False)


class Series:
    """The bars of a table, by instrument.

    Parameters
    ----------
    spool
        Its rows.
    basis
        What its prices are adjusted for, where that is said.
    timeframe
        Length of its bars, where that is said.
    name
        The table, for reports.
    now
        When it is received.
    actions
        Gives the splits that are known: `symbol` and the columns of the kind `ACTIONS`.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        basis: Basis | None,
        timeframe: Timeframe | None,
        name: str,
        now: datetime,
        actions: Callable[[], pl.DataFrame] | None = None,
    ) -> None:
        self._scan = spool.scan()
        self._actions = actions
        self._name = name
        self._now = now
        self._timeframe = timeframe
        counted = self._scan.group_by("symbol").len().sort("len", "symbol", descending=[True, False]).collect()
        self._counts: list[tuple[str, int]] = [(symbol, count) for symbol, count in counted.iter_rows()]
        self._usual = DAY
        self._why = ""
        self._basis = basis or self._judged()
        if timeframe is None and self._counts:
            self._usual = step(self._stamps(self._counts[0][0]).head(_TOGETHER))
        self.notes: list[str] = []
        if self._counts:
            how = "as said" if basis else self._why
            taken = _BASES[self._basis] if basis or self._basis is not Basis.RAW else f"taken {_BASES[self._basis]}"
            said = f"{name}: {self._whose()}, bars of {timeframe or self._usual}"
            self.notes.append(f"{said}, prices {taken} ({how})." if self._shares() else f"{said}.")
            if (timeframe or self._usual) == DAY and self._ends() == "close":
                self.notes.append(f"{name}: its times are those of the close, by the days on which they stand.")

    def bars(self, asset_class: str) -> Iterator[tuple[pl.DataFrame, Instrument, list[Refused]]]:
        """Give the bars of one instrument after the other, a long series in parts.

        A frame has the columns of `ara.data.bar_store.ROWS` but symbol, asset class, source, imputed and fetch.

        Parameters
        ----------
        asset_class
            Kind of all instruments, where neither file nor symbol says it.
        """
        for batch in self._batches():
            if len(batch) == 1:
                yield from self._long(batch[0], asset_class)
                continue
            together = self._scan.filter(pl.col("symbol").is_in(batch)).collect().sort("symbol", "ts", "row")
            for (symbol,), rows in together.group_by("symbol", maintain_order=True):
                yield self._made(str(symbol), rows, asset_class, length=self._length(rows["ts"]))

    def _batches(self) -> Iterator[list[str]]:
        batch: list[str] = []
        rows = 0
        for symbol, count in self._counts:
            if batch and rows + count > _TOGETHER:
                yield batch
                batch, rows = [], 0
            batch.append(symbol)
            rows += count
        if batch:
            yield batch

    def _long(self, symbol: str, asset_class: str) -> Iterator[tuple[pl.DataFrame, Instrument, list[Refused]]]:
        """Give a series in parts, each judged with the bars before it in view."""
        stamps = self._stamps(symbol)
        length = self._length(stamps)
        edges = [stamps[place] for place in range(0, len(stamps), _TOGETHER)]
        befores = [stamps[max(place - _BEFORE, 0)] for place in range(0, len(stamps), _TOGETHER)]
        del stamps
        mine = self._scan.filter(pl.col("symbol") == symbol)
        for first, before, end in zip(edges, befores, [*edges[1:], None], strict=True):
            rows = mine.filter(pl.col("ts") >= before)
            part = (rows if end is None else rows.filter(pl.col("ts") < end)).collect().sort("ts", "row")
            if first != end:
                yield self._made(symbol, part, asset_class, length=length, first=None if first == edges[0] else first)

    def _stamps(self, symbol: str) -> pl.Series:
        return self._scan.filter(pl.col("symbol") == symbol).select("ts").collect()["ts"].sort()

    def _length(self, stamps: pl.Series) -> Timeframe:
        return self._timeframe or (step(stamps.head(_TOGETHER)) if len(stamps) >= _FEW else self._usual)

    def _made(
        self, symbol: str, rows: pl.DataFrame, asset_class: str, *, length: Timeframe, first: datetime | None = None
    ) -> tuple[pl.DataFrame, Instrument, list[Refused]]:
        said = (word for word in rows["asset_class"].drop_nulls().unique(maintain_order=True) if word)
        instrument = guess(symbol, asset_class or next(said, ""))
        hours = self._spans(rows["ts"], instrument, length)
        frame = pl.concat([rows.drop("ts", "symbol", "asset_class"), hours], how="horizontal").sort("at", "row")
        frame = frame.unique(["at", *_VALUES], keep="first", maintain_order=True)
        mine = pl.lit(value=True) if first is None else pl.col("row").is_in(_since(rows, first).implode())
        frame = frame.with_columns(
            mine=mine, twin=~pl.col("at").is_first_distinct(), early=pl.col("known_at") > self._now
        )
        reports = [
            *self._report(frame.filter("mine", "twin"), f"another row of {symbol} has its time and other values"),
            *self._report(frame.filter("mine", "early", ~pl.col("twin")), EARLY),
        ]
        basis = self._basis if instrument.asset_class in _WITH_ACTIONS else Basis.RAW
        # what the whole bar is adjusted for, its close is too; what pays and splits nothing has no adjusted close
        told = pl.col("close") if basis is Basis.TOTAL else pl.col("adjusted")
        told = told if instrument.asset_class in _WITH_ACTIONS else pl.lit(None, pl.Float64)
        good = frame.filter(~pl.col("twin"), ~pl.col("early")).with_columns(
            learned_at=pl.lit(self._now, pl.Datetime("us", "UTC")),
            adjusted=told,
            timeframe=pl.lit(str(length)),
            basis=pl.lit(str(basis)),
        )
        good = good.with_columns(scores(good, instrument, length).alias("quality"))
        return good.filter("mine").drop("row", "mine", "twin", "early"), instrument, reports

    def _spans(self, stamps: pl.Series, instrument: Instrument, length: Timeframe) -> pl.DataFrame:
        """Give when the bars opened and closed; which end their stamps mark is judged for daily bars alone."""
        venue = calendar(instrument.calendar)
        ends: Stamped = stamped(stamps, venue) if length == DAY else "open"
        return spans(stamps, venue, length, stamped=ends)

    def _report(self, rows: pl.DataFrame, reason: str) -> list[Refused]:
        if rows.is_empty():
            return []
        examples = tuple(rows["row"].sort().head(_EXAMPLES).to_list())
        return [Refused(file=self._name, reason=reason, count=rows.height, rows=examples)]

    def _shares(self) -> bool:
        """Say whether it has anything that is split or pays; of pairs and coins alone no adjustment is spoken of."""
        return any(guess(symbol).asset_class in _WITH_ACTIONS for symbol, _ in self._counts)

    def _ends(self) -> Stamped:
        symbol = self._counts[0][0]
        return stamped(self._stamps(symbol), calendar(guess(symbol).calendar))

    def _whose(self) -> str:
        """Name the instruments that the table became."""
        names = [guess(symbol).symbol for symbol, _ in self._counts[:_FEW]]
        more = len(self._counts) - len(names)
        return ", ".join(names) + (f" and {more:,} more" if more else "")

    def _plain(self) -> Basis:
        """Judge prices without adjusted closes by the splits that are known."""
        found = None if self._actions is None else steps(self._scan, self._actions())
        if found is None or not (found.stepped or found.level):
            self._why = "it has no adjusted closes, and no split in its time is known"
        elif not found.adjusted:
            self._why = f"they step at {found.stepped} of {found.stepped + found.level} known splits"
        else:
            self._why = f"they don't step at the {found.example}"
            return Basis.SPLIT
        return Basis.RAW

    def _judged(self) -> Basis:
        """Judge what the prices are adjusted for, once for the whole table."""
        told = pl.col("adjusted").is_not_null()
        apart = (pl.col("adjusted") / pl.col("close") - 1).abs() > 1e-6
        some, differs = self._scan.select(some=told.any(), differs=(told & apart).any()).collect().row(0)
        if not some:
            return self._plain()
        self._why = "judged by its adjusted closes"
        if not differs:
            return Basis.TOTAL
        for batch in self._batches():
            mine = self._scan.filter(pl.col("symbol").is_in(batch) & told).select("symbol", "ts", "close", "adjusted")
            rows = mine.head(4 * _TOGETHER).collect().sort("symbol", "ts")
            factor = (pl.col("adjusted") / pl.col("close")).log()
            stepped = factor.diff().over("symbol")
            moved = pl.col("close").log().diff().over("symbol")
            split = (stepped.abs() > _STEP) & ((stepped + moved).abs() < _INVERSE)
            if rows.select(split.any()).item():
                return Basis.RAW
        return Basis.SPLIT


_BASES: Final = {
    Basis.RAW: "as traded",
    Basis.SPLIT: "adjusted for splits",
    Basis.TOTAL: "adjusted for splits and dividends",
}


def _since(rows: pl.DataFrame, first: datetime) -> pl.Series:
    return rows.filter(pl.col("ts") >= first)["row"]
