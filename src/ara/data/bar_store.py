"""Where bars and facts are kept: what every bar store can do, and which one a setting means.

A bar store is synchronous, because its work is files or one server's answers; whoever runs an event loop calls it by
`asyncio.to_thread`. It may be used by any number of threads and processes at once. Two keep alike what they are given:
the lake (`ara.data.lake`), files of one machine, and PostgreSQL (`ara.data.timescale`), which several machines share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import polars as pl

from ara.clock import Clock
from ara.data.provider import Kind
from ara.market.instrument import Instrument

if TYPE_CHECKING:
    from ara.settings import Settings

__all__ = [
    "BROUGHT",
    "CATALOGUE",
    "ROWS",
    "WITHDRAWN",
    "Appended",
    "BarStore",
    "Received",
    "open_bar_store",
    "untouched",
]

_INSTANT: Final = pl.Datetime("us", "UTC")

ROWS: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "asset_class": pl.String(),
        "timeframe": pl.String(),
        "source": pl.String(),
        "at": _INSTANT,
        "known_at": _INSTANT,
        "learned_at": _INSTANT,
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "close": pl.Float64(),
        "volume": pl.Float64(),
        "adjusted": pl.Float64(),
        "basis": pl.String(),
        "quality": pl.Float64(),
        "imputed": pl.Boolean(),
        "fetch": pl.String(),
    }
)
"""Columns of kept bars, one row for each bar as it was published: whose it is, `source` who said so, `at` its open,
`known_at` when its close was public, `learned_at` when Ara received it, prices and volume as published, `adjusted` the
close after the splits and dividends that the source knew of, `basis` what the prices are adjusted for (`raw`, `split`,
`total`), `quality` from 0 to 1, `imputed` whether it was repaired, `fetch` the id of the payloads it was read from,
empty where none were kept."""

CATALOGUE: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "asset_class": pl.String(),
        "timeframe": pl.String(),
        "source": pl.String(),
        "basis": pl.String(),
        "bars": pl.Int64(),
        "first": _INSTANT,
        "last": _INSTANT,
        "learned_at": _INSTANT,
        "corrections": pl.Int64(),
    }
)
"""Columns of a catalogue, one row for each series: `bars` counts bars, not revisions, of which `corrections` counts
those after the first; `first` and `last` are opens, `learned_at` the latest receipt."""


WITHDRAWN: Final = pl.Schema(
    {"symbol": pl.String(), "source": pl.String(), "fetch": pl.String(), "learned_at": _INSTANT}
)
"""Columns of withdrawals: what a fetch brought of a symbol under the name of a source, and when it was taken back."""

BROUGHT: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "source": pl.String(),
        "timeframe": pl.String(),
        "fetch": pl.String(),
        "bars": pl.Int64(),
        "first": _INSTANT,
        "last": _INSTANT,
        "learned_at": _INSTANT,
    }
)
"""Columns of what fetches and imports brought: how many bars that still stand, the opens of the first and last of them,
and the latest receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of the rows given to `BarStore.append`.

    Parameters
    ----------
    new
        Bars that were not there.
    corrected
        Bars that were there with other values; both revisions are kept.
    same
        Rows that said what was known; nothing was written for them.
    each
        How many bars of a symbol were new and how many corrected, for every symbol that had any.
    """

    new: int
    corrected: int
    same: int
    each: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, rows: pl.DataFrame, fresh: pl.DataFrame) -> "Appended":
        """Count what was given against what was written, whose flag `corrects` tells corrections."""
        corrected = pl.col("corrects").sum().cast(pl.Int64)
        counts = fresh.group_by("symbol").agg((pl.len().cast(pl.Int64) - corrected).alias("new"), corrected)
        each = {symbol: (new, corrects) for symbol, new, corrects in counts.iter_rows()}
        total = int(fresh["corrects"].sum())
        return cls(new=fresh.height - total, corrected=total, same=rows.height - fresh.height, each=each)

    def __add__(self, other: "Appended") -> "Appended":
        each = dict(self.each)
        for symbol, (new, corrected) in other.each.items():
            before = each.get(symbol, (0, 0))
            each[symbol] = (before[0] + new, before[1] + corrected)
        return Appended(
            new=self.new + other.new, corrected=self.corrected + other.corrected, same=self.same + other.same, each=each
        )


class Received(Protocol):
    """An answer as it came over the wire; `ara.data.access.Payload` is one."""

    @property
    def source(self) -> str:
        """Name of the provider."""
        ...

    @property
    def url(self) -> str:
        """What was asked, without secrets."""
        ...

    @property
    def at(self) -> datetime:
        """When it was received."""
        ...

    @property
    def status(self) -> int:
        """Its HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that were kept."""
        ...

    @property
    def body(self) -> bytes:
        """The answer itself."""
        ...

    @property
    def sha256(self) -> str:
        """The sha256 of the body, in hex."""
        ...


class BarStore(Protocol):
    """Payloads, bars and facts of one place; all of it is only ever added to."""

    def keep(self, payloads: Sequence[Received]) -> str:
        """Keep answers as they were received, each body once, and give the id of this fetch.

        The id is the sha256 over the payloads' own; the same answers have the same id. Empty for no payloads.
        """
        ...

    def fetched(self, fetch: str) -> pl.DataFrame:
        """Give the payloads of a fetch with their bodies, in the order in which they came; none for an unknown id.

        Columns: `fetch`, `place`, `sha256`, `source`, `url`, `at`, `status`, `headers` (JSON), `body`, and `mark`, the
        number by which they are searched.
        """
        ...

    def keep_all(self, fetches: Sequence[Sequence[Received]]) -> list[str]:
        """Keep the answers of several fetches as `keep` does, at once, and give the id of each."""
        ...

    def append(self, rows: pl.DataFrame) -> Appended:
        """Keep bars as published (columns `ROWS`), of any number of instruments and in any order.

        Only what is new or differs is written, all of it or nothing: a row says the same where every column but
        `adjusted`, `quality`, `learned_at` and `fetch` equals the latest revision of its bar, numbers to 1e-6 of their
        size. A correction is a new row; where it claims to have been learned no later than what it corrects, it counts
        as learned a microsecond after it, so that what was seen as of a moment stays as it was.
        """
        ...

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
        """Give the latest revision of each bar of each source, in `ROWS`, sorted by source and time.

        Parameters
        ----------
        symbol
            Ara's spelling.
        timeframe
            As text: `1d`.
        start, end
            Only bars that opened at or after `start` and before `end`.
        known_by
            Only bars whose close was public then.
        learned_by
            Only revisions that Ara had received then.
        sources
            Only these sources.
        """
        ...

    def revisions(self, symbol: str, timeframe: str, *, start: datetime, end: datetime) -> pl.DataFrame:
        """Give every row ever kept of the bars that opened in `start <= at < end`, by source, time and receipt."""
        ...

    def brought(self, *, fetch: str = "", source: str = "") -> pl.DataFrame:
        """Give what stands of the bars that a fetch or a source brought, in `BROUGHT`, by symbol and source."""
        ...

    def withdraw(self, rows: pl.DataFrame) -> None:
        """Take back what fetches brought (columns `WITHDRAWN`); the bars stay, and are seen as of a moment before it.

        From then on every view shows what it would show had they never been received by then. What is received again
        afterwards stands again.
        """
        ...

    def withdrawals(self, symbol: str = "", *, learned_by: datetime | None = None) -> pl.DataFrame:
        """Give what was withdrawn, in `WITHDRAWN`, everybody's where no symbol is given."""
        ...

    def append_facts(self, kind: Kind, symbol: str, source: str, frame: pl.DataFrame) -> int:
        """Keep actions, facts or rates of one symbol as a source told them (columns of `SCHEMAS`); count what was new.

        What says the same as the latest revision is dropped. The symbol of rates is their base.
        """
        ...

    def append_all_facts(self, kind: Kind, frame: pl.DataFrame) -> int:
        """Keep facts of many as `append_facts` does, at once: `symbol` and `source`, then the columns of the kind."""
        ...

    def facts(
        self,
        kind: Kind,
        symbol: str = "",
        *,
        known_by: datetime | None = None,
        learned_by: datetime | None = None,
    ) -> pl.DataFrame:
        """Give the latest revision of each action, fact or rate: `symbol`, `source` and the columns of its kind.

        Parameters
        ----------
        kind
            `Kind.ACTIONS`, `Kind.FACTS` or `Kind.RATES`.
        symbol
            Whose; everybody's where none is given.
        known_by
            Only what was public then.
        learned_by
            Only what Ara had received then.
        """
        ...

    def put_instruments(self, instruments: Sequence[Instrument], *, source: str, learned_at: datetime) -> None:
        """Keep what a source says of instruments; those that say nothing new are dropped."""
        ...

    def instruments(self, query: str = "") -> list[Instrument]:
        """Give the instruments, as last told, whose symbol or name holds the query, by symbol; all for none."""
        ...

    def lasts(self, timeframe: str, *, known_by: datetime | None = None) -> pl.DataFrame:
        """Give the newest bar of every symbol and source, in `ROWS`, sorted by symbol and source."""
        ...

    def catalogue(self) -> pl.DataFrame:
        """Give one row for each series that is kept, in `CATALOGUE`, sorted by its first four columns."""
        ...

    def close(self) -> None:
        """Let go of files and connections; closing twice is no fault."""
        ...


def untouched(settings: "Settings") -> bool:
    """Say whether no bar can be kept yet: a lake is meant, and it has no folder. It costs one look."""
    try:
        _lake(settings).lstat()
    except FileNotFoundError:
        return not settings.data.bars
    except OSError:  # the store will say what is wrong
        pass
    return False


def _lake(settings: "Settings") -> Path:
    return Path(settings.data.lake) if settings.data.lake else Path(settings.home) / "lake"


def open_bar_store(settings: "Settings", *, clock: Clock) -> BarStore:
    """Give the bar store that `data.bars` and `data.lake` name; nothing is touched before its first use.

    Parameters
    ----------
    settings
        `data.bars`: empty for the lake, or `postgresql://…`; `data.lake`: its folder, empty for `lake` in `home`.
    clock
        Tells the time of upkeep.

    Raises
    ------
    ConfigurationError
        `data.bars` names a server whose driver is not installed.
    """
    url = settings.data.bars
    if url:
        from ara.data.timescale import TimescaleStore

        return TimescaleStore(url, clock=clock)
    from ara.data.lake import Lake

    return Lake.at(_lake(settings), clock=clock, keep=timedelta(days=settings.data.lake_days))
