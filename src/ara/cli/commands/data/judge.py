"""`ara data check`: how far bars can be trusted."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.data.asked import (
    Failure,
    ended,
    failures_document,
    found,
    tell_withdrawn,
    timeframe,
    with_market,
)
from ara.cli.commands.data.rates import EURO, means_rates, table_of
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import AraError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from ara.cli.render.quality import Judged
    from ara.data.feed import MarketData
    from ara.data.files import Member, Reading, Refused
    from ara.market.bars import Basis
    from ara.market.instrument import Instrument
    from ara.market.timeframe import Timeframe

__all__ = ["check"]

_SHOWN = 5
_FILES = (".csv", ".txt", ".parquet", ".pq", ".gz", ".zip", ".tsv")


def check(
    names: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Symbols or files, in any mixture")],
    each: Annotated[
        bool, typer.Option("--each", help="One entry for each bar concerned, not one for each rule")
    ] = False,
    rule: Annotated[
        str, typer.Option("--rule", "-r", metavar="RULE", help="Only this rule's findings, such as missing or outlier")
    ] = "",
    step: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    zone: Annotated[str, typer.Option("--timezone", metavar="ZONE", help="Zone of a file's times that name none")] = "",
    dates: Annotated[str, typer.Option("--dates", metavar="dmy|mdy", help="Order of a file's day and month")] = "",
) -> int:
    """Check bars for defects: missing or impossible ones, outliers, wrong splits, leaks of the future.

    ::

        ara data check AAPL
        ara data check prices.csv --each --json
        ara data check AAPL BTC-USD --rule outlier

    Nothing is changed. Kept bars are checked as published, each source by itself with the others as witnesses. Of a
    folder, a pattern or an archive, files that hold no bars are passed over.
    """
    from ara.cli.render.quality import document, report

    s = screen()
    s.settings()
    wanted = timeframe(step)
    _known_rule(rule)
    files = [name for name in names if _is_file(name)]
    symbols = [name for name in names if name not in files]

    async def ask(market: "MarketData") -> "tuple[list[Judged], list[Failure]]":
        judged = await _rates(market) if any(map(means_rates, symbols)) else []
        instruments, failures = await found(market, [name for name in symbols if not means_rates(name)])
        for place, one in enumerate(instruments):
            progress(place, words=f"Checking {one.symbol}")
            try:
                judged += await _kept(market, one, wanted)
            except AraError as error:
                failures.append(Failure(symbol=one.symbol, error=error))
        await tell_withdrawn(market, failures)
        return judged, failures

    with s.progress("Checking", len(names)) as progress:
        judged, failures = with_market(s, ask) if symbols else ([], [])
        refused, skipped = _check_files(files, wanted, (zone, dates), judged, failures)
    if len(names) == 1 and failures:
        raise failures[0].error
    data = {**document(judged, each=each, rule=rule), **failures_document(failures)}
    data["refused"] = [{"file": one.file, "reason": one.reason, "count": one.count} for one in refused]
    data["skipped"] = skipped
    if judged or s.json:
        s.result(data, lambda: report(judged, s, each=each, rule=rule))
    for one in refused:
        s.warn(f"Not read as bars: {one.words}")
    for why in skipped[:_SHOWN]:
        s.warn(f"Passed over: {why}")
    if len(skipped) > _SHOWN:
        s.warn(f"And {len(skipped) - _SHOWN:,} more; each of them: --json")
    return ended(s, failures)


async def _rates(market: "MarketData") -> "list[Judged]":
    """Judge all rates that are kept, each currency by itself."""
    from ara.cli.render.quality import Judged
    from ara.data.rate_checks import check_rates
    from ara.market.symbols import guess

    rows = await table_of(market, EURO, by=None, received=None)
    told = await asyncio.to_thread(lambda: list(check_rates(rows)))
    return [
        Judged(instrument=guess(pair, "forex"), timeframe="1d", source=source, bars=count, report=report, rates=True)
        for pair, source, count, report in told
    ]


def _check_files(
    files: list[str], step: "Timeframe", said: tuple[str, str], judged: "list[Judged]", failures: list[Failure]
) -> "tuple[list[Refused], list[str]]":
    """Judge each file; gives the rows that are no bars at all, and so were not judged, and the files passed over."""
    refused: list[Refused] = []
    skipped: list[str] = []
    if not files:
        return refused, skipped
    from ara.data.files import Reading

    reading = Reading(timezone=said[0], dates=said[1])
    for name in files:
        try:
            judged += _read(Path(name), step, reading, refused, skipped)
        except AraError as error:
            failures.append(Failure(symbol=clean(name)[:80], error=error))
    return refused, skipped


def _known_rule(rule: str) -> None:
    if not rule:
        return
    from ara.data.quality import RULES

    if rule not in RULES:
        raise ValidationError(f"There is no rule {clean(rule)[:40]!r}; there are {', '.join(RULES)}.")


def _is_file(name: str) -> bool:
    return Path(name).suffix.lower() in _FILES or "\\" in name or Path(name).exists()


async def _kept(market: "MarketData", one: "Instrument", step: "Timeframe") -> "list[Judged]":
    """Judge what is kept, each source by itself; where nothing is, what the market reads elsewhere."""
    from ara.clock import SystemClock
    from ara.data.provider import Kind
    from ara.data.view import Kept, stated

    rows = await asyncio.to_thread(market.store.bars, one.symbol, str(step))
    now = SystemClock().now()
    if rows.is_empty():
        bars = (await market.bars(one, step)).frame
        published = bars.with_columns(adjusted=bars["close"])
        return await asyncio.to_thread(_judged, one, step, {str(bars["source"][-1]): published}, {}, now)
    kept = Kept(rows=rows, actions=await asyncio.to_thread(market.store.facts, Kind.ACTIONS, one.symbol))
    frames = kept.by_source()
    actions = {source: stated(kept, source, moment=now) for source in frames}
    return await asyncio.to_thread(_judged, one, step, frames, actions, now)


def _judged(
    one: "Instrument",
    step: "Timeframe",
    frames: "Mapping[str, pl.DataFrame]",
    actions: "Mapping[str, pl.DataFrame]",
    now: datetime | None,
) -> "list[Judged]":
    from ara.cli.render.quality import Judged
    from ara.data.quality import check as find

    judged = []
    for source, own in frames.items():
        others = {name: frame for name, frame in frames.items() if name != source}
        told = find(own, one, step, actions=actions.get(source), basis=_basis(own), others=others, now=now)
        judged.append(Judged(instrument=one, timeframe=str(step), source=source, bars=own.height, report=told))
    return judged


def _basis(own: "pl.DataFrame") -> "Basis | None":
    """Give what all rows say that they are adjusted for; None where they don't, or differ."""
    from ara.market.bars import Basis

    said = own["basis"].unique().to_list() if "basis" in own.columns else []
    return Basis(said[0]) if len(said) == 1 and said[0] in list(Basis) else None


