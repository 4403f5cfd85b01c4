"""Days on which venues are closed or close early, by rule, and the closings that followed no rule.

New York's rules are those in force from 1990 on; carried back to earlier years, they miss what was special then.
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

__all__ = ["easter", "forex_closed", "new_york_closed", "new_york_shortened"]

_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = range(7)

_ONE_OFF: Final = frozenset(
    {
        date(1994, 4, 27),  # funeral of Richard Nixon
        date(2001, 9, 11),
        date(2001, 9, 12),
        date(2001, 9, 13),
        date(2001, 9, 14),
        date(2004, 6, 11),  # funeral of Ronald Reagan
        date(2007, 1, 2),  # funeral of Gerald Ford
        date(2012, 10, 29),  # hurricane Sandy
        date(2012, 10, 30),
        date(2018, 12, 5),  # funeral of George H. W. Bush
        date(2025, 1, 9),  # funeral of Jimmy Carter
    }
)

_ONE_OFF_SHORT: Final = frozenset({date(1997, 12, 26), date(1999, 12, 31), date(2003, 12, 26)})

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
    return frozenset(days | {day for day in _ONE_OFF if day.year == year})


@cache
def new_york_shortened(year: int) -> dict[date, timedelta]:
    """Give the days of a year on which New York closes early, and the hour of its clock."""
    short = {day: _ONE for day in _ONE_OFF_SHORT if day.year == year}
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
def forex_closed(year: int) -> frozenset[date]:
    """Give the days of a year on which banks nowhere make prices: New Year's Day and Christmas."""
    return frozenset({date(year, 1, 1), date(year, 12, 25)})


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
