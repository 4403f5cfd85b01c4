"""`ara predict`."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ara.cli.export import check_target, export
from ara.cli.money import OPTION, Purse, converted, purse, shown_document
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import AraError, UnknownSymbolError, ValidationError

if TYPE_CHECKING:
    from datetime import date, datetime

    from ara.cli.progress import Step
    from ara.cli.render.forecast import Depth
    from ara.market.instrument import Instrument
    from ara.market.timeframe import Timeframe
    from ara.prediction import Kept, PredictionEngine

__all__ = ["command"]

_KINDS: Final = {
    "stock": "a stock",
    "etf": "an exchange-traded fund",
    "index": "an index",
    "crypto": "a crypto currency",
    "forex": "a currency pair",
    "option": "an option",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for, checked as far as it can be before anything is computed."""

    symbols: tuple[str, ...]
    days: int
    as_of: str | None
    learned: str | None
    timeframe: "Timeframe"
    asset_class: str
    depth: "Depth"
    model: str
    threshold: float
    currency: str
    target: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    symbol: str
    error: AraError


def command(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="AAPL, BTC-USD, EURUSD, ^GSPC and so on")],
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
    currency: OPTION = "",
    crypto: Annotated[bool, typer.Option("--crypto", help="Insist that each symbol is a crypto currency")] = False,
    forex: Annotated[bool, typer.Option("--forex", help="Insist that each symbol is a currency pair")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", hidden=True)] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", hidden=True)] = False,
) -> int:
    """Forecast instruments: for each coming bar the price, its range, and how sure that is.

    ::

        ara predict AAPL
        ara predict BTC-USD EURUSD --days 10
        ara predict AAPL --as-of 2020-02-20 --json

    Every forecast is kept in the ledger before it is shown, and can be scored later.
    """
    s = screen()
    settings = s.settings()
    wish = _Wish(
        symbols=tuple(dict.fromkeys(symbols)),
        days=settings.prediction.days if days is None else _days(days),
        as_of=as_of,
        learned=learned,
        timeframe=_timeframe(timeframe),
        asset_class=_asset_class(crypto=crypto, forex=forex),
        depth=_depth(analysis or ("full" if verbose else "standard")),
        model=settings.prediction.model if model is None else model,
        threshold=0.0 if threshold is None else _share(threshold),
        currency=currency,
        target=None if target is None else check_target(Path(target)),
    )
    if repeated := len(symbols) - len(wish.symbols):
        s.note(f"Each symbol is answered once; left out as repeated: {repeated:,}.")
    if no_cache:
        s.note("--no-cache has no effect: a forecast is known by its id and never stale.")
    if verbose:
        s.note("The spelling --verbose is old; it is now: --analysis full")
    with s.progress("Forecasting", len(wish.symbols)) as step:
        asked = s.run(_ask(s, wish, step))
    return _tell(s, wish, asked)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What came of it, the day on which it was asked, and the currency to show it in."""

    answers: "list[Kept | _Failure]"
    today: "date"
    purse: Purse | None


async def _ask(s: Screen, wish: _Wish, step: "Step") -> _Asked:
    """Forecast every symbol in turn; one that fails doesn't keep the others from being answered."""
    from ara.desk import Desk
    from ara.prediction import PredictionEngine
    from ara.prediction.origin import as_instant

    answers: list[Kept | _Failure] = []
    async with Desk.open(s.settings()) as desk:
        engine = PredictionEngine(desk)
        learned = None if wish.learned is None else as_instant(wish.learned, now=desk.clock.now(), what="learned")
        for done, symbol in enumerate(wish.symbols):
            step(done)
            try:
                answers.append(await _one(engine, wish, symbol, learned=learned))
            except AraError as error:
                if len(wish.symbols) == 1:
                    raise
                answers.append(_Failure(symbol=symbol, error=error))
        codes = {one.forecast.instrument.currency for one in answers if not isinstance(one, _Failure)}
        shown = await purse(s, desk, wish.currency, codes=codes, learned=learned)
        return _Asked(answers=answers, today=desk.clock.now().date(), purse=shown)


