"""Charts on paper and screen by matplotlib: PNG, SVG and PDF. The same chart gives the same bytes."""

import io
import math
import re
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

__all__ = ["dots_of", "drawn", "figure_of", "settings", "style"]

_DOTS: Final = 150
_FEWEST_DOTS: Final = 64
_NARROW: Final = 6.0
_FLAT: Final = 0.62
_LOW: Final = 0.95
_WIDE: Final = 9.6
_A4: Final = 11.0
_HIGH: Final = 3.9
_ROW: Final = 0.34
_SIZES: Final = (300, 10_000)
_LETTERS: Final = 28
_ENTRY: Final = 0.45
_LETTER: Final = 0.068
_ROOF, _MARK = 0.3, 0.16
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
    colours = theme_of(theme)
    dots = dots_of(chart, size)
    measures = ((size[0] + 0.01) / dots, (size[1] + 0.01) / dots) if size else None
    with settings(colours):
        figure = figure_of(chart, colours, size=measures, wide=_A4 if form == "pdf" else _WIDE)
        return _bytes(figure, form, chart, dots)


def dots_of(chart: Chart, size: tuple[int, int] | None) -> int:
    """Give the dots of an inch; fewer where a chart has no room for its words in so few pixels, so that they shrink."""
    if size is None:
        return _DOTS
    least, most = _SIZES
    if not all(least <= one <= most for one in size):
        raise ValidationError(
            f"A picture of {size[0]} x {size[1]} pixels can't be made.", hint=f"Each side has {least} to {most}."
        )
    panels = thinned(chart.panels)[0]
    for dots in range(_DOTS, _FEWEST_DOTS, -2):
        wide, high = size[0] / dots, size[1] / dots
        if wide >= _NARROW and high >= sum(_least(panel, wide) for panel in panels) + sum(_around(chart, wide)):
            return dots
    return _FEWEST_DOTS


