"""`ara portfolio analyze`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.reported import HELP
from ara.cli.commands.reported import asked as reported
from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.commands.holdings import Held
    from ara.cli.render.portfolio import SeenPast
    from ara.risk import Moves

__all__ = ["analyze"]


def analyze(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="What is held, in equal parts or by --weights")
    ] = None,
    portfolio: Annotated[
        str, typer.Option("--portfolio", metavar="WEIGHTS", help="AAPL=0.5,MSFT=0.5; the rest is cash")
    ] = "",
    weights: Annotated[str, typer.Option("--weights", "-w", metavar="SHARES", help="Of the symbols: 0.5,0.3")] = "",
    benchmark: Annotated[str, typer.Option("--benchmark", metavar="SYMBOL", help="What it is set beside")] = "",
    free: Annotated[str, typer.Option("--free", metavar="RATE", help="What cash earns in a year: 2%")] = "0",
    last: Annotated[str, typer.Option("--last", metavar="N", help="Only the last so many days")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    report: Annotated[str, typer.Option("--report", metavar="FILE", help=HELP)] = "",
) -> None:
    """Show how a portfolio of fixed weights did: growth, falls, ratios, beside each holding and a benchmark.

    ::

        ara portfolio analyze --portfolio AAPL=0.5,SPY=0.5
        ara portfolio analyze --portfolio AAPL=0.4,MSFT=0.4 --benchmark SPY --free 2%
        ara portfolio analyze --portfolio AAPL,XAUUSD --last 500 --as-of 2020-02-20 --json

    Weights are put right each day, without cost. What was is no promise of what comes.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.holdings import held
    from ara.cli.commands.portfolio.asked import ratio
    from ara.cli.commands.portfolio.report import past_sent
    from ara.cli.render.portfolio import past
    from ara.risk import aligned

    s, goal = screen(), reported(report)
    rate, days = ratio(free, "--free"), counted(last, "--last", least=20) if last else 0
    typed = _typed(symbols or [], portfolio, weights)
    held_ = held(s, typed, as_of=as_of, beside=[benchmark] if benchmark else [])
    extra = [one for one in held_.beside if one.instrument.symbol not in held_.weights]
    moves = aligned([*held_.bars, *extra])
    moves = moves.last(days) if days else moves
    name = held_.beside[0].instrument.symbol if held_.beside else ""
    seen = _seen(held_, moves, name, rate)
    data = seen.as_dict()
    if goal is not None:
        other = moves.returns[:, moves.symbols.index(name)] if name else None
        past_sent(s, seen, data, goal, free=rate, other=other)
    s.result(data, lambda: past(seen, s))


def _typed(symbols: list[str], portfolio: str, weights: str) -> str:
    """Give the portfolio as `--portfolio` takes it, from either way to type it."""
    from ara.cli.commands.portfolio.asked import named, shared

    if bool(symbols) == bool(portfolio):
        words = "Symbols and --portfolio both say what is held." if symbols else "Nothing is said to be held."
        raise ValidationError(words, hint="Write --portfolio AAPL=0.5,MSFT=0.5, or AAPL MSFT --weights 0.5,0.5")
    if portfolio or not weights:
        if weights:
            raise ValidationError("--weights goes with symbols, not with --portfolio.")
        return portfolio or ",".join(named(symbols))
    return shared(named(symbols), weights, "--weights")


def _seen(held: "Held", moves: "Moves", benchmark: str, rate: float) -> "SeenPast":
    from dataclasses import fields, replace

    from ara.cli.render.portfolio import SeenPast
    from ara.portfolio.past import past

    found = replace(past(held.weights, moves, benchmark=benchmark, free=rate), notes=held.money())
    return SeenPast(held=held, **{one.name: getattr(found, one.name) for one in fields(found)})
