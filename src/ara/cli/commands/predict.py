"""`ara predict`."""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.predict_class import insisted
from ara.cli.commands.predict_told import Asked, Told, Wish, counted, document, shown, sure_days
from ara.cli.export import check_target
from ara.cli.money import OPTION, purse
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import AraError, ValidationError

if TYPE_CHECKING:
    from datetime import datetime

    from ara.cli.progress import Step
    from ara.cli.render.forecast import Depth
    from ara.market.timeframe import Timeframe
    from ara.prediction import Kept, PredictionEngine
    from ara.prediction.many import Missed

__all__ = ["command"]


def command(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="AAPL, BTC-USD, EURUSD, ^GSPC and so on")
    ] = None,
    days: Annotated[str | None, typer.Option("--days", "-d", metavar="N", help="Bars ahead, 1 to 30 (5)")] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Use only what was public then; an instant needs its zone"),
    ] = None,
    learned: Annotated[
        str | None, typer.Option("--learned", metavar="DATE", help="Use only what Ara had received then")
    ] = None,
    timeframe: Annotated[str, typer.Option("--timeframe", metavar="STEP", help="Length of a bar")] = "1d",
    analysis: Annotated[
        str | None,
        typer.Option(
            "--analysis", "-a", metavar="LEVEL", help="How much to say: minimal, basic, standard or full (standard)"
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Family, or a trained model as ara models list names it"),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--export", "-e", metavar="FILE", help="Also write to a file ending in .json or .csv")
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            "--confidence-threshold", "-c", metavar="P", help="Leave out days that are less sure than P, 0 to 1"
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Write the reasons there, as a page and as pictures")
    ] = "",
    currency: OPTION = "",
    crypto: Annotated[bool, typer.Option("--crypto", help="Insist that each symbol is a crypto currency")] = False,
    forex: Annotated[bool, typer.Option("--forex", help="Insist that each symbol is a currency pair")] = False,
    watchlist: Annotated[
        str, typer.Option("--watchlist", "-w", metavar="FILE", help="A text file that lists symbols")
    ] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Forecast again at each closed bar of a live source, until Ctrl-C")
    ] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", hidden=True)] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", hidden=True)] = False,
) -> int:
    """Forecast instruments: for each coming bar the price, its range, and how sure that is.

    ::

        ara predict AAPL
        ara predict BTC-USD EURUSD --days 10
        ara predict AAPL --as-of 2020-02-20 --json
        ara predict --watchlist mine.txt --analysis minimal
        ara predict BTC-USDT --timeframe 1m --watch --json

    Every forecast is kept in the ledger before it is shown, and can be scored later.
    """
    s = screen()
    settings = s.settings()
    named, asset_class = _named(symbols or [], watchlist), _asset_class(crypto=crypto, forex=forex)
    wish = Wish(
        symbols=_once(named, asset_class),
        days=settings.prediction.days if days is None else _days(days),
        as_of=as_of,
        learned=learned,
        timeframe=_timeframe(timeframe),
        asset_class=asset_class,
        depth=_depth(analysis or ("full" if verbose else "standard")),
        model=settings.prediction.model if model is None else model,
        threshold=0.0 if threshold is None else _share(threshold),
        currency=currency,
        target=None if target is None else check_target(Path(target)),
        out=_folder(out),
    )
    if repeated := len(named) - len(wish.symbols):
        s.note(f"Each symbol is answered once; left out as repeated: {repeated:,}.")
    if no_cache:
        s.note("--no-cache has no effect: a forecast is known by its id and never stale.")
    if verbose:
        s.note("The spelling --verbose is old; it is now: --analysis full")
    if watch:
        from ara.cli.commands.predict_watch import alone

        alone(as_of=as_of, learned=learned, export=target, out=out)
        return s.run(_watch(s, wish))
    with s.progress("Forecasting", len(wish.symbols)) as step:
        told = s.run(_ask(s, wish, step))
    return told.after()


def _named(symbols: list[str], watchlist: str) -> list[str]:
    """Give the symbols that were named, then those of the list."""
    named = list(symbols)
    if watchlist:
        from ara.cli.commands.data.asked import symbol_file

        named += symbol_file(Path(watchlist), "--watchlist")
    if not named:
        raise ValidationError("SYMBOL… is missing.", hint="See what is allowed: ara predict --help")
    return named


def _once(named: list[str], asset_class: str) -> tuple[str, ...]:
    """Give each instrument once, in its first spelling; where a class is insisted on a coin alone is its pair."""
    from ara.prediction.asking import distinct

    if not asset_class:
        return tuple(distinct(named))
    first = dict[str, str]()
    for symbol in distinct(named):
        try:
            first.setdefault(insisted(symbol, asset_class), symbol)
        except AraError:
            first.setdefault(symbol, symbol)
    return tuple(first.values())


