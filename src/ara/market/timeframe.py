"""Length of a bar."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ara.errors import ValidationError
from ara.market.calendar import Calendar

__all__ = ["DAY", "DAY_LENGTH", "TIMEFRAMES", "WEEK", "Timeframe", "Unit"]


class Unit(StrEnum):
    """What a timeframe counts; the value is its letter."""

    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    WEEK = "w"


_SECONDS: Final = {Unit.MINUTE: 60, Unit.HOUR: 3_600, Unit.DAY: 86_400, Unit.WEEK: 604_800}

_COUNTS: Final = {Unit.MINUTE: (1, 5, 15, 30), Unit.HOUR: (1, 2, 4), Unit.DAY: (1,), Unit.WEEK: (1,)}


@dataclass(frozen=True, slots=True)
class Timeframe:
    """Length of a bar: `1m 5m 15m 30m 1h 2h 4h 1d 1w`.

    Parameters
    ----------
    count
        How many units.
    unit
        Minute, hour, day (a session) or week (its sessions); the letter does too.
    """

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "unit", Unit(self.unit))
        except ValueError:
            raise _refuse(f"{self.count}{self.unit}") from None
        if isinstance(self.count, bool) or self.count not in _COUNTS[self.unit]:
            raise _refuse(f"{self.count}{self.unit}")

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @classmethod
    def parse(cls, text: str) -> "Timeframe":
        """Read `4h`; capitals are read too, but `1M`, which elsewhere is a month."""
        known = {str(timeframe): timeframe for timeframe in TIMEFRAMES}
        word = text.strip()
        found = known.get(word if word.endswith("M") else word.lower())
        if found is None:
            raise _refuse(text)
        return found

    @property
    def word(self) -> str:
        """What a bar of that length is called: a day, a week, else a bar."""
        return {"1d": "day", "1w": "week"}.get(str(self), "bar")

    @property
    def span(self) -> timedelta:
        """The length by the clock; a session or a week of them is shorter where the venue closes."""
        return timedelta(seconds=self.count * _SECONDS[self.unit])

    def closes(self, opened: datetime, calendar: Calendar) -> datetime:
        """Give the instant, UTC, at which the bar that opened then closes on a calendar.

        A bar within a session ends with it at the latest; one outside, before the bell or after it, by the clock.
        """
        label = calendar.dated(opened)
        if self.unit is Unit.DAY:
            return calendar.closes(label)
        if self.unit is Unit.WEEK:
            week = calendar.sessions(label, label + timedelta(days=6 - label.weekday()))
            return calendar.closes(week[-1] if week else label)
        by_clock = opened + self.span
        bell = calendar.closes(label)
        return min(by_clock, bell) if calendar.opens(label) <= opened < bell else by_clock


def _refuse(text: str) -> ValidationError:
    allowed = ", ".join(f"{count}{unit}" for unit, counts in _COUNTS.items() for count in counts)
    return ValidationError(f"there is no timeframe {text[:20]!r}; there are {allowed}")


TIMEFRAMES: Final = tuple(Timeframe(count, unit) for unit, counts in _COUNTS.items() for count in counts)
"""Every timeframe, shortest first."""

DAY: Final = Timeframe(1, Unit.DAY)
"""One session."""

DAY_LENGTH: Final = 86_400_000_000
"""Microseconds of a day, which instants are counted in."""

WEEK: Final = Timeframe(1, Unit.WEEK)
"""The sessions of one week, Monday to Sunday."""
