"""The moment a forecast is made from."""

from datetime import UTC, date, datetime, time, timedelta

from ara.errors import NotFoundError, ValidationError

__all__ = ["DAYS", "as_instant", "checked_days"]

DAYS = range(1, 31)
"""How many bars ahead a forecast may reach."""


def as_instant(as_of: datetime | date | str | None, *, now: datetime, what: str = "as_of") -> datetime:
    """Give the aware UTC instant that `as_of` means; `now` where it is None.

    A date means the end of that day in UTC: all that was public by then. A time without a zone is refused, because
    it could mean several instants; a moment that has not come is one of which there is nothing yet, NotFoundError.
    Errors call it `what`, as the caller does.
    """
    if as_of is None:
        return now
    moment = _parsed(as_of, what) if isinstance(as_of, str) else as_of
    if not isinstance(moment, date):
        raise _refused(as_of, what)
    if not isinstance(moment, datetime):
        try:
            moment = datetime.combine(moment + timedelta(days=1), time(), UTC)
        except OverflowError:
            raise _refused(as_of, what) from None
        return min(moment, now) if moment - now < timedelta(days=1) else _not_future(moment, now, what, day=True)
    if moment.tzinfo is None:
        raise ValidationError(
            f"{what} is {as_of}, a time without a zone",
            hint="Add the zone: 2020-02-20T21:00:00Z; or give a date, which means the end of that day in UTC.",
        )
    try:
        return _not_future(moment.astimezone(UTC), now, what)
    except OverflowError:
        raise _refused(as_of, what) from None


def checked_days(days: int, what: str = "days") -> int:
    """Give `days` back if a forecast can reach so far; errors call it `what`, as the caller does."""
    if type(days) is not int or days not in DAYS:
        raise ValidationError(
            f"{what} is {days!r:.40}; a forecast reaches {DAYS.start} to {DAYS.stop - 1} bars",
            hint="Give a whole number from 1 to 30.",
        )
    return days


def _parsed(text: str, what: str) -> datetime | date:
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(text.strip())
        except ValueError:
            continue
    raise _refused(text, what)


def _refused(as_of: object, what: str) -> ValidationError:
    return ValidationError(
        f"{what} is {str(as_of)!r:.60}, which is no date",
        hint="Write 2020-02-20, or an instant such as 2020-02-20T21:00:00Z.",
    )


def _not_future(moment: datetime, now: datetime, what: str, *, day: bool = False) -> datetime:
    if moment > now:
        asked = str((moment - timedelta(days=1)).date()) if day else f"{moment:%Y-%m-%d %H:%M} UTC"
        raise NotFoundError(
            f"{what} is {asked}, which has not come yet",
            hint=f"It is {now:%Y-%m-%d %H:%M} UTC; leave {what} out to take all there is now.",
        )
    return moment
