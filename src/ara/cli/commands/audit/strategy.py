"""`ara audit strategy`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.evidence.leaks.strategy import StrategyAudit

__all__ = ["strategy"]


def strategy(
    name: Annotated[str, typer.Argument(metavar="STRATEGY", help="A strategy, module:Class of one's own, or planted")],
    symbols: Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL...]", help="On whose bars; AAPL")] = None,
    params: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the strategy; repeatable")
    ] = None,
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars of instruments, Parquet or CSV")] = "",
    cuts: Annotated[
        str, typer.Option("--cuts", metavar="N", help="Replays on bars that end earlier; 64, of a slow plan 12")
    ] = "",
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="Of what is random")] = "1",
) -> None:
    """Look for what a strategy knows of the future, and show where it does; exit code 4 where it does.

    Exit code 15 says that nothing was shown: it failed, never decided, or decides otherwise each time.

    ::

        ara audit strategy momentum
        ara audit strategy pairs AAPL SPY --param window=90
        ara audit strategy my_module:MyStrategy --bars bars.parquet --json
        ara audit strategy planted

    It is replayed on bars that end earlier, far more often than by a back-test, and on bars in another order, where
    nothing can be known. No sign is no proof: a rare look ahead may be missed. `planted` shows that ten well-known
    leaks are found so, and their twins pass.
    """
    from ara.cli.commands.audit.asking import told_traps
    from ara.cli.commands.backtest import asked
    from ara.cli.commands.backtest.abroad import abroad
    from ara.cli.commands.data.asked import counted
    from ara.evidence.leaks.strategy import audit_strategy
    from ara.trading.strategies import made

    s = screen()
    if name.strip() == "planted":
        from ara.evidence.leaks.strategy_traps import self_test

        with s.progress("Auditing") as step:
            traps = self_test(step=lambda done, total: step(done, total=total))
        raise typer.Exit(told_traps(s, "strategy", traps))
    maker = made(name, asked.pairs(params or [], "--param"))
    tries, chance = counted(cuts, "--cuts", most=1000) if cuts else None, counted(seed, "--seed")
    with s.progress("Auditing"):
        tapes = abroad(s, asked.tapes(s, symbols or ([] if bars else ["AAPL"]), bars, ""), "")
        found = audit_strategy(maker, tapes, name=maker.name, cuts=tries, seed=chance)
    raise typer.Exit(_told(s, found))


def _told(s: Screen, found: "StrategyAudit") -> int:
    from ara.cli.render.strategy_audit import audited
    from ara.errors import AuditError, FeatureEngineeringError

    codes = {"clear": 0, "unknown": AuditError.exit_code}
    code = codes.get(found.verdict, FeatureEngineeringError.exit_code)
    s.result({"schema": 1, **found.as_dict(), "exit_code": code}, lambda: audited(found, s))
    return code
