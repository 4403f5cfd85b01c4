"""`ara market`: what the market looks like now."""

import typer

from ara.cli.commands.market import indicators

__all__ = ["command"]

command = typer.Typer(
    help="""Look at how an instrument stands.

    ara market indicators AAPL

    ara market indicators BTC-USD --category momentum
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara market`."""


@command.callback()
def _group() -> None:
    """Look at how an instrument stands."""


command.command("indicators")(indicators.indicators)
