"""`ara market`: what the market looks like now."""

import typer

from ara.cli.commands.market import gaps, indicators, regime, sentiment, together

__all__ = ["command"]

command = typer.Typer(
    help="""Look at how an instrument stands, and how several move together.

    ara market indicators AAPL

    ara market regime AAPL

    ara market correlations AAPL MSFT SPY XAUUSD
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara market`."""
command.command("indicators")(indicators.indicators)
command.command("regime")(regime.regime)
command.command("correlations")(together.correlations)
command.command("pairs")(together.pairs)
command.command("gaps")(gaps.gaps)
command.command("sentiment", hidden=True)(sentiment.sentiment)
