"""The table of sessions `src/ara/market/sessions.json`, made with `exchange_calendars`.

`python -m tools.calendars --write` makes it; without `--write`, a table that the library would make otherwise is found.
"""

import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import msgspec

from tools.findings import Finding, main

__all__ = ["YEARS", "check", "table"]

YEARS = {"XNYS": (1970, 2050), "XLON": (1980, 2050), "XTKS": (1997, 2040)}
"""First and last year of each venue: the library has no regular holidays before 1970, is not sure of London's before
1980, and knows Tokyo's equinoxes from 1997 to 2040."""

_FILE = Path("src/ara/market/sessions.json")


def table() -> bytes:
    """Write the table: one line a year, dates without a session and those with hours of their own."""
    venues = []
    for name, (first, last) in YEARS.items():
        years = _years(name, first, last)
        rows = [f'"{year}": {msgspec.json.encode(years[year]).decode()}' for year in range(first, last + 1)]
        venues.append(f'"{name}": {{\n' + ",\n".join(rows) + "\n}")
    return ("{\n" + ",\n".join(venues) + "\n}\n").encode()


def check(root: Path) -> Iterator[Finding]:
    """Find a table that is not what the library gives today."""
    path = root / _FILE
    made = table()
    kept = path.read_bytes() if path.exists() else b""
    if made != kept:
        pairs = enumerate(zip(made.splitlines(), [*kept.splitlines(), b""], strict=False), start=1)
        line = next((number for number, (new, old) in pairs if new != old), 1)
        yield Finding(path=path, line=line, words="the library gives other sessions")


def _years(name: str, first: int, last: int) -> dict[int, dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import exchange_calendars

        library: Any = exchange_calendars.get_calendar(name, start=f"{first}-01-01", end=f"{last}-12-31")
    sessions = {stamp.date() for stamp in library.sessions}
    years: dict[int, dict[str, Any]] = defaultdict(lambda: {"closed": []})
    for number in range(date(first, 1, 1).toordinal(), date(last + 1, 1, 1).toordinal()):
        day = date.fromordinal(number)
        if day.weekday() < 5 and day not in sessions:
            years[day.year]["closed"].append(day.isoformat())
    for kind, stamps, hours in (
        ("late", library.late_opens, library.opens),
        ("early", library.early_closes, library.closes),
    ):
        for stamp in stamps:
            clock: time = hours[stamp].tz_convert(library.tz).time()
            years[stamp.year].setdefault(kind, {})[stamp.date().isoformat()] = _counted(clock)
    return years


def _counted(clock: time) -> str:
    """Write the time since midnight as ISO 8601 does: PT12H30M."""
    return f"PT{clock.hour}H{clock.minute}M" if clock.minute else f"PT{clock.hour}H"


if __name__ == "__main__":
    if "--write" in sys.argv:
        _FILE.write_bytes(table())
    else:
        sys.exit(main(check, advice="Make it again: python -m tools.calendars --write"))
