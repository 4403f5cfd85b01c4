"""One chart, and all the forms it can take: PNG, SVG, PDF, interactive HTML, the terminal, CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from ara import whole
from ara.errors import ValidationError
from ara.reports.charts.given import Given
from ara.reports.charts.marks import Panel

__all__ = ["KINDS", "Chart", "Footer", "check_target"]

KINDS: Final = (".png", ".svg", ".pdf", ".html", ".csv", ".json")
"""The endings of the files that a chart can be written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """Where a chart comes from.

    Parameters
    ----------
    source
        Who gave the data.
    data_to
        The last day of the data, or what else says how old they are.
    lineage
        Id of the result that is drawn; empty where it has none.
    more
        What a reader must know of the drawing itself, in sentences: that points were drawn together, and how.
    """

    source: str = ""
    data_to: str = ""
    lineage: str = ""
    more: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The line below the chart; of the id its first twelve characters."""
        parts = [
            f"Source: {self.source}" if self.source else "",
            f"data to {_day(self.data_to)}" if self.data_to else "",
            f"lineage {self.lineage[:12]}" if self.lineage else "",
            *self.more,
        ]
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chart:
    """One chart.

    Parameters
    ----------
    kind
        What it shows, in a word: `equity`, `candles`.
    title
        The finding, as a sentence without its full stop.
    words
        What else one has to know to read it.
    panels
        Its fields, from above.
    footer
        Where it comes from.
    columns
        The data as a table: all of them, also where the drawing has fewer points.
    shared
        Whether all panels have the same x axis.
    """

    kind: str
    title: str
    panels: tuple[Panel, ...]
    words: str = ""
    footer: Footer = field(default_factory=Footer)
    columns: Mapping[str, Given] = field(default_factory=dict)
    shared: bool = False

    def __post_init__(self) -> None:
        """Leave nothing in a text that is no letter: a name may hold what steers a terminal, or what no XML can."""
        for name in ("title", "words", "panels", "footer"):
            object.__setattr__(self, name, _cleaned(getattr(self, name)))

    def png(self, *, theme: str = "light", size: tuple[int, int] | None = None) -> bytes:
        """Give a PNG; `size` in pixels, else 1440 wide and as high as its panels need."""
        from ara.reports.charts import paper

        return paper.drawn(self, "png", theme=theme, size=size)

    def svg(self, *, theme: str = "light", size: tuple[int, int] | None = None) -> bytes:
        """Give an SVG whose texts are texts."""
        from ara.reports.charts import paper

        return paper.drawn(self, "svg", theme=theme, size=size)

    def pdf(self, *, theme: str = "light", size: tuple[int, int] | None = None) -> bytes:
        """Give a PDF of one page, as wide as A4 across allows."""
        from ara.reports.charts import paper

        return paper.drawn(self, "pdf", theme=theme, size=size)

    def figure(self, *, theme: str = "light") -> dict[str, Any]:
        """Give the figure of plotly: `data`, `layout` and `config` as JSON values."""
        from ara.reports.charts import web

        return web.figure(self, theme)

    def html(self) -> str:
        """Give a piece of a page: heading, interactive chart, footer; `web.script()` stands once in that page."""
        from ara.reports.charts import web

        return web.fragment(self)

    def page(self) -> str:
        """Give a page of its own that needs nothing else, light or dark as its reader's system is."""
        from ara.reports.charts import web

        return web.page([self], title=self.title)

    def terminal(self, width: int = 80, *, paint: Callable[[str, Any], str] | None = None, plain: bool = False) -> str:
        """Give it as text of so many columns; `paint` colours a text by its role, `plain` uses ASCII alone."""
        from ara.reports.charts import text

        return text.drawn(self, width, paint=paint, plain=plain)

    def csv(self) -> str:
        """Give the data as CSV; a shorter column is empty where it ends."""
        room = io.StringIO()
        rows = csv.writer(room, lineterminator="\n")
        rows.writerow(self.columns)
        length = max((len(column) for column in self.columns.values()), default=0)
        told = [[_told(value) for value in column] for column in self.columns.values()]
        for row in range(length):
            rows.writerow([column[row] if row < len(column) else None for column in told])
        return room.getvalue()

    def as_dict(self) -> dict[str, Any]:
        """Give what it says and its data as JSON values; what is no number is null."""
        return {
            "kind": self.kind,
            "title": self.title,
            "words": self.words,
            "source": self.footer.source,
            "data_to": self.footer.data_to,
            "lineage": self.footer.lineage or None,
            "notes": list(self.footer.more),
            "columns": {name: [_told(value) for value in column] for name, column in self.columns.items()},
        }

    def write(self, path: Path, *, theme: str = "light", size: tuple[int, int] | None = None) -> None:
        """Write it to a file whose ending says in which form, whole or not at all.

        Raises
        ------
        ValidationError
            The ending is unknown, or the file can't be written.
        """
        kind = check_target(path).suffix.lower()
        made: bytes | str
        if kind in (".png", ".svg", ".pdf"):
            made = {".png": self.png, ".svg": self.svg, ".pdf": self.pdf}[kind](theme=theme, size=size)
        elif kind == ".html":
            made = self.page()
        else:
            made = self.csv() if kind == ".csv" else json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n"
        try:
            whole.write(path, made)
        except OSError as error:
            raise ValidationError(
                f"{str(path)!r} can't be written: {error.strerror or error}.",
                hint="Choose a folder that is writable and has room.",
            ) from error


def check_target(path: Path) -> Path:
    """Give a path back if a chart can be written there, so that nothing is computed in vain."""
    if path.suffix.lower() not in KINDS:
        raise ValidationError(
            f"{path.name[:80]!r} is no file that a chart can be written to.",
            hint=f"It ends in one of: {', '.join(KINDS)}. For instance: --out chart.png",
        )
    if not path.parent.is_dir():
        raise ValidationError(f"There is no folder {str(path.parent)[:200]!r}.", hint="Make the folder first.")
    if path.is_dir():
        raise ValidationError(f"{str(path)[:200]!r} is a folder.", hint="Name a file in it.")
    return path


def _day(told: str) -> str:
    """Give a date as charts write it: 31 Mar 2021; other words as they are."""
    try:
        return f"{date.fromisoformat(told):%-d %b %Y}"
    except ValueError:
        return told


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else "".join(one if one.isprintable() else " " for one in value)
    if isinstance(value, tuple | list):
        return type(value)(_cleaned(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _cleaned(getattr(value, one.name)) for one in fields(value)})
    return value


def _told(value: Any) -> Any:
    """Give a value as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
