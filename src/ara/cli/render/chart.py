"""One row of a chart in text: where a band lies on a scale that all rows share."""

from dataclasses import dataclass
from typing import Final

__all__ = ["GLYPHS", "PLAIN_GLYPHS", "Glyphs", "Scale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The characters of a row: outer band, edges of the inner band, median."""

    line: str
    left: str
    right: str
    dot: str


GLYPHS: Final = Glyphs(line="─", left="├", right="┤", dot="●")
"""For a terminal that has Unicode."""
PLAIN_GLYPHS: Final = Glyphs(line="-", left="|", right="|", dot="o")
"""For a terminal that has ASCII only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Maps values between `low` and `high` to so many columns.

    Parameters
    ----------
    low
        Value of the first column.
    high
        Value of the last column.
    columns
        How wide the chart is.
    """

    low: float
    high: float
    columns: int

    def column(self, value: float) -> int:
        """Give the column in which a value lies; the middle one on a scale without width."""
        if self.high <= self.low:
            return self.columns // 2
        share = (value - self.low) / (self.high - self.low)
        return min(max(round(share * (self.columns - 1)), 0), self.columns - 1)

    def row(self, outer: tuple[float, float], inner: tuple[float, float], middle: float, *, glyphs: Glyphs) -> str:
        """Give the row: the outer band as a line, the inner one between its edges, the median as a dot."""
        cells = [" "] * self.columns
        first, last = self.column(outer[0]), self.column(outer[1])
        cells[first : last + 1] = glyphs.line * (last + 1 - first)
        cells[self.column(inner[0])] = glyphs.left
        cells[self.column(inner[1])] = glyphs.right
        cells[self.column(middle)] = glyphs.dot
        return "".join(cells)
