"""`ara data fetch`, `update` and `import`: bars from outside into the store."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.data.asked import (
    Failure,
    day,
    ended,
    failures_document,
    found,
    store,
    symbol_file,
    timeframe,
    with_desk,
    with_market,
)
from ara.cli.commands.data.rates import EURO, are_kept, brought, parted, rate_sources, serves
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import AraError, DataProviderError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ara.cli.progress import Step
    from ara.data.feed import MarketData
    from ara.data.fetched import Failed, Fetched
    from ara.data.imported import Imported
    from ara.data.rates import BroughtRates
    from ara.desk import Desk
    from ara.settings import Settings

__all__ = ["fetch", "import_files", "update"]

_Frame = Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")]
_Provider = Annotated[
    str | None, typer.Option("--provider", "-p", metavar="SOURCE", help="The one source to ask; see ara data sources")
]


def fetch(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="AAPL, BTC-USD, EURUSD, ^GSPC and so on")],
    provider: _Provider = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First date; all there is, if left out")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Date before which to stop (now)")] = None,
    step: _Frame = "1d",
) -> int:
    """Fetch bars from a source and keep them.

    ::

        ara data fetch AAPL --from 2015-01-01
        ara data fetch BTC-USD ETH-USD --provider kraken
        ara data fetch EUR

    EUR, or a pair with --provider ecb, stands for the euro's rates in all currencies.

    Without --provider the sources of the settings are asked, the healthiest first, until one answers.
    """
    s = screen()
    s.settings()
    wanted, first, last = timeframe(step), day(start, "--from"), day(end, "--to")
    if first is not None and last is not None and first >= last:
        raise ValidationError("--from is not before --to.", hint="Swap them, or leave one of them out.")

    async def ask(market: "MarketData") -> _Told:
        rated, others = parted(market, symbols, provider)
        instruments, failures = await found(market, others, new=True)
        span = {"start": first, "end": last}
        rates = await brought(market, s, rated, provider=provider, step=wanted, failures=failures, asked=span)
        done: list[Fetched] = []
        for place, one in enumerate(instruments):
            progress(place, words=f"Fetching {one.symbol}")
            try:
                done.append(await market.collector.fetch(one, wanted, start=first, end=last, provider=provider))
            except AraError as error:
                failures.append(Failure(symbol=one.symbol, error=error))
        return _Told(done=done, rates=rates, failures=failures)

    with s.progress("Fetching", len(symbols)) as progress:
        told = with_market(s, ask)
    return _tell(s, told, asked=len(symbols))


def update(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="Which; all that is kept, if none is named")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--symbols", "-s", metavar="FILE", help="A text file that lists symbols")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is kept")] = False,
    provider: _Provider = None,
    step: _Frame = "1d",
) -> int:
    """Fetch what has become known since the last kept bar.

    ::

        ara data update AAPL
        ara data update --symbols portfolio.txt
        ara data update --all

    A run that is stopped goes on where it was: every bar that was told of is kept already. Where nothing is named, the
    euro's rates are brought up to date too, if a source of the settings has them.
    """
    s = screen()
    s.settings()
    wanted = timeframe(step)
    named = [*(symbols or ()), *(symbol_file(Path(file)) if file else ())]
    if named and everything:
        raise ValidationError("--all leaves nothing to name.", hint="Leave out --all, or the symbols.")

    async def ask(market: "MarketData") -> _Told:
        words = named or await asyncio.to_thread(_kept, market, s.settings(), str(wanted), provider)
        rated, others = parted(market, words, provider)
        instruments, failures = await found(market, others, new=True)
        news = {"since_kept": True}
        rates = await brought(market, s, rated, provider=provider, step=wanted, failures=failures, asked=news)
        done: list[Fetched] = []
        progress(0, total=len(instruments))
        async for outcome in market.collector.update(instruments, wanted, provider=provider):
            _sort(outcome, done, failures)
            progress(len(done) + len(failures), words=f"Updating, {outcome.instrument.symbol}")
        return _Told(done=done, rates=rates, failures=failures)

    with s.progress("Updating", len(named) or None) as progress:
        told = with_market(s, ask)
    return _tell(s, told, asked=len(named) or len(told.done) + len(told.rates) + len(told.failures))


def _sort(outcome: "Fetched | Failed", done: "list[Fetched]", failures: list[Failure]) -> None:
    from ara.data.fetched import Fetched

    if isinstance(outcome, Fetched):
        done.append(outcome)
    else:
        failures.append(Failure(symbol=outcome.instrument.symbol, error=outcome.error))


def _kept(market: "MarketData", settings: "Settings", step: str, provider: str | None) -> list[str]:
    """Give the symbols that were fetched before, and the word for rates: those of files alone have nobody to ask."""
    rated = [EURO] if step == "1d" and rate_sources(market, settings, provider) else []
    if provider and rated and not serves(market, provider, bars=True):
        return rated
    if provider and not serves(market, provider, bars=False):
        rated = []
    listed = market.store.catalogue()
    kept = [
        str(row["symbol"])
        for row in listed.iter_rows(named=True)
        if row["timeframe"] == step and not str(row["source"]).startswith("file")
    ]
    if not kept and not (rated and are_kept(market)):
        raise DataProviderError(
            f"No {step} bars from a source are kept yet, so there is nothing to update.",
            hint="Fetch some first: ara data fetch AAPL",
        )
    return [*dict.fromkeys(kept), *rated]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What came of a run: bars, rates, and what failed."""

    done: "list[Fetched]"
    rates: "list[BroughtRates]"
    failures: list[Failure]


