"""Charts of Ara's results: each a function that gives a `Chart`, which can be drawn in every form.

::

    chart = equity(result)
    chart.png(), chart.svg(), chart.pdf()        # bytes; theme="dark" for the other colours
    chart.html()                                 # a piece of a page, in which `script()` stands once, below all charts
    chart.page()                                 # a page of its own
    chart.csv(), chart.as_dict()
    chart.write(Path("equity.pdf"))
"""

from ara.reports.charts.chart import KINDS, Chart, Footer, check_target
from ara.reports.charts.equity import equity, equity_of
from ara.reports.charts.marks import Axis, Panel
from ara.reports.charts.theme import DARK, LIGHT, THEMES, Theme, theme_of
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
    "check_target",
    "equity",
    "equity_of",
    "page",
    "script",
    "theme_of",
]
