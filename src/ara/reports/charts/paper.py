"""Charts on paper and screen by matplotlib: PNG, SVG and PDF. The same chart gives the same bytes."""

import io
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from ara.errors import ValidationError
from ara.reports.charts import strokes
from ara.reports.charts.chart import Chart
from ara.reports.charts.labels import corners
from ara.reports.charts.marks import Axis, Heat, Panel, Ring
from ara.reports.charts.theme import Theme, theme_of
from ara.reports.charts.thin import thinned
from ara.reports.charts.ticks import dated, log_steps, number, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["drawn", "figure_of", "settings", "style"]

_DOTS: Final = 150
_WIDE: Final = 9.6
_A4: Final = 11.0
_HIGH: Final = 3.9
_ROW: Final = 0.34
_SIZES: Final = (300, 10_000)
_LETTERS: Final = 28
_ENTRY: Final = 0.45
_LETTER: Final = 0.068
_ONE_AT_A_TIME: Final = threading.Lock()
"""matplotlib's settings are the process's; what two threads draw at once would mix them."""


def style(theme: Theme) -> dict[str, Any]:
    """Give the settings of matplotlib that every picture of Ara has."""
    return {
        "font.family": "DejaVu Sans",
        "font.size": 9.0,
        "text.color": theme("ink"),
        "text.parse_math": False,
        "axes.edgecolor": theme("quiet"),
        "axes.labelcolor": theme("quiet"),
        "axes.facecolor": theme("paper"),
        "figure.facecolor": theme("paper"),
        "savefig.facecolor": theme("paper"),
        "xtick.color": theme("quiet"),
        "ytick.color": theme("quiet"),
        "axes.unicode_minus": True,
        "svg.fonttype": "none",
        "svg.hashsalt": "ara",
        "pdf.fonttype": 42,
        "pdf.compression": 6,
        "path.simplify": True,
    }


@contextmanager
def settings(theme: Theme) -> Iterator[None]:
    """Draw with the settings that every picture of Ara has, one thread at a time.

    Raises
    ------
    ValidationError
        matplotlib is not installed.
    """
    told: Any = style(theme)
    try:
        import matplotlib as mpl
    except ModuleNotFoundError as error:
        raise ValidationError(
            "PNG, SVG and PDF are drawn by matplotlib, which is not installed.", hint="pip install 'ara-ai[charts]'"
        ) from error
    with _ONE_AT_A_TIME, warnings.catch_warnings(), mpl.rc_context(told):
        warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
        yield


def drawn(chart: Chart, form: str, *, theme: str, size: tuple[int, int] | None) -> bytes:
    """Give the bytes of a picture.

    Raises
    ------
    ValidationError
        matplotlib is not installed, or the size is no size.
    """
    colours, measures = theme_of(theme), _inches(size)
    with settings(colours):
        return _bytes(figure_of(chart, colours, size=measures, wide=_A4 if form == "pdf" else _WIDE), form, chart)


def _inches(size: tuple[int, int] | None) -> tuple[float, float] | None:
    if size is None:
        return None
    least, most = _SIZES
    if not all(least <= one <= most for one in size):
        raise ValidationError(
            f"A picture of {size[0]} x {size[1]} pixels can't be made.", hint=f"Each side has {least} to {most}."
        )
    return size[0] / _DOTS, size[1] / _DOTS


