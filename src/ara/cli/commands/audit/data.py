"""`ara audit data`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    import polars as pl

    from ara.data.provider import Provider
    from ara.desk import Desk
    from ara.evidence.leaks.source import Source
    from ara.market.instrument import Instrument

__all__ = ["data"]

_BEGIN = datetime(1990, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_PRICES = ("open", "high", "low", "close", "volume")


def data(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="A file of bars, a provider, or planted")],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL...]", help="Of a provider: which; AAPL EURUSD BTC-USD")
    ] = None,
    older: Annotated[
        str, typer.Option("--older", metavar="FILE", help="A copy of the file from some time ago, to hold it against")
    ] = "",
    moments: Annotated[
        str, typer.Option("--moments", metavar="N", help="How often a provider is asked for what it knew")
    ] = "3",
) -> None:
    """Look for bars that hold what nobody could have known at their time; exit code 4 where there are some.

    Exit code 15 says that nothing is proven: it failed, or says another thing every time.

    ::

        ara audit data bars.parquet
        ara audit data bars.parquet --older bars-of-march.parquet --json
        ara audit data sample AAPL BTC-USD
        ara audit data planted

    Looked for are stamps of before the close, columns and labels that are a row early, windows that reach ahead, gaps
    that were filled from behind, and a past that is told otherwise later. Other prices by one factor, as a split or a
    dividend makes them, are the same past. `planted` shows that ten well-known leaks are found, and their twins pass.
    """
    from ara.cli.commands.audit.asking import MOST_MOMENTS, SYMBOLS, told, told_traps
    from ara.cli.commands.data.asked import counted
    from ara.clock import SystemClock
    from ara.evidence.leaks.source import Source
    from ara.evidence.leaks.source_trial import audit_source

    s = screen()
    s.settings()
    tries = counted(moments, "--moments", most=MOST_MOMENTS)
    if what.strip() == "planted":
        from ara.evidence.leaks.planted_sources import self_test_sources

        raise typer.Exit(told_traps(s, "source", self_test_sources()))
    if Path(what).is_file() or Path(what).suffix:
        source = Source.of_file(_file(what, "WHAT"), older=_file(older, "--older") if older else None)
    else:
        source = _provider(s, what, symbols or SYMBOLS, tries)
    raise typer.Exit(told(s, audit_source(source, now=SystemClock().now(), moments=tries)))


def _file(text: str, flag: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValidationError(f"{flag}: there is no file {text!r}.", hint="Check the path.")
    return path


def _provider(s: Screen, name: str, symbols: Sequence[str], moments: int) -> "Source":
    """Ask a provider for all bars twice, and for those up to some moments, and give what it said."""
    from ara.data.sources import Sources
    from ara.desk import Desk
    from ara.evidence.leaks.markets import picks
    from ara.evidence.leaks.source import Source

    async def ask() -> "dict[datetime | None, list[pl.DataFrame]]":
        async with Desk.open(s.settings()) as desk:
            sources = Sources(desk, names=[name])
            try:
                provider = sources.get(name)
                found = [await _instrument(desk, symbol) for symbol in dict.fromkeys(symbols)]
                now = desk.clock.now()
                whole = [await _bars(provider, found, now) for _ in range(2)]
                told: dict[datetime | None, list[pl.DataFrame]] = {None: whole}
                with s.progress("Asking") as step:
                    days = picks(whole[0], moments)
                    for number, moment in enumerate(days, 1):
                        told[moment] = [await _bars(provider, found, moment + _TICK)]
                        step(number, total=len(days))
                return told
            finally:
                await sources.close()

    answers = s.run(ask())

    def read(moment: datetime | None) -> "pl.DataFrame":
        there = answers[moment]
        return there.pop(0) if len(there) > 1 else there[0]

    return Source(name=name, read=read)


async def _instrument(desk: "Desk", symbol: str) -> "Instrument":
    from ara.data.feed import MarketData

    async with MarketData(desk) as market:
        return await market.instrument(symbol)


async def _bars(provider: "Provider", instruments: "Sequence[Instrument]", end: datetime) -> "pl.DataFrame":
    import polars as pl

    from ara.data.provider import Kind
    from ara.evidence.leaks.source import due
    from ara.market.timeframe import DAY

    parts = []
    for one in instruments:
        own = await provider.history(Kind.BARS, one, DAY, start=_BEGIN, end=end)
        facts = {"symbol": pl.lit(one.symbol), "asset_class": pl.lit(one.asset_class.value)}
        parts.append(own.select(pl.col("at").alias("ts"), *_PRICES, "known_at").with_columns(**facts))
    return due(pl.concat(parts).sort("symbol", "ts"))
