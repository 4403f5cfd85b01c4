"""A field of characters on which marks are drawn; a line has eight dots in each of them."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.marks import Band, Bars, Candles, Heat, Line, Mark, Notes, Panel, Points, Ring, Rule, Spans

__all__ = ["SHAPES", "Canvas", "extent", "legend"]

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_STRIPS: Final = (("▁", "."), ("▄", "-"), ("█", "#"))
_EMPTY: Final = 0x2800

SHAPES: Final = {"dot": ("●", "o"), "up": ("▲", "^"), "down": ("▼", "v"), "diamond": ("◆", "+")}
"""Of points: the character, and the one in ASCII."""


def extent(panel: Panel, side: str) -> tuple[float, float]:
    """Give where an axis begins and ends: as it says, else as its marks lie."""
    axis = panel.x if side == "x" else panel.y
    ends = [
        float(part[np.isfinite(part)].min()) if which == 0 else float(part[np.isfinite(part)].max())
        for part in (_numbers(one) for mark in panel.marks for one in _parts(mark, side))
        if np.isfinite(part).any()
        for which in (0, 1)
    ]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    low = low if axis.low is None else float(_numbers([axis.low])[0])
    high = high if axis.high is None else float(_numbers([axis.high])[0])
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _parts(mark: Mark, side: str) -> Iterator[Any]:
    match mark:
        case Line() | Notes():
            yield mark.x if side == "x" else mark.y
        case Points():
            yield mark.x if side == "x" else mark.y
            if mark.low is not None and mark.high is not None and mark.flat == (side == "x"):
                yield from (mark.low, mark.high)
        case Band():
            yield from ((mark.x,) if side == "x" else (mark.low, mark.high))
        case Candles():
            yield from ((mark.x,) if side == "x" else (mark.lows, mark.highs))
        case Bars():
            along = mark.flat == (side == "x")
            yield mark.values if along else mark.places
            if along:
                yield np.zeros(1) if mark.start is None else mark.start
                yield from (one for one in (mark.low, mark.high) if one is not None)
        case Rule():
            if mark.upright == (side == "x"):
                yield [mark.at]
        case Spans():
            if side == "x":
                yield from (mark.begins, mark.ends)
        case Heat() | Ring():
            return


def _numbers(values: Any) -> NDArray[np.float64]:
    found = np.asarray(values)
    if found.dtype.kind == "M":
        whole = found.astype("datetime64[us]")
        return np.where(np.isnat(whole), np.nan, whole.astype(np.int64).astype(np.float64))
    return np.asarray(found, np.float64)


class Canvas:
    """Cells with a character and a role each, and dots of lines over them.

    Parameters
    ----------
    columns, rows
        How large it is.
    x, y
        What its edges stand for.
    plain
        Whether it uses ASCII alone.
    """

    def __init__(
        self, *, columns: int, rows: int, x: tuple[float, float], y: tuple[float, float], plain: bool = False
    ) -> None:
        self.columns, self.rows, self.x, self.y, self.plain = columns, rows, x, y, plain
        self._cells = [[(" ", "")] * columns for _ in range(rows)]
        self._dots = np.zeros((rows, columns), np.int64)
        self._roles = [[""] * columns for _ in range(rows)]
        self._strips = 0

    def column(self, value: float) -> int:
        """Give the column in which a value lies, or the nearest."""
        share = (value - self.x[0]) / (self.x[1] - self.x[0])
        return min(max(round(share * (self.columns - 1)), 0), self.columns - 1)

    def row(self, value: float) -> int:
        """Give the row in which a value lies, or the nearest; row 0 is on top."""
        share = (value - self.y[0]) / (self.y[1] - self.y[0])
        return min(max(self.rows - 1 - round(share * (self.rows - 1)), 0), self.rows - 1)

    def line(self, row: int, brush: Any) -> str:
        """Give a row as text."""
        out = []
        for column in range(self.columns):
            cell, role = self._cells[row][column]
            if self._dots[row, column]:
                cell = "*" if self.plain else chr(_EMPTY + int(self._dots[row, column]))
                role = self._roles[row][column]
            out.append(brush(cell, role) if role else cell)
        return "".join(out)

    def add(self, mark: Mark) -> None:
        """Draw a mark."""
        match mark:
            case Line():
                self._line(mark)
            case Band():
                self._band(mark)
            case Points():
                self._points(mark)
            case Bars():
                self._bars(mark)
            case Candles():
                self._candles(mark)
            case Spans():
                self._spans(mark)
            case Rule():
                self._rule(mark)
            case Notes():
                self._notes(mark)
            case Heat() | Ring():
                return

    def _notes(self, mark: Notes) -> None:
        """Write texts beside their places where nothing else stands."""
        x, y = _numbers(mark.x), _numbers(mark.y)
        for place, text in enumerate(mark.texts):
            if np.isfinite(x[place]) and np.isfinite(y[place]):
                row = self.row(y[place]) + {"above": -1, "below": 1, "right": 0}[mark.side]
                first = self.column(x[place]) + (2 if mark.side == "right" else -(len(text) // 2))
                self._write(row, min(max(first, 0), self.columns - len(text)), text)

    def _write(self, row: int, first: int, text: str) -> None:
        """Write a text into a row if it has room there."""
        if not (0 <= row < self.rows and first >= 0 and first + len(text) <= self.columns):
            return
        taken = slice(max(first - 1, 0), first + len(text) + 1)
        if all(cell[0] == " " for cell in self._cells[row][taken]) and not self._dots[row, taken].any():
            self._cells[row][first : first + len(text)] = [(letter, "") for letter in text]

    def _put(self, x: float, y: float, glyph: str, role: str) -> None:
        if np.isfinite(x) and np.isfinite(y) and self.x[0] <= x <= self.x[1] and self.y[0] <= y <= self.y[1]:
            row, column = self.row(y), self.column(x)
            self._cells[row][column] = (glyph, _told(role))
            self._dots[row, column] = 0

    def _points(self, mark: Points) -> None:
        """Put the points, and the name of each on its right where nothing else stands."""
        x, y = _numbers(mark.x), _numbers(mark.y)
        for place in range(len(x)):
            self._put(x[place], y[place], SHAPES[mark.shape][self.plain], mark.role)
        for place, text in enumerate(mark.texts):
            if np.isfinite(x[place]) and np.isfinite(y[place]):
                self._write(self.row(y[place]), self.column(x[place]) + 2, text)

    def _line(self, mark: Line) -> None:
        """Set a dot at each of so many places along the line, and those between two of them."""
        x, y = _numbers(mark.x), _numbers(mark.y)
        wide, high = 2 * self.columns - 1, 4 * self.rows - 1
        across = (x - self.x[0]) / (self.x[1] - self.x[0]) * wide
        up = (self.y[1] - y) / (self.y[1] - self.y[0]) * high
        for place in range(len(x)):
            if not (np.isfinite(across[place]) and np.isfinite(up[place])):
                continue
            self._dot(across[place], up[place], mark.role)
            if place and np.isfinite(across[place - 1]) and np.isfinite(up[place - 1]):
                count = int(max(abs(across[place] - across[place - 1]), abs(up[place] - up[place - 1]))) + 1
                for part in np.linspace(0, 1, min(count, wide + high) + 1)[:-1]:
                    before = up[place - 1] if mark.step else up[place - 1] + part * (up[place] - up[place - 1])
                    self._dot(across[place - 1] + part * (across[place] - across[place - 1]), before, mark.role)

    def _dot(self, across: float, up: float, role: str) -> None:
        column, row = round(across), round(up)
        if 0 <= column < 2 * self.columns and 0 <= row < 4 * self.rows:
            self._dots[row // 4, column // 2] |= _DOTS[row % 4][column % 2]
            self._roles[row // 4][column // 2] = _told(role)

    def _band(self, mark: Band) -> None:
        x, low, high = _numbers(mark.x), _numbers(mark.low), _numbers(mark.high)
        glyph = ("▒", ":") if mark.shade > 0.3 else ("░", ".")
        known = np.isfinite(low) & np.isfinite(high) & np.isfinite(x)
        if not known.any():
            return
        x, low, high = x[known], low[known], high[known]
        first, last = self.column(x.min()), self.column(x.max())
        for column in range(first, last + 1):
            at = self.x[0] + column / max(self.columns - 1, 1) * (self.x[1] - self.x[0])
            top, bottom = self.row(float(np.interp(at, x, high))), self.row(float(np.interp(at, x, low)))
            for row in range(top, bottom + 1):
                self._cells[row][column] = (glyph[self.plain], _told(mark.role))

    def _bars(self, mark: Bars) -> None:
        start = np.zeros(len(mark.values)) if mark.start is None else _numbers(mark.start)
        for place, (x, first, value) in enumerate(
            zip(_numbers(mark.places), start, _numbers(mark.values), strict=True)
        ):
            role = mark.roles[place] if mark.roles else mark.role
            if not (np.isfinite(value) and np.isfinite(first)):
                continue
            half = mark.wide / 2
            columns = range(self.column(x - half), self.column(x + half) + 1) if mark.wide else (self.column(x),)
            rows = sorted((self.row(first), self.row(value)))
            for column in columns:
                for row in range(rows[0], rows[1] + 1):
                    self._cells[row][column] = ("█#"[self.plain], _told(role))

    def _candles(self, mark: Candles) -> None:
        columns: dict[int, list[int]] = {}
        for place, x in enumerate(_numbers(mark.x)):
            columns.setdefault(self.column(x), []).append(place)
        for column, places in columns.items():
            highs, lows = _numbers(mark.highs)[places], _numbers(mark.lows)[places]
            opens, closes = _numbers(mark.opens)[places], _numbers(mark.closes)[places]
            known = np.isfinite(highs) & np.isfinite(lows) & np.isfinite(opens) & np.isfinite(closes)
            if not known.any():
                continue
            first, last = opens[known][0], closes[known][-1]
            for row in range(self.row(highs[known].max()), self.row(lows[known].min()) + 1):
                self._cells[row][column] = ("│|"[self.plain], "quiet")
            body = sorted((self.row(first), self.row(last)))
            for row in range(body[0], body[1] + 1):
                rose = last >= first
                self._cells[row][column] = (("░", "o") if rose else ("█", "#"))[self.plain], "quiet"

    def _spans(self, mark: Spans) -> None:
        """Draw stretches as a strip at the bottom, each kind as high as no other."""
        glyph = _STRIPS[self._strips % len(_STRIPS)][self.plain]
        self._strips += 1
        for begin, end in zip(_numbers(mark.begins), _numbers(mark.ends), strict=True):
            for column in range(self.column(begin), self.column(end) + 1):
                self._cells[self.rows - 1][column] = (glyph, _told(mark.role))

    def _rule(self, mark: Rule) -> None:
        at = float(_numbers([mark.at])[0])
        if not np.isfinite(at):
            return
        cells = (
            [(row, self.column(at)) for row in range(self.rows)]
            if mark.upright
            else [(self.row(at), column) for column in range(self.columns)]
        )
        glyph = ("┊", "|") if mark.upright else ("╌", "-")
        for row, column in cells:
            if self._cells[row][column][0] == " ":
                self._cells[row][column] = (glyph[self.plain], "quiet")


def _told(role: str) -> str:
    return "actual" if role == "actual" else "quiet" if role in ("past", "quiet", "line", "ink") else "forecast"


def legend(panel: Panel, brush: Any, plain: bool, wide: int) -> list[str]:
    """Give the lines that name the marks, if there is any to name."""
    said: dict[str, tuple[str, str]] = {}
    strips = 0
    for mark in panel.marks:
        name = getattr(mark, "name", "")
        if isinstance(mark, Spans):
            glyph, strips = _STRIPS[strips % len(_STRIPS)], strips + 1
        elif isinstance(mark, Points):
            glyph = SHAPES[mark.shape]
        elif isinstance(mark, Band):
            glyph = ("▒", ":") if mark.shade > 0.3 else ("░", ".")
        elif isinstance(mark, Candles):
            glyph = ("░ rose █ fell", "o rose # fell")
        else:
            glyph = {Line: ("⠤⠤", "**"), Bars: ("█", "#"), Rule: ("╌╌", "--")}.get(type(mark), ("", ""))
        if (name or isinstance(mark, Candles)) and name not in said:
            said[name] = glyph[plain], _told(getattr(mark, "role", "past"))
    return _packed(said, brush, wide)


def _packed(said: dict[str, tuple[str, str]], brush: Any, wide: int) -> list[str]:
    lines, used = [], wide + 1
    for name, (glyph, role) in said.items():
        short = name if len(glyph) + len(name) + 1 <= wide else f"{name[: max(wide - len(glyph) - 2, 1)]}…"
        size = len(f"{glyph} {short}".rstrip())
        word = f"{brush(glyph, role)} {short}".rstrip()
        if used + size + 2 > wide:
            lines.append(word)
            used = size
        else:
            lines[-1] += f"  {word}"
            used += size + 2
    return lines
