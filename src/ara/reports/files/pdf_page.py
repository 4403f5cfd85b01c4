"""Pages of A4 on which text, tables and charts stand one below the other; matplotlib draws them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ara.reports.charts.theme import LIGHT, Role

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ara.reports.charts import Chart

__all__ = ["HIGH", "INNER", "WIDE", "Flow", "Page", "broken", "cut", "sized", "wide"]

WIDE: Final = 8.27
"""Inches of A4 from side to side."""
HIGH: Final = 11.69
"""And from top to bottom."""
_LEFT: Final = 0.7
_TOP: Final = 0.65
_BOTTOM: Final = 0.8
INNER: Final = WIDE - 2 * _LEFT
"""Inches between the margins."""

_STEP: Final = 1.42


@dataclass(slots=True)
class Page:
    """What stands on a page: texts, lines and coloured fields in inches from its top left, and at most one chart."""

    texts: list[tuple[float, float, str, dict[str, Any]]] = field(default_factory=list)
    lines: list[tuple[float, float, float]] = field(default_factory=list)
    fields: list[tuple[float, float, float, float, str, float]] = field(default_factory=list)
    chart: "tuple[Figure, float] | None" = None

    def figure(self, foot: tuple[str, str]) -> "Figure":
        """Give the page drawn, its footer to the left and to the right."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDE, HIGH)) if self.chart is None else _placed(*self.chart)
        self._filled(figure)
        for x, y, words, how in self.texts:
            figure.text((_LEFT + x) / WIDE, 1 - y / HIGH, words, **how)
        low = 0.45 / HIGH
        quiet: dict[str, Any] = {"fontsize": 7, "color": LIGHT("quiet"), "va": "bottom"}
        figure.text(_LEFT / WIDE, low, foot[0], ha="left", **quiet)
        figure.text(1 - _LEFT / WIDE, low, foot[1], ha="right", **quiet)
        return figure

    def _filled(self, figure: "Figure") -> None:
        """Draw the fields and the lines as one artist each: a page has hundreds of them."""
        from matplotlib.collections import LineCollection, PolyCollection
        from matplotlib.colors import to_rgba

        if self.fields:
            boxes = [
                [((_LEFT + at) / WIDE, 1 - down / HIGH) for at, down in
                 ((x, y), (x + width, y), (x + width, y + height), (x, y + height))]
                for x, y, width, height, *_ in self.fields
            ]  # fmt: skip
            colours = [to_rgba(colour, alpha) for *_, colour, alpha in self.fields]
            figure.add_artist(
                PolyCollection(boxes, facecolors=colours, linewidths=0, transform=figure.transFigure, zorder=0)
            )
        if self.lines:
            rules = [[((_LEFT + side) / WIDE, 1 - y / HIGH) for side in (left, right)] for left, right, y in self.lines]
            figure.add_artist(LineCollection(rules, colors=LIGHT("line"), linewidths=0.6, transform=figure.transFigure))


def _placed(figure: "Figure", top: float) -> "Figure":
    """Make a chart's figure a page: all that is in it keeps its size, and stands where it should."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    wide_, high = figure.get_size_inches()
    below = HIGH - top - high
    spots = [(axes, axes.get_position(original=True)) for axes in figure.axes]
    figure.set_size_inches(WIDE, HIGH)
    for axes, spot in spots:
        box = ((_LEFT + spot.x0 * wide_) / WIDE, (below + spot.y0 * high) / HIGH)
        axes.set_position((*box, spot.width * wide_ / WIDE, spot.height * high / HIGH))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position(((_LEFT + float(x) * wide_) / WIDE, (below + float(y) * high) / HIGH))
    return figure


@dataclass(slots=True)
class Flow:
    """Pages that are filled from above; what has no room begins the next."""

    pages: list[Page] = field(default_factory=lambda: [Page()])
    y: float = _TOP

    @property
    def page(self) -> Page:
        """The page that is being filled."""
        return self.pages[-1]

    @property
    def left(self) -> float:
        """Inches left on it."""
        return HIGH - _BOTTOM - self.y

    def turn(self) -> None:
        """Begin the next page, unless this one is still empty."""
        if self.y > _TOP:
            self.pages.append(Page())
            self.y = _TOP

    def need(self, inches: float) -> None:
        """Begin the next page where so much has no room."""
        if inches > self.left:
            self.turn()

    def skip(self, inches: float) -> None:
        """Leave room, but none at the top of a page."""
        if self.y > _TOP:
            self.y += inches

    def words(
        self, text: str, *, size: float = 9.0, bold: bool = False, role: Role = "ink", x: float = 0.0, keep: float = 0.0
    ) -> None:
        """Write a paragraph, line by line; `keep` is what must have room below its first lines."""
        lines = broken(text, INNER - x, size, bold=bold)
        step = size * _STEP / 72
        self.need(min(len(lines), 3) * step + keep)
        for line in lines:
            self.need(step)
            self.put(x, line, size=size, bold=bold, role=role)
            self.y += step

    def put(
        self, x: float, line: str, *, size: float, bold: bool = False, role: Role = "ink", right: bool = False
    ) -> None:
        """Write one line here, without going down; `right` ends it at x."""
        how = {
            "fontsize": size, "fontweight": "bold" if bold else "normal", "color": LIGHT(role), "va": "top",
            "ha": "right" if right else "left",
        }  # fmt: skip
        self.page.texts.append((x, self.y, line, how))

    def rule(self, right: float = INNER) -> None:
        """Draw a line across."""
        self.page.lines.append((0.0, right, self.y))

    def draw(self, figure: "Figure") -> None:
        """Place a chart; a page has room for one."""
        high = float(figure.get_size_inches()[1])
        if self.page.chart is not None:
            self.turn()
        self.need(high)
        self.page.chart = (figure, self.y)
        self.y += high + 0.1


def sized(chart: "Chart", most: float) -> "Figure":
    """Give a chart's figure, as wide as the page and at most so many inches high."""
    from ara.reports.charts.paper import figure_of

    figure = figure_of(chart, LIGHT, size=None, wide=INNER)
    return figure if figure.get_size_inches()[1] <= most else figure_of(chart, LIGHT, size=(INNER, most), wide=INNER)


def broken(text: str, inches: float, size: float, *, bold: bool = False) -> Sequence[str]:
    """Give the lines of a text that fit; what has no space is broken where the line ends."""
    lines, line = [], ""
    for word in text.replace(" %", "\u00a0%").split(" "):
        longer = f"{line} {word}" if line else word
        if wide(longer, size, bold=bold) <= inches:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while wide(line, size, bold=bold) > inches and len(line) > 1:
            part = cut(line, inches, size, bold=bold, mark="")
            lines.append(part)
            line = line[len(part) :]
    return [*lines, line] if line or not lines else lines


def cut(text: str, inches: float, size: float, *, bold: bool = False, mark: str = "…") -> str:
    """Give as much of a text as fits, with a mark where it was cut; at least one letter."""
    if wide(text, size, bold=bold) <= inches:
        return text
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wide(text[:middle] + mark, size, bold=bold) <= inches else (low, middle - 1)
    return text[:low] + mark


def wide(text: str, size: float, *, bold: bool = False) -> float:
    """Give how many inches a line of text takes."""
    return sum(_letter(one, bold) for one in text) * size / 72


@cache
def _letter(one: str, bold: bool) -> float:
    """Give how wide a letter is in a size of one point."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal", size=100)
    found: float = text_to_path.get_text_width_height_descent(one, font, ismath=False)[0]
    return found / 100
