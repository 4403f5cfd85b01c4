"""Where bars come from: a file, an older copy of it, or whatever can be asked for what it knew at a moment."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from ara.data.files import read_bars
from ara.errors import AuditError
from ara.market.calendar import calendar
from ara.market.hours import spans, stamped, step
from ara.market.symbols import guess

__all__ = ["Source", "due"]

_BARS: Final = frozenset(
    {"symbol", "ts", "open", "high", "low", "close", "volume", "asset_class", "known_at", "__index_level_0__"}
)
_INSTANT: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that gives bars.

    Parameters
    ----------
    name
        What it is called.
    read
        Gives what it says of the past when it is asked at a moment, or today for None: `symbol`, `ts`, `open`, `high`,
        `low`, `close`, `volume`, `asset_class`; and where there are, `known_at` and `due`, when the bar's close was
        public by the source's own words and by the calendar.
    older
        What it said some time ago, where such a copy is there.
    beside
        The numbers that a file has beside its bars, by `symbol` and `ts`; None where there are none.
    unseen
        Names of its columns that hold something else.
    replays
        Whether `read` gives another past at another moment; a file does not.
    """

    name: str
    read: Callable[[datetime | None], pl.DataFrame]
    older: pl.DataFrame | None = None
    beside: pl.DataFrame | None = None
    unseen: tuple[str, ...] = ()
    replays: bool = True

    @classmethod
    def of_file(cls, path: Path, *, older: Path | None = None) -> "Source":
        """Make one of a file, and of an older copy of it."""
        bars = due(read_bars(path, plain=True))
        raw = _raw(path)
        known, others, unseen = _stamps(raw), *_others(raw)
        if known is not None:
            bars = bars.join(known, on=["symbol", "ts"], how="left", maintain_order="left")
        then = read_bars(older, plain=True) if older else None
        return cls(name=path.name, read=lambda _: bars, older=then, beside=others, unseen=unseen, replays=False)


def due(bars: pl.DataFrame) -> pl.DataFrame:
    """Add when each bar's close was public at the earliest, by its instrument's calendar."""
    parts = []
    for (symbol,), own in bars.group_by(["symbol"], maintain_order=True):
        instrument = replace(guess(str(symbol), own["asset_class"][0] or ""), symbol=str(symbol))
        venue = calendar(instrument.calendar)
        hours = spans(own["ts"], venue, step(own["ts"]), stamped=stamped(own["ts"], venue))
        parts.append(own.with_columns(pl.col("symbol").cast(pl.String), due=hours["known_at"]))
    if not parts:
        raise AuditError("there are no bars to audit", hint="Name a file or a source that has some.")
    return pl.concat(parts)


def _raw(path: Path) -> pl.DataFrame | None:
    """Give a file as it is; None where it is of another kind."""
    if path.suffix == ".csv":
        return pl.read_csv(path, glob=False, try_parse_dates=True, infer_schema_length=None)
    return _parquet(path)


def _others(raw: pl.DataFrame | None) -> tuple[pl.DataFrame | None, tuple[str, ...]]:
    """Give the columns of numbers, or of yes and no, that no bar has, and the names of all others."""
    names = [name for name in (raw.columns if raw is not None else ()) if name not in _BARS]
    if raw is None or not names:
        return None, ()
    dated = "symbol" in raw.columns and isinstance(raw.schema["ts"], pl.Datetime | pl.Date)
    numbers = [name for name in names if dated and (raw.schema[name].is_numeric() or raw.schema[name] == pl.Boolean)]
    unseen = tuple(name for name in names if name not in numbers)
    if not numbers:
        return None, unseen
    return raw.select(pl.col("symbol").cast(pl.String), _utc(raw, "ts"), *numbers), unseen


def _stamps(raw: pl.DataFrame | None) -> pl.DataFrame | None:
    """Give what a file itself says of when its bars were known; None where it has no such column of times."""
    columns = {"ts", "known_at", "symbol"}
    if raw is None or not columns <= set(raw.columns):
        return None
    if not all(isinstance(raw.schema[name], pl.Datetime | pl.Date) for name in ("ts", "known_at")):
        return None
    times = [_utc(raw, name) for name in ("ts", "known_at")]
    return raw.select(pl.col("symbol").cast(pl.String), *times).unique(["symbol", "ts"], keep="first")


def _parquet(path: Path) -> pl.DataFrame | None:
    return pl.read_parquet(path, glob=False) if path.suffix in {".parquet", ".pq"} else None


def _utc(frame: pl.DataFrame, name: str) -> pl.Expr:
    kind = frame.schema[name]
    column = pl.col(name).cast(pl.Datetime("us", kind.time_zone) if isinstance(kind, pl.Datetime) else _INSTANT)
    if isinstance(kind, pl.Datetime) and kind.time_zone is None:
        return column.dt.replace_time_zone("UTC")
    return column.dt.convert_time_zone("UTC")
