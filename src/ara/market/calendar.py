"""Sessions of venues: on which dates they trade, and from when to when.

A session is named by its label, a date. Its hours are a pair of wall-clock times of the venue's zone, counted from the
label's midnight: New York's stocks from 9:30 to 16:00, forex from 17:00 of the day before to 17:00, crypto the UTC day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from ara.errors import ValidationError
from ara.market.holidays import forex_closed, new_york_closed, new_york_shortened

__all__ = ["CALENDARS", "FIRST_YEAR", "LAST_YEAR", "Calendar", "calendar"]

FIRST_YEAR: Final = 1900
"""The first year that calendars know."""

LAST_YEAR: Final = 2099
"""The last year that calendars know."""

_DAY: Final = timedelta(days=1)


def _never(year: int) -> frozenset[date]:
    return frozenset()


def _always_whole(year: int) -> Mapping[date, timedelta]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The sessions of one kind of venue.

    Parameters
    ----------
    name
        `XNYS`, `forex` or `24/7`.
    zone
        IANA zone of its clock.
    opening, closing
        When a session opens and closes, by that clock, counted from the midnight that begins its label.
    weekend
        Weekdays without a session; Monday is 0.
    closed
        Gives the further dates without a session of a year.
    shortened
        Gives the sessions of a year that close early, and when.
    """

    name: str
    zone: str
    opening: timedelta
    closing: timedelta
    weekend: frozenset[int] = frozenset()
    closed: Callable[[int], frozenset[date]] = field(default=_never, repr=False, compare=False)
    shortened: Callable[[int], Mapping[date, timedelta]] = field(default=_always_whole, repr=False, compare=False)

    def is_session(self, day: date) -> bool:
        """Say whether the venue trades under that label."""
        self._check(day)
        return day.weekday() not in self.weekend and day not in self.closed(day.year)

    def sessions(self, start: date, end: date) -> list[date]:
        """Give the labels from start to end, both included."""
        self._check(start)
        self._check(end)
        days = [day for year in range(start.year, end.year + 1) for day in _year(self.name, year)]
        return days[bisect_left(days, start) : bisect_right(days, end)]

    def following(self, day: date, count: int) -> list[date]:
        """Give the next `count` labels after a date."""
        found: list[date] = []
        while len(found) < count:
            day += _DAY
            if self.is_session(day):
                found.append(day)
        return found

    def opens(self, day: date) -> datetime:
        """Give the instant, UTC, at which the session opens; for a date without one, at which it would."""
        return self._instant(day, self.opening)

    def closes(self, day: date) -> datetime:
        """Give the instant, UTC, at which the session closes; for a date without one, at which it would."""
        self._check(day)
        return self._instant(day, self.shortened(day.year).get(day, self.closing))

    def label(self, instant: datetime) -> date:
        """Give the session that is open at an instant, or else the next one to open."""
        day = self.dated(instant)
        if self.is_session(day) and instant < self.closes(day):
            return day
        return self.following(day, 1)[0]

    def dated(self, instant: datetime) -> date:
        """Give the date whose usual hours hold an instant or come next, session or not.

        This undoes `opens` for every date: a bar that a source gives for a holiday keeps its date.
        """
        if instant.tzinfo is None:
            raise ValidationError(f"the instant {instant} has no time zone; every time is aware, in UTC")
        wall = instant.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return (wall + _DAY - self.closing).date()

    def _instant(self, day: date, offset: timedelta) -> datetime:
        self._check(day)
        wall = datetime.combine(day, time()) + offset
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def _check(self, day: date) -> None:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(
                f"the calendar {self.name} knows the years {FIRST_YEAR} to {LAST_YEAR}, not {day.isoformat()}"
            )


CALENDARS: Final[Mapping[str, Calendar]] = {
    "XNYS": Calendar(
        name="XNYS",
        zone="America/New_York",
        opening=timedelta(hours=9, minutes=30),
        closing=timedelta(hours=16),
        weekend=frozenset({5, 6}),
        closed=new_york_closed,
        shortened=new_york_shortened,
    ),
    "forex": Calendar(
        name="forex",
        zone="America/New_York",
        opening=timedelta(hours=-7),
        closing=timedelta(hours=17),
        weekend=frozenset({5, 6}),
        closed=forex_closed,
    ),
    "24/7": Calendar(name="24/7", zone="UTC", opening=timedelta(), closing=_DAY),
}
"""Every calendar, by its name."""


def calendar(name: str) -> Calendar:
    """Give a calendar by its name."""
    found = CALENDARS.get(name)
    if found is None:
        raise ValidationError(f"there is no calendar {name!r}; there are {', '.join(CALENDARS)}")
    return found


@cache
def _year(name: str, year: int) -> tuple[date, ...]:
    """Give the sessions of a year; a pure function of its arguments, so kept."""
    venue = CALENDARS[name]
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))
    return tuple(day for day in days if venue.is_session(day))
