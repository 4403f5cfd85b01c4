"""`ara patterns`."""

from typing import Annotated

import typer

from ara.cli.screen import screen

__all__ = ["command"]

_MOST = 5000
_LONGEST = 250


def command(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    last: Annotated[str, typer.Option("--last", "-n", metavar="N", help="Known in so many of the last bars")] = "5",
    family: Annotated[
        str, typer.Option("--family", metavar="FAMILY", help="Only candle, chart, harmonic or elliott")
    ] = "",
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="N", help="Look at what followed so many bars later")
    ] = "5",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show the patterns that are there or were lately, and what followed their like before.

    ::

        ara patterns AAPL
        ara patterns BTC-USD --last 20 --family chart
        ara patterns EURUSD --horizon 10 --as-of 2020-02-20 --json

    Each stands beside the base rate: how often the price went that way after any bar. Most patterns are followed by
    what follows any bar, and then it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars
    from ara.cli.render.patterns import shown
    from ara.features.patterns.told import family_of, told

    s = screen()
    chosen = family_of(family)
    bars_back, later = counted(last, "--last", most=_MOST), counted(horizon, "--horizon", most=_LONGEST)
    bars = closed_bars(s, symbol, as_of=as_of)
    with s.progress("Looking for patterns"):
        seen = told(bars, last=bars_back, family=chosen, horizon=later)
    s.result(seen.as_dict(), lambda: shown(seen, s))
