"""What sets a year of a venue apart from its usual week: days without a session, late opens, early closes.

A table made with `exchange_calendars` holds the years that are known; before and after them, rules answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from ara.market import holidays

__all__ = ["Special", "by_rule", "covered", "forex", "london", "never", "new_york", "tokyo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """The dates of one year that are not like the others.

    Parameters
    ----------
    closed
        Dates without a session; those on a weekend may be missing.
    late
        Sessions that open late, and when, by the venue's clock, counted from midnight.
    early
        Sessions that close early, and when, likewise.
    """

    closed: frozenset[date] = frozenset()
    late: Mapping[date, timedelta] = field(default_factory=dict)
    early: Mapping[date, timedelta] = field(default_factory=dict)


_PLAIN: Final = Special()


def covered(venue: str) -> range:
    """Give the years in which the table answers for a venue: `XNYS`, `XLON` or `XTKS`."""
    years = _table()[venue]
    return range(min(years), max(years) + 1)


@cache
def by_rule(venue: str, year: int) -> Special:
    """Give what the rules say of a year, whether the table covers it or not."""
    closed, early = _RULES[venue]
    return Special(closed=closed(year), early=early(year))


@cache
def new_york(year: int) -> Special:
    """Give what is special in a year of New York's exchanges."""
    return _special("XNYS", year)


@cache
def london(year: int) -> Special:
    """Give what is special in a year of the London Stock Exchange."""
    return _special("XLON", year)


@cache
def tokyo(year: int) -> Special:
    """Give what is special in a year of the Tokyo Stock Exchange."""
    return _special("XTKS", year)


@cache
def forex(year: int) -> Special:
    """Give the days of a year on which banks nowhere make prices."""
    return Special(closed=holidays.forex_closed(year))


def never(year: int) -> Special:
    """Give a year in which all days are alike."""
    return _PLAIN


def _whole(year: int) -> Mapping[date, timedelta]:
    return {}


_RULES: Final[Mapping[str, tuple[Callable[[int], frozenset[date]], Callable[[int], Mapping[date, timedelta]]]]] = {
    "XNYS": (holidays.new_york_closed, holidays.new_york_shortened),
    "XLON": (holidays.london_closed, holidays.london_shortened),
    "XTKS": (holidays.tokyo_closed, _whole),
}


def _special(venue: str, year: int) -> Special:
    return _table()[venue].get(year) or by_rule(venue, year)


@cache
def _table() -> Mapping[str, Mapping[int, Special]]:
    table = Path(__file__).with_name("sessions.json").read_bytes()
    return msgspec.json.decode(table, type=dict[str, dict[int, Special]])
