"""`ara market indicators`."""

from typing import Annotated

import typer

from ara.cli.screen import screen

__all__ = ["indicators"]


def indicators(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    category: Annotated[
        str,
        typer.Option(
            "--category", "-c", metavar="FAMILY", help="trend, momentum, volatility, volume, statistical or all"
        ),
    ] = "all",
    step: Annotated[str, typer.Option("--timeframe", "-t", metavar="STEP", help="Length of a bar")] = "1d",
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="N", help="Look at what followed so many bars later")
    ] = "5",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show what indicators say now, how common that is, and what followed.

    ::

        ara market indicators AAPL
        ara market indicators BTC-USD --category momentum
        ara market indicators EURUSD -c volatility -t 1d --as-of 2020-02-20 --json

    Where a value is read as a promise of where the price goes, the share of times when it went there stands beside the
    share of all bars after which it did. Mostly the two are the same, and then it says so.
    """
    from ara.cli.commands.data.asked import counted, timeframe
    from ara.cli.commands.viewed import looked
    from ara.cli.render.readings import shown
    from ara.prediction.looking import FOLLOWED

    s = screen()
    later = counted(horizon, "--horizon", most=FOLLOWED.stop - 1)
    length = timeframe(step)
    with s.progress("Reading indicators"):
        told = looked(
            s,
            as_of,
            lambda looks, moment: looks.indicators(
                symbol, as_of=moment, category=category, timeframe=length, horizon=later
            ),
        )
    s.result(told.as_dict(), lambda: shown(told, s))
