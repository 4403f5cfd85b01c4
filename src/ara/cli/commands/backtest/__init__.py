"""`ara backtest`."""

from typing import Annotated

import typer

from ara.cli.commands.reported import HELP
from ara.cli.commands.reported import asked as reported
from ara.cli.screen import screen

__all__ = ["command"]

_MOST_CUTS = 100
_MOST_GROUPS = 16
_MOST_WORLDS = 100_000
_MOST_MARKETS = 10_000
_MOST_SECONDS = 1_000_000


def command(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="Instruments; the book is in the first one's currency")
    ] = None,
    strategy: Annotated[
        str, typer.Option("--strategy", "-s", metavar="NAME", help="What decides; a class of your own: module:Class")
    ] = "buy_and_hold",
    params: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the strategy; repeatable")
    ] = None,
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="First day; earlier bars are history")] = "",
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="Last day")] = "",
    period: Annotated[
        str, typer.Option("--period", metavar="SPAN", help="So much of the past up to the end: 5y, 18m, 250d")
    ] = "",
    cash: Annotated[
        str, typer.Option("--cash", "--initial-capital", metavar="AMOUNT", help="What it begins with")
    ] = "10000",
    cost: Annotated[
        list[str] | None, typer.Option("--cost", metavar="NAME=VALUE", help="A cost or limit, or none; repeatable")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option("--grid", metavar="NAME=VALUES", help="Of a sweep: 5,10 or 20:200:10; repeatable"),
    ] = None,
    lot: Annotated[str, typer.Option("--lot", metavar="STEP", help="Smallest step of a quantity; 0.001")] = "",
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars from a file, Parquet or CSV")] = "",
    funding: Annotated[
        str, typer.Option("--funding", metavar="FILE", help="What perpetual coins paid: at, rate, symbol; CSV, Parquet")
    ] = "",
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="In which the book is kept; USD")] = "",
    cuts: Annotated[
        str,
        typer.Option("--cuts", metavar="N", help="Replays on shorter bars, to find who sees the future; 0 for none"),
    ] = "3",
    mix: Annotated[
        list[str] | None, typer.Option("--mix", metavar="SYMBOL=SHARE", help="A mix to stand beside it; repeatable")
    ] = None,
    walk_forward: Annotated[
        str,
        typer.Option(
            "--walk-forward", metavar="BARS", help="Choose parameters anew on so many bars, judge on those after"
        ),
    ] = "",
    retrain: Annotated[str, typer.Option("--retrain", metavar="BARS", help="Between choices of a walk")] = "30",
    least: Annotated[str, typer.Option("--least", metavar="BARS", help="Before its first choice; the window")] = "0",
    anchored: Annotated[bool, typer.Option("--anchored", help="Choose on all bars from the first on")] = False,
    purge: Annotated[str, typer.Option("--purge", metavar="BARS", help="Left out before each judged part")] = "0",
    hold_out: Annotated[
        str, typer.Option("--hold-out", metavar="SHARE", help="Share of the bars that a walk leaves alone at the end")
    ] = "0.2",
    opened: Annotated[bool, typer.Option("--open", help="Play the hold-out too; the look is counted")] = False,
    workers: Annotated[
        str, typer.Option("--workers", metavar="N", help="Processes at once, of walks, sweeps, other pasts")
    ] = "0",
    on: Annotated[
        str, typer.Option("--on", metavar="PLACE", help="Where walks, sweeps, other pasts are played: here, or ray")
    ] = "here",
    monte_carlo: Annotated[
        str, typer.Option("--monte-carlo", metavar="N", help="Live the past again so many times, in four ways")
    ] = "0",
    placebo: Annotated[
        str, typer.Option("--placebo", metavar="N", help="Play it on so many markets in which nothing can work")
    ] = "0",
    cross: Annotated[
        str, typer.Option("--cross-validate", metavar="GROUPS", help="Of a sweep: judge the choice over many pasts; 6")
    ] = "0",
    report: Annotated[str, typer.Option("--report", metavar="FILE", help=HELP)] = "",
    portfolio: Annotated[
        str, typer.Option("--portfolio", metavar="A,B,C", help="Hold these alike, traded back to that each month")
    ] = "",
    optimize: Annotated[bool, typer.Option("--optimize", help="With weights found anew from the last year")] = False,
    time_limit: Annotated[
        str, typer.Option("--time-limit", metavar="SECONDS", help="For one decision of the strategy; 0 for none")
    ] = "600",
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Write result.json, equity.csv, fills.csv")] = "",
) -> None:
    """Test a strategy on the past: what it would have earned, beside holding and luck.

    ::

        ara backtest AAPL --strategy momentum --start 2015-01-01 --end 2019-12-31
        ara backtest AAPL MSFT --strategy mean_reversion --param window=30 --param entry=1.5
        ara backtest AAPL --strategy momentum --report momentum.pdf
        ara backtest AAPL --strategy momentum --mix SPY=60 --mix XAUUSD=40
        ara backtest AAPL --strategy my_module:MyStrategy --cost commission=0.001 --out result --json
        ara backtest AAPL --strategy momentum --walk-forward 252 --retrain 30 --grid window=20:200:20
        ara backtest AAPL --strategy momentum --monte-carlo 1000
        ara backtest --portfolio AAPL,SPY,KO --optimize --param method=hrp
        ara backtest AAPL USDJPY --currency USD
        ara backtest sweep AAPL --strategy momentum --grid window=20:200:10 --grid stop=0,0.05

    Decided at a close, traded at the next open. It is replayed on shorter bars: who saw the future is stopped.
    """
    from ara.cli.commands.backtest import asked
    from ara.cli.commands.backtest.single import tested
    from ara.cli.commands.backtest.swept import swept
    from ara.cli.commands.backtest.task import Task

    named = list(symbols or [])
    many = named[:1] == ["sweep"] or bool(grid and not walk_forward)
    maker, parts = asked.strategy(strategy, params or [], portfolio, optimize=optimize)
    named = [*(named[1:] if named[:1] == ["sweep"] else named), *parts]
    task = Task(
        screen=screen(), maker=maker, symbols=named, bars=bars, lot=lot, funding=funding, currency=currency,
        folder=asked.folder(out), report=reported(report), length=asked.length(period, start),
        span={
            "cash": asked.amount(cash, "--cash"), "costs": asked.costs(cost or []),
            **asked.dates(start, end), "cuts": asked.whole(cuts, "--cuts", most=_MOST_CUTS),
        },
    )  # fmt: skip
    count = asked.whole(workers, "--workers", most=asked.MOST_WORKERS)
    patience = asked.whole(time_limit, "--time-limit", most=_MOST_SECONDS)
    lived = {"--monte-carlo": monte_carlo, "--placebo": placebo, "--mix": mix}
    walking: dict[str, object] = {"--open": opened, "--anchored": anchored}
    if many:
        asked.apart("a sweep", {**lived, **walking, "--walk-forward": walk_forward})
        groups = asked.whole(cross, "--cross-validate", most=_MOST_GROUPS)
        swept(task, asked.grid(maker, grid or []), patience=patience, groups=groups, workers=count, on=on)
    elif walk_forward:
        from ara.cli.commands.backtest.walked import rules_of, walked

        asked.apart("--walk-forward", {**lived, "--cross-validate": cross})
        rules = rules_of(walk_forward, retrain, least, purge, hold_out, anchored=anchored)
        tried = asked.grid(maker, grid) if grid else {}
        walked(task, tried, rules, opened=opened, workers=workers, patience=patience, on=on)
    else:
        worlds = asked.whole(monte_carlo, "--monte-carlo", most=_MOST_WORLDS)
        markets = asked.whole(placebo, "--placebo", most=_MOST_MARKETS)
        spread = {} if worlds + markets else {"--workers": workers, "--on": "" if on == "here" else on}
        asked.apart("a back-test without a grid", {**walking, **spread, "--cross-validate": cross})
        tested(task, asked.mix(mix or []), worlds=worlds, markets=markets, patience=patience, workers=count, on=on)
