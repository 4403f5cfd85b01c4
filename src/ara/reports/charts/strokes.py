"""How each mark looks in a picture by matplotlib."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ara.reports.charts.marks import (
    Band,
    Bars,
    Candles,
    Heat,
    Line,
    Mark,
    Notes,
    Points,
    Ring,
    Rule,
    Spans,
)
from ara.reports.charts.theme import SERIES, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["drawn"]

_DASHES: Final = {"solid": "-", "dash": (0, (5, 2.5)), "dot": (0, (1.2, 2))}
_SIDES: Final[dict[str, tuple[tuple[int, int], Any, Any]]] = {
    "above": ((0, 6), "center", "bottom"), "below": ((0, -6), "center", "top"), "right": ((6, 0), "left", "center"),
}  # fmt: skip
_EDGE: Final = 0.08
_MANY: Final = 60
_CORNERS: Final[dict[str, tuple[tuple[int, int], Any, Any]]] = {
    "top right": ((5, 3), "left", "bottom"), "top left": ((-5, 3), "right", "bottom"),
    "bottom right": ((5, -3), "left", "top"), "bottom left": ((-5, -3), "right", "top"),
}  # fmt: skip
_SHAPES: Final = {"dot": "o", "up": "^", "down": "v", "diamond": "D"}


def drawn(axes: "Axes", mark: Mark, theme: Theme, corners: Sequence[str] = ()) -> None:
    """Put a mark on axes; `corners` is where the name of each of its points stands."""
    _WAYS[type(mark)](axes, mark, theme)
    if corners and isinstance(mark, Points):
        _names(axes, mark, theme, corners)


def _line(axes: "Axes", mark: Line, theme: Theme) -> None:
    axes.plot(
        mark.x, mark.y, color=theme(mark.role), linewidth=mark.wide, linestyle=_DASHES[mark.dash],
        drawstyle="steps-post" if mark.step else "default", label=mark.name or "_", solid_capstyle="round",
        marker="o" if np.isfinite(np.asarray(mark.y, np.float64)).sum() == 1 else None, markersize=4,
    )  # fmt: skip


def _band(axes: "Axes", mark: Band, theme: Theme) -> None:
    axes.fill_between(
        mark.x, mark.low, mark.high, facecolor=theme(mark.role), alpha=mark.shade, linewidth=0, label=mark.name or "_"
    )


def _points(axes: "Axes", mark: Points, theme: Theme) -> None:
    colour = theme(mark.role)
    if mark.low is not None and mark.high is not None:
        draw = axes.hlines if mark.flat else axes.vlines
        draw(mark.y if mark.flat else mark.x, mark.low, mark.high, colors=colour, linewidth=2.4, alpha=0.45)
    axes.plot(
        mark.x, mark.y, linestyle="none", marker=_SHAPES[mark.shape], markersize=mark.size, color=colour,
        markeredgecolor=theme("paper"), markeredgewidth=0.6, label=mark.name or "_", zorder=3,
    )  # fmt: skip


def _names(axes: "Axes", mark: Points, theme: Theme, corners: Sequence[str]) -> None:
    for x, y, text, corner in zip(mark.x, mark.y, mark.texts, corners, strict=True):
        shift, across, upright = _CORNERS[corner]
        axes.annotate(
            text, (x, y), xytext=shift, textcoords="offset points", fontsize=8, ha=across, va=upright,
            color=theme("ink"), annotation_clip=True,
        )  # fmt: skip


def _bars(axes: "Axes", mark: Bars, theme: Theme) -> None:
    colour = [theme(role) for role in mark.roles] if mark.roles else theme(mark.role)
    start = np.zeros(len(mark.values)) if mark.start is None else np.asarray(mark.start, np.float64)
    size = np.asarray(mark.values, np.float64) - start
    if len(size) > _MANY and not mark.flat and not mark.roles:
        _at_once(axes, mark, start, theme(mark.role))
    elif mark.flat:
        axes.barh(mark.places, size, left=start, height=mark.wide, color=colour, label=mark.name or "_")
    else:
        axes.bar(mark.places, size, bottom=start, width=mark.wide, color=colour, label=mark.name or "_")
    if mark.low is not None and mark.high is not None:
        draw = axes.hlines if mark.flat else axes.vlines
        draw(mark.places, mark.low, mark.high, colors=theme("ink"), linewidth=1.2)
    if mark.texts:
        _ends(axes, mark, start, theme)


def _at_once(axes: "Axes", mark: Bars, start: Any, colour: str) -> None:
    """Draw upright bars as one collection: a patch for each of hundreds takes longer than all else."""
    from matplotlib.collections import PolyCollection

    half = mark.wide / 2
    boxes = [
        ((at - half, first), (at - half, value), (at + half, value), (at + half, first))
        for at, first, value in zip(mark.places, start, mark.values, strict=True)
        if np.isfinite(value)
    ]
    axes.add_collection(PolyCollection(boxes, facecolors=colour, edgecolors="none", label=mark.name or "_"))
    axes.autoscale_view()


def _ends(axes: "Axes", mark: Bars, start: Any, theme: Theme) -> None:
    """Write at the end of each bar what it is, on the side to which it grows."""
    for place, first, value, text in zip(mark.places, start, mark.values, mark.texts, strict=True):
        ahead = value >= first
        low = value if mark.low is None else mark.low[list(mark.places).index(place)]
        high = value if mark.high is None else mark.high[list(mark.places).index(place)]
        end = high if ahead else low
        where = (end, place) if mark.flat else (place, end)
        shift = ((4 if ahead else -4), 0) if mark.flat else (0, (3 if ahead else -3))
        sides: dict[str, Any] = {"ha": "left" if ahead else "right", "va": "center"} if mark.flat else {
            "ha": "center", "va": "bottom" if ahead else "top",
        }  # fmt: skip
        axes.annotate(text, where, xytext=shift, textcoords="offset points", fontsize=8, color=theme("ink"), **sides)


def _candles(axes: "Axes", mark: Candles, theme: Theme) -> None:
    """Draw a wick and a body each: hollow where it rose, so that it reads in grey too."""
    from matplotlib.collections import LineCollection, PolyCollection

    x = np.asarray(mark.x, np.float64)
    edge, half = theme("past"), 0.32
    low, high = np.fmin(mark.opens, mark.closes), np.fmax(mark.opens, mark.closes)
    wide = 0.9 if len(x) <= 150 else 0.6
    wicks = [((at, bottom), (at, top)) for at, bottom, top in zip(x, mark.lows, mark.highs, strict=True)]
    axes.add_collection(LineCollection(wicks, colors=edge, linewidths=wide))
    rose = np.asarray(mark.closes) >= np.asarray(mark.opens)
    for chosen, colour, name in ((rose, theme("paper"), "rose"), (~rose, edge, "fell")):
        bodies = [
            ((at - half, a), (at + half, a), (at + half, b), (at - half, b))
            for at, a, b in zip(x[chosen], low[chosen], high[chosen], strict=True)
        ]
        axes.add_collection(
            PolyCollection(
                bodies, facecolors=colour, edgecolors=edge, linewidths=wide, label=f"{mark.name} {name}".strip()
            )
        )
    axes.autoscale_view()


def _heat(axes: "Axes", mark: Heat, theme: Theme) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    ramp = LinearSegmentedColormap.from_list("ara", [theme("actual"), theme("paper"), theme("forecast")])
    ramp.set_bad(theme("line"), 0.5)
    most = mark.most or 1.0
    axes.imshow(
        np.ma.masked_invalid(mark.values), cmap=ramp, vmin=-most, vmax=most, aspect="auto", interpolation="none"
    )
    for row, texts in enumerate(mark.texts):
        for column, text in enumerate(texts):
            size = 8 if len(mark.texts[0]) <= 14 else 6.5
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=theme("ink"))


def _ring(axes: "Axes", mark: Ring, theme: Theme) -> None:
    names = [f"{name}\n{text}" for name, text in zip(mark.names, mark.texts, strict=True)] if mark.texts else mark.names
    axes.pie(
        np.asarray(mark.shares, np.float64), labels=list(names), startangle=90, counterclock=False, normalize=True,
        colors=[theme(SERIES[place % len(SERIES)]) for place in range(len(mark.names))],
        wedgeprops={"width": 0.38, "edgecolor": theme("paper"), "linewidth": 1.6},
        textprops={"fontsize": 8.5, "color": theme("ink")},
    )  # fmt: skip
    axes.text(0, 0, mark.middle, ha="center", va="center", fontsize=10, color=theme("ink"))


def _spans(axes: "Axes", mark: Spans, theme: Theme) -> None:
    for place, (begin, end) in enumerate(zip(mark.begins, mark.ends, strict=True)):
        name = mark.name if mark.name and place == 0 else "_"
        axes.axvspan(begin, end, facecolor=theme(mark.role), alpha=mark.shade, linewidth=0, label=name)


def _rule(axes: "Axes", mark: Rule, theme: Theme) -> None:
    draw = axes.axvline if mark.upright else axes.axhline
    draw(mark.at, color=theme(mark.role), linewidth=1.0, linestyle=_DASHES[mark.dash], label=mark.name or "_")


def _notes(axes: "Axes", mark: Notes, theme: Theme) -> None:
    shift, usual, upright = _SIDES[mark.side]
    left, right = axes.get_xlim()
    for x, y, text in zip(mark.x, mark.y, mark.texts, strict=True):
        at = (x - left) / (right - left) if mark.side != "right" else 0.5
        across = "left" if at < _EDGE else "right" if at > 1 - _EDGE else usual
        axes.annotate(
            text, (x, y), xytext=shift, textcoords="offset points", fontsize=8, ha=across, va=upright,
            color=theme(mark.role), in_layout=False,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": theme("paper"), "alpha": 0.7, "linewidth": 0},
        )  # fmt: skip


_WAYS: Final[dict[type, Any]] = {
    Line: _line, Band: _band, Points: _points, Bars: _bars, Candles: _candles, Heat: _heat, Ring: _ring,
    Spans: _spans, Rule: _rule, Notes: _notes,
}  # fmt: skip
