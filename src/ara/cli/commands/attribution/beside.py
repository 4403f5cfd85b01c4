"""What both ways share: the chart beside the answer, and returns of factors over the same stretches of time."""

from pathlib import Path
from typing import TYPE_CHECKING

from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.commands.chart.drawing import Drawing
    from ara.cli.screen import Screen
    from ara.data.files.dated import Dated
    from ara.reports.charts import Chart

__all__ = ["drawn", "factors_of", "name_of"]

_MOST = 50


def drawn(s: "Screen", drawing: "Drawing", chart: "Chart") -> None:
    """Write the chart to its file, and say so."""
    if drawing.target is not None:
        with s.progress("Drawing"):
            chart.write(drawing.target, theme=drawing.theme, size=drawing.size)
        s.note(f"Written to {drawing.target}")


def factors_of(s: "Screen", text: str, column: str, dates: str) -> "list[Dated]":
    """Give each factor: an instrument's closes, or a column of a file.

    Parameters
    ----------
    s
        The screen.
    text
        Instruments and files, with commas between.
    column
        Columns of the files, with commas between; empty for the one that holds numbers.
    dates
        Order of day and month in files.
    """
    from ara.cli.commands.tracks import dated_of

    found: list[Dated] = []
    names = [one.strip() for one in text.split(",") if one.strip()]
    for one in names:
        path = Path(one)
        if path.suffix and path.is_file():
            found += [_read(path, each.strip(), dates) for each in column.split(",")]
        else:
            found.append(dated_of(s, one, dates))
    called = [name_of(one) for one in found]
    if not found or len(found) > _MOST:
        raise ValidationError(f"{len(found)} factors are named; 1 to {_MOST} are taken.", hint="--factors SPY,XAUUSD")
    if twice := sorted({one for one in called if called.count(one) > 1}):
        raise ValidationError(f"The factor {clean(twice[0])[:40]} is there twice.", hint="Name each factor once.")
    return found


def _read(path: Path, column: str, dates: str) -> "Dated":
    """Read a factor; a column that is called like a worth but falls to 0 and below holds returns: `value`, `size`."""
    from ara.data.files.dated import read_dated

    found = read_dated(path, column=column, dates=dates)
    if found.kind == "equity" and min(found.values) <= 0:
        return read_dated(path, column=column, kind="returns", dates=dates)
    return found


def name_of(one: "Dated") -> str:
    """Give a factor's name: the instrument's, or the column's."""
    return one.column if Path(one.name).suffix else one.name
