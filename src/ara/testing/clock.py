"""A clock that tests move."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ara.errors import ValidationError

__all__ = ["FakeClock"]

_START: Final = datetime(2026, 1, 2, 12, tzinfo=UTC)


class FakeClock:
    """Stands still until it is told to move; it may be set back, as real ones are.

    Parameters
    ----------
    instant
        Where it begins, aware; noon UTC on 2 January 2026 by default.
    """

    def __init__(self, instant: datetime = _START) -> None:
        self._instant = _START
        self.set(instant)

    def now(self) -> datetime:
        """Give the instant at which it stands, UTC."""
        return self._instant

    def set(self, instant: datetime) -> None:
        """Put it to an aware instant; ValidationError for one without a zone."""
        if instant.tzinfo is None:
            raise ValidationError(f"{instant} has no time zone; a clock tells aware times.")
        self._instant = instant.astimezone(UTC)

    def advance(self, step: timedelta | None = None, **units: float) -> datetime:
        """Move it by a timedelta, or by `days=1, hours=2`, and give the new instant; negative moves it back."""
        self._instant += timedelta(**units) if step is None else step
        return self._instant
