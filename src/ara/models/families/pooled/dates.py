"""Days and seasons of the calendar, counted from 1970."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_friday", "season", "weekday", "working_day_after"]

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


def _month(day: _Days) -> tuple[_Days, _Days]:
    """Give the month of the year, 0 for January, and the day of the month, 1 for its first."""
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64) % 12, (dates - months).astype(np.int64) + 1
