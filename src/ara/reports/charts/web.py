"""Charts as interactive pages by plotly: one file, nothing fetched, light or dark as the reader's system is.

plotly's script comes from its wheel, deflated; the page inflates it by `DecompressionStream`, which browsers have had
since 2023. So a page is 2 MB, of which the script is all but what its charts need.
"""

import base64
import json
import math
import re
import zlib
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ara.errors import ValidationError
from ara.reports.charts.canvas import extent
from ara.reports.charts.chart import Chart
from ara.reports.charts.marks import Axis, Panel
from ara.reports.charts.theme import THEMES, VARIABLES, Theme, theme_of
from ara.reports.charts.thin import thinned
from ara.reports.charts.ticks import dated, log_steps, number
from ara.reports.charts.traces import drawn, plain, safe

__all__ = ["CSS", "figure", "fragment", "page", "script"]

_PLACE: Final = Path("package_data/plotly.min.js")
_PANEL: Final = 330
_ROW: Final = 32
_GAP: Final = 62
_NARROW_GAP: Final = 22
_HEAD: Final = 34
_FOOT: Final = 46
_MARKED: Final = 7
_COLOUR: Final = re.compile(r"@([a-z]+)(?:/([0-9.]+))?")


CSS: Final = (
    VARIABLES
    + """body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
.ara-chart { margin: 1.6rem 0; break-inside: avoid; }
.ara-chart figcaption { line-height: 1.35; overflow-wrap: anywhere; }
.ara-chart figcaption strong { display: block; font-size: 1.1rem; }
.ara-chart figcaption span, .ara-foot { color: var(--quiet); font-size: .85rem; }
.ara-foot { margin: 0; font-size: .75rem; overflow-wrap: anywhere; }
.ara-plot { width: 100%; overflow: hidden; }
@page { size: A4; margin: 15mm; }
"""
)
"""The style of a page that has charts: its colours as variables, named by their roles."""

_BODY: Final = "body { max-width: 68rem; margin: 0 auto; padding: 1rem; }\n@media print { body { padding: 0; } }\n"

_DRAW: Final = """
(async () => {
  const themes = THEMES_HERE;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const plots = [...document.querySelectorAll('.ara-plot')];
  const say = words => plots.forEach(plot => { plot.textContent = words; plot.style.height = 'auto'; });
  const colour = (text, theme) => {
    const [role, strength] = text.slice(1).split('/');
    const hex = themes[theme][role];
    if (!strength) return hex;
    const part = at => parseInt(hex.slice(at, at + 2), 16);
    return `rgba(${part(1)},${part(3)},${part(5)},${strength})`;
  };
  const painted = (value, theme, key) => {
    if (Array.isArray(value)) return value.map(one => painted(one, theme, key));
    if (value && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, painted(one, theme, name)]));
    return typeof value === 'string' && value[0] === '@' && /colors?(cale)?$/.test(key) ? colour(value, theme) : value;
  };
  const widen = (told, wide) => {
    for (const one of told.data) {
      if (one.type === 'bar' && one.textposition === 'outside') {
        one.textposition = 'auto';
        one.outsidetextfont = one.textfont;
        delete one.textfont;
      }
      const names = told.layout['yaxis' + (one.yaxis || 'y').slice(1)]?.ticktext;
      const across = told.layout['xaxis' + (one.xaxis || 'x').slice(1)];
      if (one.mode !== 'text' || !names || !across?.range) continue;
      const room = wide - 48 - 7 * Math.max(...names.map(name => name.length));
      const [low, high] = across.range;
      const ends = one.x.map((at, row) => {
        const after = [].concat(one.textposition)[row % [].concat(one.textposition).length].includes('right');
        return after ? low + (at - low) * room / Math.max(room - 6.4 * one.text[row].length, room / 4) : high;
      });
      across.range = [low, Math.max(high, ...ends)];
    }
  };
  const draw = (theme, width) => Promise.all(plots.map(plot => {
    const told = painted(JSON.parse(plot.nextElementSibling.textContent), theme, '');
    if (!width && plot.clientWidth < 600) widen(told, plot.clientWidth);
    if (width) { told.layout.width = width; told.layout.autosize = false; }
    return Plotly.react(plot, told.data, told.layout, told.config);
  }));
  try {
    const packed = document.getElementById('ara-plotly').textContent;
    const bytes = Uint8Array.from(atob(packed), one => one.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    const code = document.createElement('script');
    code.textContent = await new Response(stream).text();
    document.head.append(code);
  } catch (error) {
    say('This browser is too old to draw here; the figures stand in the CSV, JSON or PDF of the same report.');
    return;
  }
  const shown = () => draw(dark.matches ? 'dark' : 'light');
  await shown();
  dark.addEventListener('change', shown);
  addEventListener('beforeprint', () => draw('light', 680));
  addEventListener('afterprint', shown);
})();
"""


