"""`--report FILE`: checked before anything is computed, written when all is known."""

from pathlib import Path
from typing import TYPE_CHECKING

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.reports import Report

__all__ = ["HELP", "asked", "sent"]

HELP = "Write a report: .pdf .html .xlsx .csv .json"
"""What the option says of itself."""


def asked(text: str) -> Path | None:
    """Give the file that a report goes to; None where none is asked for.

    Raises
    ------
    ValidationError
        No report can be written there.
    """
    from ara.reports.files import target

    return target(text) if text else None


def sent(s: Screen, report: "Report", path: Path) -> None:
    """Write a report, and say what was written."""
    with s.progress("Writing the report"):
        made = report.write(path)
    beside = len(made) - 1
    more = "" if not beside else f", and {beside} more beside it: {made[1].name}, …"
    s.note(f"Written to {made[0]}{more}")
