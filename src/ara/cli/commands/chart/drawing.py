"""What every chart command shares: where the chart goes, in which colours, how large."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ara.cli.screen import Screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.reports.charts import Chart

__all__ = ["OUT", "SIZE", "THEME", "Drawing", "asked", "source_of"]

OUT = Annotated[
    str, typer.Option("--out", "-o", metavar="FILE", help="Write a .png, .svg, .pdf, .html, .csv or .json instead")
]
"""Where a chart is written."""
THEME = Annotated[str, typer.Option("--theme", metavar="NAME", help="light or dark; a page follows its reader")]
"""In which colours."""
SIZE = Annotated[str, typer.Option("--size", metavar="WxH", help="Of a picture, in pixels: 1600x900")]
"""How large a picture is."""

_NEEDED: Final = {".png": "matplotlib", ".svg": "matplotlib", ".pdf": "matplotlib", ".html": "plotly"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Where a chart goes.

    Parameters
    ----------
    target
        The file; None for the terminal.
    theme
        `light` or `dark`.
    size
        Of a picture, in pixels; None for the usual.
    """

    target: Path | None
    theme: str
    size: tuple[int, int] | None

    def show(self, s: Screen, chart: "Chart") -> None:
        """Write the chart to its file, or draw it in the terminal."""
        document = {"schema": 1, **chart.as_dict()}
        if self.target is None:
            paint = s.palette()
            s.result(document, lambda: chart.terminal(s.width, paint=paint, plain=s.plain))
            return
        with s.progress("Drawing"):
            chart.write(self.target, theme=self.theme, size=self.size)
        s.result(document, lambda: clean(chart.title))
        s.note(f"Written to {self.target}")


def asked(out: str, theme: str, size: str) -> Drawing:
    """Check what was asked for, so that nothing is computed in vain."""
    from ara.reports.charts import check_target, theme_of

    theme_of(theme)
    target = check_target(Path(out)) if out else None
    library = _NEEDED.get(target.suffix.lower(), "") if target else ""
    if library and find_spec(library) is None:
        raise ValidationError(
            f"{clean(out)[:80]} is drawn by {library}, which is not installed.", hint="pip install 'ara-ai[charts]'"
        )
    return Drawing(target=target, theme=theme, size=_size(size, target))


def _size(text: str, target: Path | None) -> tuple[int, int] | None:
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,5})[x×]([0-9]{1,5})", text.strip().lower())
    sides = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(300 <= one <= 10_000 for one in sides):
        raise ValidationError(
            f"--size is {clean(text)[:40]}; it is width and height, 300 to 10000 each.", hint="Write --size 1600x900"
        )
    if target is None or target.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ValidationError("--size is of a picture, and none is written.", hint="Add --out chart.png")
    return sides


def source_of(names: list[str]) -> str:
    """Give who stands behind several series, each once."""
    return ", ".join(dict.fromkeys(part for name in names for part in name.split("+") if part))
