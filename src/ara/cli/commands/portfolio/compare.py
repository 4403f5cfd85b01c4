"""`ara portfolio compare`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.portfolio import Kept

__all__ = ["compare"]

_DAYS = 1500


def compare(
    symbols: Annotated[list[str] | None, typer.Argument(metavar="SYMBOL", help="What may be held")] = None,
    portfolio: Annotated[
        str,
        typer.Option("--portfolio", metavar="WEIGHTS", help="Compare when to trade back to these weights"),
    ] = "",
    when: Annotated[str, typer.Option("--when", metavar="RULES", help="never,month,5%,1.5x; month+5% is either")] = "",
    methods: Annotated[
        str, typer.Option("--methods", metavar="NAMES", help="With commas between; all of them")
    ] = "all",
    window: Annotated[str, typer.Option("--window", metavar="N", help="Days that a choice looks back at")] = "500",
    every: Annotated[str, typer.Option("--every", metavar="N", help="Days between choices")] = "63",
    most: Annotated[str, typer.Option("--max", metavar="SHARE", help="Highest weight")] = "1",
    cost: Annotated[str, typer.Option("--cost", metavar="SHARE", help="Of what is traded")] = "0.1%",
    free: Annotated[
        str, typer.Option("--free", metavar="RATE", help="What cash earns in a year: 2%; for maximum_sharpe")
    ] = "0",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Compare ways to choose weights, or when to trade back to given ones, by how they would have done.

    ::

        ara portfolio compare AAPL MSFT SPY XAUUSD
        ara portfolio compare AAPL MSFT SPY --methods equal,hrp,maximum_sharpe --cost 0.2%
        ara portfolio compare AAPL MSFT SPY XAUUSD --window 250 --every 21 --json
        ara portfolio compare --portfolio AAPL=0.4,SPY=0.4,XAUUSD=0.2 --when never,month,5%,1.5x

    Each choice looks back only, over the last 1,500 days. Equal parts stand beside every other way.
    """
    from dataclasses import replace

    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.portfolio.asked import chosen, fetched_once, limits, planned
    from ara.cli.render.portfolio import SeenWalks, walks
    from ara.portfolio import walk
    from ara.risk import aligned

    s = screen()
    if portfolio or when:
        _kept(s, symbols or [], portfolio, when, cost, as_of)
        return
    names = chosen(methods)
    names = names if "equal" in names else ["equal", *names]
    back, days = counted(window, "--window", least=20, most=_DAYS), counted(every, "--every", most=_DAYS)
    plan = planned("equal", cost=cost, free=free)
    bars, _, notes = fetched_once(s, symbols or [], as_of=as_of)
    moves = aligned(bars).last(_DAYS)
    with s.progress("Comparing"):
        found = walk(
            moves, [replace(plan, method=one) for one in names], limits=limits(bars, most=most), window=back, every=days
        )
    seen = SeenWalks(moves=moves, found=found, window=back, every=days, cost=plan.cost)
    document = {
        "schema": 1,
        "symbols": list(moves.symbols),
        "first": found[0].dates[0].isoformat(),
        "date": found[0].dates[-1].isoformat(),
        "days": len(found[0].dates),
        "window": back,
        "every": days,
        "cost": plan.cost,
        "free": plan.free,
        "notes": notes,
        "methods": [one.as_dict() for one in found],
    }
    s.result(document, lambda: walks(seen, s))


def _kept(s: Screen, symbols: list[str], portfolio: str, when: str, cost: str, as_of: str) -> None:
    """Compare when to trade back to the same weights."""
    from ara.cli.commands.holdings import held
    from ara.cli.commands.portfolio.asked import ratio
    from ara.cli.render.kept import SeenKept, rules
    from ara.portfolio import RULES, kept, read_rule

    if symbols or not portfolio:
        raise ValidationError(
            "Which weights are kept is said by --portfolio alone.",
            hint="Write --portfolio AAPL=0.6,SPY=0.4",
        )
    named = [one.strip().lower() for one in when.split(",") if one.strip()] or list(RULES)
    for one in named:
        read_rule(one)
    share = ratio(cost, "--cost")
    held_ = held(s, portfolio, as_of=as_of)
    moves = held_.moves.last(_DAYS)
    with s.progress("Comparing"):
        found = kept(moves, list(held_.weights.values()), named, cost=share)
    seen = SeenKept(held=held_, moves=moves, found=found, cost=share)
    s.result(_document(seen.found, moves.dates[0].isoformat(), held_.weights, share), lambda: rules(seen, s))


def _document(found: "Sequence[Kept]", first: str, weights: Mapping[str, float], cost: float) -> dict[str, Any]:
    return {
        "schema": 1,
        "weights": dict(weights),
        "first": first,
        "date": found[0].dates[-1].isoformat(),
        "days": len(found[0].dates),
        "cost": cost,
        "rules": [one.as_dict() for one in found],
    }
