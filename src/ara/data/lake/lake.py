"""The lake: Delta tables of payloads, bars and facts in one folder."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from ara.clock import Clock
from ara.data.bar_store import Appended, Received
from ara.data.lake.backup import Backup, Progress, back_up, restore
from ara.data.lake.begun import Begun
from ara.data.lake.bronze import Bronze
from ara.data.lake.facts import Facts
from ara.data.lake.gold import Gold
from ara.data.lake.revision import named
from ara.data.lake.silver import Silver
from ara.data.lake.table import Table
from ara.data.lake.turn import turn
from ara.data.lake.upkeep import KEPT, LOGGED, Pace, Tidied, clear, clear_daily, settle
from ara.data.lake.verification import Verification, verify
from ara.data.lake.versions import versions_of
from ara.data.lake.withdrawals import bounded
from ara.data.provider import Kind
from ara.errors import IntegrityError, StoreError
from ara.market.instrument import Instrument

__all__ = ["Lake"]

_ALL: Final = Pace(most=0, rows=math.inf)


class Lake:
    """A bar store in a folder of this machine; see `ara.data.bar_store.BarStore`.

    Parameters
    ----------
    folder
        Where it lies; made by the first write.
    clock
        Times files and upkeep.
    keep
        How long files stay after they ceased to count, so that older versions can be read.
    """

    def __init__(self, folder: Path, *, clock: Clock, keep: timedelta = KEPT) -> None:
        self.folder = folder
        self._clock = clock
        self._keep = keep
        self._begun = Begun(folder)
        self._bronze = Bronze(folder / "bronze", clock=clock, begun=self._begun)
        self._silver = Silver(folder / "silver", clock=clock, begun=self._begun)
        self._facts = Facts(folder / "silver", clock=clock, begun=self._begun)
        self._gold = Gold(folder / "gold", clock=clock, begun=self._begun)

    @classmethod
    def at(cls, folder: Path, *, clock: Clock, keep: timedelta = KEPT) -> "Lake":
        """Give the lake of a folder; nothing is touched before the first use."""
        return cls(folder, clock=clock, keep=keep)

    @property
    def there(self) -> bool:
        """Whether the lake holds any bar; a look at one folder. IntegrityError where it held some that are lost."""
        return self._silver.there

    def keep(self, payloads: Sequence[Received]) -> str:
        """Keep answers as they were received; see `BarStore.keep`."""
        return self.keep_all([payloads])[0]

    def fetched(self, fetch: str) -> pl.DataFrame:
        """Give the payloads of a fetch with their bodies; see `BarStore.fetched`."""
        return self._bronze.fetched(fetch)

    def keep_all(self, fetches: Sequence[Sequence[Received]]) -> list[str]:
        """Keep the answers of several fetches at once; see `BarStore.keep_all`."""
        if not any(fetches):
            return ["" for _ in fetches]
        with self._writing():
            return self._bronze.keep(fetches)

    def append(self, rows: pl.DataFrame) -> Appended:
        """Keep bars as published; see `BarStore.append`."""
        with self._writing():
            return self._silver.append(rows)

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
        """Give the latest revision of each bar of each source; see `BarStore.bars`."""
        return self._silver.bars(
            symbol, timeframe, start=start, end=end, known_by=known_by, learned_by=learned_by, sources=sources
        )

    def revisions(self, symbol: str, timeframe: str, *, start: datetime, end: datetime) -> pl.DataFrame:
        """Give every row ever kept of the bars of a span; see `BarStore.revisions`."""
        return self._silver.revisions(symbol, timeframe, start=start, end=end)

    def brought(self, *, fetch: str = "", source: str = "") -> pl.DataFrame:
        """Give what stands of what a fetch or a source brought; see `BarStore.brought`."""
        return self._silver.brought(fetch=fetch, source=source)

    def withdraw(self, rows: pl.DataFrame) -> None:
        """Take back what fetches brought; see `BarStore.withdraw`."""
        with self._writing():
            self._silver.withdrawals.add(rows)

    def withdrawals(self, symbol: str = "", *, learned_by: datetime | None = None) -> pl.DataFrame:
        """Give what was withdrawn; see `BarStore.withdrawals`."""
        return bounded(self._silver.withdrawals.read(), symbol, learned_by)

    def append_facts(self, kind: Kind, symbol: str, source: str, frame: pl.DataFrame) -> int:
        """Keep actions, facts or rates; see `BarStore.append_facts`."""
        return self.append_all_facts(kind, named(kind, symbol, source, frame=frame))

    def append_all_facts(self, kind: Kind, frame: pl.DataFrame) -> int:
        """Keep facts of many symbols and sources at once; see `BarStore.append_all_facts`."""
        with self._writing():
            return self._facts.append(kind, frame)

    def facts(
        self, kind: Kind, symbol: str = "", *, known_by: datetime | None = None, learned_by: datetime | None = None
    ) -> pl.DataFrame:
        """Give the latest revision of each action, fact or rate; see `BarStore.facts`."""
        return self._facts.read(kind, symbol, known_by=known_by, learned_by=learned_by)

    def put_instruments(self, instruments: Sequence[Instrument], *, source: str, learned_at: datetime) -> None:
        """Keep what a source says of instruments; see `BarStore.put_instruments`."""
        with turn(self.folder):
            self._facts.put_instruments(instruments, source=source, learned_at=learned_at)

    def instruments(self, query: str = "") -> list[Instrument]:
        """Give the instruments that match; see `BarStore.instruments`."""
        return self._facts.instruments(query)

    def lasts(self, timeframe: str, *, known_by: datetime | None = None) -> pl.DataFrame:
        """Give the newest bar of every symbol and source; see `BarStore.lasts`."""
        return self._silver.lasts(timeframe, known_by=known_by)

    def catalogue(self) -> pl.DataFrame:
        """Give one row for each series that is kept; see `BarStore.catalogue`."""
        return self._silver.catalogue()

    def put_gold(self, name: str, frame: pl.DataFrame, *, version: str, lineage: Mapping[str, Any]) -> None:
        """Write one version of a feature set or target; a version never changes.

        Parameters
        ----------
        name
            Small letters, digits and `_`.
        frame
            Its values.
        version
            Its name, such as the hash of the feature set.
        lineage
            What it was made from, as JSON values.

        Raises
        ------
        ValidationError
            The version is there with other values, or a column has a type that a table can't hold.
        """
        with turn(self.folder):
            self._gold.put(name, frame, version=version, lineage=lineage)

    def gold(self, name: str, *, version: str | None = None) -> pl.DataFrame:
        """Give a version of gold, or the one that was written last; StoreError where there is none."""
        return self._gold.read(name, version=version)

    def golds(self) -> pl.DataFrame:
        """Give every version of gold with its time, number of rows and lineage."""
        return self._gold.versions()

    def used_golds(self) -> pl.DataFrame:
        """Give the same with `used`: when each was written or last of use."""
        return self._gold.used()

    def use_gold(self, name: str, version: str) -> None:
        """Note that a version of gold was of use today."""
        self._gold.use(name, version)

    def drop_gold(self, gone: Collection[tuple[str, str]]) -> None:
        """Delete versions of gold, each by name and version; what is made of bars can be made again."""
        with turn(self.folder):
            self._gold.drop(gone)

    @property
    def tables(self) -> dict[str, Table]:
        """The tables by name: `bars`, `actions`, `facts`, `rates`, `instruments`, `withdrawals`, `bronze`, gold's."""
        tables = self._fixed
        for name, version in self._gold.versions().select("name", "version").iter_rows():
            tables[f"gold/{name}/{version}"] = self._gold.table(name, version)
        return tables

    @property
    def empty(self) -> bool:
        """Whether nothing at all was kept, no rates or answers either; IntegrityError where a table is lost."""
        return not any(table.there for table in self._fixed.values())

    def scan(self, name: str, *, version: int | None = None) -> pl.LazyFrame:
        """Give every row of a table, lazily and so larger than memory, now or at an earlier version.

        The files of earlier versions are kept for a week.
        """
        table = self._table(name)
        return table.scan((table.snapshot() if version is None else table.at_version(version)).files)

    def versions(self, name: str) -> pl.DataFrame:
        """Give the versions of a table, newest first: `version`, `at`, `what`, `rows`, `files`, `dropped`.

        `what` is `create`, `append` or `merge`, which only rewrites; `rows` and `files` were added, `dropped` files
        ceased to count.
        """
        return versions_of(self._table(name))

    def tidy(self, *, keep: timedelta | None = None) -> Tidied:
        """Merge small files, shorten the logs, and delete what ceased to count longer ago than `keep`, or the lake's.

        All of that happens by itself with the appends; this does it now.
        """
        keep = self._keep if keep is None else keep
        before = self._clock.now() - keep
        with turn(self.folder):
            merged = cleared = 0
            for table in self.tables.values():
                if table.there:
                    files = table.snapshot().files.height
                    merged += max(0, files - settle(table, table.snapshot(), pace=_ALL).files.height)
                    if keep <= LOGGED:
                        table.shorten_log()
                    cleared += clear(table, before=before)
            return Tidied(merged=merged, cleared=cleared)

    def verify(self, *, whole: bool = True) -> Verification:
        """Read every file that counts and say what is wrong with it; where not `whole`, only look at its size."""
        missing = ""
        try:
            tables = self.tables
            _ = self.there
        except IntegrityError as error:
            tables, missing = self._fixed, error.message
        found = verify(tables, whole=whole)
        return found.with_problem(missing) if missing else found

    def back_up(self, target: Path, *, progress: Progress | None = None) -> Backup:
        """Copy the lake as it is now into a folder of back-ups; what is there already isn't copied again."""
        files: dict[str, Path | bytes] = {}
        with turn(self.folder, reads=True):
            # Logs are small and change; data files stay as they are while they are copied.
            for table in (one for one in self.tables.values() if one.there):
                place = table.folder.relative_to(self.folder).as_posix()
                files |= {f"{place}/{path}": table.folder / path for path in table.snapshot().files["path"]}
                files |= {f"{place}/_delta_log/{path.name}": path.read_bytes() for path in table.log_files()}
                files[self._begun.place(table.folder).relative_to(self.folder).as_posix()] = b""
        return back_up(self.folder, files, target, at=self._clock.now(), progress=progress)

    def restore(self, target: Path, *, name: str = "", progress: Progress | None = None) -> tuple[Backup, Path | None]:
        """Put a back-up, the newest if none is named, in the place of this lake; the old one is kept beside it.

        Gives the back-up and the folder in which the old lake lies now, None where there was none.
        """
        with turn(self.folder) if self.folder.is_dir() else nullcontext():
            done = restore(target, self.folder, at=self._clock.now(), name=name, progress=progress)
        self.close()
        return done

    def query(self, sql: str, *, limit: int = 10_000, seconds: float = 30.0, memory_mb: int = 1_024) -> pl.DataFrame:
        """Answer one SELECT over the lake's tables; see `ara.data.lake.query.query`."""
        from ara.data.lake.query import query

        return query(self, sql, limit=limit, seconds=seconds, memory_mb=memory_mb)

    def close(self) -> None:
        """Let go of what was read; a lake that was closed can be used again."""
        silver = (self._silver.table, self._silver.withdrawals.table)
        facts = (self._facts.listed, *self._facts.tables.values())
        for table in (*silver, *facts, self._bronze.table, self._gold.listed):
            table.close()

    @property
    def _fixed(self) -> dict[str, Table]:
        """Give the tables that every lake has."""
        tables = {"bars": self._silver.table, **{str(kind): table for kind, table in self._facts.tables.items()}}
        tables |= {"instruments": self._facts.listed, "withdrawals": self._silver.withdrawals.table}
        return tables | {"bronze": self._bronze.table, "gold": self._gold.listed}

    def _table(self, name: str) -> Table:
        tables = self.tables
        if name not in tables:
            raise StoreError(f"The lake has no table {name[:60]!r}.", hint=f"It has {', '.join(tables)}.")
        return tables[name]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Wait for the turn to write; once a day, what ceased to count is cleared away behind it."""
        with turn(self.folder):
            yield
            clear_daily(self.folder, lambda: self.tables, now=self._clock.now(), keep=self._keep)
