"""The last bar of each series and how many there are: derived from the table of bars, never a second truth.

One small file beside the table, named by the version that it was derived from. Where it is missing, older or damaged,
what changed since is counted again from the bars themselves.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from ara.data.bar_store import CATALOGUE, ROWS
from ara.data.lake.layout import Snapshot
from ara.data.lake.revision import BAR
from ara.data.lake.table import Table
from ara.whole import write

__all__ = ["HEADS", "Heads", "listed", "summed"]

HEADS: Final = pl.Schema(
    {
        **ROWS,
        "bars": pl.Int64(),
        "first": pl.Datetime("us", "UTC"),
        "received": pl.Datetime("us", "UTC"),
        "corrections": pl.Int64(),
    }
)
"""The newest bar of a series (`ROWS`), how many bars and corrections it has, its first open and latest receipt."""

_SERIES: Final = BAR[:4]
_NONE: Final = (-1, -1, pl.DataFrame(schema=HEADS))


class Heads:
    """Heads of all series of one table of bars.

    Parameters
    ----------
    folder
        Where the small file lies.
    table
        The bars.
    """

    def __init__(self, folder: Path, table: Table) -> None:
        self._folder = folder
        self._table = table
        self._known = _NONE

    @property
    def there(self) -> bool:
        """Whether heads of any version lie on the disk, and so bars were kept once."""
        return bool(self._files())

    def at(self, snapshot: Snapshot) -> pl.DataFrame:
        """Give the heads of a snapshot, in `HEADS`."""
        life, version, heads = self._known
        if (life, version) == (snapshot.life, snapshot.version):
            return heads
        if snapshot.version < 0:
            return pl.DataFrame(schema=HEADS)
        if life != snapshot.life or version < 0 or version > snapshot.version:
            version, heads = self._kept(snapshot.version)
        changed = self._changed(version, snapshot)
        if changed:
            heads = self._recounted(heads, snapshot, changed)
        if changed is None or not _complete(heads, snapshot):
            heads = self.counted(snapshot.files)
        self._keep(snapshot, heads)
        return heads

    def take(self, before: Snapshot, after: Snapshot, *, news: pl.DataFrame) -> None:
        """Bring the heads up to a version by the rows that it added, in order, each with the flag `corrects`."""
        heads = pl.DataFrame(schema=HEADS) if before.version < 0 else self.at(before)
        added = news.select(
            *ROWS.names(),
            bars=(~pl.col("corrects")).cast(pl.Int64),
            first="at",
            received="learned_at",
            corrections=pl.col("corrects").cast(pl.Int64),
        )
        # Each series by itself first: the heads are few, and the rows many.
        self._keep(after, _summed(pl.concat([heads, _joined(added).select(HEADS.names())])))

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("heads-*.parquet"))

    def _kept(self, version: int) -> tuple[int, pl.DataFrame]:
        """Give the newest heads on the disk that are no newer than a version."""
        for path in reversed(self._files()):
            derived = path.stem.removeprefix("heads-")
            if not derived.isdigit() or int(derived) > version:
                continue
            with suppress(OSError, pl.exceptions.PolarsError):
                heads = pl.read_parquet(path, glob=False)
                if heads.schema == HEADS:
                    return int(derived), heads
        return -1, pl.DataFrame(schema=HEADS)

    def _keep(self, snapshot: Snapshot, heads: pl.DataFrame) -> None:
        self._known = (snapshot.life, snapshot.version, heads)
        path = self._folder / f"heads-{snapshot.version:020d}.parquet"
        old = self._files()
        # A lake that can't be written is still read: what is derived then stays in memory.
        content = BytesIO()
        heads.write_parquet(content, compression="lz4")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write(path, content.getbuffer())
            for one in old:
                if one != path:
                    one.unlink(missing_ok=True)

    def _changed(self, version: int, snapshot: Snapshot) -> list[str] | None:
        """Give the files with news since a version; None where that can't be told any more."""
        if version < 0:
            return None
        paths: list[str] = []
        for one in range(version + 1, snapshot.version + 1):
            try:
                lines = (self._table.folder / "_delta_log" / f"{one:020d}.json").read_bytes().splitlines()
                actions = [msgspec.json.decode(line).get("add") for line in lines]
            except (OSError, msgspec.DecodeError, AttributeError):
                return None
            paths += [action["path"] for action in actions if action and action.get("dataChange")]
        return paths if all((self._table.folder / path).exists() for path in paths) else None

    def _recounted(self, heads: pl.DataFrame, snapshot: Snapshot, paths: Sequence[str]) -> pl.DataFrame:
        """Count the symbols again that occur in some files."""
        columns = [*self._table.layout.partitions, "symbol"]
        values = [dict(part.split("=", 1) for part in path.split("/")[:-1]) for path in paths]
        listed = pl.DataFrame([{**value, "path": path} for value, path in zip(values, paths, strict=True)])
        listed = listed.with_columns(pl.col("bucket").cast(pl.Int32))
        touched = self._table.scan(listed).select(columns).unique().collect()
        files = snapshot.files.join(touched, on=self._table.layout.partitions, how="semi")
        again = self.counted(files, symbols=touched["symbol"].unique())
        rest = heads.join(touched.select("symbol", "timeframe", "asset_class").unique(), on=_SERIES[:3], how="anti")
        return pl.concat([rest, again])

    def counted(
        self,
        files: pl.DataFrame,
        *,
        symbols: pl.Series | None = None,
        cut: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """Give the heads of some symbols of some files, counted from the bars that `cut` leaves."""
        found = [pl.DataFrame(schema=HEADS)]
        where = None if symbols is None else pl.col("symbol").is_in(symbols.to_list())
        for _, part in files.group_by(self._table.layout.partitions, maintain_order=True):
            rows = self._table.scan(part, where).select(ROWS.names()).collect()
            found.append(summed(rows if cut is None else cut(rows)))
        return pl.concat(found)


def summed(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the heads of bars, in `HEADS`, from every row of each."""
    rows = rows.sort(*BAR, "learned_at")
    corrects = pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in BAR).fill_null(value=False)
    marked = rows.with_columns(corrections=corrects.cast(pl.Int64)).with_columns(
        bars=1 - pl.col("corrections"), first="at", received="learned_at"
    )
    return _summed(marked.select(HEADS.names()))


def listed(heads: pl.DataFrame) -> pl.DataFrame:
    """Give heads as a catalogue shows them, in `CATALOGUE`."""
    named = heads.select(
        *_SERIES, "basis", "bars", "first", last="at", learned_at="received", corrections="corrections"
    )
    return named.select(CATALOGUE.names()).sort(_SERIES)


def _complete(heads: pl.DataFrame, snapshot: Snapshot) -> bool:
    """Say whether every row of a snapshot is counted in the heads."""
    return int(heads["bars"].sum()) + int(heads["corrections"].sum()) == int(snapshot.files["rows"].sum())


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    return _joined(rows.sort(*_SERIES, "at", "learned_at")).select(HEADS.names()).cast(HEADS)


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    """Make one row of each series, whose rows ascend."""
    return rows.group_by(_SERIES, maintain_order=True).agg(
        *(pl.col(name).last() for name in ROWS if name not in _SERIES),
        pl.col("bars").sum(),
        pl.col("first").min(),
        pl.col("received").max(),
        pl.col("corrections").sum(),
    )
