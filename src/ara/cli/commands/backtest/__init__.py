"""`ara backtest`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from pathlib import Path

    from ara.backtest import Result
    from ara.performance.trials import Look

__all__ = ["command", "document"]

_MOST_CUTS = 100


def command(
    symbols: Annotated[list[str] | None, typer.Argument(metavar="SYMBOL", help="Instruments of one currency")] = None,
    strategy: Annotated[
        str, typer.Option("--strategy", "-s", metavar="NAME", help="What decides; a class of your own: module:Class")
    ] = "buy_and_hold",
    params: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the strategy; repeatable")
    ] = None,
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="First day; earlier bars are history")] = "",
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="Last day")] = "",
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
    cuts: Annotated[
        str,
        typer.Option("--cuts", metavar="N", help="Replays on shorter bars, to find who sees the future; 0 for none"),
    ] = "3",
    mix: Annotated[
        list[str] | None, typer.Option("--mix", metavar="SYMBOL=SHARE", help="A mix to stand beside it; repeatable")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Write result.json, equity.csv, fills.csv")] = "",
) -> None:
    """Test a strategy on the past: what it would have earned after costs, beside buy and hold and random entry.

    ::

        ara backtest AAPL --strategy momentum --start 2015-01-01 --end 2019-12-31
        ara backtest AAPL MSFT --strategy mean_reversion --param window=30 --param entry=1.5
        ara backtest AAPL --strategy momentum --mix SPY=60 --mix TLT=40
        ara backtest AAPL --strategy my_module:MyStrategy --cost commission=0.001 --out result --json
        ara backtest sweep AAPL --strategy momentum --grid window=20:200:10 --grid stop=0,0.05

    Decided at a close, traded at the next open. It is replayed on shorter bars: who saw the future is stopped.
    """
    from ara.backtest import run
    from ara.cli.commands.backtest import asked
    from ara.cli.commands.backtest.looks import counted
    from ara.cli.commands.backtest.swept import swept
    from ara.cli.render.backtest import told
    from ara.trading.strategies import made

    s, named = screen(), list(symbols or [])
    many = bool(grid) or named[:1] == ["sweep"]
    named = named[1:] if named[:1] == ["sweep"] else named
    folder, paid, money = asked.folder(out), asked.costs(cost or []), asked.amount(cash, "--cash")
    maker = made(strategy, asked.pairs(params or [], "--param"))
    begin, last = asked.day(start, "--start"), asked.day(end, "--end", last=True)
    replays = asked.whole(cuts, "--cuts", most=_MOST_CUTS)
    if many:
        span = {"cash": money, "costs": paid, "start": begin, "end": last, "cuts": replays}
        swept(s, maker, asked.grid(maker, grid or []), lambda: asked.tapes(s, named, bars, lot), folder, span)
        return
    with s.progress("Testing") as step:
        tapes, shares = asked.tapes(s, named, bars, lot), asked.mix(mix or [])
        others = [name for name in shares if name not in tapes]
        more = asked.tapes(s, others, bars, lot) if others else {}

        def hear(done: int, total: int) -> bool:
            step(done, total=total)
            return True

        found = run(
            maker, tapes, name=maker.name, parameters=maker.described(), cash=money, costs=paid, start=begin, end=last,
            cuts=replays, mix=shares or None, mix_tapes=more, watch=hear,
        )  # fmt: skip
    look = counted(s, found)
    data = document(found, look)
    if folder:
        _written(found, data, folder, s)
    s.result(data, lambda: told(found, look, s))


def document(found: "Result", look: "Look") -> dict[str, Any]:
    """Give the JSON of a back-test."""
    from ara.cli.render.backtest import proven

    proof = proven(found, look.number)
    return {
        "schema": 1,
        **found.as_dict(),
        "look": {"number": look.number, "limit": look.limit, "burnt": look.burnt},
        "significance": {
            "trials": proof.trials,
            "probabilistic": proof.probabilistic,
            "best_by_luck": proof.best,
            "deflated": proof.deflated,
            "bars_needed": proof.bars_needed,
        },
    }


def _written(found: "Result", data: dict[str, Any], folder: "Path", s: Screen) -> None:
    import json

    from ara.whole import write

    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "result.json": json.dumps(data, indent=2) + "\n",
        "equity.csv": found.frame.write_csv(),
        "fills.csv": found.fill_frame().write_csv(),
    }
    for name, text in parts.items():
        write(folder / name, text.encode())
        s.note(f"Written to {folder / name}")
