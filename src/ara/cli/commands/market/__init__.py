"""`ara market`: what the market looks like now."""

import typer

from ara.cli.commands.market import indicators

__all__ = ["command"]

command = typer.Typer(
    help="""Look at how an instrument stands.

    ara market indicators AAPL

    ara market indicators BTC-USD --category momentum

    ara market indicators EURUSD --as-of 2020-02-20
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara market`."""
command.callback()(lambda: None)  # so that a group with one command stays a group
command.command("indicators")(indicators.indicators)
