"""A report as CSV: the first table, every other one apart, and what it says in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from ara.reports.tables import harmless

if TYPE_CHECKING:
    from ara.reports.tearsheet import Report

__all__ = ["made"]


def made(report: "Report") -> Iterator[tuple[str, bytes]]:
    """Give each file's name beside the report's own, empty for that one, and its bytes: UTF-8, times in UTC."""
    for place, table in enumerate(report.tables):
        yield "" if place == 0 else table.name, table.frame().write_csv().encode()
    said = [
        ("finding", report.title), *(("finding", one) for one in report.finding), *report.facts,
        *(("meaning", one) for one in report.meaning),
    ]  # fmt: skip
    about = pl.DataFrame({"what": [what for what, _ in said], "words": [harmless(words) for _, words in said]})
    yield "about", about.write_csv().encode()
