"""Marks as traces and shapes of plotly, in JSON values; a colour is `@role` or `@role/strength`, painted later."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

import numpy as np

from ara.reports.charts.labels import corners
from ara.reports.charts.marks import (
    Axis,
    Band,
    Bars,
    Candles,
    Column,
    Heat,
    Line,
    Mark,
    Notes,
    Panel,
    Points,
    Ring,
    Rule,
    Spans,
)
from ara.reports.charts.theme import SERIES
from ara.reports.charts.ticks import told_time

__all__ = ["Drawn", "drawn", "plain", "safe"]

_SHAPES: Final = {"dot": "circle", "up": "triangle-up", "down": "triangle-down", "diamond": "diamond"}
_SIDES: Final = {"above": "top center", "below": "bottom center", "right": "middle right"}
_EDGE: Final = 0.1
_HOLLOW: Final = "@paper"


@dataclass(slots=True)
class Drawn:
    """What a panel gives to the figure."""

    number: int
    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    corners: Sequence[str] = ()
    """Where the names of the points of the mark being drawn stand."""

    @property
    def axes(self) -> dict[str, str]:
        """The names of the panel's axes."""
        end = "" if self.number == 1 else str(self.number)
        return {"xaxis": f"x{end}", "yaxis": f"y{end}"}


def safe(text: str) -> str:
    """Give a text in which plotly finds no tag of its own."""
    return escape(text, quote=False)


def plain(column: Column | Sequence[Any]) -> list[Any]:
    """Give a column as JSON values: times as ISO texts, what is no number as null, numbers with eight digits."""
    values = np.asarray(column)
    if values.dtype.kind == "M":
        whole = np.datetime_as_string(values.astype("datetime64[s]"))
        return [None if one == "NaT" else one.removesuffix("T00:00:00") for one in whole.tolist()]
    if values.dtype.kind in "iu":
        return list(values.tolist())
    return [float(f"{one:.8g}") if np.isfinite(one) else None for one in values.astype(np.float64).tolist()]


def drawn(panel: Panel, number: int, named: set[str]) -> Drawn:
    """Give the traces and shapes of a panel; a name that the legend has already is not told again."""
    out = Drawn(number=number, named=named)
    spots = corners(panel)
    for place, mark in enumerate(panel.marks):
        out.corners = spots.get(place, ())
        for trace in _WAYS[type(mark)](mark, panel, out):
            trace.setdefault("showlegend", _fresh(trace, out))
            out.traces.append(trace if trace["type"] == "pie" else {**out.axes, **trace})
    return out


def _fresh(trace: dict[str, Any], out: Drawn) -> bool:
    name = trace.get("name", "")
    fresh = bool(name) and name not in out.named
    out.named.add(name)
    return fresh


def _told(mark: Any, axis: Axis) -> dict[str, Any]:
    """Say on hovering which bar it is, where the axis counts bars."""
    if axis.kind != "bars" or axis.stamps is None:
        return {}
    stamps = axis.stamps
    words = [told_time(stamps[int(one)]) if 0 <= one < len(stamps) else "" for one in np.asarray(mark.x, np.float64)]
    return {"text": words, "hovertemplate": "%{text}: %{y}<extra>%{fullData.name}</extra>"}


def _line(mark: Line, panel: Panel, _: Drawn) -> Iterator[dict[str, Any]]:
    line = {"color": f"@{mark.role}", "width": mark.wide, "dash": mark.dash, "shape": "hv" if mark.step else "linear"}
    alone = np.isfinite(np.asarray(mark.y, np.float64)).sum() == 1
    yield {
        "type": "scatter", "mode": "lines+markers" if alone else "lines", "x": plain(mark.x), "y": plain(mark.y),
        "name": safe(mark.name), "line": line, **_told(mark, panel.x),
    }  # fmt: skip


def _band(mark: Band, _panel: Panel, _: Drawn) -> Iterator[dict[str, Any]]:
    edge = {
        "type": "scatter", "mode": "lines", "x": plain(mark.x), "line": {"width": 0, "color": f"@{mark.role}"},
        "hoverinfo": "skip",
    }  # fmt: skip
    yield {**edge, "y": plain(mark.low), "showlegend": False}
    yield {
        **edge, "y": plain(mark.high), "fill": "tonexty", "fillcolor": f"@{mark.role}/{mark.shade}",
        "name": safe(mark.name),
    }  # fmt: skip


