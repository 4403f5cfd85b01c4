"""`ara attribution`: where returns came from."""

import typer

from ara.cli.commands.attribution import brinson, factors

__all__ = ["command"]

command = typer.Typer(
    help="""Say where returns came from: from segments beside a benchmark, or from what factors did.

    ara attribution brinson segments.csv

    ara attribution factors equity.csv --factors SPY,XAUUSD

    ara attribution brinson segments.csv --out parts.png --json
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara attribution`."""
command.command("brinson")(brinson.brinson)
command.command("factors")(factors.factors)