def _folder(text: str) -> str:
    if text:
        from ara.cli.render.reasons_files import check_folder

        check_folder(text)
    return text


def _days(text: str) -> int:
    from ara.prediction.origin import checked_days

    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return checked_days(int(text))
    said = f"days is {clean(text).strip()[:40] or 'empty'}; a forecast reaches 1 to 30 bars"
    raise ValidationError(said, hint="Give a whole number from 1 to 30.")


def _timeframe(text: str) -> "Timeframe":
    from ara.market.timeframe import Timeframe

    return Timeframe.parse(text)


def _asset_class(*, crypto: bool, forex: bool) -> str:
    if crypto and forex:
        raise ValidationError("--crypto and --forex exclude each other.", hint="Leave out one of them, or both.")
    return "crypto" if crypto else "forex" if forex else ""


def _depth(text: str) -> "Depth":
    from ara.cli.render.forecast import DEPTHS

    for depth in DEPTHS:
        if depth == text:
            return depth
    raise ValidationError(f"--analysis is {clean(text)[:40]!r}; it is {', '.join(DEPTHS[:-1])} or {DEPTHS[-1]}.")


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValidationError(f"--confidence-threshold is {clean(text)[:40]}; it is a probability from 0 to 1.")
    return share


async def _ask(s: Screen, wish: Wish, step: "Step") -> "Told":
    """Forecast all symbols and tell each when it is kept; one that fails costs the others nothing."""
    from ara.alerts.news import worth_telling
    from ara.desk import Desk
    from ara.prediction import Forecast, PredictionEngine
    from ara.prediction.many import Missed
    from ara.prediction.origin import as_instant

    made: list[Forecast] = []
    async with Desk.open(s.settings()) as desk, PredictionEngine(desk) as engine:
        learned = None if wish.learned is None else as_instant(wish.learned, now=desk.clock.now(), what="learned")
        with Told(s, wish, desk, learned) as told:
            async with aclosing(_answers(engine, wish, learned=learned)) as answers:
                async for one in answers:
                    await told.take(one)
                    step(told.count)
                    if not isinstance(one, Missed):
                        made.append(one.forecast)
            told.end()
        if await worth_telling(desk, made):
            from ara.jobs.announced import forecasts_made

            await forecasts_made(desk, made)
        return told


async def _watch(s: Screen, wish: Wish) -> int:
    """Print forecasts as bars close, until there is nothing left to watch."""
    from ara.cli.commands.predict_watch import tell
    from ara.desk import Desk
    from ara.prediction import PredictionEngine

    async with Desk.open(s.settings()) as desk, PredictionEngine(desk) as engine:
        names = [insisted(symbol, wish.asset_class) if wish.asset_class else symbol for symbol in wish.symbols]

        async def dressed(found: "Kept") -> tuple[dict[str, Any], Callable[[], str]]:
            one = sure_days(found, wish.threshold)
            purse_ = await purse(s, desk, wish.currency, codes={one.forecast.instrument.currency})
            counts = await counted(desk, wish, found)
            asked = Asked(today=desk.clock.now().date(), purse=purse_, counts=counts)
            return document(one, asked), lambda: shown(s, wish, one, asked)

        heard = engine.watch(names, wish.days, timeframe=wish.timeframe, model=wish.model, why=wish.why)
        return await tell(s, heard, single=len(names) == 1, dressed=dressed)


async def _answers(
    engine: "PredictionEngine", wish: Wish, *, learned: "datetime | None"
) -> "AsyncGenerator[Kept | Missed, None]":
    """Give each symbol's forecast, or why it has none, in the order asked."""
    from ara.prediction.many import Missed

    refused: dict[str, Missed] = {}
    names: list[str] = []
    for symbol in wish.symbols:
        try:
            names.append(insisted(symbol, wish.asset_class) if wish.asset_class else symbol)
        except AraError as error:
            refused[symbol] = Missed(symbol=symbol, error=error)
    asked = engine.keep_many(
        names,
        wish.days,
        as_of=wish.as_of,
        learned=learned,
        timeframe=wish.timeframe,
        model=wish.model,
        why=wish.why,
    )
    async with aclosing(asked):
        for symbol in wish.symbols:
            one = refused[symbol] if symbol in refused else await anext(asked)
            yield replace(one, symbol=symbol) if isinstance(one, Missed) else one