def _points(mark: Points, panel: Panel, out: Drawn) -> Iterator[dict[str, Any]]:
    trace: dict[str, Any] = {
        "type": "scatter", "mode": "markers+text" if mark.texts else "markers", "x": plain(mark.x), "y": plain(mark.y),
        "name": safe(mark.name),
        "marker": {
            "color": f"@{mark.role}", "size": 1.3 * mark.size, "symbol": _SHAPES[mark.shape],
            "line": {"color": "@paper", "width": 0.6},
        },
    }  # fmt: skip
    if mark.texts:
        trace |= {"text": [safe(text) for text in mark.texts], "textposition": list(out.corners), "cliponaxis": False}
    else:
        trace |= _told(mark, panel.x)
    if mark.low is not None and mark.high is not None:
        trace["error_x" if mark.flat else "error_y"] = _errors(
            mark.x if mark.flat else mark.y, mark.low, mark.high, f"@{mark.role}/0.5", 2.4
        )
    yield trace


def _errors(middle: Column, low: Column, high: Column, colour: str, wide: float) -> dict[str, Any]:
    values = np.asarray(middle, np.float64)
    return {
        "type": "data", "symmetric": False, "array": plain(np.asarray(high, np.float64) - values),
        "arrayminus": plain(values - np.asarray(low, np.float64)), "color": colour, "thickness": wide, "width": 0,
    }  # fmt: skip


def _bars(mark: Bars, panel: Panel, _: Drawn) -> Iterator[dict[str, Any]]:
    values = np.asarray(mark.values, np.float64)
    start = np.zeros(len(values)) if mark.start is None else np.asarray(mark.start, np.float64)
    along, across = ("x", "y") if mark.flat else ("y", "x")
    trace: dict[str, Any] = {
        "type": "bar", "orientation": "h" if mark.flat else "v", "base": plain(start), along: plain(values - start),
        across: plain(mark.places), "width": mark.wide, "name": safe(mark.name),
        "marker": {"color": [f"@{role}" for role in mark.roles] if mark.roles else f"@{mark.role}"},
        "hovertemplate": "%{y}: %{x}<extra></extra>" if mark.flat else "%{x}: %{y}<extra></extra>",
    }  # fmt: skip
    if mark.texts:
        trace |= {
            "text": [safe(text) for text in mark.texts], "textposition": "outside", "cliponaxis": False,
            "textfont": {"color": "@ink"}, "texttemplate": "%{text}", "constraintext": "none",
        }  # fmt: skip
    if mark.low is not None and mark.high is not None:
        trace["error_x" if mark.flat else "error_y"] = _errors(values, mark.low, mark.high, "@ink", 1.2)
    if mark.flat and panel.y.names:
        trace |= {"customdata": [safe(panel.y.names[int(one)]) for one in mark.places]}
        trace["hovertemplate"] = (
            "%{customdata}: %{text}<extra></extra>" if mark.texts else "%{customdata}<extra></extra>"
        )
    elif panel.x.kind == "bars" and panel.x.stamps is not None:
        trace |= {
            "customdata": [told_time(panel.x.stamps[int(one)]) for one in mark.places],
            "hovertemplate": "%{customdata}: %{y}<extra>%{fullData.name}</extra>",
        }
    yield trace


def _candles(mark: Candles, panel: Panel, _: Drawn) -> Iterator[dict[str, Any]]:
    edge = {"color": "@past", "width": 1}
    yield {
        "type": "candlestick", "x": plain(mark.x), "open": plain(mark.opens), "high": plain(mark.highs),
        "low": plain(mark.lows), "close": plain(mark.closes), "name": safe(mark.name or "price"),
        "increasing": {"line": edge, "fillcolor": _HOLLOW}, "decreasing": {"line": edge, "fillcolor": "@past"},
        **{key: value for key, value in _told(mark, panel.x).items() if key == "text"},
    }  # fmt: skip