def _bytes(figure: "Figure", form: str, chart: Chart, dots: int) -> bytes:
    about: dict[str, dict[str, str | None]] = {
        "png": {"Software": "Ara", "Title": chart.title, "Description": chart.footer.lineage or chart.kind},
        "svg": {"Date": None, "Creator": "Ara", "Title": chart.title, "Identifier": chart.footer.lineage or None},
        "pdf": {
            "CreationDate": None, "Creator": "Ara", "Title": chart.title, "Keywords": chart.footer.lineage or None,
        },
    }  # fmt: skip
    room = io.BytesIO()
    told = {key: value for key, value in about[form].items() if value is not None or key.endswith("Date")}
    figure.savefig(room, format=form, dpi=dots, metadata=told)
    made = room.getvalue()
    if form == "svg":
        made = made.replace(b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif")
        sides = [72 * side * dots / _DOTS for side in figure.get_size_inches()]
        whole = b'width="%gpt" height="%gpt"' % (round(sides[0]), round(sides[1]))
        made = re.sub(rb'width="[0-9.]+pt" height="[0-9.]+pt"', whole, made, count=1) if dots != _DOTS else made
    return made


def figure_of(chart: Chart, theme: Theme, *, size: tuple[float, float] | None, wide: float = _WIDE) -> "Figure":
    """Give the figure, its heading and footer around its panels; without a size it is as high as they need."""
    from matplotlib.figure import Figure

    panels, longest = thinned(chart.panels)
    wide = size[0] if size else wide
    heads, words, foot = _words(chart, wide, longest)
    above, below = _around(chart, wide, longest)
    heights = [_height(panel, wide) for panel in panels]
    high = size[1] if size else above + sum(heights) + below
    figure = Figure(figsize=(wide, high), layout="constrained")
    engine: Any = figure.get_layout_engine()
    room = max(high - above - below, 0.5 * high)
    engine.set(rect=(0.005, below / high, 0.985, room / high), h_pad=0.06, w_pad=0.06)
    grid = figure.subplots(max(len(panels), 1), 1, squeeze=False, sharex=chart.shared, height_ratios=heights or [1.0])
    for place, panel in enumerate(panels):
        tall = room * heights[place] / sum(heights)
        _fill(grid[place][0], panel, theme, last=place == len(panels) - 1 or not chart.shared, size=(wide, tall))
    figure.align_ylabels()
    left = 0.14 / wide
    _put(figure, heads, left, high - 0.1, 0.25, high, fontsize=12.5, fontweight="bold", color=theme("ink"))
    _put(figure, words, left, high - 0.12 - 0.25 * len(heads), 0.19, high, fontsize=9, color=theme("quiet"))
    _put(figure, foot, left, below - 0.05, 0.145, high, fontsize=7, color=theme("quiet"))
    return figure


def _words(chart: Chart, wide: float, longest: int) -> tuple[list[str], list[str], list[str]]:
    """Give the lines of the title, of the words below it and of the footer."""
    more = f"lines drawn from {longest:,} points, no extreme left out" if longest else ""
    foot = " · ".join(part for part in (chart.footer.words, more) if part)
    return _lines(chart.title, wide * 8.4), _lines(chart.words, wide * 11.5), _lines(foot, wide * 14.5)


def _around(chart: Chart, wide: float, longest: int = 0) -> tuple[float, float]:
    """Give the room above and below the panels."""
    heads, words, foot = _words(chart, wide, longest)
    return 0.16 + 0.25 * len(heads) + 0.19 * len(words), 0.1 + 0.145 * len(foot)


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


def _least(panel: Panel, wide: float) -> float:
    """Give the height below which a panel's words write over each other."""
    return max(_FLAT * _height(panel, wide), _LOW)


def _fill(axes: "Axes", panel: Panel, theme: Theme, *, last: bool, size: tuple[float, float]) -> None:
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
    wide, tall = size
    spots = corners(panel, (_WIDE / wide, _HIGH / tall))
    for place, mark in enumerate(panel.marks):
        strokes.drawn(axes, mark, theme, spots.get(place, ()))
    _sided(axes, panel.x, "x", theme, size, shown=last)
    _sided(axes, panel.y, "y", theme, size, shown=True)
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


def _sided(axes: "Axes", axis: Axis, side: str, theme: Theme, size: tuple[float, float], *, shown: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    own = axes.xaxis if side == "x" else axes.yaxis
    wide, tall = size
    if shown and axis.title:
        long = int((tall if side == "y" else wide) / _LETTER)
        own.set_label_text("\n".join(wrap(axis.title, max(long, 10))), fontsize=8)
    if axis.kind == "names":
        _named(axes, axis, side)
    elif axis.kind == "bars" and axis.stamps is not None:
        marks = dated(axis.stamps, int(wide * 0.95))
        own.set_ticks([float(place) for place, _ in marks], [label for _, label in marks])
    elif axis.kind == "time":
        _timed(own, wide)
    else:
        if axis.log:
            axes.set_yscale("log") if side == "y" else axes.set_xscale("log")
            ends = [math.log10(max(end, 1e-300)) for end in own.get_view_interval()]
            own.set_major_locator(LogLocator(subs=log_steps(*ends), numticks=12))
            own.set_minor_locator(NullLocator())
        else:
            bins = min(6, int((tall - _ROOF) / _MARK)) if side == "y" else min(8, int(wide * 1.1))
            own.set_major_locator(MaxNLocator(nbins=max(bins, 2), steps=[1, 2, 2.5, 5, 10]))
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


def _timed(own: Any, wide: float) -> None:
    from matplotlib import dates

    mdates: Any = dates
    locator = mdates.AutoDateLocator(minticks=3, maxticks=max(min(9, int(wide)), 4))
    own.set_major_locator(locator)
    own.set_major_formatter(mdates.ConciseDateFormatter(locator, tz="UTC"))


def _step(places: Any) -> float:
    """Give the finest step between the marks of an axis."""
    apart = [b - a for a, b in pairwise(places) if b > a]
    return min(apart) if apart and math.isfinite(min(apart)) else 0.0
