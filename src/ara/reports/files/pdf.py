"""A report as a PDF: A4 pages with numbers, tables that go on with their heads, nothing cut off unsaid."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ara.reports.charts.theme import LIGHT
from ara.reports.files.pdf_page import INNER, Flow, broken, cut, sized, wide
from ara.reports.tables import NONE, Table

if TYPE_CHECKING:
    from ara.reports.tearsheet import Report, Section

__all__ = ["made"]

_LABEL: Final = 1.05
_TEXT: Final = 7.5
_FINEST: Final = 5.4
_GAP: Final = 0.16
_ROW: Final = 1.72
_CHART: Final = 4.7
_LOW: Final = 3.0
_HEAT: Final = 0.7
_LONGEST: Final = 90
_TOGETHER: Final = 6.0


def made(report: "Report") -> bytes:
    """Give the bytes; the same report gives the same."""
    from ara.reports.charts.paper import settings

    with settings(LIGHT):
        return _drawn(report, _filled(report))


def _drawn(report: "Report", flow: Flow) -> bytes:
    from matplotlib.backends.backend_pdf import PdfPages

    room = io.BytesIO()
    about = {"Creator": "Ara", "Title": _printable(report.title), "Keywords": report.lineage, "CreationDate": None}
    with PdfPages(room, metadata={key: value for key, value in about.items() if value or value is None}) as pages:
        for number, page in enumerate(flow.pages, 1):
            label = f"{report.lineage[:12]}   " if report.lineage else ""
            foot = (cut(_printable(report.title), INNER - 1.8, 7), f"{label}{number} / {len(flow.pages)}")
            pages.savefig(page.figure(foot))
    return room.getvalue()


def _filled(report: "Report") -> Flow:
    flow = Flow()
    flow.words(_printable(report.title), size=14, bold=True)
    flow.skip(0.08)
    for words in report.finding:
        flow.words(_printable(words))
        flow.skip(0.05)
    flow.skip(0.1)
    for label, words in report.facts:
        _fact(flow, label, _printable(words))
    for section in report.sections:
        _section(flow, section)
    flow.skip(0.2)
    flow.words("How to read it", size=11.5, bold=True, keep=0.5)
    for words in report.meaning:
        flow.skip(0.04)
        flow.words(_printable(words), size=8, role="quiet")
    return flow


def _fact(flow: Flow, label: str, words: str) -> None:
    lines, step = broken(words, INNER - _LABEL, 8), 8 * 1.42 / 72
    flow.need(min(len(lines), 4) * step)
    flow.put(0, label, size=8, role="quiet")
    for line in lines:
        flow.need(step)
        flow.put(_LABEL, line, size=8)
        flow.y += step


def _section(flow: Flow, section: "Section") -> None:
    figures = [sized(chart, _CHART) for chart in section.charts]
    grids = [_fitted(table) for table in section.tables if table.paper]
    flow.skip(0.22)
    if figures and flow.page.chart is not None:
        flow.turn()
    words = 0.2 * sum(len(broken(one, INNER, 9)) for one in section.words)
    room = flow.left - 0.6 - words
    if figures and _LOW <= room < float(figures[0].get_size_inches()[1]):
        figures[0] = sized(section.charts[0], room - 1e-6)  # a little lower, rather than on the next page
    first = float(figures[0].get_size_inches()[1]) if figures else grids[0].together if grids else 0.3
    flow.need(0.6 + words + first)
    flow.rule()
    flow.y += 0.09
    flow.words(section.title, size=11.5, bold=True, keep=0.6)
    for line in section.words:
        flow.skip(0.03)
        flow.words(_printable(line))
    for figure in figures:
        flow.skip(0.08)
        flow.draw(figure)
    for grid in grids:
        _table(flow, grid)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """A table set: its texts, the size of its letters, the widths of its columns."""

    table: Table
    rows: list[list[str]]
    size: float
    widths: list[float]

    @property
    def gap(self) -> float:
        return _GAP * self.size / _TEXT

    @property
    def step(self) -> float:
        return self.size * _ROW / 72

    @property
    def together(self) -> float:
        """How many inches of it stay on one page: all of it if it is short, else its first rows."""
        whole = self.step * (len(self.rows) + max(map(len, self.heads))) + 0.1
        return whole if whole < _TOGETHER else self.step * 6

    @property
    def edges(self) -> list[float]:
        """Where each column begins."""
        return [sum(self.widths[:place]) + self.gap * place for place in range(len(self.widths))]

    @property
    def right(self) -> float:
        return self.edges[-1] + self.widths[-1]

    @property
    def heads(self) -> list[list[str]]:
        """The lines above each column."""
        return [
            list(broken(_printable(one.head), width + 1e-6, self.size, bold=True))
            for one, width in zip(self.table.columns, self.widths, strict=True)
        ]


def _table(flow: Flow, grid: _Grid) -> None:
    table = grid.table
    flow.skip(0.13)
    flow.words(table.title, size=9, bold=True, keep=grid.together)
    flow.skip(0.02)
    _head(flow, grid)
    strengths = table.strengths()
    for number in range(len(grid.rows)):
        if grid.step > flow.left:
            flow.turn()
            _head(flow, grid)
        _row(flow, grid, number, strengths[number])
        flow.y += grid.step
        flow.rule(grid.right)
    if table.words:
        flow.y += 0.05
        flow.words(_printable(table.words), size=7.5, role="quiet")


def _fitted(table: Table) -> _Grid:
    """Choose the size of the letters and the columns' widths; where nothing helps, long texts are cut."""
    rows = [[_printable(one)[:_LONGEST] for one in row] for row in table.texts()]
    if table.heat:
        rows = [["" if one == NONE else one for one in row] for row in rows]
    size = _TEXT
    while True:
        widths = [
            max(
                _narrowest(column.head, size),
                *(wide(row[place], size) for row in [*rows, [""] * len(table.columns)]),
            )
            for place, column in enumerate(table.columns)
        ]
        room = INNER - _GAP * size / _TEXT * (len(widths) - 1)
        if sum(widths) <= room or size <= _FINEST:
            break
        size -= 0.3
    while (over := sum(widths) - room) > 1e-6:
        longest = max(range(len(widths)), key=lambda place: widths[place])
        widths[longest] -= min(over, max(widths[longest] * 0.1, 0.02))
    return _Grid(table=table, rows=rows, size=size, widths=widths)


