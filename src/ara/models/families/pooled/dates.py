"""Days, months and seasons of the calendar, counted from 1970."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DAY",
    "first_friday",
    "month_after",
    "month_of",
    "months_before",
    "months_between",
    "season",
    "weekday",
    "working_day_after",
]

DAY: Final = 86_400_000_000
"""Microseconds of a day."""

_Days = NDArray[np.int64]


def weekday(day: _Days) -> _Days:
    """Give the day of the week, 0 for Monday."""
    return np.asarray((day + 3) % 7)


def working_day_after(day: _Days) -> _Days:
    """Give the next day that is neither Saturday nor Sunday; holidays count as working days."""
    following = day + 1
    return np.asarray(following + np.where(weekday(following) >= 5, 7 - weekday(following), 0))


def season(day: _Days) -> NDArray[np.bool_]:
    """Say whether most companies report then: the 12th of a quarter's first month to the 8th of its second."""
    month, of_month = _month(day)
    return np.asarray(((month % 3 == 0) & (of_month >= 12)) | ((month % 3 == 1) & (of_month <= 8)))


def first_friday(day: _Days) -> NDArray[np.bool_]:
    """Say whether it is a month's first Friday, on which the United States publish their jobs report."""
    return np.asarray((weekday(day) == 4) & (_month(day)[1] <= 7))


def month_of(moment: int) -> int:
    """Give the first instant of the month of a moment, microseconds since 1970 UTC."""
    return _instant(_number(moment))


def month_after(moment: int) -> int:
    """Give the first instant of the following month."""
    return _instant(_number(moment) + 1)


def months_before(moment: int, count: int) -> int:
    """Give the first instant of the month that lies `count` months before that of a moment."""
    return _instant(_number(moment) - count)


def months_between(first: int, last: int) -> list[int]:
    """Give the first instants of all months after that of `first`, up to and with that of `last`."""
    return [_instant(number) for number in range(_number(first) + 1, _number(last) + 1)]


def _number(moment: int) -> int:
    return int(np.datetime64(moment // DAY, "D").astype("datetime64[M]").astype(np.int64))


def _instant(number: int) -> int:
    return int(np.datetime64(number, "M").astype("datetime64[D]").astype(np.int64)) * DAY


def _month(day: _Days) -> tuple[_Days, _Days]:
    """Give the month of the year, 0 for January, and the day of the month, 1 for its first."""
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64) % 12, (dates - months).astype(np.int64) + 1
