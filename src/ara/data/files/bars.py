"""Bars and origins from a stranger's file: Parquet or CSV, whatever its types, checked before it is used.

Every refusal names the file, the column, the first row that is wrong (the first row of data is row 1), and what is
allowed.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from ara.data.files.columns import says_nothing
from ara.data.files.member import packed_as
from ara.data.files.panel import nobodys, one_table, whole
from ara.data.files.table import Reading, Table
from ara.data.stamps import ALLOWED, TEXT, as_utc, refused
from ara.errors import ValidationError

__all__ = ["LONGEST", "read_bars", "read_origins"]

LONGEST: Final = 30
"""The most bars ahead that an origin may ask for."""

_PRICE: Final = "a price: a number above 0"

_ROW: Final = "__row"

_NEEDED: Final = ("symbol", "ts", "close")

_OTHERS: Final = frozenset({".gz", ".zip", ".tsv", ".tab", ".psv", ".dat"})
"""What only the reader of an import opens."""


def read_bars(path: Path, *, plain: bool = False) -> pl.DataFrame:
    """Read the bars of one or many instruments.

    Parameters
    ----------
    path
        Columns `symbol`, `ts`, `close`, and where there are `open`, `high`, `low`, `volume`, `asset_class`; others are
        passed over. Rows may stand in any order. `ts` may be a date, a time with or without zone, in any unit, or text.
        A file that lacks one of the three may have any layout that an import reads; its closes are taken as they stand.
    plain
        Whether such a file is refused, where what else stands in it matters too.

    Returns
    -------
    pl.DataFrame
        Sorted by `symbol` and `ts`: `symbol`; `ts`, UTC, where midnight is the label of a session; `open high low
        close` as floats, where a missing open, high or low is the close; `volume`, null where there is none; and
        `asset_class` in the file's own words, empty where there are none.

    Raises
    ------
    ValidationError
        The file can't be read, lacks a column, or holds a value that no bar has; nothing is repaired.
    """
    if path.suffix.lower() in _OTHERS and not plain:
        return _brought(path)
    try:
        raw = _read(path, needed=_NEEDED, wanted=("open", "high", "low", "volume", "asset_class"))
    except ValidationError as error:
        if plain or "lacking" not in error.context:
            raise
        return _brought(path, error)
    frame = raw.select(
        _ROW,
        _symbols(raw, path),
        _times(raw, "ts", path),
        *_prices(raw, path),
        _volumes(raw, path),
        _words(raw, "asset_class"),
    )
    ordered = frame.sort("symbol", "ts", _ROW)
    _no_twins(ordered, path)
    return ordered.drop(_ROW)


def _brought(path: Path, lacking: ValidationError | None = None) -> pl.DataFrame:
    """Read the bars of a file of another layout, as an import does; what it lacks is said where that finds none."""
    member = one_table(path)
    try:
        table = Table(member, Reading())
    except ValidationError as error:
        raise (lacking or error) if " holds no bars: " in error.message else error from None
    if table.named and says_nothing(member.stem):
        raise nobodys(member, hint="Give it a column symbol, or name the file so: AAPL.csv")
    frame = whole(table, member.name).rename({"row": _ROW}).with_columns(pl.col("asset_class").fill_null(""))
    prices = [pl.col(name).fill_null(pl.col("close")) for name in ("open", "high", "low")]
    ordered = frame.select(_ROW, "symbol", "ts", *prices, "close", "volume", "asset_class").sort("symbol", "ts", _ROW)
    _no_twins(ordered, path)
    return ordered.drop(_ROW)


def read_origins(path: Path) -> pl.DataFrame:
    """Read what is to be forecast, and from where.

    Parameters
    ----------
    path
        Columns `symbol`, `origin` (the stamp of the last bar that may be used) and `horizon` (bars ahead, 1 to 30).

    Returns
    -------
    pl.DataFrame
        In the file's order: `symbol`, `origin` and `horizon` with the file's own values and types, for the answer, and
        `instant`, the origin as `read_bars` gives `ts`.

    Raises
    ------
    ValidationError
        As for `read_bars`.
    """
    raw = _read(path, needed=("symbol", "origin", "horizon"), wanted=())
    _symbols(raw, path)
    times = _times(raw, "origin", path).rename("instant")
    horizon = _numbers(raw, "horizon", path)
    wrong = horizon.is_null() | ~horizon.is_between(1, LONGEST) | (horizon != horizon.floor())
    _refuse_first(raw, wrong, "horizon", path, allowed=f"a whole number of bars from 1 to {LONGEST}")
    kept = raw["horizon"] if raw["horizon"].dtype.is_integer() else horizon.cast(pl.Int64)
    return raw.select("symbol", "origin", kept.rename("horizon"), times)


def _read(path: Path, *, needed: Iterable[str], wanted: Iterable[str]) -> pl.DataFrame:
    """Read the columns that matter, with the row's number beside them."""
    scan = _scan(path)
    try:
        there = scan.collect_schema().names()
        lacking = [name for name in needed if name not in there]
        if lacking:
            raise ValidationError(
                f"{path} has no column {' and no column '.join(lacking)}; it has {_listed(there)}.",
                hint=f"Give it the columns {', '.join(needed)}.",
                lacking=lacking,
            )
        columns = [name for name in (*needed, *wanted) if name in there]
        frame = scan.select(columns).with_row_index(_ROW, offset=1).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from error
    if frame.is_empty():
        raise ValidationError(f"{path} has no rows.", hint="Give it one row for each bar or origin.")
    return frame


