"""`ara portfolio analyze`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.reported import HELP
from ara.cli.commands.reported import asked as reported
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.render.portfolio import SeenPast

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
    from ara.cli.commands.holdings import fetched, held
    from ara.cli.commands.portfolio.asked import ratio
    from ara.cli.commands.portfolio.report import past_sent
    from ara.cli.render.portfolio import past
    from ara.risk import aligned

    s, goal = screen(), reported(report)
    rate, days = ratio(free, "--free"), counted(last, "--last", least=20) if last else 0
    held_ = held(s, _typed(symbols or [], portfolio, weights), as_of=as_of)
    beside = fetched(s, [benchmark], as_of=as_of) if benchmark else []
    extra = [one for one in beside if one.instrument.symbol not in held_.weights]
    moves = aligned([*held_.bars, *extra])
    moves = moves.last(days) if days else moves
    name = beside[0].instrument.symbol if beside else ""
    seen = _seen(held_, moves, name, rate)
    data = _document(seen)
    if goal is not None:
        other = moves.returns[:, moves.symbols.index(name)] if name else None
        past_sent(s, seen, data, goal, free=rate, other=other)
    s.result(data, lambda: past(seen, s))


def _typed(symbols: list[str], portfolio: str, weights: str) -> str:
    """Give the portfolio as `--portfolio` takes it, from either way to type it."""
    from ara.cli.commands.portfolio.asked import named

    if bool(symbols) == bool(portfolio):
        words = "Symbols and --portfolio both say what is held." if symbols else "Nothing is said to be held."
        raise ValidationError(words, hint="Write --portfolio AAPL=0.5,MSFT=0.5, or AAPL MSFT --weights 0.5,0.5")
    if portfolio or not weights:
        if weights:
            raise ValidationError("--weights goes with symbols, not with --portfolio.")
        return portfolio or ",".join(named(symbols))
    names, shares = named(symbols), [one.strip() for one in weights.split(",") if one.strip()]
    if len(names) != len(shares):
        raise ValidationError(f"There are {len(shares)} weights of {len(names)} instruments.", hint="One for each.")
    return ",".join(f"{name}={share}" for name, share in zip(names, shares, strict=True))


def _seen(held: Any, moves: Any, benchmark: str, rate: float) -> "SeenPast":
    import numpy as np

    from ara.cli.render.portfolio import SeenPast
    from ara.performance import measure
    from ara.risk import spread
    from ara.statistics import covariance, nearest_psd

    mine = moves.only(list(held.weights))
    weights = np.array(list(held.weights.values()))
    returns = mine.returns @ weights
    if (returns < -1).any():
        raise ValidationError("Such weights have lost more than all on a day.", hint="Borrow less.")
    beside = moves.returns[:, moves.symbols.index(benchmark)] if benchmark else None
    each = {clean(one): mine.returns[:, place] for place, one in enumerate(mine.symbols)}
    return SeenPast(
        held=held,
        moves=mine,
        whole=measure(returns, per_year=moves.per_year, free=rate, benchmark=beside),
        each={name: measure(one, per_year=moves.per_year, free=rate) for name, one in each.items()},
        benchmark=(benchmark, measure(beside, per_year=moves.per_year, free=rate)) if beside is not None else None,
        spread=spread(weights, nearest_psd(covariance(mine.returns))),
    )


def _document(seen: "SeenPast") -> dict[str, Any]:
    return {
        **seen.held.document(),
        "days": len(seen.moves),
        "first": seen.moves.dates[0].isoformat(),
        "date": seen.moves.dates[-1].isoformat(),
        "per_year": seen.moves.per_year,
        "measures": seen.whole.as_dict(),
        "holdings": {name: one.as_dict() for name, one in seen.each.items()},
        "benchmark": {"symbol": seen.benchmark[0], "measures": seen.benchmark[1].as_dict()} if seen.benchmark else None,
        "spread": seen.spread.as_dict(),
    }