@cache
def _packed() -> str:
    """Give plotly's script, deflated, as base64."""
    found = find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise ValidationError(
            "Interactive pages are drawn by plotly, which is not installed.", hint="pip install 'ara-ai[charts]'"
        )
    code = (Path(found.submodule_search_locations[0]) / _PLACE).read_bytes()
    return base64.b64encode(zlib.compress(code, 6)).decode()


def script() -> str:
    """Give what draws all charts of a page; it stands once, below the last of them.

    Raises
    ------
    ValidationError
        plotly is not installed.
    """
    themes = json.dumps({name: dict(theme.colours) for name, theme in THEMES.items()})
    draw = _DRAW.replace("THEMES_HERE", themes)
    return f'<script type="text/plain" id="ara-plotly">{_packed()}</script>\n<script>{draw}</script>\n'


def fragment(chart: Chart) -> str:
    """Give a chart as a piece of a page; no name in it can end the piece or run."""
    told = json.dumps(_figure(chart), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    told = told.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    words = f"<span>{escape(chart.words)}</span>" if chart.words else ""
    title = escape(chart.title)
    return (
        f'<figure class="ara-chart"><figcaption><strong>{title}</strong>{words}</figcaption>'
        f'<div class="ara-plot" role="img" aria-label="{title}" style="height:{_high(chart)}px"></div>'
        f'<script type="application/json">{told}</script>'
        f'<p class="ara-foot">{escape(_foot(chart))}</p></figure>\n'
    )


def page(charts: Sequence[Chart], *, title: str) -> str:
    """Give a page of its own with charts one below the other."""
    body = "".join(fragment(chart) for chart in charts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{CSS}{_BODY}</style></head><body>\n{body}{script()}</body></html>\n"
    )


def figure(chart: Chart, theme: str) -> dict[str, Any]:
    """Give the figure of plotly with a theme's colours in it."""
    told: dict[str, Any] = _painted(_figure(chart), theme_of(theme), "")
    return told


def _painted(value: Any, theme: Theme, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _painted(one, theme, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_painted(one, theme, key) for one in value]
    if not isinstance(value, str) or not key.endswith(("color", "colors", "colorscale")):
        return value
    found = _COLOUR.fullmatch(value)
    if not found:
        return value
    known: dict[str, str] = {str(role): colour for role, colour in theme.colours.items()}
    colour = known[found[1]]
    if not found[2]:
        return colour
    parts = ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return f"rgba({parts},{found[2]})"


def _foot(chart: Chart) -> str:
    _, longest = thinned(chart.panels)
    more = f"lines drawn from {longest:,} points, no extreme left out" if longest else ""
    words = chart.footer.words
    if chart.footer.lineage:
        words = words.replace(chart.footer.lineage[:12], chart.footer.lineage, 1)
    return " · ".join(part for part in (words, more) if part)


def _heights(chart: Chart) -> list[int]:
    out = []
    for panel in chart.panels:
        rows = len(panel.y.names)
        out.append(400 if panel.square else max(90, _ROW * rows) if rows else round(_PANEL * panel.share))
    return out


def _high(chart: Chart) -> int:
    return sum(_heights(chart)) + _gap(chart) * (len(chart.panels) - 1) + _HEAD + _FOOT


def _gap(chart: Chart) -> int:
    return _NARROW_GAP if chart.shared else _GAP


def _figure(chart: Chart) -> dict[str, Any]:
    panels, _ = thinned(chart.panels)
    layout: dict[str, Any] = {
        "autosize": True, "height": _high(chart), "margin": {"l": 8, "r": 16, "t": _HEAD, "b": _FOOT},
        "paper_bgcolor": "@paper", "plot_bgcolor": "@paper", "shapes": [], "dragmode": "zoom",
        "font": {"color": "@ink", "size": 12, "family": "system-ui, sans-serif"}, "barmode": "overlay",
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "bgcolor": "@paper/0",
            "traceorder": "normal"},
        "hovermode": "x unified" if chart.shared else "closest",
        "hoverlabel": {"bgcolor": "@paper", "bordercolor": "@line", "font": {"color": "@ink"}},
    }  # fmt: skip
    data: list[dict[str, Any]] = []
    named: set[str] = set()
    whole = sum(_heights(chart)) + _gap(chart) * (len(panels) - 1)
    top = 0.0
    for place, (panel, high) in enumerate(zip(panels, _heights(chart), strict=True), 1):
        made = drawn(panel, place, named)
        domain = [max(0.0, 1 - (top + high) / whole), 1 - top / whole]
        for trace in made.traces:
            if trace["type"] == "pie":
                trace["domain"] = {"y": domain}
        data += made.traces
        layout["shapes"] += made.shapes
        end = "" if place == 1 else str(place)
        layout[f"xaxis{end}"] = _side(panel.x, panel, "x") | {"anchor": made.axes["yaxis"]}
        layout[f"yaxis{end}"] = _side(panel.y, panel, "y") | {"anchor": made.axes["xaxis"], "domain": domain}
        if chart.shared and place > 1:
            layout[f"xaxis{end}"]["matches"] = "x"
        if chart.shared and place < len(panels):
            layout[f"xaxis{end}"] |= {"showticklabels": False, "title": {"text": ""}}
        if panel.square:
            layout[f"yaxis{end}"] |= {"scaleanchor": made.axes["xaxis"], "constrain": "domain"}
            layout[f"xaxis{end}"]["constrain"] = "domain"
        top += high + _gap(chart)
    config = {
        "responsive": True,
        "displaylogo": False,
        "displayModeBar": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d"],
    }
    return {"data": data, "layout": layout, "config": config}


def _side(axis: Axis, panel: Panel, side: str) -> dict[str, Any]:
    lined = panel.square or (side == "x") == bool(panel.y.names)
    told: dict[str, Any] = {
        "title": {"text": safe(axis.title), "font": {"size": 12, "color": "@quiet"}, "standoff": 8},
        "automargin": True, "showgrid": lined, "gridcolor": "@line", "zeroline": False, "linecolor": "@quiet",
        "showline": side == "x",
        "tickfont": {"color": "@quiet"}, "rangeslider": {"visible": False},
    }  # fmt: skip
    if side == "y":
        told.pop("rangeslider")
    if axis.kind == "names":
        told |= {"tickvals": list(range(len(axis.names))), "ticktext": [safe(one) for one in axis.names]}
        told["range"] = [-0.5, len(axis.names) - 0.5] if side == "x" else [len(axis.names) - 0.5, -0.5]
        return told
    if axis.kind == "bars" and axis.stamps is not None:
        marks = dated(axis.stamps, _MARKED)
        told |= {"tickvals": [place for place, _ in marks], "ticktext": [label for _, label in marks]}
    if axis.kind == "time":
        told["type"] = "date"
    if axis.log:
        told |= _logarithmic(panel, side)
    told |= _range(axis)
    return told


def _logarithmic(panel: Panel, side: str) -> dict[str, Any]:
    """Give an axis that is marked at 1, 2 and 5 of each power of ten."""
    low, high = (math.log10(max(end, 1e-300)) for end in extent(panel, side))
    marks = [one * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for one in log_steps(low, high)]
    shown = [mark for mark in marks if low - 0.2 <= math.log10(mark) <= high + 0.2]
    return {"type": "log", "tickvals": shown, "ticktext": [number(mark, mark) for mark in shown]}


def _range(axis: Axis) -> dict[str, Any]:
    if axis.low is None and axis.high is None:
        return {}
    ends = plain([axis.low if axis.low is not None else math.nan, axis.high if axis.high is not None else math.nan])
    if axis.log:
        ends = [None if one is None or one <= 0 else math.log10(one) for one in ends]
    return {"range": ends}
