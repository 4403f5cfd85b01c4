"""A column of dated numbers: returns of a strategy, or what an account was worth."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import polars as pl

from ara.data.files.member import Member, members, unreadable
from ara.data.files.numbers import as_numbers, style
from ara.data.files.text import blocks, chunks, dialect
from ara.data.files.times import instants, orders, plan
from ara.data.stamps import refused
from ara.errors import ValidationError

__all__ = ["Dated", "read_dated"]

_Kind = Literal["returns", "percent", "equity"]

_DATES: Final = frozenset({"date", "datetime", "timestamp", "time", "day", "ts", "at", "dt", "stamp", "index", ""})
_RETURNS: Final = frozenset({"return", "returns", "ret", "rets", "pnlpct", "change", "dailyreturn", "strategy"})
_EQUITY: Final = frozenset(
    {"equity", "value", "nav", "balance", "wealth", "portfoliovalue", "total", "close", "adjclose", "price", "worth"}
)
_MOST: Final = 2_000_000
_LISTED: Final = 8
_USUAL: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Numbers with their dates, ascending.

    Parameters
    ----------
    name
        The file.
    column
        Which column of it.
    kind
        What the numbers are; those in percent were divided by 100 and are returns now.
    days
        When each is of, UTC; a date without a time of day is its midnight.
    values
        The numbers.
    missing
        Rows that hold no number and were left out.
    guessed
        Whether `kind` was told by the column's name or its numbers, not by the caller.
    """

    name: str
    column: str
    kind: Literal["returns", "equity"]
    days: tuple[datetime, ...]
    values: tuple[float, ...]
    missing: int
    guessed: bool


def read_dated(path: Path, *, column: str = "", kind: str = "", dates: str = "") -> Dated:
    """Read a column of dated numbers from a CSV or Parquet file, packed or not.

    Parameters
    ----------
    path
        The file; it has a column of dates and one of numbers.
    column
        Which; empty: the one that is called like a return or a worth, or the only one of numbers.
    kind
        "returns", "percent" or "equity"; empty: by the column's name, else by its numbers: with one that is not above
        0 they are returns, and where cells say % they are percent. Returns that would be 20 % and more as a rule are
        not guessed to be any.
    dates
        Order of day and month, `dmy` or `mdy`, where the file doesn't tell.

    Raises
    ------
    ValidationError
        The file can't be read, has no such column, a date or number can't be read or stands twice, or it has fewer
        than two rows.
    """
    if kind not in {"", "returns", "percent", "equity"}:
        raise ValidationError(f"The numbers are {kind!r:.20}.", hint="Allowed: returns, percent or equity.")
    if dates not in {"", "dmy", "mdy"}:
        raise ValidationError(f"The order of dates is {dates[:20]!a}.", hint="Allowed: dmy or mdy.")
    sole = _sole(path)
    table, delimiter = _table(sole)
    stamp, number = _chosen(table, column, delimiter, sole.name)
    days = _days(table[stamp], dates, sole.name)
    texts = [table[number]] if table[number].dtype == pl.String else []
    values, wrong = as_numbers(table[number], style(texts, delimiter))
    wrong |= values.is_infinite().fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise ValidationError(
            f"{sole.name}, row {row + 1}: {number} is {str(table[number][row])[:20]!a}.", hint="Give it numbers."
        )
    signed = bool(texts) and bool(table[number].str.contains("%", literal=True).any())
    rows = pl.DataFrame({"day": days, "value": values}).filter(pl.col("value").is_not_null()).sort("day")
    _whole(rows, sole.name)
    told: _Kind = kind or _kind(number, rows["value"], signed=signed)  # type: ignore[assignment]
    if not kind and told == "returns":
        _shares(rows["value"], signed=signed, what=f"{number} of {sole.name}")
    scale = 100.0 if told == "percent" or (signed and told == "returns") else 1.0
    return Dated(
        name=sole.name,
        column=number,
        kind="equity" if told == "equity" else "returns",
        days=tuple(rows["day"].to_list()),
        values=tuple((rows["value"] / scale).to_list()),
        missing=len(values) - len(rows),
        guessed=not kind,
    )


def _sole(path: Path) -> Member:
    """Give the one table of a file; a folder is not looked through, which may hold anything."""
    if path.is_dir():
        raise ValidationError(f"{path} is a folder.", hint="Give one CSV or Parquet file.")
    found, _ = members(path)
    if len(found) != 1:
        raise ValidationError(f"{path} holds {len(found)} tables.", hint="Give one CSV or Parquet file.")
    return found[0]


def _shares(values: pl.Series, *, signed: bool, what: str) -> None:
    """Refuse to guess where returns as they stand would be beyond all that happens: they may be percent."""
    usual = values.filter(values != 0).abs().median()
    if not signed and isinstance(usual, float) and usual > _USUAL:
        raise ValidationError(
            f"A usual return in {what} would be {usual * 100:,.0f} %.",
            hint="Say what they are: --kind percent, or --kind returns if it is so, or --kind equity.",
        )