async def _one(engine: "PredictionEngine", wish: _Wish, symbol: str, *, learned: "datetime | None") -> "Kept":
    name = _insisted(symbol, wish.asset_class) if wish.asset_class else symbol
    return await engine.keep(
        name, wish.days, as_of=wish.as_of, learned=learned, timeframe=wish.timeframe, model=wish.model
    )


def _insisted(symbol: str, asset_class: str) -> str:
    """Give the symbol if its instrument is of that class; a coin alone (`BTC`) means its price in dollars."""
    instrument = _found(symbol, asset_class)
    if instrument.asset_class != asset_class:
        raise ValidationError(
            f"{instrument.symbol} ({instrument.name}) is {_KINDS[instrument.asset_class]}, not {_KINDS[asset_class]}.",
            hint=f"Leave out --{asset_class}.",
        )
    return instrument.symbol


def _found(symbol: str, asset_class: str) -> "Instrument":
    from ara.market import symbols

    try:
        return symbols.resolve(symbol)
    except UnknownSymbolError:
        if asset_class != "crypto" or not symbol.isalnum():
            raise
        try:
            return symbols.resolve(f"{symbol}-USD")
        except UnknownSymbolError:
            pass
        raise


def _tell(s: Screen, wish: _Wish, asked: _Asked) -> int:
    answers = asked.answers
    failures = [answer for answer in answers if isinstance(answer, _Failure)]
    whole = [answer for answer in answers if not isinstance(answer, _Failure)]
    kept = [_sure_days(answer, wish.threshold) for answer in whole]
    documents = [_document(answer, asked.purse) for answer in kept]
    data = (
        documents[0]
        if len(wish.symbols) == 1
        else {
            "schema": 1,
            "forecasts": documents,
            "failed": [{"symbol": failure.symbol, "error": failure.error.problem()} for failure in failures],
            "exit_code": failures[0].error.exit_code if failures else 0,
        }
    )
    if wish.target is not None:
        export(data, wish.target)
    if documents or s.json:
        s.result(data, lambda: "\n\n".join(_shown(s, wish, answer, asked) for answer in kept))
    for before, after in zip(whole, kept, strict=True):
        if unsure := len(before.forecast.days) - len(after.forecast.days):
            s.note(_left_out(before, unsure, wish.threshold))
    if wish.target is not None:
        s.note(f"Written to {wish.target}")
    for failure in failures if not s.json else ():
        s.problem(failure.error)
    return failures[0].error.exit_code if failures else 0


def _sure_days(kept: "Kept", threshold: float) -> "Kept":
    days = tuple(day for day in kept.forecast.days if day.confidence >= threshold)
    return replace(kept, forecast=replace(kept.forecast, days=days))


def _left_out(kept: "Kept", unsure: int, threshold: float) -> str:
    symbol, days = kept.forecast.instrument.symbol, len(kept.forecast.days)
    are = "is" if unsure == 1 else "are"
    return f"{unsure} of {days} days of {symbol} {are} less sure than {threshold:g} and left out; the ledger has all."


def _document(kept: "Kept", purse: Purse | None) -> dict[str, Any]:
    from ara.prediction.document import to_document

    data = {**to_document(kept.forecast), "kept": {"sequence": kept.sequence}}
    rate = purse.rate(kept.forecast.instrument, kept.forecast.as_of)[0] if purse else None
    return data if rate is None else {**data, "shown": shown_document(rate)}


def _shown(s: Screen, wish: _Wish, kept: "Kept", asked: _Asked) -> str:
    from ara.cli.render.forecast import View, show

    one = kept.forecast
    rate, said = asked.purse.rate(one.instrument, one.as_of) if asked.purse else (None, "")
    view = View(
        width=s.width,
        today=asked.today,
        money=said,
        depth=wish.depth,
        kept=True,
        asked=wish.as_of is not None,
        lasting=s.settings().store.url != "memory:",
        palette=s.palette(),
        plain=s.plain,
        zone=s.zone,
    )
    return show(one if rate is None else converted(one, rate), view)
