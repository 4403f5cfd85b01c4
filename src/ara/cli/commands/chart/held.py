"""`ara chart correlations`, `frontier`, `composition`, `risk` and `scenarios`: what is held, or could be."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.chart.drawing import OUT, SIZE, THEME, asked, source_of
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ara.market.bars import Bars
    from ara.portfolio import Plan
    from ara.reports.charts import Footer
    from ara.risk import Moves

__all__ = ["composition", "correlations", "frontier", "risk", "scenarios"]

_DAYS = 1000
_POINTS = 40

_SYMBOLS = Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Two instruments at the least")]
_AS_OF = Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")]
_PORTFOLIO = Annotated[str, typer.Option("--portfolio", metavar="WEIGHTS", help="AAPL=0.5,MSFT=0.5; the rest is cash")]


def correlations(
    symbols: _SYMBOLS,
    window: Annotated[str, typer.Option("--window", metavar="N", help="Last days that count")] = "250",
    as_of: _AS_OF = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw how closely instruments move together.

    ::

        ara chart correlations AAPL MSFT SPY XAUUSD
        ara chart correlations AAPL,MSFT,BTC-USD --window 90 --out correlations.png
        ara chart correlations SPY QQQ EEM --as-of 2020-03-20 --json
    """
    from ara.cli.commands.data.asked import counted
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    days = counted(window, "--window", least=7, most=10_000)
    bars, moves = _moves(symbols, as_of)
    drawing.show(s, charts.correlations(moves, days=days, source=_source(bars)))