def _read(
    path: Path, step: "Timeframe", reading: "Reading", refused: "list[Refused]", skipped: list[str]
) -> "list[Judged]":
    """Judge every symbol of a file, or of each file in a folder that holds bars."""
    from ara.data.files import members

    found, passed = members(path)
    judged: list[Judged] = []
    for member in found:
        try:
            judged += _member(member, step, reading, refused)
        except AraError as error:
            if len(found) == 1 and not passed:
                raise
            passed.append(error.message)
    if passed and not judged:
        raise ValidationError(passed[0], hint="Give files of bars.")
    skipped += passed
    return judged


def _member(member: "Member", step: "Timeframe", reading: "Reading", refused: "list[Refused]") -> "list[Judged]":
    """Judge every symbol of a table, as its rows stand there."""
    import polars as pl

    from ara.data.files import Table
    from ara.data.files.factors import is_factors, is_map

    for other, words in ((is_map, "lists the tickers that a company had"), (is_factors, "states splits and dividends")):
        if other(member):
            raise ValidationError(f"{member.name} holds no bars: it {words}.")
    pieces = []
    for piece, report in Table(member, reading).frames():
        pieces.append(piece)
        refused += report
    judged: list[Judged] = []
    for (symbol,), own in pl.concat(pieces).partition_by("symbol", as_dict=True, maintain_order=True).items():
        judged += _table(str(symbol), own, step, member.name)
    return judged


def _table(symbol: str, own: "pl.DataFrame", step: "Timeframe", name: str) -> "list[Judged]":
    from ara.clock import SystemClock
    from ara.market.calendar import calendar
    from ara.market.hours import spans, stamped
    from ara.market.symbols import guess

    one = guess(symbol, next((word for word in own["asset_class"] if word), ""))
    length = _length(own["ts"], step)
    venue = calendar(one.calendar)
    frame = own.hstack(spans(own["ts"], venue, length, stamped=stamped(own["ts"], venue)))
    return _judged(one, length, {name: frame}, {}, SystemClock().now())


def _length(stamps: "pl.Series", step: "Timeframe") -> "Timeframe":
    """Give the length of bars whose stamps are no dates: their usual distance, where that is one."""
    from datetime import time

    from ara.market.timeframe import DAY, TIMEFRAMES

    if step != DAY or stamps.dt.time().eq(time()).all():
        return step
    usual = stamps.unique().sort().diff().drop_nulls().mode()
    return next((one for one in TIMEFRAMES if one.span in usual.to_list()), step)
