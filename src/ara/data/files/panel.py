"""Bars of a stranger's file to look at and not to keep: every row can be a bar, or the file is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from ara.data.files.columns import PRICES, symbol_of
from ara.data.files.member import Member, members
from ara.data.files.prices import possible
from ara.data.files.refusals import Refused
from ara.data.files.table import FRAME, Reading, Table
from ara.errors import ValidationError
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.calendar import calendar
from ara.market.hours import spans, stamped, step
from ara.market.instrument import Instrument
from ara.market.symbols import guess
from ara.market.timeframe import DAY, Timeframe

__all__ = ["FileBars", "nobodys", "one_table", "read_panel", "whole"]

_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBars:
    """Bars of one instrument as a file has them.

    Parameters
    ----------
    bars
        Ascending in time. A price that the file lacks is NaN, and so is a volume.
    stamps
        Of each bar, as the file has it, UTC.
    """

    bars: Bars
    stamps: pl.Series

    def until(self, moment: datetime) -> "FileBars":
        """Give those whose close was public at a moment."""
        known = self.bars.frame["known_at"] <= moment
        frame = self.bars.frame.filter(known)
        bars = Bars(instrument=self.bars.instrument, timeframe=self.bars.timeframe, basis=self.bars.basis, frame=frame)
        return FileBars(bars=bars, stamps=self.stamps.filter(known))


def read_panel(path: Path, *, symbol: str = "", timed: bool = False) -> dict[str, FileBars]:
    """Read the bars of a file in any layout that an import reads.

    Parameters
    ----------
    path
        One CSV or Parquet file, packed or not.
    symbol
        Whose bars they are, where no column says so; else what the file is called.
    timed
        Whether it matters when a bar was public, or how long it is: then bars of a length that is no timeframe, such
        as a month, are refused.

    Returns
    -------
    dict[str, FileBars]
        By symbol, in the order of the file.

    Raises
    ------
    ValidationError
        The file can't be read or holds no bars; or a row of it can't be one, and the message says which.
    """
    member = one_table(path)
    table = Table(member, Reading())
    if table.named and (symbol or not symbol_of(member.stem)):
        if not symbol:
            raise nobodys(member, hint="Give the symbol, or name the file so: AAPL.csv")
        table = Table(member, Reading(symbol=symbol))
    rows = whole(table, member.name)
    rows = rows.with_columns(pl.lit(None, pl.Float64).alias(role) for role in table.lacking)
    parts = rows.partition_by("symbol", maintain_order=True, as_dict=True)
    return {str(key): _bars(str(key), part, member.name, timed=timed) for (key,), part in parts.items()}


def one_table(path: Path) -> Member:
    """Give the only table that a path means.

    Raises
    ------
    ValidationError
        It means none, or several.
    """
    found, passed = members(path)
    if len(found) != 1:
        raise ValidationError(
            passed[0] if passed and not found else f"{path.name} means {len(found)} tables; one is read.",
            hint="Give one CSV or Parquet file.",
        )
    return found[0]


def nobodys(member: Member, *, hint: str) -> ValidationError:
    """Make the error for a table that doesn't say whose bars it holds."""
    words = f"{member.name} doesn't say whose bars it holds: no column does, and its name is no symbol."
    return ValidationError(words, hint=hint)


def whole(table: Table, name: str) -> pl.DataFrame:
    """Give all rows of a table, in the columns of `FRAME`.

    Raises
    ------
    ValidationError
        One can't be a bar, or there is none.
    """
    pieces = []
    for piece, report in table.frames():
        good, bad = possible(piece, name)
        for one in (*report, *bad, *_contrary(good, name)):
            raise ValidationError(f"{one.words}.", hint="Correct or drop the row; no value is guessed.")
        pieces.append(good)
    rows = pl.concat(pieces or [pl.DataFrame(schema=FRAME)])
    if rows.is_empty():
        raise ValidationError(f"{name} holds no bars: it has no rows.")
    return rows


def _contrary(rows: pl.DataFrame, name: str) -> Iterator[Refused]:
    """Report rows whose values contradict each other, or that trade less than nothing."""
    for wrong, reason in (
        (pl.col("high") < pl.col("low"), "its high is below its low"),
        (pl.col("volume") < 0, "its volume is below 0"),
    ):
        found = rows.filter(wrong)["row"]
        if len(found):
            yield Refused(file=name, reason=reason, count=len(found), rows=tuple(found.head(_EXAMPLES)))


def _bars(symbol: str, rows: pl.DataFrame, name: str, *, timed: bool) -> FileBars:
    instrument = guess(symbol, next((word for word in rows["asset_class"].drop_nulls() if word), ""))
    rows = rows.sort("ts", "row")
    twin = rows.filter(pl.col("ts") == pl.col("ts").shift())
    if twin.height:
        both = rows.filter(pl.col("ts") == twin["ts"][0])["row"].to_list()
        raise ValidationError(
            f"{name} has {len(both)} bars of {symbol} at {twin['ts'][0]:%Y-%m-%d %H:%M:%S} UTC,"
            f" in the rows {', '.join(map(str, both[:_EXAMPLES]))}.",
            hint="Keep one bar for each symbol and time.",
        )
    length, hours = _hours(rows["ts"], instrument, timed=timed)
    prices = rows.select(pl.col(*PRICES, "volume").fill_null(float("nan")))
    frame = pl.concat([hours, prices], how="horizontal").with_columns(
        learned_at=pl.col("known_at"),
        source=pl.lit(f"file:{name}"),
        quality=pl.lit(1.0),
        imputed=pl.lit(value=False),
        votes=pl.lit(1, pl.Int64),
    )
    frame = frame.select(pl.col(column).cast(kind) for column, kind in SCHEMA.items())
    bars = Bars(instrument=instrument, timeframe=length, basis=Basis.RAW, frame=frame)
    return FileBars(bars=bars, stamps=rows["ts"])


def _hours(stamps: pl.Series, instrument: Instrument, *, timed: bool) -> tuple[Timeframe, pl.DataFrame]:
    """Give how long the bars are, and when each opened and was known."""
    venue = calendar(instrument.calendar)
    try:
        length = step(stamps)
    except ValidationError as error:
        if timed:
            raise ValidationError(f"{instrument.symbol}: {error.message}.", hint=error.hint) from None
        return DAY, pl.DataFrame({"at": stamps, "known_at": stamps + timedelta(days=1)})
    return length, spans(stamps, venue, length, stamped=stamped(stamps, venue) if length == DAY else "open")
