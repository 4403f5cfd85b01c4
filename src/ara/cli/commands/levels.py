"""`ara levels`."""

from typing import Annotated

import typer

from ara.cli.screen import screen

__all__ = ["command"]

_MOST = 1000
_SHORTEST, _LONGEST = 10, 5000


def command(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    count: Annotated[str, typer.Option("--count", "-n", metavar="N", help="The nearest so many")] = "16",
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="Only pivot, fibonacci, cluster or volume")] = "",
    pivots: Annotated[
        str, typer.Option("--pivots", metavar="NAMES", help="standard, fibonacci, camarilla, woodie, demark")
    ] = "standard",
    period: Annotated[
        str, typer.Option("--period", metavar="PERIOD", help="Pivots of the session, week or month before")
    ] = "week",
    window: Annotated[str, typer.Option("--window", metavar="N", help="Bars whose turns and volume count")] = "250",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show the prices that matter: pivots, retracements, clusters of turns, volume.

    ::

        ara levels AAPL
        ara levels BTC-USD --kind cluster --window 500
        ara levels EURUSD --pivots camarilla,demark --period session --as-of 2020-02-20 --json

    Beside them stands how often the price turned at such levels in the past, and how often at other prices as far away.
    Mostly the two are the same, and then it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars
    from ara.cli.render.levels import shown
    from ara.features.levels.find import PERIODS, PIVOTS
    from ara.features.levels.told import KINDS, checked, told

    s = screen()
    most = counted(count, "--count", most=_MOST)
    bars_back = counted(window, "--window", least=_SHORTEST, most=_LONGEST)
    (chosen,) = checked("--kind", [kind], KINDS) or ("",)
    schemes = checked("--pivots", pivots.split(","), PIVOTS)
    (span,) = checked("--period", [period or "?"], PERIODS)
    bars = closed_bars(s, symbol, as_of=as_of)
    with s.progress("Looking for levels"):
        seen = told(bars, pivots=schemes, period=span, window=bars_back, kind=chosen, count=most)
    s.result(seen.as_dict(), lambda: shown(seen, s))
