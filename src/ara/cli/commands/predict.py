"""`ara predict`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.predict_class import insisted
from ara.cli.export import check_target, export
from ara.cli.money import OPTION, Purse, converted, purse, shown_document
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import AraError, ValidationError

if TYPE_CHECKING:
    from datetime import date, datetime

    from ara.cli.commands.models.weights import Counting
    from ara.cli.progress import Step
    from ara.cli.render.forecast import Depth
    from ara.desk import Desk
    from ara.market.timeframe import Timeframe
    from ara.prediction import Kept, PredictionEngine
    from ara.prediction.many import Missed

__all__ = ["command"]


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
    out: str

    @property
    def why(self) -> bool:
        """Whether reasons are asked for: what says little does not need them, and they take time."""
        return bool(self.out) or self.depth in {"standard", "full"}


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
    named = _named(symbols or [], watchlist)
    wish = _Wish(
        symbols=tuple(dict.fromkeys(named)),
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
        asked = s.run(_ask(s, wish, step))
    return _tell(s, wish, asked)


def _named(symbols: list[str], watchlist: str) -> list[str]:
    """Give the symbols that were named, then those of the list."""
    named = list(symbols)
    if watchlist:
        from ara.cli.commands.data.asked import symbol_file

        named += symbol_file(Path(watchlist), "--watchlist")
    if not named:
        raise ValidationError("SYMBOL… is missing.", hint="See what is allowed: ara predict --help")
    return named


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What came of it, the day on which it was asked, the currency to show it in, and what counted in ensembles."""

    answers: "list[Kept | Missed]"
    today: "date"
    purse: Purse | None
    counts: "Mapping[str, Counting]"


async def _ask(s: Screen, wish: _Wish, step: "Step") -> _Asked:
    """Forecast all symbols; one that fails doesn't keep the others from being answered."""
    from ara.desk import Desk
    from ara.prediction import PredictionEngine
    from ara.prediction.many import Missed
    from ara.prediction.origin import as_instant

    async with Desk.open(s.settings()) as desk:
        learned = None if wish.learned is None else as_instant(wish.learned, now=desk.clock.now(), what="learned")
        async with PredictionEngine(desk) as engine:
            answers = await _answers(engine, wish, step, learned=learned)
        codes = {one.forecast.instrument.currency for one in answers if not isinstance(one, Missed)}
        shown = await purse(s, desk, wish.currency, codes=codes, learned=learned)
        counts = await _counts(desk, wish, [one for one in answers if not isinstance(one, Missed)])
        return _Asked(answers=answers, today=desk.clock.now().date(), purse=shown, counts=counts)


async def _counts(desk: "Desk", wish: _Wish, answers: "list[Kept]") -> "dict[str, Counting]":
    """Give by id what the members of ensembles counted for, where all is to be said."""
    if wish.depth != "full":
        return {}
    from ara.cli.commands.models.weights import counting

    told = {one.forecast.id: await counting(desk, one.forecast) for one in answers}
    return {id: one for id, one in told.items() if one is not None}


async def _watch(s: Screen, wish: _Wish) -> int:
    """Print forecasts as bars close, until there is nothing left to watch."""
    from ara.cli.commands.predict_watch import tell
    from ara.desk import Desk
    from ara.prediction import PredictionEngine

    async with Desk.open(s.settings()) as desk, PredictionEngine(desk) as engine:
        names = [insisted(symbol, wish.asset_class) if wish.asset_class else symbol for symbol in wish.symbols]

        async def dressed(found: "Kept") -> tuple[dict[str, Any], Callable[[], str]]:
            one = _sure_days(found, wish.threshold)
            shown = await purse(s, desk, wish.currency, codes={one.forecast.instrument.currency})
            counts = await _counts(desk, wish, [found])
            asked = _Asked(answers=[one], today=desk.clock.now().date(), purse=shown, counts=counts)
            return _document(one, asked), lambda: _shown(s, wish, one, asked)

        heard = engine.watch(names, wish.days, timeframe=wish.timeframe, model=wish.model, why=wish.why)
        return await tell(s, heard, single=len(names) == 1, dressed=dressed)


async def _answers(
    engine: "PredictionEngine", wish: _Wish, step: "Step", *, learned: "datetime | None"
) -> "list[Kept | Missed]":
    """Give each symbol's forecast, or why it has none, in the order asked; one alone raises that."""
    from ara.prediction.many import Missed

    names: list[str] = []
    answers: list[Kept | Missed | None] = []
    for symbol in wish.symbols:
        try:
            names.append(insisted(symbol, wish.asset_class) if wish.asset_class else symbol)
            answers.append(None)
        except AraError as error:
            answers.append(Missed(symbol=symbol, error=error))
    free = iter([place for place, answer in enumerate(answers) if answer is None])
    asked = engine.keep_many(
        names,
        wish.days,
        as_of=wish.as_of,
        learned=learned,
        timeframe=wish.timeframe,
        model=wish.model,
        why=wish.why,
    )
    async for one in asked:
        place = next(free)
        answers[place] = replace(one, symbol=wish.symbols[place]) if isinstance(one, Missed) else one
        step(place + 1)
    if len(answers) == 1 and isinstance(answers[0], Missed):
        raise answers[0].error
    return [one for one in answers if one is not None]


def _tell(s: Screen, wish: _Wish, asked: _Asked) -> int:
    from ara.prediction.many import Missed

    answers = asked.answers
    failures = [answer for answer in answers if isinstance(answer, Missed)]
    whole = [answer for answer in answers if not isinstance(answer, Missed)]
    kept = [_sure_days(answer, wish.threshold) for answer in whole]
    documents = [_document(answer, asked) for answer in kept]
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
    if wish.out:
        _draw(s, kept, Path(wish.out))
    for failure in failures if not s.json else ():
        s.problem(failure.error)
    return failures[0].error.exit_code if failures else 0


def _draw(s: Screen, kept: "list[Kept]", folder: Path) -> None:
    from ara.cli.render.reasons_files import written
    from ara.cli.render.reasons_picture import drawable

    for answer in kept:
        paths = written(answer.forecast, folder)
        symbol = answer.forecast.instrument.symbol
        s.note(f"Written to {', '.join(map(str, paths))}" if paths else f"{symbol} has no reasons that could be drawn.")
    if not drawable():
        s.note("For pictures too: pip install 'ara-ai[charts]'")


def _sure_days(kept: "Kept", threshold: float) -> "Kept":
    days = tuple(day for day in kept.forecast.days if day.confidence >= threshold)
    return replace(kept, forecast=replace(kept.forecast, days=days))


def _left_out(kept: "Kept", unsure: int, threshold: float) -> str:
    symbol, days = kept.forecast.instrument.symbol, len(kept.forecast.days)
    are = "is" if unsure == 1 else "are"
    return f"{unsure} of {days} days of {symbol} {are} less sure than {threshold:g} and left out; the ledger has all."


def _document(kept: "Kept", asked: _Asked) -> dict[str, Any]:
    from ara.prediction.document import to_document

    data = {**to_document(kept.forecast), "kept": {"sequence": kept.sequence}}
    told = asked.counts.get(kept.forecast.id)
    if told is not None and told.weights:
        from ara.cli.commands.models.weights import counting_facts

        data["members"] = counting_facts(told)
    rate = asked.purse.rate(kept.forecast.instrument, kept.forecast.as_of)[0] if asked.purse else None
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
        members=asked.counts[one.id].words if one.id in asked.counts else "",
    )
    return show(one if rate is None else converted(one, rate), view)
