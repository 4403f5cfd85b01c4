"""The lake: Delta tables of payloads, bars and facts in one folder."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from ara.clock import Clock
from ara.data.bar_store import Appended, Received
from ara.data.lake.bronze import Bronze
from ara.data.lake.facts import Facts
from ara.data.lake.silver import Silver
from ara.data.lake.turn import turn
from ara.data.provider import Kind
from ara.market.instrument import Instrument

__all__ = ["Lake"]


class Lake:
    """A bar store in a folder of this machine; see `ara.data.bar_store.BarStore`.

    Parameters
    ----------
    folder
        Where it lies; made by the first write.
    clock
        Times files and upkeep.
    """

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._bronze = Bronze(folder / "bronze", clock=clock)
        self._silver = Silver(folder / "silver", clock=clock)
        self._facts = Facts(folder / "silver", clock=clock)

    @classmethod
    def at(cls, folder: Path, *, clock: Clock) -> "Lake":
        """Give the lake of a folder; nothing is touched before the first use."""
        return cls(folder, clock=clock)

    @property
    def there(self) -> bool:
        """Whether the lake holds any bar; a look at one folder."""
        return self._silver.table.there

    def keep(self, payloads: Sequence[Received]) -> str:
        """Keep answers as they were received; see `BarStore.keep`."""
        if not payloads:
            return ""
        with turn(self.folder):
            return self._bronze.keep(payloads)

    def fetched(self, fetch: str) -> pl.DataFrame:
        """Give the payloads of a fetch with their bodies; see `BarStore.fetched`."""
        return self._bronze.fetched(fetch)

    def append(self, rows: pl.DataFrame) -> Appended:
        """Keep bars as published; see `BarStore.append`."""
        with turn(self.folder):
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

    def append_facts(self, kind: Kind, symbol: str, source: str, frame: pl.DataFrame) -> int:
        """Keep actions, facts or rates; see `BarStore.append_facts`."""
        with turn(self.folder):
            return self._facts.append(kind, symbol, source, frame=frame)

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

    def close(self) -> None:
        """Let go of what was read; a lake that was closed can be used again."""
        for table in (self._silver.table, self._bronze.table, self._facts.listed, *self._facts.tables.values()):
            table.close()
