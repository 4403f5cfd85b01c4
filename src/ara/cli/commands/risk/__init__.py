"""`ara risk`: what may be lost."""

import typer

from ara.cli.commands.risk import contributions, crises, var

__all__ = ["command"]

command = typer.Typer(
    help="""Measure what a portfolio may lose, what brings it, and what a crisis would do.

    ara risk var --portfolio AAPL=0.5,MSFT=0.5

    ara risk contributions --portfolio AAPL=0.4,SPY=0.4,XAUUSD=0.2

    ara risk stress --portfolio AAPL=0.5,BTC-USD=0.5
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara risk`."""
command.command("var")(var.var)
command.command("contributions")(contributions.contributions)
command.command("stress")(crises.stress)