def _bytes(figure: "Figure", form: str, chart: Chart) -> bytes:
    about: dict[str, dict[str, str | None]] = {
        "png": {"Software": "Ara", "Title": chart.title, "Description": chart.footer.lineage or chart.kind},
        "svg": {"Date": None, "Creator": "Ara", "Title": chart.title, "Identifier": chart.footer.lineage or None},
        "pdf": {
            "CreationDate": None, "Creator": "Ara", "Title": chart.title, "Keywords": chart.footer.lineage or None,
        },
    }  # fmt: skip
    room = io.BytesIO()
    told = {key: value for key, value in about[form].items() if value is not None or key.endswith("Date")}
    figure.savefig(room, format=form, dpi=_DOTS, metadata=told)
    made = room.getvalue()
    if form == "svg":
        made = made.replace(b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif")
    return made


def figure_of(chart: Chart, theme: Theme, *, size: tuple[float, float] | None, wide: float = _WIDE) -> "Figure":
    """Give the figure, its heading and footer around its panels; without a size it is as high as they need."""
    from matplotlib.figure import Figure

    panels, longest = thinned(chart.panels)
    wide = size[0] if size else wide
    heads, words = _lines(chart.title, wide * 8.4), _lines(chart.words, wide * 11.5)
    more = f"lines drawn from {longest:,} points, no extreme left out" if longest else ""
    foot = _lines(" · ".join(part for part in (chart.footer.words, more) if part), wide * 14.5)
    above = 0.16 + 0.25 * len(heads) + 0.19 * len(words)
    below = 0.1 + 0.145 * len(foot)
    heights = [_height(panel, wide) for panel in panels]
    high = size[1] if size else above + sum(heights) + below
    figure = Figure(figsize=(wide, high), layout="constrained")
    engine: Any = figure.get_layout_engine()
    room = max(high - above - below, 0.5 * high)
    engine.set(rect=(0.005, below / high, 0.985, room / high), h_pad=0.06, w_pad=0.06)
    grid = figure.subplots(max(len(panels), 1), 1, squeeze=False, sharex=chart.shared, height_ratios=heights or [1.0])
    for place, panel in enumerate(panels):
        _fill(grid[place][0], panel, theme, last=place == len(panels) - 1 or not chart.shared, wide=wide)
    figure.align_ylabels()
    left = 0.14 / wide
    _put(figure, heads, left, high - 0.1, 0.25, high, fontsize=12.5, fontweight="bold", color=theme("ink"))
    _put(figure, words, left, high - 0.12 - 0.25 * len(heads), 0.19, high, fontsize=9, color=theme("quiet"))
    _put(figure, foot, left, below - 0.05, 0.145, high, fontsize=7, color=theme("quiet"))
    return figure


def _lines(text: str, letters: float) -> list[str]:
    return wrap(text, max(int(letters), 20)) if text else []


def _put(figure: "Figure", lines: list[str], x: float, top: float, step: float, high: float, **how: Any) -> None:
    for place, line in enumerate(lines):
        figure.text(x, (top - step * place) / high, line, va="top", ha="left", in_layout=False, **how)


def _height(panel: Panel, wide: float) -> float:
    if panel.square:
        return min(wide * 0.6, 5.6)
    rows = len(panel.y.names)
    if rows:
        return max(1.5, 0.9 + _ROW * rows)
    return _HIGH * panel.share


def _fill(axes: "Axes", panel: Panel, theme: Theme, *, last: bool, wide: float) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=8)
    axes.set_axisbelow(True)
    if not any(isinstance(mark, Heat | Ring) for mark in panel.marks):
        axes.grid(
            visible=True,
            axis="both" if panel.square else "x" if panel.y.names else "y",
            color=theme("line"),
            linewidth=0.7,
        )
    else:
        axes.spines["bottom"].set_visible(False)
    if panel.x.kind == "bars" and panel.x.low is not None:
        axes.set_xlim(panel.x.low, panel.x.high)
    spots = corners(panel)
    for place, mark in enumerate(panel.marks):
        strokes.drawn(axes, mark, theme, spots.get(place, ()))
    _sided(axes, panel.x, "x", theme, wide, shown=last)
    _sided(axes, panel.y, "y", theme, wide, shown=True)
    if panel.square:
        axes.set_aspect("equal", adjustable="box")
    if any(isinstance(mark, Ring) for mark in panel.marks):
        axes.set_axis_off()
    if panel.named > 0:
        _explained(axes, theme, wide)


def _explained(axes: "Axes", theme: Theme, wide: float) -> None:
    """Name the marks above a panel, row by row, in as many columns as the longest name allows."""
    handles, names = axes.get_legend_handles_labels()
    columns = max(1, min(len(names), int((wide - 0.6) / (_ENTRY + _LETTER * max(map(len, names), default=1)))))
    order = [place for first in range(columns) for place in range(first, len(names), columns)]
    axes.legend(
        [handles[place] for place in order], [names[place] for place in order],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False,
        fontsize=8, borderaxespad=0.2, handlelength=1.8, columnspacing=1.4, labelcolor=theme("ink"),
    )  # fmt: skip


def _sided(axes: "Axes", axis: Axis, side: str, theme: Theme, wide: float, *, shown: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    own = axes.xaxis if side == "x" else axes.yaxis
    if shown and axis.title:
        own.set_label_text(axis.title, fontsize=8)
    if axis.kind == "names":
        _named(axes, axis, side)
    elif axis.kind == "bars" and axis.stamps is not None:
        marks = dated(axis.stamps, int(wide * 0.95))
        own.set_ticks([float(place) for place, _ in marks], [label for _, label in marks])
    elif axis.kind == "time":
        _timed(own)
    else:
        if axis.log:
            axes.set_yscale("log") if side == "y" else axes.set_xscale("log")
            ends = [math.log10(max(end, 1e-300)) for end in own.get_view_interval()]
            own.set_major_locator(LogLocator(subs=log_steps(*ends), numticks=12))
            own.set_minor_locator(NullLocator())
        else:
            own.set_major_locator(MaxNLocator(nbins=6 if side == "y" else 8, steps=[1, 2, 2.5, 5, 10]))
        own.set_major_formatter(
            FuncFormatter(lambda value, _: number(value, value if axis.log else _step(own.get_majorticklocs())))
        )
    if axis.kind != "names" and (axis.low is not None or axis.high is not None):
        limit = axes.set_xlim if side == "x" else axes.set_ylim
        limit(axis.low, axis.high)


def _named(axes: "Axes", axis: Axis, side: str) -> None:
    places, names = range(len(axis.names)), shortened(axis.names, _LETTERS)
    if side == "y":
        axes.set_yticks(places, names)
        axes.set_ylim(len(axis.names) - 0.5, -0.5)
    else:
        long = sum(map(len, names)) > 90
        axes.set_xticks(places, names, rotation=90 if long else 0)
        axes.set_xlim(-0.5, len(axis.names) - 0.5)


def _timed(own: Any) -> None:
    from matplotlib import dates

    mdates: Any = dates
    locator = mdates.AutoDateLocator(minticks=3, maxticks=9)
    own.set_major_locator(locator)
    own.set_major_formatter(mdates.ConciseDateFormatter(locator, tz="UTC"))


def _step(places: Any) -> float:
    """Give the finest step between the marks of an axis."""
    apart = [b - a for a, b in pairwise(places) if b > a]
    return min(apart) if apart and math.isfinite(min(apart)) else 0.0
