"""`ara attribution factors`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.chart.drawing import SIZE, THEME
from ara.cli.screen import screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.render.attribution import SeenFactors
    from ara.data.files.dated import Dated
    from ara.reports.charts import Chart

__all__ = ["factors"]


def factors(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Dated returns, or what an account was worth")],
    by: Annotated[
        str, typer.Option("--factors", metavar="NAMES", help="Instruments, or files of dated returns: SPY,value.csv")
    ],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="Which column of FILE holds them")] = "",
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="returns, percent or equity, if it isn't plain")
    ] = "",
    columns: Annotated[
        str, typer.Option("--factor-columns", metavar="NAMES", help="Columns of a file of factors: smb,hml")
    ] = "",
    free: Annotated[str, typer.Option("--free", metavar="RATE", help="What cash earns in a year: 2%")] = "0",
    per_year: Annotated[str, typer.Option("--per-year", metavar="N", help="Bars of a year; by the dates")] = "",
    dates: Annotated[str, typer.Option("--dates", metavar="ORDER", help="dmy or mdy, if the file doesn't tell")] = "",
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Also a chart: .png .svg .pdf .html …")] = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Explain returns by what factors did: how much each brought, and what is left.

    ::

        ara attribution factors equity.csv --factors SPY,XAUUSD
        ara attribution factors returns.csv --factors factors.csv --factor-columns market,smb,hml --json
        ara attribution factors equity.csv --factors SPY --free 2% --out parts.png

    Slopes are least squares over the bars that all have; errors allow for bars that hang together.
    """
    from ara.cli.commands.attribution.beside import drawn, factors_of
    from ara.cli.commands.chart.drawing import asked
    from ara.cli.commands.tracks import bars_of, share_of
    from ara.cli.render.attribution import explained
    from ara.data.files.dated import read_dated

    s, drawing = screen(), asked(out, theme, size)
    rate, bars = share_of(free), bars_of(per_year)
    own = read_dated(Path(file), column=column, kind=kind, dates=dates)
    seen = _seen(own, factors_of(s, by, columns, dates), free=rate, bars=bars)
    s.result(_document(seen), lambda: explained(seen, s))
    if drawing.target is not None:
        drawn(s, drawing, _chart(seen))


def _seen(own: "Dated", others: "list[Dated]", *, free: float, bars: float) -> "SeenFactors":
    import numpy as np

    from ara.cli.commands.attribution.beside import name_of
    from ara.cli.commands.tracks import alongside, returns_of_file
    from ara.cli.render.attribution import SeenFactors
    from ara.performance import by_factor
    from ara.performance.breakdown import bars_a_year

    ends, returns = returns_of_file(own)
    pairs = [alongside(own, one) for one in others]
    common = np.logical_and.reduce([found for found, _ in pairs])
    if common.sum() < len(others) + 3:
        words = f"{own.name} and its factors have {int(common.sum())} bars in common; {len(others) + 3} are needed."
        raise ValidationError(words, hint=f"{own.name} has {own.days[0]:%Y-%m-%d} to {own.days[-1]:%Y-%m-%d}.")
    table = np.column_stack([values[common[found]] for found, values in pairs])
    at = ends[common].astype("datetime64[us]")
    yearly = bars or bars_a_year(at)
    cash = free / yearly
    names = [name_of(one) for one in others]
    return SeenFactors(
        name=own.name,
        first=str(at[0].astype("datetime64[D]")),
        last=str(at[-1].astype("datetime64[D]")),
        bars=len(at),
        left_out=len(returns) - len(at),
        per_year=yearly,
        free=free,
        mean=float(returns[common].mean()) * yearly,
        found=by_factor(returns[common] - cash, table - cash, per_year=yearly, names=names),
    )


def _chart(seen: "SeenFactors") -> "Chart":
    import numpy as np

    from ara.reports.charts import Footer, explained_of

    found = seen.found
    spread = np.abs(np.divide(found.contributions, found.t, out=np.zeros_like(found.t), where=found.t != 0))
    return explained_of(
        found.names, found.contributions, alpha=found.alpha, alpha_error=found.alpha_error, errors=spread,
        explained=found.explained, footer=Footer(source=seen.name, data_to=seen.last),
    )  # fmt: skip


def _document(seen: "SeenFactors") -> dict[str, Any]:
    found = seen.found
    rows = zip(found.names, found.betas, found.errors, found.t, found.p, found.contributions, strict=True)
    return {
        "schema": 1,
        "file": seen.name,
        "first": seen.first,
        "last": seen.last,
        "bars": seen.bars,
        "left_out": seen.left_out,
        "per_year": seen.per_year,
        "free": seen.free,
        "mean": seen.mean,
        "explained": found.explained,
        "alpha": {"a_year": found.alpha, "error": found.alpha_error, "t": found.alpha_t, "p": found.alpha_p},
        "factors": [
            {"name": name, "beta": float(b), "error": float(e), "t": float(t), "p": float(p), "a_year": float(c)}
            for name, b, e, t, p, c in rows
        ],
    }
