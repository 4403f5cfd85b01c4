"""`ara rank`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from datetime import datetime

    from ara.market.bars import Bars
    from ara.performance.trials import Look
    from ara.prediction.rank import Exam, Ranked

__all__ = ["command"]

_STALE = 4


def command(
    symbols: Annotated[list[str] | None, typer.Argument(metavar="SYMBOL", help="Five instruments at the least")] = None,
    bars: Annotated[
        str, typer.Option("--bars", metavar="FILE", help="All instruments of a file of bars, Parquet or CSV")
    ] = "",
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then; an instant needs its zone")
    ] = "",
    horizon: Annotated[str, typer.Option("--horizon", metavar="N", help="Bars ahead, 1 to 30")] = "20",
    model: Annotated[
        str,
        typer.Option("--model", metavar="FAMILY", help="Whose forecasts returns are drawn from, or usual: own moves"),
    ] = "usual",
    exam: Annotated[
        bool, typer.Option("--exam", help="Rank at the start of each of the last terms, and score what came")
    ] = False,
    terms: Annotated[str, typer.Option("--terms", metavar="N", help="Terms of the exam, 1 to 1000")] = "12",
) -> None:
    """Give the chances that instruments end among the worst, or the best, fifth of their like.

    ::

        ara rank AAPL IBM BAC SPY QQQ IWM
        ara rank --bars bars.parquet --as-of 2020-12-31 --json
        ara rank --bars bars.parquet --exam

    Returns of all are drawn together, each as wide as its own moves, as closely tied as they have been.
    """
    from ara.cli.render.rank import exam_told, ranks
    from ara.prediction.rank import UNIFORM, examined, rank

    s = screen()
    settings = s.settings()
    ahead, many, seed = _whole(horizon, "--horizon", 30), _whole(terms, "--terms", 1000), settings.prediction.seed
    _family(model)
    with s.progress("Ranking"):
        series = _read(bars, as_of) if bars else s.run(_fetched(s, symbols or [], as_of))
        if bars and symbols:
            series = _chosen(series, symbols)
        elif bars and as_of and not exam:  # its earlier terms had them
            series = _lasting(s, series)
        found: Exam | list[Ranked]
        if exam:
            found = examined(series, ahead, terms=many, model=model, seed=seed)
        else:
            found = rank(series, ahead, model=model, seed=seed)
    if isinstance(found, list):
        _apart(s, series)
        s.result([one.as_dict() for one in found], lambda: ranks(found, ahead, s))
        return
    look = _counted(s, found, [one.instrument.symbol for one in series], model)
    each = [
        {
            "start": one.start.isoformat(), "symbols": one.symbols, "score": one.score, "plain": one.plain,
            "no_knowledge": one.no_knowledge,
        }
        for one in found.terms
    ]  # fmt: skip
    data: Mapping[str, Any] = {
        "schema": 1, "horizon": ahead, "model": model, "score": found.score, "plain": found.plain, "uniform": UNIFORM,
        "no_knowledge": found.no_knowledge, "terms": each, "better": found.better_than_plain, "p": found.p,
        "look": {"number": look.number, "limit": look.limit, "burnt": look.burnt},
    }  # fmt: skip
    s.result(data, lambda: exam_told(found, look, s))


def _apart(s: Screen, series: "Sequence[Bars]") -> None:
    """Say where the last bars lie some days apart; farther apart, the instruments are refused."""
    from ara.prediction.meeting import lasts

    last = lasts(series)
    early, late = min(last, key=last.__getitem__), max(last, key=last.__getitem__)
    if (last[late] - last[early]).days > _STALE:
        s.note(
            f"The last bar of {clean(early)} is of {last[early]}, that of {clean(late)} of {last[late]}: they do not "
            "start together."
        )


def _lasting(s: Screen, series: "list[Bars]") -> "list[Bars]":
    """Leave out what a file had ended with by the moment asked for, as what had not begun, and say so."""
    from ara.market.symbols import listed
    from ara.prediction.meeting import ended, lasts
    from ara.prediction.rank import LIKE

    last = lasts(series)
    gone = ended(last) if last else []
    if not gone or len(last) - len(gone) < LIKE:
        return series
    s.note(
        f"Left out, as bars ended more than ten days before those of the others: {clean(listed(gone, 8))}. "
        f"All have bars up to {min(last.values())}."
    )
    return [one for one in series if one.instrument.symbol not in gone]


def _counted(s: Screen, found: "Exam", symbols: Sequence[str], model: str) -> "Look":
    """Count the look at the terms, before anything of them is shown."""

    async def ask() -> "Look":
        from ara.desk import Desk
        from ara.performance.trials import Trials

        async with Desk.open(s.settings()) as desk:
            first, last = found.terms[0].start, found.terms[-1].start
            return await Trials(desk).look(symbols, first, last, what=f"rank exam of {model}")

    return s.run(ask())


def _whole(text: str, flag: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        said = f"{flag} is {clean(text)[:40] or 'empty'}."
        raise ValidationError(said, hint=f"Give a whole number from 1 to {most}.")
    return int(text)


def _family(name: str) -> None:
    from ara import plugins
    from ara.prediction.rank import MODEL

    if name != MODEL and name not in plugins.names("models"):
        plugins.load("models", name)  # says which families there are


def _moment(text: str) -> "datetime | None":
    from ara.clock import SystemClock
    from ara.prediction.origin import as_instant

    return as_instant(text, now=SystemClock().now()) if text else None


def _read(text: str, as_of: str) -> "list[Bars]":
    """Read a file's bars; of each instrument what was public at the moment, where it had a bar by then."""
    from dataclasses import replace

    import polars as pl

    from ara.data.files import read_bars
    from ara.prediction.bulk import series

    path = Path(text)
    if not path.is_file():
        raise ValidationError(f"--bars: there is no file {clean(text)!r}.", hint="Check the path.")
    found = [one for one in series(read_bars(path)) if len(one)]
    if (moment := _moment(as_of)) is None:
        return found
    public = [replace(one, frame=one.frame.filter(pl.col("known_at") <= moment)) for one in found]
    _begun(found, [one for one in public if len(one)], as_of)
    return [one for one in public if len(one)]


