"""`ara attribution brinson`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.chart.drawing import SIZE, THEME
from ara.cli.screen import screen

if TYPE_CHECKING:
    from ara.performance import Brinson
    from ara.performance.segments import Segments
    from ara.reports.charts import Chart

__all__ = ["brinson"]


def brinson(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="segment,weight,return,benchmark_weight,benchmark_return; date")
    ],
    plain: Annotated[bool, typer.Option("--bhb", help="Allocation without the benchmark's whole, as in 1986")] = False,
    merged: Annotated[bool, typer.Option("--merge", help="Count interaction as selection")] = False,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Also a chart: .png .svg .pdf .html …")] = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Divide what was earned beyond a benchmark into choosing segments and choosing within them.

    ::

        ara attribution brinson segments.csv
        ara attribution brinson segments.csv --merge --out parts.png
        ara attribution brinson segments.csv --bhb --json

    Each period's weights sum to 1: cash is a segment. Several periods are linked, so that the parts add up.
    """
    from ara.cli.commands.attribution.beside import drawn
    from ara.cli.commands.chart.drawing import asked
    from ara.cli.render.attribution import segmented
    from ara.performance.segments import read_segments

    s, drawing = screen(), asked(out, theme, size)
    read = read_segments(Path(file))
    found = read.divided(fachler=not plain, interaction=not merged)
    s.result(_document(read, found), lambda: segmented(read, found, s, name=Path(file).name))
    if drawing.target is not None:
        drawn(s, drawing, _chart(read, found, Path(file).name))


def _chart(read: "Segments", found: "Brinson", name: str) -> "Chart":
    from ara.reports.charts import Footer, attributed_of

    mine, other = read.earned
    return attributed_of(
        read.names, allocation=found.allocation, selection=found.selection, interaction=found.interaction,
        earned=mine, benchmark=other, footer=Footer(source=name, data_to=read.periods[-1]),
    )  # fmt: skip


def _document(read: "Segments", found: "Brinson") -> dict[str, Any]:
    mine, other = read.earned
    rows = zip(read.names, found.allocation, found.selection, found.interaction, strict=True)
    return {
        "schema": 1,
        "periods": len(read.periods),
        "first": read.periods[0] or None,
        "last": read.periods[-1] or None,
        "earned": mine,
        "benchmark": other,
        "difference": found.total,
        "allocation": float(found.allocation.sum()),
        "selection": float(found.selection.sum()),
        "interaction": float(found.interaction.sum()),
        "segments": [
            {"name": name, "allocation": float(a), "selection": float(b), "interaction": float(c)}
            for name, a, b, c in rows
        ],
        "scaled": list(read.scaled),
    }
