"""The one source of the time of day; tests and replays bring their own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "FixedClock", "SystemClock"]


class Clock(Protocol):
    """Tells the time; always aware, always UTC."""

    def now(self) -> datetime:
        """Give the present instant."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present instant."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still, for replays and tests."""

    instant: datetime

    def now(self) -> datetime:
        """Give the instant at which the clock stands."""
        return self.instant
