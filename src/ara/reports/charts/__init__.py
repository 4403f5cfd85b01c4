"""Charts of Ara's results: each a function that gives a `Chart`, which can be drawn in every form.

::

    chart = equity(result)
    chart.png(), chart.svg(), chart.pdf()        # bytes; theme="dark" for the other colours
    chart.html()                                 # a piece of a page, in which `script()` stands once, below all charts
    chart.page()                                 # a page of its own
    chart.terminal(80), chart.csv(), chart.as_dict()
    chart.write(Path("equity.pdf"))
"""

from ara.reports.charts.attributed import attributed_of, explained_of
from ara.reports.charts.candles import candles, candles_of
from ara.reports.charts.chart import KINDS, Chart, Footer, check_target
from ara.reports.charts.equity import equity, equity_of
from ara.reports.charts.forecast import forecast, forecast_of
from ara.reports.charts.holdings import (
    composition,
    composition_of,
    contributions,
    contributions_of,
    frontier_of,
    scenarios,
    scenarios_of,
)
from ara.reports.charts.judged import models, models_of, reliability, reliability_of
from ara.reports.charts.marks import Axis, Panel
from ara.reports.charts.months import months, months_of
from ara.reports.charts.regimes import regimes, regimes_of
from ara.reports.charts.rolling import rolling, rolling_of
from ara.reports.charts.theme import DARK, LIGHT, THEMES, Theme, theme_of
from ara.reports.charts.together import correlations, correlations_of
from ara.reports.charts.trades import trades, trades_of
from ara.reports.charts.trip import Trip, trade_of
from ara.reports.charts.walked import walked, walked_of
from ara.reports.charts.web import CSS, page, script

__all__ = [
    "CSS",
    "DARK",
    "KINDS",
    "LIGHT",
    "THEMES",
    "Axis",
    "Chart",
    "Footer",
    "Panel",
    "Theme",
    "Trip",
    "attributed_of",
    "candles",
    "candles_of",
    "check_target",
    "composition",
    "composition_of",
    "contributions",
    "contributions_of",
    "correlations",
    "correlations_of",
    "equity",
    "equity_of",
    "explained_of",
    "forecast",
    "forecast_of",
    "frontier_of",
    "models",
    "models_of",
    "months",
    "months_of",
    "page",
    "regimes",
    "regimes_of",
    "reliability",
    "reliability_of",
    "rolling",
    "rolling_of",
    "scenarios",
    "scenarios_of",
    "script",
    "theme_of",
    "trade_of",
    "trades",
    "trades_of",
    "walked",
    "walked_of",
]
