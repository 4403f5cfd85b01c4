"""Reports as files: PDF, HTML, Excel, CSV and JSON, each whole or not at all."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.reports.tearsheet import Report

__all__ = ["KINDS", "MOST_ROWS", "target", "write"]

KINDS: Final = (".pdf", ".html", ".xlsx", ".csv", ".json")
"""The endings of the files that a report can be written to."""

MOST_ROWS: Final = 100_000
"""So many rows of a table stand in Excel and JSON at most; CSV has all."""

_NEEDED: Final = {".pdf": "matplotlib", ".html": "plotly", ".xlsx": "xlsxwriter"}


def target(text: str | Path, flag: str = "--report") -> Path:
    """Give the path of a report that can be written, so that nothing is computed in vain.

    Raises
    ------
    ValidationError
        The ending is unknown, the folder is not there or not writable, or what writes such files is not installed.
    """
    path = Path(text)
    ending = path.suffix.lower()
    shown = str(path)[:200]
    if ending not in KINDS:
        kinds = ", ".join(KINDS)
        raise ValidationError(f"{flag} is {shown!r}; it ends in one of {kinds}.", hint=f"Write {flag} report.pdf")
    if path.is_dir():
        raise ValidationError(f"{flag}: {shown!r} is a folder.", hint="Name a file in it.")
    if not path.parent.is_dir():
        raise ValidationError(f"{flag}: there is no folder {str(path.parent)[:200]!r}.", hint="Make the folder first.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ValidationError(f"{flag}: nothing can be written into {str(path.parent)[:200]!r}.", hint="Name another.")
    needed = _NEEDED.get(ending)
    if needed is not None and find_spec(needed) is None:
        raise ValidationError(
            f"{flag}: {ending} files are written by {needed}, which is not installed.",
            hint="pip install 'ara-ai[report]'",
        )
    return path


def write(report: "Report", path: Path) -> tuple[Path, ...]:
    """Write a report to a file whose ending says in which form; gives what was written.

    A CSV file holds the first table of the report; each other one gets a file of its own beside it, `out.trades.csv`
    beside `out.csv`.

    Raises
    ------
    ValidationError
        As `target`, or the file can't be written; what stood there stays.
    """
    from ara import whole

    made = _made(report, target(path, "the report"))
    written = []
    for goal, content in made:
        try:
            whole.write(goal, content)
        except OSError as error:
            raise ValidationError(
                f"{str(goal)[:200]!r} can't be written: {error.strerror or error}.",
                hint="Choose a folder that is writable and has room.",
            ) from error
        written.append(goal)
    return tuple(written)


def _made(report: "Report", path: Path) -> list[tuple[Path, bytes]]:
    """Give what is to be written where; all of it is made before anything is written."""
    ending = path.suffix.lower()
    if ending == ".csv":
        from ara.reports.files import csv

        return [(path if not name else path.with_suffix(f".{name}.csv"), text) for name, text in csv.made(report)]
    if ending == ".json":
        from ara.reports.files import json

        return [(path, json.made(report))]
    if ending == ".html":
        from ara.reports.files import html

        return [(path, html.made(report).encode())]
    if ending == ".xlsx":
        from ara.reports.files import excel

        return [(path, excel.made(report))]
    from ara.reports.files import pdf

    return [(path, pdf.made(report))]
