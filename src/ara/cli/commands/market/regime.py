"""`ara market regime`."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from datetime import datetime

    from ara.models.regimes import Standing
    from ara.prediction.importance import Resting
    from ara.prediction.looking import Looks
    from ara.prediction.watch_regimes import Stood

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
    importance: Annotated[
        str, typer.Option("--importance", metavar="MODEL", help="Also tell what moves its bands in each state")
    ] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Tell it again at each closed day of a live source, until Ctrl-C")
    ] = False,
) -> int:
    """Show the state of a market, since when, how long such states lasted and what followed.

    ::

        ara market regime AAPL
        ara market regime SPY --among QQQ,IWM,EEM
        ara market regime AAPL --importance fast
        ara market regime EURUSD --as-of 2020-02-20 --json
        ara market regime BTC-USDT --watch --json

    The state of each day is told by what was known on that day. Where states say no more of the next returns than
    no states would, it says so.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import looked
    from ara.cli.render.regime import shown
    from ara.prediction.looking import FOLLOWED

    s = screen()
    later, others = counted(horizon, "--horizon", most=FOLLOWED.stop - 1), _named(among)
    if watch:
        from ara.cli.commands.predict_watch import alone

        alone(importance=importance, as_of=as_of)
        return s.run(_watch(s, symbol, others, later))

    async def ask(looks: "Looks", moment: "datetime") -> "tuple[Standing, Resting | None]":
        told = await looks.regime(symbol, as_of=moment, among=others, horizon=later)
        return told, await looks.importance(told, importance) if importance.strip() else None

    with s.progress("Telling the states"):
        told, rests = looked(s, as_of, ask)
    s.result(told.as_dict() | ({"importance": rests.as_dict()} if rests else {}), lambda: shown(told, s, rests))
    return 0


async def _watch(s: Screen, symbol: str, among: Sequence[str], horizon: int) -> int:
    """Print how the market stands, and again as its bars close, until it can't be watched."""
    from ara.cli.commands.predict_watch import tell
    from ara.cli.render.regime import news
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.watch_regimes import watch_regimes

    async def dressed(one: "Stood") -> tuple[dict[str, Any], Callable[[], str]]:
        return one.as_dict(), lambda: news(one.now, one.news, s)

    async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
        heard = watch_regimes(desk, market, [symbol], among=among, horizon=horizon)
        return await tell(s, heard, single=True, dressed=dressed)


def _named(among: str) -> list[str]:
    """Give the other instruments, each once."""
    names = list(dict.fromkeys(one.strip() for one in among.split(",") if one.strip()))
    if len(names) > _OTHERS:
        raise ValidationError(f"--among names {len(names)} instruments.", hint=f"At most {_OTHERS} are taken.")
    return names