def _whole(rows: pl.DataFrame, name: str) -> None:
    if len(rows) < 2:
        raise ValidationError(f"{name} has {len(rows)} dated numbers.", hint="Two are the least that can be measured.")
    twice = rows["day"].is_duplicated()
    if twice.any():
        day = rows["day"].filter(twice)[0]
        raise ValidationError(f"{name} has {day:%Y-%m-%d %H:%M} twice.", hint="Give each date once.")


def _table(member: Member) -> tuple[pl.DataFrame, str]:
    """Give a table with its columns by their names, as text where it is text."""
    try:
        with member.open() as stream:
            start = stream.read(4)
        if start == b"PAR1":
            with member.open() as stream:
                table = pl.read_parquet(io.BytesIO(stream.read()), n_rows=_MOST + 1)
            delimiter = ","
        else:
            table, delimiter = _text(member)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(member.name, error) from None
    if not len(table) or len(table) > _MOST:
        raise ValidationError(f"{member.name} has {len(table):,} rows.", hint=f"Give 2 to {_MOST:,}.")
    return table, delimiter


def _text(member: Member) -> tuple[pl.DataFrame, str]:
    with member.open() as stream:
        start = next(chunks(stream), b"")
    if b"\x00" in start[:4096]:
        raise ValidationError(f"{member.name} is neither text nor Parquet.", hint="Give one CSV or Parquet file.")
    written = dialect(start)
    names = written.names or tuple(f"column {place + 1}" for place in range(written.width))
    table = pl.DataFrame()
    with member.open() as stream:
        for block in blocks(stream, written, member.name):
            table = table.vstack(block) if table.width else block
            if len(table) > _MOST:
                break
    unique = [name if name not in names[:place] else f"{name}.{place}" for place, name in enumerate(names)]
    renamed = {f"c{place}": name for place, name in enumerate(unique)}
    return table.select(list(renamed)).rename(renamed) if table.width else table, written.delimiter


def _chosen(table: pl.DataFrame, column: str, delimiter: str, name: str) -> tuple[str, str]:
    """Give the names of the columns of dates and of numbers."""
    stamp = next((one for one in table.columns if _plain(one) in _DATES and _dated(table[one])), None)
    stamp = stamp or next((one for one in table.columns if _dated(table[one])), None)
    listed = ", ".join(one[:30] for one in table.columns[:_LISTED])
    if stamp is None:
        raise ValidationError(f"{name} has no column of dates; it has {listed}.", hint="Dates look like 2020-12-31.")
    numbers = {one: _numeric(table[one], delimiter) for one in table.columns if one != stamp}
    if column:
        if column not in numbers:
            raise ValidationError(f"{name} has no column {column[:30]!a}; it has {listed}.", hint="Name one: --column")
        return stamp, column
    possible = [one for one, good in numbers.items() if good]
    for words in (_RETURNS, _EQUITY):
        for one in possible:
            if _plain(one) in words:
                return stamp, one
    if len(possible) == 1:
        return stamp, possible[0]
    if not possible:
        raise ValidationError(
            f"{name} has no column that holds numbers alone; it has {listed}.",
            hint="Name the one that is meant, and it is said what is wrong there: --column",
        )
    raise ValidationError(
        f"{name} has {len(possible)} columns that may be meant; it has {listed}.", hint="Name one: --column"
    )


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def _dated(column: pl.Series) -> bool:
    if isinstance(column.dtype, pl.Date | pl.Datetime):
        return True
    if column.dtype != pl.String:
        return False
    head = column.drop_nulls().head(50)
    shape = r"^\s*(\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}|\d{1,2}[-/. ]\w{1,3}[-/. ]\d{2,4})"
    return bool(len(head)) and bool(head.str.contains(shape).all())


def _numeric(column: pl.Series, delimiter: str) -> bool:
    if column.dtype == pl.String:
        head = column.head(1000)
        return bool(head.count()) and not as_numbers(head, style([head], delimiter))[1].any()
    return column.dtype.is_numeric()


def _days(column: pl.Series, dates: str, name: str) -> pl.Series:
    found, changed = instants(column, plan(column, orders(column), dates=dates, zone="", name=name))
    wrong = refused(found) | changed
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise ValidationError(
            f"{name}, row {row + 1}: {str(column[row])[:20]!a} is no date.", hint="Dates look like 2020-12-31."
        )
    return found


def _kind(column: str, values: pl.Series, *, signed: bool) -> _Kind:
    plain = _plain(column)
    if plain in _EQUITY:
        return "equity"
    if signed:
        return "percent"
    return "returns" if plain in _RETURNS or bool((values <= 0).any()) else "equity"