def _scan(path: Path) -> pl.LazyFrame:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise _unreadable(path, error) from error
    if start == b"PAR1":
        return pl.scan_parquet(path, glob=False)
    if path.suffix.lower() in {".csv", ".txt"}:
        return pl.scan_csv(path, glob=False, infer_schema=False, null_values=["", "NA", "NaN", "nan", "null", "None"])
    if kind := packed_as(start):
        raise ValidationError(f"{path} can't be read: it is {kind[0]}.", hint=kind[1])
    raise ValidationError(
        f"{path} is no Parquet file: its first bytes are {start!r}, not b'PAR1'.",
        hint="Give a Parquet file, or a CSV file whose name ends in .csv.",
    )


def _unreadable(path: Path, error: Exception) -> ValidationError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
    return ValidationError(
        f"{path} can't be read: {reason.rstrip('.')}.", hint="Give a whole Parquet or CSV file that you may read."
    )


def _symbols(raw: pl.DataFrame, path: Path) -> pl.Series:
    column = raw["symbol"]
    if not isinstance(column.dtype, TEXT):
        raise _wrong_type(path, column, allowed="text")
    text = column.cast(pl.String)
    _refuse_first(raw, text.is_null() | (text.str.strip_chars() == ""), "symbol", path, allowed="a symbol")
    return text


def _times(raw: pl.DataFrame, name: str, path: Path) -> pl.Series:
    instants = as_utc(raw[name])
    if instants is None:
        raise _wrong_type(path, raw[name], allowed=ALLOWED)
    _refuse_first(raw, refused(instants), name, path, allowed=ALLOWED)
    return instants.rename(name)


def _prices(raw: pl.DataFrame, path: Path) -> list[pl.Series]:
    """Give open, high, low and close; the close where one of the others is missing."""
    close = _numbers(raw, "close", path)
    _refuse_first(raw, _impossible(close).fill_null(value=True), "close", path, allowed=_PRICE)
    found = []
    for name in ("open", "high", "low"):
        price = close.rename(name)
        if name in raw.columns:
            given = _numbers(raw, name, path).fill_nan(None)
            _refuse_first(raw, _impossible(given).fill_null(value=False), name, path, allowed=_PRICE)
            price = given.fill_null(close)
        found.append(price)
    return [*found, close]


def _impossible(price: pl.Series) -> pl.Series:
    return ~(price.is_finite() & (price > 0))


def _volumes(raw: pl.DataFrame, path: Path) -> pl.Series:
    if "volume" not in raw.columns:
        return pl.Series("volume", [None], pl.Float64).new_from_index(0, len(raw))
    found = _numbers(raw, "volume", path).fill_nan(None)
    wrong = (~(found.is_finite() & (found >= 0))).fill_null(value=False)
    _refuse_first(raw, wrong, "volume", path, allowed="a volume: a number from 0 up, or none")
    return found


def _words(raw: pl.DataFrame, name: str) -> pl.Series:
    if name not in raw.columns:
        return pl.Series(name, [""], pl.String).new_from_index(0, len(raw))
    return raw[name].cast(pl.String).fill_null("").rename(name)


def _numbers(raw: pl.DataFrame, name: str, path: Path) -> pl.Series:
    column = raw[name]
    if column.dtype == pl.Null or column.dtype.is_numeric():
        return column.cast(pl.Float64)
    if column.dtype != pl.String:
        raise _wrong_type(path, column, allowed="numbers")
    found = column.str.strip_chars().cast(pl.Float64, strict=False)
    _refuse_first(raw, found.is_null() & column.is_not_null(), name, path, allowed="a number")
    return found


def _no_twins(ordered: pl.DataFrame, path: Path) -> None:
    twins = ordered.filter((pl.col("symbol") == pl.col("symbol").shift()) & (pl.col("ts") == pl.col("ts").shift()))
    if twins.is_empty():
        return
    symbol, ts = twins.select("symbol", "ts").row(0)
    rows = ordered.filter(pl.col("symbol") == symbol, pl.col("ts") == ts)[_ROW].to_list()
    raise ValidationError(
        f"{path} has {len(rows)} bars of {symbol!a} at {ts:%Y-%m-%d %H:%M:%S} UTC, in the rows {_listed(rows)}.",
        hint="Keep one bar for each symbol and ts.",
        rows=rows[:12],
    )


def _refuse_first(raw: pl.DataFrame, wrong: pl.Series, name: str, path: Path, *, allowed: str) -> None:
    if not wrong.any():
        return
    place = wrong.arg_max() or 0
    value, row, count = raw[name][place], raw[_ROW][place], int(wrong.sum())
    more = f" and {count - 1:,} more" if count > 1 else ""
    said = "nothing" if value is None else ascii(value)[:60] if isinstance(value, str) else str(value)
    whose = f" ({raw['symbol'][place]!a:.40})" if name != "symbol" and raw["symbol"][place] is not None else ""
    raise ValidationError(
        f"{path}, column {name}, row {row}{whose}: {said}{more}; allowed is {allowed}.",
        hint="Correct or drop the row; no value is guessed.",
        column=name,
        row=row,
        count=count,
    )


def _wrong_type(path: Path, column: pl.Series, *, allowed: str) -> ValidationError:
    return ValidationError(
        f"{path}, column {column.name} is of the type {column.dtype}; allowed is {allowed}.",
        hint="Write the column again with that type.",
        column=column.name,
    )


def _listed(items: Iterable[object], most: int = 12) -> str:
    words = [text if text.isprintable() else ascii(text) for text in map(str, items)]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
