"""Charts in a terminal: lines in dots of Braille, candles and bars in blocks, tables with their numbers."""

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

from ara.reports.charts.canvas import SHAPES, Canvas, extent, legend
from ara.reports.charts.chart import Chart
from ara.reports.charts.marks import Axis, Bars, Heat, Notes, Panel, Points, Ring
from ara.reports.charts.theme import SERIES
from ara.reports.charts.thin import thinned
from ara.reports.charts.ticks import dated, number, round_places, shortened

__all__ = ["Paint", "drawn"]

Paint = Callable[[str, Any], str]
"""Gives a text in the colour of its role."""

_NARROWEST: Final = 30
_HIGH: Final = 15
_LOWEST: Final = 4
_GLYPHS: Final = {"bar": ("█", "#"), "line": ("─", "-"), "tick": ("┤", "|"), "zero": ("│", "|")}


def drawn(chart: Chart, width: int, *, paint: Paint | None = None, plain: bool = False) -> str:
    """Give a chart as lines of at most so many columns, or 30 where there are fewer."""
    wide, brush = max(width, _NARROWEST), paint or _unpainted
    lines = [brush(line, "strong") for line in _wrapped(chart.title, wide)]
    lines += [brush(line, "quiet") for line in _wrapped(chart.words, wide)]
    panels, longest = thinned(chart.panels)
    for panel in panels:
        lines += ["", *_panel(panel, wide, brush, plain)]
    more = f"lines drawn from {longest:,} points" if longest else ""
    foot = " · ".join(part for part in (chart.footer.words, more) if part)
    if foot:
        lines += ["", *(brush(line, "quiet") for line in _wrapped(foot.replace("·", "-") if plain else foot, wide))]
    return "\n".join(line.rstrip() for line in lines)


def _unpainted(text: str, _: Any) -> str:
    return text


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, width) if text else []


def _panel(panel: Panel, wide: int, brush: Paint, plain: bool) -> list[str]:
    for mark in panel.marks:
        if isinstance(mark, Heat):
            return _table(mark, panel, wide, brush)
        if isinstance(mark, Ring):
            names = tuple(f"{name}" for name in mark.names)
            bars = Bars(places=np.arange(len(names)), values=mark.shares, texts=list(mark.texts), flat=True)
            return _rows(Panel(marks=(bars,), x=panel.x, y=Axis(names=names, kind="names")), wide, brush, plain)
    if panel.y.names:
        return _rows(panel, wide, brush, plain)
    return _field(panel, wide, brush, plain)


