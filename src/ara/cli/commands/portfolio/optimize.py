"""`ara portfolio optimize`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.reported import HELP
from ara.cli.commands.reported import asked as reported
from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.cli.render.portfolio import SeenAllocation
    from ara.market.bars import Bars
    from ara.portfolio import FactorModel, Limits, Plan
    from ara.risk import Moves

__all__ = ["optimize"]

_DAYS = 1000
_POINTS = 100


def optimize(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="What may be held")],
    method: Annotated[str, typer.Option("--method", "-m", metavar="NAME", help="See ara portfolio compare")] = "hrp",
    risk: Annotated[
        str, typer.Option("--risk", "-r", metavar="WORD", help="conservative, moderate, aggressive; for mean_variance")
    ] = "moderate",
    fraction: Annotated[str, typer.Option("--fraction", metavar="SHARE", help="Of Kelly's weights; for kelly")] = "50%",
    free: Annotated[
        str, typer.Option("--free", metavar="RATE", help="What cash earns in a year: 2%; for maximum_sharpe")
    ] = "0",
    least: Annotated[str, typer.Option("--min", metavar="SHARE", help="Lowest weight; below 0 sells short")] = "0",
    most: Annotated[str, typer.Option("--max", metavar="SHARE", help="Highest weight")] = "1",
    count: Annotated[str, typer.Option("--most", metavar="N", help="So many holdings at the most")] = "",
    classes: Annotated[str, typer.Option("--class", metavar="CAPS", help="Most of a class: crypto=20%")] = "",
    sectors: Annotated[str, typer.Option("--sector", metavar="CAPS", help="Most of a sector: Technology=30%")] = "",
    constraints: Annotated[
        str, typer.Option("--constraints", "-c", metavar="JSON", help='All limits: {"bounds": {"AAPL": [0.1, 0.3]}}')
    ] = "",
    factors: Annotated[
        str, typer.Option("--factors", metavar="SYMBOLS", help="Believe what these say: SPY,XAUUSD")
    ] = "",
    held: Annotated[str, typer.Option("--held", metavar="WEIGHTS", help="What is held now: AAPL=0.5,SPY=0.5")] = "",
    turnover: Annotated[str, typer.Option("--turnover", metavar="SHARE", help="Most that may change")] = "",
    cost: Annotated[str, typer.Option("--cost", metavar="SHARE", help="Of what is traded: 0.1%")] = "0",
    covariance: Annotated[
        str, typer.Option("--covariance", metavar="NAME", help="sample, ledoit_wolf, oas, ewma, factor, dcc")
    ] = "ledoit_wolf",
    expected: Annotated[
        str, typer.Option("--expected", metavar="NAME", help="shrunk or historical means, or forecast")
    ] = "shrunk",
    days: Annotated[str, typer.Option("--days", metavar="N", help="Days ahead of --expected forecast")] = "21",
    frontier: Annotated[str, typer.Option("--frontier", metavar="N", help="Also N points of the frontier")] = "",
    value: Annotated[str, typer.Option("--value", metavar="AMOUNT", help="Also what to buy for so much")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    report: Annotated[str, typer.Option("--report", metavar="FILE", help=HELP)] = "",
) -> None:
    """Choose the weights of instruments by one method, within limits.

    ::

        ara portfolio optimize AAPL MSFT SPY XAUUSD
        ara portfolio optimize AAPL MSFT SPY BTC-USD --method minimum_volatility --max 40% --class crypto=10%
        ara portfolio optimize AAPL MSFT SPY --method mean_variance --risk conservative --value 50000 --json

    There is always an answer: limits that nothing meets give way in a stated order, and it is said which.
    """
    from dataclasses import replace

    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.portfolio.asked import document, fetched_once, limits, named, planned, sectors_of, weights_of
    from ara.cli.commands.portfolio.report import allocation_sent
    from ara.cli.commands.risk.asked import amount
    from ara.cli.render.portfolio import allocation
    from ara.portfolio.chosen import unused
    from ara.risk import aligned

    s = screen()
    expected = "forecast" if method.strip().lower().replace("-", "_") == "black_litterman" else expected
    plan = planned(method, risk=risk, covariance=covariance, expected=expected, cost=cost, fraction=fraction, free=free)
    said = document(constraints)
    money, goal = amount(value, "--value"), reported(report)
    ahead = counted(days, "--days", most=30)
    points = counted(frontier, "--frontier", least=2, most=_POINTS) if frontier else 0
    bars, led, notes = fetched_once(s, symbols, as_of=as_of, beside=named([factors]) if factors else ())
    moves = aligned(bars).last(_DAYS)
    now = weights_of(held, moves, "--held") if held else None
    model = _model(bars, led, plan) if led else None
    branches = sectors_of(s, bars, as_of) if sectors or "sectors" in said else None
    wanted = limits(
        bars, least=least, most=most, count=count, classes=classes, sectors=sectors, said=said, held=now,
        turnover=turnover, factors=model, sector_of=branches,
    )  # fmt: skip
    with s.progress("Choosing"):
        mean = _forecast(s, moves, plan, ahead, as_of) if expected == "forecast" else None
        seen = _seen(bars, moves, plan, wanted, money, points, mean, model)
    seen = replace(seen, notes=[*notes, *unused(plan)])
    for note in unused(plan):
        s.warn(note)
    data = seen.as_dict()
    if goal is not None:
        allocation_sent(s, seen, data, goal)
    s.result(data, lambda: allocation(seen, s))


def _model(bars: "Sequence[Bars]", factors: "Sequence[Bars]", plan: "Plan") -> "FactorModel":
    """Give what factors say of the instruments, from the last days that all have."""
    from ara.portfolio import factor_model
    from ara.risk import aligned

    known = {one.instrument.symbol: one for one in bars}
    beside = {one.instrument.symbol: one for one in factors}
    whole = aligned([*known.values(), *(one for name, one in beside.items() if name not in known)]).last(_DAYS)
    own, led = whole.only(list(known)).returns, whole.only(list(beside)).returns
    return factor_model(own, led, tuple(beside), method=plan.covariance)


def _seen(
    bars: "Sequence[Bars]",
    moves: "Moves",
    plan: "Plan",
    limits: "Limits",
    money: float | None,
    points: int,
    mean: "NDArray[np.float64] | None",
    model: "FactorModel | None",
) -> "SeenAllocation":
    from ara.cli.render.portfolio import SeenAllocation
    from ara.portfolio import allocate
    from ara.portfolio.chosen import frontier_of, to_buy

    mean = model.expected if mean is None and model else mean
    covariance = model.covariance if model else None
    found = allocate(moves, plan, limits=limits, expected=mean, covariance=covariance)
    return SeenAllocation(
        bars=bars,
        moves=moves,
        found=found,
        trades=to_buy(bars, found, money, plan.cost) if money else None,
        frontier=frontier_of(moves, plan, limits, points, expected=mean, believed=covariance) if points else (),
        forecast=mean is not None and model is None,
        money=money,
        factors=model,
        free=plan.free,
    )


def _forecast(s: Screen, moves: "Moves", plan: "Plan", days: int, as_of: str) -> "NDArray[np.float64]":
    """Ask for a forecast of each, kept in the ledger as every one, and give the means that follow."""
    from ara.desk import Desk
    from ara.portfolio import believed
    from ara.prediction import PredictionEngine
    from ara.prediction.forecast import Day
    from ara.statistics import covariance, nearest_psd

    async def asked() -> "list[Day]":
        async with Desk.open(s.settings()) as desk, PredictionEngine(desk) as engine:
            return [(await engine.predict(one, days, as_of=as_of or None, why=False)).days[-1] for one in moves.symbols]

    return believed(s.run(asked()), nearest_psd(covariance(moves.returns, plan.covariance))).expected
