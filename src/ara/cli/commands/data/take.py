"""`ara data query` and `export`: bars out of the store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.data.asked import (
    Failure,
    counted,
    ended,
    failures_document,
    found,
    lake,
    moment,
    tell_withdrawn,
    timeframe,
    with_market,
    writable,
)
from ara.cli.screen import screen
from ara.errors import AraError, StoreError
from ara.whole import writing

if TYPE_CHECKING:
    import polars as pl

    from ara.data.feed import MarketData

__all__ = ["export", "query"]

_KINDS = (".csv", ".parquet", ".json")


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT")],
    limit: Annotated[str, typer.Option("--limit", "-n", metavar="N", help="At most so many rows")] = "100",
    seconds: Annotated[str, typer.Option("--seconds", metavar="N", help="At most so long")] = "30",
) -> None:
    """Ask the lake in SQL; it can only be read.

    ::

        ara data query "select count(*) as bars from bars"
        ara data query 'select "at", close from bars' --limit 5
        ara data query "select * from actions" --json

    The tables: bars, revisions, withdrawals, actions, facts, rates, instruments, bronze, and gold.NAME. Times are UTC.
    """
    from ara.cli.render.rows import rows, rows_document

    s = screen()
    s.settings()
    most, patience = counted(limit, "--limit"), counted(seconds, "--seconds", most=3_600)
    kept = lake(s, "ara data query")
    try:
        with s.progress("Asking"):
            memory = s.settings().data.query_mb
            found = kept.query(sql, limit=most + 1, seconds=float(patience), memory_mb=memory)
    finally:
        kept.close()
    cut = found.height > most
    s.result(rows_document(found.head(most), cut=cut), lambda: rows(found.head(most), s))
    if cut:
        s.note(f"There are more rows; these are the first {most:,}. For more: --limit N")


def export(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="AAPL, BTC-USD, EURUSD, ^GSPC and so on")],
    target: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Ends in .csv, .parquet or .json")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Only what was public then; an instant needs its zone")
    ] = None,
    learned: Annotated[
        str | None, typer.Option("--learned", metavar="DATE", help="Only what Ara had received then")
    ] = None,
    step: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    repaired: Annotated[
        bool,
        typer.Option("--repaired", help="Bars that can't be are put right where two witnesses say how, and marked"),
    ] = False,
) -> int:
    """Write the bars of instruments to a file.

    ::

        ara data export AAPL --out aapl.csv
        ara data export AAPL MSFT BTC-USD --out bars.parquet
        ara data export AAPL --as-of 2020-08-28 --out then.json

    One row for each bar, adjusted to its instrument's last one; times in UTC. An older file stays until the new one is
    whole.
    """
    s = screen()
    s.settings()
    path, wanted = writable(target, "--out", _KINDS), timeframe(step)
    by, received = moment(as_of, "--as-of"), moment(learned, "--learned")

    async def ask(market: "MarketData") -> "tuple[list[pl.DataFrame], list[Failure]]":
        instruments, failures = await found(market, symbols)
        frames = []
        for place, one in enumerate(instruments):
            progress(place, words=f"Reading {one.symbol}")
            try:
                seen = await market.bars(one, wanted, as_of=by, learned=received, repaired=repaired)
            except AraError as error:
                failures.append(Failure(symbol=one.symbol, error=error))
            else:
                frames.append(_named(seen.frame, one.symbol, str(wanted), seen.basis.value))
        await tell_withdrawn(market, failures)
        return frames, failures

    with s.progress("Reading", len(symbols)) as progress:
        frames, failures = with_market(s, ask)
    if not frames:
        raise failures[0].error
    count = sum(frame.height for frame in frames)
    _write(path, frames)
    data: dict[str, Any] = {"schema": 1, "file": str(path), "symbols": len(frames), "bars": count}
    s.result({**data, **failures_document(failures)}, lambda: _said(path, len(frames), count))
    return ended(s, failures)


def _said(path: Path, symbols: int, bars: int) -> str:
    whose = "1 instrument" if symbols == 1 else f"{symbols:,} instruments"
    return f"{bars:,} bars of {whose} are in {path}"


def _named(frame: "pl.DataFrame", symbol: str, step: str, basis: str) -> "pl.DataFrame":
    import polars as pl

    return frame.select(
        pl.lit(symbol).alias("symbol"), pl.lit(step).alias("timeframe"), pl.lit(basis).alias("basis"), pl.all()
    )


def _write(path: Path, frames: "list[pl.DataFrame]") -> None:
    """Write beside the target and then put it in its place, so that nobody reads half a file."""
    import polars as pl

    whole = pl.concat(frames)
    kind = path.suffix.lower()
    try:
        with writing(path) as file:
            if kind == ".parquet":
                whole.write_parquet(file)
            else:
                texts = whole.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
                (texts.write_csv if kind == ".csv" else texts.write_json)(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
        raise StoreError(
            f"{path} can't be written: {reason}.", hint="Choose a folder that is writable and has room."
        ) from error