def frontier(
    symbols: _SYMBOLS,
    method: Annotated[str, typer.Option("--method", metavar="NAMES", help="Also mark these")] = "hrp,maximum_sharpe",
    as_of: _AS_OF = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw the highest return that is expected for each risk, each instrument alone, and some ways to choose.

    ::

        ara chart frontier AAPL MSFT SPY XAUUSD
        ara chart frontier AAPL MSFT SPY --method equal,risk_parity --out frontier.svg
        ara chart frontier AAPL,MSFT,BTC-USD --as-of 2020-02-20 --out frontier.html

    Expected returns are means of the past, drawn together by what chance would make of them.
    """
    from dataclasses import replace

    from ara.cli.commands.portfolio.asked import chosen
    from ara.portfolio import Plan, allocate
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    plan, names = Plan(method="mean_variance"), chosen(method, "--method")
    bars, moves = _moves(symbols, as_of)
    last = moves.last(_DAYS)
    with s.progress("Choosing"):
        line, alone = _line(last, plan)
        marked = {
            name.replace("_", " "): (found.risk, found.expected_return)
            for name in names
            for found in (allocate(last, replace(plan, method=name)),)
        }
    chart = charts.frontier_of(
        [one for one, _ in line],
        [one for _, one in line],
        assets=alone,
        chosen=marked,
        words=f"no weight below 0; from {len(last):,} days",
        footer=_footer(bars, last),
    )
    drawing.show(s, chart)


def _line(moves: "Moves", plan: "Plan") -> tuple[list[tuple[float, float]], dict[str, tuple[float, float]]]:
    """Give risk and expected return, of a year, of the frontier's points and of each instrument alone."""
    from ara.portfolio import Limits, shrunk_mean
    from ara.portfolio.optimise import frontier as points
    from ara.statistics import covariance, nearest_psd

    matrix = nearest_psd(covariance(moves.returns, plan.covariance))
    mean = shrunk_mean(moves.returns, matrix)[0]
    year = moves.per_year
    line = [
        (max(float(one.weights @ matrix @ one.weights), 0.0) ** 0.5 * year**0.5, float(one.weights @ mean) * year)
        for one in points(mean, matrix, points=_POINTS, limits=Limits())
    ]
    alone = {
        name: (float(matrix[place, place]) ** 0.5 * year**0.5, float(mean[place]) * year)
        for place, name in enumerate(moves.symbols)
    }
    return line, alone


def composition(
    portfolio: _PORTFOLIO,
    form: Annotated[str, typer.Option("--form", metavar="NAME", help="bar or ring")] = "bar",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw what a portfolio is made of.

    ::

        ara chart composition --portfolio AAPL=0.4,SPY=0.4,XAUUSD=0.2
        ara chart composition --portfolio AAPL=50%,MSFT=30% --form ring --out held.png
        ara chart composition --portfolio AAPL,MSFT,SPY --json
    """
    from ara.cli.commands.holdings import cash_of, parsed
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    if form not in ("bar", "ring"):
        raise ValidationError(f"--form is {clean(form)[:40]!r}.", hint="There are: bar, ring.")
    weights = parsed(portfolio)
    left = cash_of(weights)
    drawing.show(s, charts.composition_of(weights | ({"cash": left} if left else {}), form=form))  # type: ignore[arg-type]


def risk(
    portfolio: _PORTFOLIO,
    measure: Annotated[str, typer.Option("--measure", metavar="NAME", help="volatility, var or cvar")] = "volatility",
    as_of: _AS_OF = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw which holding brings how much of the risk, beside its weight.

    ::

        ara chart risk --portfolio AAPL=0.4,SPY=0.4,XAUUSD=0.2
        ara chart risk --portfolio AAPL,MSFT,BTC-USD --measure cvar --out risk.png
        ara chart risk --portfolio SPY=0.6,XAUUSD=0.4 --as-of 2020-02-20 --json
    """
    import numpy as np

    from ara.cli.commands.holdings import held
    from ara.reports import charts
    from ara.risk import contributions
    from ara.statistics import covariance, nearest_psd

    s, drawing = screen(), asked(out, theme, size)
    if measure not in ("volatility", "var", "cvar"):
        raise ValidationError(f"--measure is {clean(measure)[:40]!r}.", hint="There are: volatility, var, cvar.")
    mine = held(s, portfolio, as_of=as_of)
    last = mine.moves.last(_DAYS)
    matrix = nearest_psd(covariance(last.returns, "ledoit_wolf"))
    given = {"returns": last.returns} if measure == "cvar" else {"covariance": matrix}
    parts = contributions(np.array(list(mine.weights.values())), measure=measure, level=0.95, **given)
    chart = charts.contributions(parts, mine.weights, per_year=last.per_year, footer=_footer(mine.bars, last))
    drawing.show(s, chart)


def scenarios(
    portfolio: _PORTFOLIO,
    file: Annotated[str, typer.Option("--file", metavar="FILE", help="Scenarios of your own, YAML or JSON")] = "",
    as_of: _AS_OF = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw what a portfolio would do in crises of the past, or in your own scenarios.

    ::

        ara chart scenarios --portfolio AAPL=0.5,BTC-USD=0.5
        ara chart scenarios --portfolio SPY=0.6,XAUUSD=0.4 --out crises.pdf
        ara chart scenarios --portfolio AAPL,MSFT --file own.yaml --json
    """
    from ara.cli.commands.holdings import held
    from ara.cli.commands.risk.crises import chosen, led_by, pasts
    from ara.reports import charts
    from ara.risk import stress

    s, drawing = screen(), asked(out, theme, size)
    wanted = chosen("", file)
    mine = held(s, portfolio, as_of=as_of, beside=led_by(wanted), spare=True)
    found = [stress(mine.weights, one, seen) for seen in (pasts(mine, wanted),) for one in wanted]
    drawing.show(s, charts.scenarios(found, footer=_footer(mine.bars, mine.moves)))


def _moves(symbols: "Sequence[str]", as_of: str) -> "tuple[list[Bars], Moves]":
    from ara.cli.commands.holdings import fetched
    from ara.cli.commands.portfolio.asked import named
    from ara.risk import aligned

    names = named(symbols)
    if len(names) < 2:
        raise ValidationError("One instrument is no portfolio.", hint="Name two at the least: AAPL MSFT")
    bars = fetched(screen(), names, as_of=as_of)
    return bars, aligned(bars)


def _source(bars: "Sequence[Bars]") -> str:
    return source_of([str(one.frame["source"][-1]) for one in bars])


def _footer(bars: "Sequence[Bars]", moves: "Moves") -> "Footer":
    from ara.reports.charts import Footer

    return Footer(source=_source(bars), data_to=f"{moves.dates[-1]:%-d %b %Y}")
