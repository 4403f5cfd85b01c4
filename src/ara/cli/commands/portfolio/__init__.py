"""`ara portfolio`: what to hold."""

import typer

from ara.cli.commands.portfolio import analyze, compare, optimize, rebalance

__all__ = ["command"]

command = typer.Typer(
    help="""Choose weights, look at those there are, compare ways to choose, and trade towards them.

    ara portfolio optimize AAPL MSFT SPY XAUUSD

    ara portfolio analyze --portfolio AAPL=0.5,SPY=0.5

    ara portfolio compare AAPL MSFT SPY XAUUSD
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara portfolio`."""
command.command("optimize")(optimize.optimize)
command.command("analyze")(analyze.analyze)
command.command("compare")(compare.compare)
command.command("rebalance")(rebalance.rebalance)
