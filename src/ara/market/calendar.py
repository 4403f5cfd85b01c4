"""Sessions of venues: on which dates they trade, and from when to when.

A session is named by its label, a date. Its hours are a pair of wall-clock times of the venue's zone, counted from the
label's midnight: New York's stocks from 9:30 to 16:00, forex from 17:00 of the day before to 17:00, crypto the UTC day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from ara.errors import ValidationError
from ara.market import sessions
from ara.market.sessions import Special

__all__ = ["ALIASES", "CALENDARS", "FIRST_YEAR", "LAST_YEAR", "Calendar", "Hours", "calendar"]

FIRST_YEAR: Final = 1900
"""The first year that calendars know."""

LAST_YEAR: Final = 2099
"""The last year that calendars know."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The usual hours of a venue from a date on, by its own clock, counted from the midnight that begins a label.

    Parameters
    ----------
    opening, closing
        When a session opens and closes.
    breaks
        Stretches without trading within a session, such as Tokyo's noon: when each begins and ends.
    since
        The first label with these hours.
    """

    opening: timedelta
    closing: timedelta
    breaks: tuple[tuple[timedelta, timedelta], ...] = ()
    since: date = date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The sessions of one kind of venue.

    Parameters
    ----------
    name
        `XNYS`, `XNAS`, `XLON`, `XTKS`, `forex` or `24/7`.
    zone
        IANA zone of its clock.
    hours
        Its usual hours, one entry for each time they changed, the earliest first.
    weekend
        Weekdays without a session; Monday is 0.
    special
        Gives what sets a year apart: further dates without a session, late opens, early closes.
    """

    name: str
    zone: str
    hours: tuple[Hours, ...]
    weekend: frozenset[int] = frozenset()
    special: Callable[[int], Special] = field(default=sessions.never, repr=False)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def opening(self) -> timedelta:
        """When a session opens today, by the venue's clock, counted from its label's midnight."""
        return self.hours[-1].opening

    @property
    def closing(self) -> timedelta:
        """When a session usually closes today, likewise."""
        return self.hours[-1].closing

    def usual(self, day: date) -> Hours:
        """Give the hours that are usual at the time of a label, session or not."""
        return next(hours for hours in reversed(self.hours) if hours.since <= day)

    def is_session(self, day: date) -> bool:
        """Say whether the venue trades under that label."""
        self._check(day)
        return day.weekday() not in self.weekend and day not in self.special(day.year).closed

    def sessions(self, start: date, end: date) -> list[date]:
        """Give the labels from start to end, both included."""
        self._check(start)
        self._check(end)
        days = [day for year in range(start.year, end.year + 1) for day in _year(self, year)]
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
        self._check(day)
        return self._instant(day, self.special(day.year).late.get(day, self.usual(day).opening))

    def closes(self, day: date) -> datetime:
        """Give the instant, UTC, at which the session closes; for a date without one, at which it would."""
        self._check(day)
        return self._instant(day, self.special(day.year).early.get(day, self.usual(day).closing))

    def breaks(self, day: date) -> list[tuple[datetime, datetime]]:
        """Give the stretches, UTC, within a session in which the venue does not trade; most venues have none."""
        opened, closed = self.opens(day), self.closes(day)
        spans = [(self._instant(day, start), self._instant(day, end)) for start, end in self.usual(day).breaks]
        return [(start, end) for start, end in spans if opened < start and end < closed]

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
        day = wall.date()
        return day + _DAY if wall - datetime.combine(day, time()) >= self.usual(day).closing else day

    def is_open(self, instant: datetime) -> bool:
        """Say whether the venue trades at an instant: within a session, and not in a break of it."""
        return any(start <= instant < end for start, end in self._trading(self.label(instant)))

    def next_open(self, instant: datetime) -> datetime | None:
        """Give the first instant after this one at which trading begins, a break's end among them.

        Sessions that follow each other without a gap are one: forex opens on Sunday evening and closes on Friday's.
        None where the venue never closes.
        """
        return None if self._endless else self._edge(instant, 0)

    def next_close(self, instant: datetime) -> datetime | None:
        """Give the first instant after this one at which trading ends, a break's beginning among them.

        None where the venue never closes.
        """
        return None if self._endless else self._edge(instant, 1)

    @property
    def _endless(self) -> bool:
        return not self.weekend and self.closing - self.opening == _DAY

    def _edge(self, instant: datetime, side: int) -> datetime:
        return next(edges[side] for edges in self._stretches(self.dated(instant) - _DAY) if edges[side] > instant)

    def _stretches(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Give when the venue trades without a pause, from a date on."""
        held: tuple[datetime, datetime] | None = None
        while True:
            for start, end in self._trading(day) if self.is_session(day) else ():
                if held is not None and start > held[1]:
                    yield held
                    held = None
                held = (held[0] if held else start, end)
            day += _DAY

    def _trading(self, day: date) -> list[tuple[datetime, datetime]]:
        """Cut a session at its breaks."""
        marks = [self.opens(day), *(mark for span in self.breaks(day) for mark in span), self.closes(day)]
        return list(zip(marks[::2], marks[1::2], strict=True))

    def _instant(self, day: date, offset: timedelta) -> datetime:
        wall = datetime.combine(day, time()) + offset
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def _check(self, day: date) -> None:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(
                f"the calendar {self.name} knows the years {FIRST_YEAR} to {LAST_YEAR}, not {day.isoformat()}"
            )


_NEW_YORK: Final = Calendar(
    name="XNYS",
    zone="America/New_York",
    hours=(Hours(opening=timedelta(hours=9, minutes=30), closing=timedelta(hours=16)),),
    weekend=frozenset({5, 6}),
    special=sessions.new_york,
)

_LONDON: Final = Calendar(
    name="XLON",
    zone="Europe/London",
    hours=(Hours(opening=timedelta(hours=8), closing=timedelta(hours=16, minutes=30)),),
    weekend=frozenset({5, 6}),
    special=sessions.london,
)

_NOON: Final = timedelta(hours=12, minutes=30)

_MORNING: Final = timedelta(hours=11, minutes=30)

_TOKYO: Final = Calendar(
    name="XTKS",
    zone="Asia/Tokyo",
    hours=(
        Hours(opening=timedelta(hours=9), closing=timedelta(hours=15), breaks=((timedelta(hours=11), _NOON),)),
        Hours(
            opening=timedelta(hours=9),
            closing=timedelta(hours=15),
            breaks=((_MORNING, _NOON),),
            since=date(2011, 11, 21),
        ),
        Hours(
            opening=timedelta(hours=9),
            closing=timedelta(hours=15, minutes=30),
            breaks=((_MORNING, _NOON),),
            since=date(2024, 11, 5),
        ),
    ),
    weekend=frozenset({5, 6}),
    special=sessions.tokyo,
)

_FOREX: Final = Calendar(
    name="forex",
    zone="America/New_York",
    hours=(Hours(opening=timedelta(hours=-7), closing=timedelta(hours=17)),),
    weekend=frozenset({5, 6}),
    special=sessions.forex,
)

_ALWAYS: Final = Calendar(name="24/7", zone="UTC", hours=(Hours(opening=timedelta(), closing=_DAY),))

CALENDARS: Final[Mapping[str, Calendar]] = {
    one.name: one for one in (_NEW_YORK, replace(_NEW_YORK, name="XNAS"), _LONDON, _TOKYO, _FOREX, _ALWAYS)
}
"""Every calendar, by its name: New York's two exchanges, London's, Tokyo's, the week of currencies, and coins'."""

ALIASES: Final[Mapping[str, str]] = {
    "nyse": "XNYS",
    "nasdaq": "XNAS",
    "lse": "XLON",
    "tse": "XTKS",
    "jpx": "XTKS",
    "fx": "forex",
    "crypto": "24/7",
}
"""What people call calendars, and the name of each."""


def calendar(name: str) -> Calendar:
    """Give a calendar by its name, or by what people call it: `NYSE`, `NASDAQ`, `LSE`, `TSE`, in any case.

    Raises
    ------
    ValidationError
        There is none; the message lists those there are.
    """
    found = CALENDARS.get(name) or CALENDARS.get(name.upper()) or CALENDARS.get(ALIASES.get(name.lower(), name.lower()))
    if found is None:
        raise ValidationError(f"there is no calendar {name[:20]!r}; there are {', '.join(CALENDARS)}")
    return found


@cache
def _year(venue: Calendar, year: int) -> tuple[date, ...]:
    """Give the sessions of a year; a pure function of its arguments, so kept."""
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))
    return tuple(day for day in days if venue.is_session(day))
