"""A report as JSON: what the command prints, what the report says, and its tables."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ara.reports.tearsheet import Report

__all__ = ["made"]


def made(report: "Report") -> bytes:
    """Give the document; what is no number is null, shares are 0.01 for 1 %, times are UTC."""
    from ara.reports.files import MOST_ROWS

    document: dict[str, Any] = {
        **report.document,
        "report": {
            "kind": report.kind,
            "title": report.title,
            "finding": list(report.finding),
            "facts": dict(report.facts),
            "meaning": list(report.meaning),
            "lineage": report.lineage or None,
        },
        "tables": {
            one.name: {"title": one.title, "words": one.words, "rows": one.rows()}
            for one in (table.within(MOST_ROWS) for table in report.tables)
        },
    }
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