def _tell(s: Screen, told: _Told, *, asked: int) -> int:
    from ara.cli.render import rates as said
    from ara.cli.render.fetched import fetched, fetched_document
    from ara.clock import SystemClock

    done, rates, failures = told.done, told.rates, told.failures
    if asked == 1 and failures and not done:
        raise failures[0].error
    data = {
        "schema": 1,
        "fetched": [fetched_document(one) for one in done],
        "rates": [said.brought_document(one) for one in rates],
        **failures_document(failures),
    }
    today = SystemClock().now().date()
    if done or rates or s.json:
        lines = [line for one in rates for line in said.brought(one, s, today=today)]
        s.result(data, lambda: "\n".join([*([fetched(done, s)] if done else []), *lines]))
    return ended(s, failures)


def import_files(
    paths: Annotated[list[str], typer.Argument(metavar="FILE", help="CSV or Parquet files, folders, patterns")],
    symbol: Annotated[
        str, typer.Option("--symbol", metavar="SYMBOL", help="Whose bars, where the file doesn't say")
    ] = "",
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Name for their origin (file:NAME)")] = "",
    basis: Annotated[
        str, typer.Option("--basis", metavar="raw|split|total", help="What prices are adjusted for (guessed and said)")
    ] = "",
    step: Annotated[
        str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar (from their distance)")
    ] = "",
    zone: Annotated[str, typer.Option("--timezone", metavar="ZONE", help="Zone of times that name none")] = "",
    dates: Annotated[
        str, typer.Option("--dates", metavar="dmy|mdy|ymd", help="Order of day and month, where it is open")
    ] = "",
    wide: Annotated[
        bool, typer.Option("--wide", help="Each column holds the closes of the symbol that it is called")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a file with any row that can't be a bar")] = False,
) -> int:
    """Import bars from files into the store.

    ::

        ara data import bars.parquet
        ara data import history/ --timezone America/New_York
        ara data import vix.csv --symbol ^VIX --dates dmy

    Rows that can't be bars are counted and named; the rest is kept. A file that was imported before and has not
    changed is passed over, so an import that was stopped can be run again.
    """
    from ara.cli.render.data import imported, imported_document

    s = screen()
    s.settings()
    if not all(path.strip() for path in paths):
        raise ValidationError("An empty name is no file.", hint="For example: ara data import bars.csv")
    options = {"symbol": symbol, "source": source, "basis": basis, "timeframe": step, "timezone": zone, "dates": dates}
    with s.progress("Importing") as progress:
        done, failures = _imported(s, paths, {**options, "wide": wide, "strict": strict}, progress)
    if len(paths) == 1 and failures:
        raise failures[0].error
    if s.settings().data.cache.redis and any(one.new + one.corrected for one in done):
        with_desk(s, _forget)
    data = {"schema": 1, "imported": [imported_document(one) for one in done], **failures_document(failures)}
    if done or s.json:
        s.result(data, lambda: "\n".join(imported(one, s) for one in done))
    return ended(s, failures)


def _imported(
    s: Screen, paths: "Sequence[str]", options: dict[str, Any], progress: "Step"
) -> "tuple[list[Imported], list[Failure]]":
    """Import one path after the other; one that fails stops no other."""
    from ara.clock import SystemClock
    from ara.data.imports import import_path

    done: list[Imported] = []
    failures: list[Failure] = []
    kept, clock = store(s), SystemClock()
    try:
        for path in paths:
            told = {"clock": clock, "settings": s.settings(), "progress": _shown(progress), **options}
            try:
                done.append(import_path(kept, Path(path), **told))
            except AraError as error:
                failures.append(Failure(symbol=clean(path)[:80], error=error))
    finally:
        kept.close()
    return done, failures


async def _forget(desk: "Desk") -> None:
    """Let all processes that share a cache forget the bars that they hold: some are older than those imported."""
    from ara.data.cache import Reason
    from ara.data.feed import MarketData

    async with MarketData(desk) as market:
        await market.cache.drop(reason=Reason.BAR)


def _shown(progress: "Step") -> Any:
    """Give what `import_path` tells its progress to; it is never stopped from here."""

    def step(done: int, total: int, words: str) -> bool:
        progress(done, total=total, words=words)
        return True

    return step