def _begun(whole: "Sequence[Bars]", public: "Sequence[Bars]", as_of: str) -> None:
    """Refuse a moment by which too few instruments of a file had a bar, and say from when on enough of them have."""
    from ara.prediction.rank import LIKE

    if len(public) >= LIKE or len(whole) < LIKE:
        return
    begin = sorted(one.frame["known_at"][0] for one in whole)
    count = f"{len(public)} of {len(whole)} instruments {'has' if len(public) == 1 else 'have'}"
    raise ValidationError(
        f"{count} a bar by {clean(as_of).strip()[:40]}: bars begin on {begin[0]:%Y-%m-%d}",
        hint=f"{LIKE} of them have one by {begin[LIKE - 1]:%Y-%m-%d}; ask from then on.",
    )


def _chosen(series: "Sequence[Bars]", symbols: Sequence[str]) -> "list[Bars]":
    known = {one.instrument.symbol: one for one in series}
    if missing := [name for name in symbols if name not in known]:
        raise ValidationError(f"the file has no bars of {clean(missing[0])}", hint="Name symbols as the file does.")
    return [known[name] for name in dict.fromkeys(symbols)]


async def _fetched(s: Screen, symbols: Sequence[str], as_of: str) -> "list[Bars]":
    from ara.data.batch import every
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.origin import as_instant

    if not symbols:
        raise ValidationError("SYMBOL… or --bars is missing.", hint="See what is allowed: ara rank --help")
    async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
        moment = as_instant(as_of or None, now=desk.clock.now())
        named = [await market.instrument(symbol) for symbol in symbols]
        return await every(market, named, as_of=moment, said=clean(as_of).strip()[:40] or "now")
