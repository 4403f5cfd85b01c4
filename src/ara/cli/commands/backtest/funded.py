"""`ara backtest --funding FILE`: what venues charged for holding perpetual coins."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    import polars as pl

    from ara.trading import Tape

__all__ = ["funded"]

_HINT = "It has the columns at (2021-01-01T08:00:00Z), rate (0.0001) and, for several coins, symbol."


def funded(tapes: "Mapping[str, Tape]", file: str) -> "dict[str, Tape]":
    """Give the tapes with the funding that a CSV or Parquet file tells of their coins; as they are without a file.

    Raises
    ------
    ValidationError
        The file is none, lacks a column, tells of none of the coins, or of a moment or a rate that is none.
    """
    from ara.market.instrument import AssetClass
    from ara.trading.funding import facts

    if not file:
        return dict(tapes)
    frame, found = _read(file), dict(tapes)
    coins = {symbol for symbol, tape in tapes.items() if tape.instrument.asset_class is AssetClass.CRYPTO}
    if "symbol" not in frame.columns:
        if len(coins) > 1:
            raise ValidationError(f"--funding: the file names no symbol, and there are {len(coins)} coins.", hint=_HINT)
        told = dict.fromkeys(coins, frame)
    else:
        told = {str(name): own for (name,), own in frame.group_by("symbol") if str(name) in coins}
    if not told:
        raise ValidationError("--funding tells of none of the coins that are traded.", hint=_HINT)
    for symbol, own in told.items():
        rows = own.sort("at")
        known = facts(rows["at"].dt.epoch("us").to_numpy(), rows["rate"].to_numpy())
        found[symbol] = replace(tapes[symbol], funding=known)
    return found


def _read(file: str) -> "pl.DataFrame":
    import polars as pl

    path = Path(file)
    if not path.is_file():
        raise ValidationError(f"--funding: there is no file {clean(file)!r}.", hint="Check the path.")
    try:
        frame = pl.read_parquet(path) if path.suffix.lower() == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, UnicodeError):
        raise ValidationError(f"--funding: {clean(file)!r} is no CSV and no Parquet.", hint=_HINT) from None
    if lacking := [name for name in ("at", "rate") if name not in frame.columns]:
        raise ValidationError(f"--funding: the file has no column {lacking[0]}.", hint=_HINT)
    at = pl.col("at")
    if frame.schema["at"] == pl.String:
        at = at.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    try:
        frame = frame.with_columns(
            at.cast(pl.Datetime("us", "UTC")), pl.col("rate").cast(pl.Float64, strict=False).fill_nan(None)
        )
    except pl.exceptions.PolarsError:
        raise ValidationError("--funding: the column at holds no moments.", hint=_HINT) from None
    for name in ("at", "rate"):
        if frame[name].has_nulls():
            row = int(frame[name].is_null().arg_max() or 0) + 1
            raise ValidationError(f"--funding: row {row} has no {name} that can be read.", hint=_HINT)
    return frame
