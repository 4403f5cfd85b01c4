"""`ara market`: what the market looks like now."""

import typer

from ara.cli.commands.market import indicators, regime

__all__ = ["command"]

command = typer.Typer(
    help="""Look at how an instrument stands.

    ara market indicators AAPL

    ara market regime AAPL

    ara market indicators EURUSD --as-of 2020-02-20
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara market`."""
command.command("indicators")(indicators.indicators)
command.command("regime")(regime.regime)
