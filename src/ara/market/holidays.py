"""Days on which venues are closed or close early, by rule, for the years that the table of sessions does not cover.

The rules are those in force today, New York's with their changes since 1990: carried to other years, they miss what was
special then.
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

__all__ = [
    "easter",
    "euro_closed",
    "forex_closed",
    "london_closed",
    "london_shortened",
    "new_york_closed",
    "new_york_shortened",
    "tokyo_closed",
]

_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = range(7)

_HALF_PAST_TWELVE: Final = timedelta(hours=12, minutes=30)

_DAY: Final = timedelta(days=1)

_ONE: Final = timedelta(hours=13)
_TWO: Final = timedelta(hours=14)


def easter(year: int) -> date:
    """Give Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@cache
def new_york_closed(year: int) -> frozenset[date]:
    """Give the weekdays of a year on which the New York Stock Exchange does not open."""
    days = {
        _nth(year, 2, _MONDAY, 3),
        easter(year) - timedelta(days=2),
        _last(year, 5, _MONDAY),
        _observed(date(year, 7, 4)),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 11, _THURSDAY, 4),
        _observed(date(year, 12, 25)),
    }
    first = date(year, 1, 1)
    if first.weekday() != _SATURDAY:  # the Friday before closes the year's books
        days.add(_observed(first))
    if year >= 1998:
        days.add(_nth(year, 1, _MONDAY, 3))
    if year >= 2022:
        days.add(_observed(date(year, 6, 19)))
    return frozenset(days)


@cache
def new_york_shortened(year: int) -> dict[date, timedelta]:
    """Give the days of a year on which New York closes early, and the hour of its clock."""
    short = {}
    if year >= 1992:
        short[_nth(year, 11, _THURSDAY, 4) + timedelta(days=1)] = _ONE if year >= 1993 else _TWO
    eve = date(year, 12, 24)
    if eve.weekday() < _FRIDAY:  # on a Friday it is Christmas, observed
        short[eve] = _ONE if year >= 1993 else _TWO
    if year >= 1995:
        fourth = date(year, 7, 4).weekday()
        if fourth in {_TUESDAY, _WEDNESDAY, _FRIDAY} or (fourth == _THURSDAY and year >= 2013):
            short[date(year, 7, 3)] = _ONE
        elif fourth == _THURSDAY:
            short[date(year, 7, 5)] = _ONE
    return short


@cache
def london_closed(year: int) -> frozenset[date]:
    """Give the weekdays of a year on which the London Stock Exchange does not open: England's bank holidays."""
    new_year = date(year, 1, 1)
    christmas, boxing = date(year, 12, 25), date(year, 12, 26)
    return frozenset(
        {
            new_year + timedelta(days={_SATURDAY: 2, _SUNDAY: 1}.get(new_year.weekday(), 0)),
            easter(year) - timedelta(days=2),
            easter(year) + timedelta(days=1),
            _nth(year, 5, _MONDAY, 1),
            _last(year, 5, _MONDAY),
            _last(year, 8, _MONDAY),
            *(day + timedelta(days=2 if day.weekday() >= _SATURDAY else 0) for day in (christmas, boxing)),
        }
    )


@cache
def london_shortened(year: int) -> dict[date, timedelta]:
    """Give the days of a year on which London closes early: the last sessions before Christmas and New Year."""
    eves = (date(year, 12, 24), date(year, 12, 31))
    return {eve - timedelta(days=max(0, eve.weekday() - _FRIDAY)): _HALF_PAST_TWELVE for eve in eves}


@cache
def tokyo_closed(year: int) -> frozenset[date]:
    """Give the days of a year on which the Tokyo Stock Exchange does not open.

    Japan's holidays, with their substitutes: a holiday on a Sunday moves to the next day that is none, and a day
    between two holidays is one too. Then the exchange's own rest from the last day of the year to the third.
    """
    drift = 0.242194 * (year - 1980) - (year - 1980) // 4  # of the equinoxes; the Astronomical Observatory's formula
    days = {
        date(year, 1, 1),
        _nth(year, 1, _MONDAY, 2),
        date(year, 2, 11),
        date(year, 2, 23),
        date(year, 3, int(20.8431 + drift)),
        date(year, 4, 29),
        *(date(year, 5, day) for day in (3, 4, 5)),
        _nth(year, 7, _MONDAY, 3),
        date(year, 8, 11),
        _nth(year, 9, _MONDAY, 3),
        date(year, 9, int(23.2488 + drift)),
        _nth(year, 10, _MONDAY, 2),
        date(year, 11, 3),
        date(year, 11, 23),
    }
    between = {day + _DAY for day in days if day + 2 * _DAY in days}
    moved = {_free(day, days) for day in days if day.weekday() == _SUNDAY}
    return frozenset(days | between | moved | {date(year, 12, 31), date(year, 1, 2), date(year, 1, 3)})


@cache
def forex_closed(year: int) -> frozenset[date]:
    """Give the days of a year on which banks nowhere make prices: New Year's Day and Christmas."""
    return frozenset({date(year, 1, 1), date(year, 12, 25)})


@cache
def euro_closed(year: int) -> frozenset[date]:
    """Give the days of a year on which the euro's central banks settle nothing and so set no rates."""
    sunday, christmas = easter(year), date(year, 12, 25)
    fixed = {date(year, 1, 1), date(year, 5, 1), christmas, christmas + _DAY}
    return frozenset(fixed | {sunday - timedelta(days=2), sunday + _DAY})


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _last(year: int, month: int, weekday: int) -> date:
    after = date(year, month, 28) + timedelta(days=4)
    end = after - timedelta(days=after.day)
    return end - timedelta(days=(end.weekday() - weekday) % 7)


def _observed(day: date) -> date:
    """Move a feast on Saturday to Friday and one on Sunday to Monday."""
    return day + timedelta(days={_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))


def _free(day: date, taken: set[date]) -> date:
    while day in taken:
        day += _DAY
    return day
