"""Days and times at which a job is done again and again, as a zone's clocks show them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ara.errors import ValidationError

__all__ = ["Schedule"]

_WEEKDAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_HINT: Final = "Write 06:00, MON 06:00, MON-FRI 06:00,18:30, 1,15 06:00 or LAST 06:00."
_LAST: Final = 0
_AHEAD: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Times of days, of all days or of some.

    A time that clocks skip, as they are put forward, is taken as long after midnight as ever: 02:30 is 03:30. One that
    they show twice, as they are put back, is taken once, the first time.

    Parameters
    ----------
    text
        As it was written, in capitals.
    zone
        Whose clocks: `UTC`, `Europe/Berlin`.
    times
        Of each day, in order.
    weekdays
        0 is Monday.
    days
        Of the month; 0 is the last. With neither weekdays nor days it is every day, with both each of them.
    """

    text: str
    zone: str
    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()

    @classmethod
    def read(cls, text: str, zone: str = "UTC") -> "Schedule":
        """Read `06:00`, `MON 06:00`, `MON-FRI 06:00,18:30`, `1,15 06:00` or `LAST 06:00`; ValidationError otherwise."""
        plain = " ".join(text.upper().split())
        *before, clocks = plain.split(" ") if plain else [""]
        matches = [_TIME.fullmatch(one) for one in clocks.split(",")]
        times = sorted({time(int(one[1]), int(one[2])) for one in matches if one})
        if len(before) > 1 or not all(matches):
            raise _odd(text)
        weekdays, days = set[int](), set[int]()
        for one in before[0].split(",") if before else ():
            found = _days(one)
            if found is None:
                raise _odd(text)
            weekdays |= found[0]
            days |= found[1]
        _zone(zone)
        return cls(text=plain, zone=zone, times=tuple(times), weekdays=frozenset(weekdays), days=frozenset(days))

    @property
    def period(self) -> timedelta:
        """The longest that one time is from the next, but for months that lack a day."""
        return timedelta(days=31 if self.days and not self.weekdays else 7 if self.weekdays else 1)

    def next(self, after: datetime) -> datetime:
        """Give the first moment after another, in UTC."""
        clocks = _zone(self.zone)
        begin = after.astimezone(clocks).date() - timedelta(days=1)
        found = (moment for day in self._from(begin) for moment in self._moments(day, clocks) if moment > after)
        return next(found)

    def _from(self, begin: date) -> Iterator[date]:
        """Give the days that it means, from one on."""
        for ahead in range(_AHEAD):
            day = begin + timedelta(days=ahead)
            last = (day + timedelta(days=1)).day == 1
            meant = day.weekday() in self.weekdays or day.day in self.days or (last and _LAST in self.days)
            if meant or not (self.weekdays or self.days):
                yield day

    def _moments(self, day: date, clocks: ZoneInfo) -> list[datetime]:
        return sorted(datetime.combine(day, one, clocks).astimezone(UTC) for one in self.times)


def _days(text: str) -> tuple[set[int], set[int]] | None:
    """Read a weekday, from one to another, or a day of the month."""
    first, dash, end = text.partition("-")
    if first in _WEEKDAYS and (not dash or end in _WEEKDAYS):
        begin = _WEEKDAYS.index(first)
        length = (_WEEKDAYS.index(end) - begin) % 7 if dash else 0
        return {(begin + step) % 7 for step in range(length + 1)}, set()
    if text == "LAST":
        return set(), {_LAST}
    if text.isdecimal() and text.isascii() and len(text) <= 2 and 1 <= int(text) <= 31:
        return set(), {int(text)}
    return None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError(f"There is no time zone {name!r:.60}.", hint="Name one: UTC, Europe/Berlin.") from error


def _odd(text: str) -> ValidationError:
    return ValidationError(f"--at is {text!r:.60}.", hint=_HINT)
