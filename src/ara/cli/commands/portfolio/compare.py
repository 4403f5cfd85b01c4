"""`ara portfolio compare`."""

from typing import Annotated

import typer

from ara.cli.screen import screen

__all__ = ["compare"]

_DAYS = 1500


def compare(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="What may be held")],
    methods: Annotated[
        str, typer.Option("--methods", metavar="NAMES", help="With commas between; all of them")
    ] = "all",
    window: Annotated[str, typer.Option("--window", metavar="N", help="Days that a choice looks back at")] = "500",
    every: Annotated[str, typer.Option("--every", metavar="N", help="Days between choices")] = "63",
    most: Annotated[str, typer.Option("--max", metavar="SHARE", help="Highest weight")] = "1",
    cost: Annotated[str, typer.Option("--cost", metavar="SHARE", help="Of what is traded")] = "0.1%",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Compare ways to choose weights by how they would have done on days that they did not know.

    ::

        ara portfolio compare AAPL MSFT SPY XAUUSD
        ara portfolio compare AAPL MSFT SPY --methods equal,hrp,maximum_sharpe --cost 0.2%
        ara portfolio compare AAPL MSFT SPY XAUUSD --window 250 --every 21 --json

    Each choice looks back only, over the last 1,500 days. Equal parts stand beside every other way.
    """
    from dataclasses import replace

    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.holdings import fetched
    from ara.cli.commands.portfolio.asked import chosen, limits, named, planned
    from ara.cli.render.portfolio import SeenWalks, walks
    from ara.portfolio import walk
    from ara.risk import aligned

    s = screen()
    names = chosen(methods)
    names = names if "equal" in names else ["equal", *names]
    back, days = counted(window, "--window", least=20, most=_DAYS), counted(every, "--every", most=_DAYS)
    plan = planned("equal", cost=cost)
    bars = fetched(s, named(symbols), as_of=as_of)
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
        "methods": [one.as_dict() for one in found],
    }
    s.result(document, lambda: walks(seen, s))