def _field(panel: Panel, wide: int, brush: Paint, plain: bool) -> list[str]:
    """Draw marks on a canvas, the y axis left of it and the x axis below."""
    high = max(_LOWEST, round(_HIGH * panel.share))
    low_y, high_y = extent(panel, "y")
    places, step = round_places(low_y, high_y, max(2, high // 3))
    labels = {place: number(place, step) for place in places}
    gutter = max((len(label) for label in labels.values()), default=1) + 1
    canvas = Canvas(columns=max(wide - gutter - 1, 10), rows=high, x=extent(panel, "x"), y=(low_y, high_y), plain=plain)
    for mark in panel.marks:
        canvas.add(mark)
    marked = {canvas.row(place): label for place, label in labels.items()}
    edge = _GLYPHS["tick"][plain]
    lines = [brush(panel.y.title, "quiet"), *legend(panel, brush, plain, wide)]
    for row in range(high):
        label = marked.get(row, "")
        side = brush(f"{label:>{gutter - 1}} {edge if label else ' '}", "quiet")
        lines.append(side + canvas.line(row, brush))
    below = _below(panel.x, canvas)
    if below.strip():
        lines.append(" " * (gutter + 1) + brush(below, "quiet"))
    if panel.x.title:
        lines.append(" " * (gutter + 1) + brush(panel.x.title, "quiet"))
    return lines


def _below(axis: Axis, canvas: Canvas) -> str:
    """Give the line of words under a canvas."""
    most = max(canvas.columns // 14, 2)
    if axis.kind == "names":
        marks = [(float(place), name) for place, name in enumerate(shortened(axis.names, 10))]
    elif axis.kind == "bars" and axis.stamps is not None:
        marks = [(float(place), label) for place, label in dated(axis.stamps, most)]
    elif axis.kind == "time":
        line = np.linspace(canvas.x[0], canvas.x[1], 400)
        stamps = line.astype(np.int64).astype("datetime64[us]")
        marks = [(float(line[place]), label) for place, label in dated(stamps, most)]
    else:
        places, step = round_places(*canvas.x, most)
        marks = [(place, number(place, step)) for place in places]
    cells = [" "] * canvas.columns
    free = 0
    for value, label in marks:
        first = min(max(canvas.column(value) - len(label) // 2, 0), canvas.columns - len(label))
        if first >= free:
            cells[first : first + len(label)] = label
            free = first + len(label) + 2
    return "".join(cells)


def _rows(panel: Panel, wide: int, brush: Paint, plain: bool) -> list[str]:
    """Draw a row for each name: its bar or point, its interval, its text."""
    names = panel.y.names
    texts = _texts(panel)
    label = min(max(map(len, names), default=1), max(wide // 3, 8))
    said = max(map(len, texts.values()), default=0)
    columns = max(wide - label - said - 2, 8)
    low, high = extent(panel, "x")
    bars = [mark for mark in panel.marks if isinstance(mark, Bars | Points)]
    if any(isinstance(mark, Bars) for mark in bars):
        low, high = min(low, 0.0), max(high, 0.0)
    canvas = Canvas(columns=columns, rows=1, x=(low, high if high > low else low + 1), y=(0.0, 1.0), plain=plain)
    zero = canvas.column(0.0) if low < 0 < high else None
    lines = [*legend(panel, brush, plain, wide)]
    for row, name in enumerate(shortened(names, label)):
        cells: list[str] = [" "] * columns
        roles: list[Any] = [None] * columns
        if zero is not None:
            cells[zero] = _GLYPHS["zero"][plain]
        for mark in bars:
            _row(mark, row, canvas, cells, roles, plain)
        track = "".join(brush(cell, role) if role else cell for cell, role in zip(cells, roles, strict=True))
        lines.append(f"{name:<{label}} {track} {texts.get(row, ''):>{said}}")
    if panel.x.title:
        lines.append(" " * (label + 1) + brush(panel.x.title, "quiet"))
    return lines


def _texts(panel: Panel) -> dict[int, str]:
    out: dict[int, str] = {}
    for mark in panel.marks:
        if isinstance(mark, Bars | Points | Notes) and mark.texts:
            places = mark.places if isinstance(mark, Bars) else mark.y
            out |= {int(place): text for place, text in zip(places, mark.texts, strict=True)}
    return out


def _row(mark: Bars | Points, row: int, canvas: Canvas, cells: list[str], roles: list[Any], plain: bool) -> None:
    places = mark.places if isinstance(mark, Bars) else mark.y
    for number_, place in enumerate(places):
        value = float((mark.values if isinstance(mark, Bars) else mark.x)[number_])
        if int(place) != row or not np.isfinite(value):
            continue
        role = mark.roles[number_] if isinstance(mark, Bars) and mark.roles else mark.role
        if isinstance(mark, Bars):
            start = 0.0 if mark.start is None else float(mark.start[number_])
            _span(canvas, cells, roles, (start, value), _GLYPHS["bar"][plain], _brushed(role))
        if mark.low is not None and mark.high is not None:
            ends = float(mark.low[number_]), float(mark.high[number_])
            _span(canvas, cells, roles, ends, _GLYPHS["line"][plain], _brushed(role))
        if isinstance(mark, Points):
            at = canvas.column(value)
            cells[at], roles[at] = SHAPES[mark.shape][plain], _brushed(role)


def _span(canvas: Canvas, cells: list[str], roles: list[Any], ends: tuple[float, float], glyph: str, role: Any) -> None:
    if not np.isfinite(ends).all() or ends[0] == ends[1]:
        return
    first, last = sorted(canvas.column(end) for end in ends)
    for at in range(first, last + 1):
        cells[at], roles[at] = glyph, role


def _brushed(role: str) -> Literal["forecast", "actual", "quiet"]:
    """Give the terminal's role: it has fewer colours, beside which words say the same."""
    return "actual" if role == "actual" else "forecast" if role in ("forecast", *SERIES[3:]) else "quiet"


def _table(mark: Heat, panel: Panel, wide: int, brush: Paint) -> list[str]:
    """Give the numbers in rows; columns that don't fit are counted."""
    columns, rows = panel.x.names, panel.y.names
    label = min(max(map(len, rows), default=1), max(wide // 4, 6))
    texts = mark.texts or [[number(value, 0.01) if np.isfinite(value) else "" for value in row] for row in mark.values]
    cell = max([len(text) for row in texts for text in row] + [min(len(name), 8) for name in columns], default=1) + 1
    fit = max(1, (wide - label) // cell)
    lines = [" " * label + "".join(f"{name:>{cell}}" for name in shortened(columns[:fit], cell - 1))]
    for name, row, values in zip(shortened(rows, label), texts, mark.values, strict=True):
        told = [
            brush(f"{text:>{cell}}", "forecast" if value > 0 else "actual" if value < 0 else "quiet")
            for text, value in zip(row[:fit], values[:fit], strict=True)
        ]
        lines.append(f"{name:<{label}}" + "".join(told))
    if len(columns) > fit:
        lines.append(brush(f"{len(columns) - fit} more columns do not fit; --out FILE.png has them.", "quiet"))
    return lines
