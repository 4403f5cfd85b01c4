"""`ara chart equity`, `ara chart months` and `ara chart rolling`: files of returns, or of what an account was worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.chart.drawing import OUT, SIZE, THEME, asked
from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.data.files.dated import Dated
    from ara.reports.charts import Footer

__all__ = ["equity", "months", "rolling"]

_FILE = Annotated[str, typer.Argument(metavar="FILE", help="Dated returns, or what an account was worth")]
_COLUMN = Annotated[str, typer.Option("--column", metavar="NAME", help="Which column holds them")]
_KIND = Annotated[str, typer.Option("--kind", metavar="KIND", help="returns, percent or equity, if it isn't plain")]
_DATES = Annotated[str, typer.Option("--dates", metavar="ORDER", help="dmy or mdy, if the file doesn't tell")]


def equity(
    file: _FILE,
    column: _COLUMN = "",
    kind: _KIND = "",
    benchmark: Annotated[
        str, typer.Option("--benchmark", metavar="COLUMN|SYMBOL", help="Another column of the file, or an instrument")
    ] = "",
    dates: _DATES = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw what an account was worth, and how far it stood below its highest.

    ::

        ara chart equity equity.csv
        ara chart equity equity.csv --benchmark hold --out equity.png
        ara chart equity returns.parquet --column strategy --benchmark SPY --out equity.html --json

    What `ara backtest --out DIR` writes as equity.csv has buy and hold as its column hold.
    """
    import numpy as np

    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    own = _read(file, column, kind, dates)
    at, worth = _worth(own)
    hold = _beside(s, own, Path(file), at, benchmark, dates) if benchmark else None
    if hold is not None:
        began = np.flatnonzero(np.isfinite(hold))
        hold = hold / hold[began[0]] * worth[began[0]] if len(began) else None
    chart = charts.equity_of(at, worth, hold=hold, name=own.column, hold_name=benchmark, footer=_footer(own))
    drawing.show(s, chart)


def months(
    file: _FILE,
    column: _COLUMN = "",
    kind: _KIND = "",
    dates: _DATES = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw the returns of months as a table of colours, and those of the years.

    ::

        ara chart months equity.csv
        ara chart months returns.csv --column strategy --out months.pdf
        ara chart months equity.csv --out months.svg --theme dark
    """
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    own = _read(file, column, kind, dates)
    at, moved = _returns(own)
    drawing.show(s, charts.months_of(at, moved, name=own.column, footer=_footer(own)))


def rolling(
    file: _FILE,
    window: Annotated[
        str, typer.Option("--window", metavar="N", help="Bars of the window; a year's if not given")
    ] = "",
    column: _COLUMN = "",
    kind: _KIND = "",
    per_year: Annotated[
        str, typer.Option("--per-year", metavar="N", help="Bars of a year; by the dates if not given")
    ] = "",
    dates: _DATES = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw the Sharpe ratio and the volatility over a moving window.

    ::

        ara chart rolling equity.csv
        ara chart rolling equity.csv --window 125 --out rolling.png
        ara chart rolling returns.csv --column strategy --json
    """
    from ara.cli.commands.data.asked import counted
    from ara.performance.breakdown import bars_a_year
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    wide = counted(window, "--window", least=5) if window else 0
    bars = counted(per_year, "--per-year", most=10_000_000) if per_year else 0
    own = _read(file, column, kind, dates)
    at, moved = _returns(own)
    yearly = float(bars or bars_a_year(at))
    chart = charts.rolling_of(
        at, moved, name=own.column, per_year=yearly, window=wide or max(round(yearly), 5), footer=_footer(own)
    )
    drawing.show(s, chart)


def _read(file: str, column: str, kind: str, dates: str) -> "Dated":
    from ara.data.files.dated import read_dated

    return read_dated(Path(file), column=column, kind=kind, dates=dates)


def _footer(own: "Dated") -> "Footer":
    from ara.reports.charts import Footer

    return Footer(source=Path(own.name).name, data_to=f"{own.days[-1]:%-d %b %Y}")


def _times(own: "Dated") -> "NDArray[np.datetime64]":
    import numpy as np

    return np.array([one.replace(tzinfo=None) for one in own.days], "datetime64[us]")


def _worth(own: "Dated") -> "tuple[NDArray[np.datetime64], NDArray[np.float64]]":
    """Give times and worths; returns are put together from 1, the first at its own time."""
    import numpy as np

    values = np.array(own.values)
    return _times(own), values if own.kind == "equity" else np.cumprod(1 + values)


def _returns(own: "Dated") -> "tuple[NDArray[np.datetime64], NDArray[np.float64]]":
    import numpy as np

    from ara.performance.inputs import returns_of

    if own.kind == "equity":
        return _times(own)[1:], returns_of(own.values)
    return _times(own), np.array(own.values)


def _beside(
    s: Screen, own: "Dated", file: Path, at: "NDArray[np.datetime64]", benchmark: str, dates: str
) -> "NDArray[np.float64]":
    """Give the worth of what it is compared with at the same moments, as last known; NaN before the first."""
    import numpy as np

    from ara.cli.commands.viewed import closed_bars
    from ara.data.files.dated import read_dated
    from ara.errors import ValidationError

    try:
        other = read_dated(file, column=benchmark, kind=own.kind, dates=dates)
        there, values = _worth(other)
    except ValidationError:
        bars = closed_bars(s, benchmark)
        there = bars.frame["known_at"].to_numpy().astype("datetime64[us]")
        if (at == at.astype("datetime64[D]")).all():  # days: what was known when they were over
            there = there.astype("datetime64[D]").astype("datetime64[us]")
        values = bars.frame["close"].to_numpy()
    place = np.searchsorted(there, at, side="right") - 1
    return np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
