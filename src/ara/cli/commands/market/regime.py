"""`ara market regime`."""

from typing import Annotated

import typer

from ara.cli.screen import screen
from ara.errors import ValidationError

__all__ = ["regime"]

_OTHERS = 50


def regime(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    among: Annotated[
        str, typer.Option("--among", metavar="SYMBOLS", help="Others for correlation and breadth: SPY,QQQ")
    ] = "",
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="N", help="Look at what followed so many bars later")
    ] = "21",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Show the state of a market, since when, how long such states lasted and what followed.

    ::

        ara market regime AAPL
        ara market regime SPY --among QQQ,IWM,EEM
        ara market regime EURUSD --as-of 2020-02-20 --json

    The state of each day is told by what was known on that day. Where states say no more of the next returns than
    no states would, it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import looked
    from ara.cli.render.regime import shown
    from ara.prediction.looking import FOLLOWED

    s = screen()
    later, others = counted(horizon, "--horizon", most=FOLLOWED.stop - 1), _named(among)
    with s.progress("Telling the states"):
        told = looked(s, as_of, lambda looks, moment: looks.regime(symbol, as_of=moment, among=others, horizon=later))
    s.result(told.as_dict(), lambda: shown(told, s))


def _named(among: str) -> list[str]:
    """Give the other instruments, each once."""
    names = list(dict.fromkeys(one.strip() for one in among.split(",") if one.strip()))
    if len(names) > _OTHERS:
        raise ValidationError(f"--among names {len(names)} instruments.", hint=f"At most {_OTHERS} are taken.")
    return names
