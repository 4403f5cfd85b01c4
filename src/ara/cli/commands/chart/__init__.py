"""`ara chart`: pictures of the market, of forecasts, results and portfolios."""

import typer

from ara.cli.commands.chart import held, judged, market, played, results

__all__ = ["command"]

command = typer.Typer(
    help="""Draw charts in the terminal, or into a PNG, SVG, PDF, HTML, CSV or JSON file.

    ara chart candles AAPL --indicator sma --indicator rsi

    ara chart forecast AAPL --days 20 --out fan.png

    ara chart equity equity.csv --benchmark SPY --out equity.html
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara chart`."""
command.command("candles")(market.candles)
command.command("forecast")(market.forecast)
command.command("regimes")(market.regimes)
command.command("equity")(results.equity)
command.command("months")(results.months)
command.command("rolling")(results.rolling)
command.command("trade")(played.trade)
command.command("walk")(played.walk)
command.command("reliability")(judged.reliability)
command.command("models")(judged.models)
command.command("correlations")(held.correlations)
command.command("frontier")(held.frontier)
command.command("composition")(held.composition)
command.command("risk")(held.risk)
command.command("scenarios")(held.scenarios)