def _heat(mark: Heat, panel: Panel, _: Drawn) -> Iterator[dict[str, Any]]:
    rows = [plain(row) for row in mark.values]
    trace: dict[str, Any] = {
        "type": "heatmap", "z": rows, "zmin": -(mark.most or 1.0), "zmax": mark.most or 1.0, "xgap": 1, "ygap": 1,
        "colorscale": [[0, "@actual"], [0.5, "@paper"], [1, "@forecast"]], "showscale": not mark.texts,
        "customdata": [[f"{safe(y)}, {safe(x)}" for x in panel.x.names] for y in panel.y.names],
        "hovertemplate": "%{customdata}: %{z}<extra></extra>", "name": "",
        "colorbar": {"thickness": 10, "outlinewidth": 0, "title": {"text": safe(mark.name)}},
    }  # fmt: skip
    if mark.texts:
        trace |= {"text": [list(map(safe, row)) for row in mark.texts], "texttemplate": "%{text}"}
    yield trace


def _ring(mark: Ring, _panel: Panel, _: Drawn) -> Iterator[dict[str, Any]]:
    yield {
        "type": "pie", "labels": [safe(name) for name in mark.names], "values": plain(mark.shares), "hole": 0.62,
        "direction": "clockwise", "sort": False, "textinfo": "label+text" if mark.texts else "label",
        "text": [safe(text) for text in mark.texts], "textposition": "outside", "hoverinfo": "label+text",
        "automargin": True,
        "marker": {
            "colors": [f"@{SERIES[place % len(SERIES)]}" for place in range(len(mark.names))],
            "line": {"color": "@paper", "width": 2},
        },
        "title": {"text": safe(mark.middle).replace("\n", "<br>")}, "showlegend": False, "name": "",
    }  # fmt: skip


def _spans(mark: Spans, _panel: Panel, out: Drawn) -> Iterator[dict[str, Any]]:
    for begin, end in zip(plain(mark.begins), plain(mark.ends), strict=True):
        out.shapes.append({
            "type": "rect", "xref": out.axes["xaxis"], "yref": f"{out.axes['yaxis']} domain", "x0": begin, "x1": end,
            "y0": 0, "y1": 1, "fillcolor": f"@{mark.role}/{mark.shade}", "line": {"width": 0}, "layer": "below",
        })  # fmt: skip
    if mark.name:
        marker = {"color": f"@{mark.role}/{mark.shade}", "symbol": "square", "size": 12}
        yield {
            "type": "scatter",
            "mode": "markers",
            "x": [None],
            "y": [None],
            "name": safe(mark.name),
            "marker": marker,
        }


def _rule(mark: Rule, _panel: Panel, out: Drawn) -> Iterator[dict[str, Any]]:
    (value,) = plain(np.asarray([mark.at]))
    along, across = ("x", "y") if mark.upright else ("y", "x")
    end = {f"{along}0": value, f"{along}1": value, f"{across}0": 0, f"{across}1": 1}
    line = {"color": f"@{mark.role}", "width": 1, "dash": mark.dash}
    out.shapes.append({
        "type": "line", f"{along}ref": out.axes[f"{along}axis"], f"{across}ref": f"{out.axes[f'{across}axis']} domain",
        **end, "line": line,
    })  # fmt: skip
    if mark.name:
        yield {"type": "scatter", "mode": "lines", "x": [None], "y": [None], "name": safe(mark.name), "line": line}


def _notes(mark: Notes, panel: Panel, _: Drawn) -> Iterator[dict[str, Any]]:
    yield {
        "type": "scatter", "mode": "text", "x": plain(mark.x), "y": plain(mark.y), "hoverinfo": "skip",
        "text": [_apart(text, mark.side) for text in mark.texts], "textposition": _corners(mark, panel.x),
        "textfont": {"color": f"@{mark.role}", "size": 11}, "showlegend": False, "name": "",
    }  # fmt: skip


def _corners(mark: Notes, axis: Axis) -> list[str] | str:
    """Give where each text stands: away from the panel's edges."""
    if mark.side == "right" or axis.low is None or axis.high is None:
        return _SIDES[mark.side]
    upright, _, middle = _SIDES[mark.side].partition(" ")
    at = (np.asarray(mark.x, np.float64) - axis.low) / (axis.high - axis.low)
    return [f"{upright} {'right' if one < _EDGE else 'left' if one > 1 - _EDGE else middle}" for one in at.tolist()]


def _apart(text: str, side: str) -> str:
    return f"\u00a0\u00a0\u00a0{safe(text)}" if side == "right" else safe(text)


_WAYS: Final[dict[type[Mark], Any]] = {
    Line: _line, Band: _band, Points: _points, Bars: _bars, Candles: _candles, Heat: _heat, Ring: _ring,
    Spans: _spans, Rule: _rule, Notes: _notes,
}  # fmt: skip
