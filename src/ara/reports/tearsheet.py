"""A report: the finding in words first, then what it rests on; each kind of file writes the same one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ara.reports.charts.chart import Chart
from ara.reports.tables import Table

__all__ = ["Report", "Section"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """One part of a report: its heading, what it says in sentences, pictures, tables."""

    title: str
    words: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """What is known of a result, in the order in which somebody should read it.

    Parameters
    ----------
    kind
        Of what: `backtest`, `performance`, `portfolio`, `allocation`.
    title
        The finding in one sentence.
    finding
        What it is worth, in sentences: whether it is beyond luck, and what speaks against it.
    facts
        What was tested, on what, by which command: label and words.
    sections
        What it rests on.
    data
        Tables that no page has room for; they stand in Excel, CSV and JSON. The first is what a CSV file holds.
    meaning
        What the figures mean, and by which formula they are of a year.
    document
        What `--json` prints, for JSON files.
    lineage
        Id of the result.
    """

    kind: str
    title: str
    finding: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    data: tuple[Table, ...] = ()
    meaning: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    lineage: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that files of data hold, those of `data` first."""
        within = (one for section in self.sections for one in section.tables)
        return (*self.data, *(one for one in within if one.sheet))

    def write(self, path: Path | str) -> tuple[Path, ...]:
        """Write it to a file whose ending says in which form; gives what was written.

        Raises
        ------
        ValidationError
            The ending is unknown, what it needs is not installed, or the file can't be written.
        """
        from ara.reports import files

        return files.write(self, Path(path))
