"""Asking again where that may help: after faults of the way there, of the server, and of too many requests.

Between the attempts, up to three more than the first, the wait doubles and is jittered; what the venue says in
`Retry-After` comes before that.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from ara.data.waiting import tell
from ara.errors import DataProviderError, RateLimitError

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

__all__ = ["Transient", "again", "retry_after", "told_time"]

_log: Final = logging.getLogger(__name__)
_T = TypeVar("_T")

_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 5.0
_JITTER: Final = 0.25
_SOONEST: Final = 0.01


class Transient(Exception):  # noqa: N818 - carries an error, is none
    """An error after which the same request may do better.

    Parameters
    ----------
    error
        What is raised where nobody asks again.
    after
        Seconds to wait first, where the venue says so.
    """

    def __init__(self, error: DataProviderError, *, after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after


async def again(attempt: Callable[[], Awaitable[_T]], *, retries: int, patience: float) -> _T:
    """Give what an attempt gives; after a Transient ask again.

    Parameters
    ----------
    attempt
        Makes one request.
    retries
        How often at most, after the first.
    patience
        The longest wait, in seconds, to which a venue may oblige us; beyond it, it is not asked again.
    """
    import stamina

    def worth(error: Exception) -> bool | float:
        if not isinstance(error, Transient) or (error.after or 0.0) > patience:
            return False
        return True if error.after is None else max(error.after, _SOONEST)

    _say_retries()
    try:
        async for each in stamina.retry_context(
            on=worth,
            attempts=1 + retries,
            timeout=None,
            wait_initial=_FIRST_WAIT,
            wait_max=_LONGEST_WAIT,
            wait_jitter=_JITTER,
        ):
            with each:
                return await attempt()
    except Transient as last:
        raise last.error from None
    raise AssertionError("stamina gives at least one attempt")


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Give the seconds that `Retry-After` asks for; None where it isn't there or says nothing sensible.

    Parameters
    ----------
    headers
        By name in small letters. A date is compared with the server's own `date`, since clocks differ.
    now
        Our time, where the server doesn't tell its own.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return float(text[:12])
    until = _date(text)
    if until is None:
        return None
    since = _date(headers.get("date", "")) or now
    return max((until - since).total_seconds(), 0.0)


def told_time(headers: Mapping[str, str]) -> datetime | None:
    """Give the time at which the server made its answer, by its own clock; None where it doesn't tell.

    Parameters
    ----------
    headers
        By name in small letters. The `age` of an answer that came out of a cache is added.
    """
    told = _date(headers.get("date", ""))
    age = headers.get("age", "").strip()
    return told if told is None or not age.isdecimal() else told + timedelta(seconds=int(age[:9]))


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


@cache
def _say_retries() -> None:
    """Have retries logged like everything else: left alone, stamina prints them to stdout where structlog is there."""
    import stamina.instrumentation

    stamina.instrumentation.set_on_retry_hooks((_say,))


def _say(details: "RetryDetails") -> None:
    _log.info("%s Asked again in %.1f s.", details.caused_by, details.wait_for)
    if isinstance(details.caused_by, Transient):
        error = details.caused_by.error
        why = "it was asked too often" if isinstance(error, RateLimitError) else "it is in trouble"
        tell(str(error.context.get("source", "a source")), details.wait_for, why)
