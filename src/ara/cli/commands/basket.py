"""`ara basket`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.prediction.basket import Basket

__all__ = ["command"]


def command(
    holdings: Annotated[
        list[str] | None, typer.Argument(metavar="HOLDING", help="AAPL=0.5 BTC-USD=20%; symbols alone: equal parts")
    ] = None,
    days: Annotated[
        str, typer.Option("--days", "-d", metavar="N", help="Bars ahead of the market that opens least often, 1 to 30")
    ] = "5",
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then; an instant needs its zone")
    ] = "",
    model: Annotated[
        str, typer.Option("--model", metavar="MODEL", help="Whose forecasts the returns are drawn from")
    ] = "",
) -> None:
    """Forecast instruments held together: what the whole may earn and lose, and who brings the loss.

    ::

        ara basket AAPL=0.5 MSFT=0.3 SPY=0.2 --as-of 2021-03-31
        ara basket AAPL MSFT BTC-USD --days 10 --as-of 2020-01-15
        ara basket SPY=60% XAUUSD=30% --as-of 2021-03-31 --json

    Each instrument keeps its own forecast; how they move together is drawn from their last 500 days.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.holdings import parsed
    from ara.cli.render.basket import told
    from ara.portfolio.optimise import risk_parity

    s = screen()
    weights = parsed(",".join(holdings or []), "HOLDING…")
    ahead = counted(days, "--days", most=30)
    with s.progress("Forecasting"):
        found = s.run(_asked(s, weights, ahead, as_of, model))
    even = dict(zip((one.symbol for one in found.members), risk_parity(found.covariance).weights.tolist(), strict=True))
    data: dict[str, Any] = {"schema": 1, **found.as_dict(), "even": even}
    s.result(data, lambda: told(found, even, s))


async def _asked(s: Screen, weights: dict[str, float], days: int, as_of: str, model: str) -> "Basket":
    from ara.desk import Desk
    from ara.prediction import PredictionEngine

    async with Desk.open(s.settings()) as desk, PredictionEngine(desk) as engine:
        return await engine.basket(weights, days, as_of=as_of or None, model=model or None)