def _narrowest(head: str, size: float) -> float:
    """Give how wide the words above a column are where they stand in two lines as even as can be."""
    words = _printable(head).split()
    ways = [(words[:place], words[place:]) for place in range(len(words))] or [([], [])]
    return min(max(wide(" ".join(line), size, bold=True) for line in way) for way in ways) + 1e-6


def _head(flow: Flow, grid: _Grid) -> None:
    heads, step, top = grid.heads, grid.size * 1.25 / 72, flow.y
    deepest = max(len(lines) for lines in heads)
    for lines, column, x, width in zip(heads, grid.table.columns, grid.edges, grid.widths, strict=True):
        for place, line in enumerate(lines):
            flow.y = top + step * (deepest - len(lines) + place)
            flow.put(
                x + width if column.right else x, line, size=grid.size, bold=True, role="quiet", right=column.right
            )
    flow.y = top + step * deepest + 0.05
    flow.rule(grid.right)


def _row(flow: Flow, grid: _Grid, number: int, strengths: list[float]) -> None:
    top, size = flow.y, grid.size
    cells = zip(grid.rows[number], grid.table.columns, grid.edges, grid.widths, strengths, strict=True)
    for words, column, x, width, strong in cells:
        if strong:
            colour = LIGHT("forecast" if strong > 0 else "actual")
            box = (x - grid.gap * 0.4, top, width + grid.gap * 0.8, grid.step)
            flow.page.fields.append((*box, colour, abs(strong) * _HEAT))
        if words:
            right = column.form_of(number).numeric
            flow.y = top + size * (_ROW - 1.15) / 2 / 72
            flow.put(x + width if right else x, cut(words, width + 0.01, size), size=size, right=right)
    flow.y = top


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)
