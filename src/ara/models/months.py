"""The first instants of months in UTC, to which refits are anchored; microseconds since 1970."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.market.timeframe import DAY_LENGTH

__all__ = ["DAY", "REFITS", "month_after", "month_in_year", "month_of", "months_before", "months_between", "months_of"]

DAY: Final = DAY_LENGTH
"""Microseconds of a day."""


REFITS: Final = {"month": 1, "quarter": 3, "year": 12}
"""How often a family may be fitted anew, and how many months that is; by the calendar, so a year begins in January."""


def months_of(moments: NDArray[np.int64], *, every: int = 1) -> NDArray[np.int64]:
    """Give the first instant of the month of each moment, or of its quarter (`every` 3) or year (12)."""
    months = (moments // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first = (months // every * every).astype("datetime64[M]")
    return np.asarray(first.astype("datetime64[D]").astype(np.int64) * DAY)


def month_of(moment: int) -> int:
    """Give the first instant of the month of a moment, microseconds since 1970 UTC."""
    return _instant(_number(moment))


def month_in_year(moment: int) -> int:
    """Give which month of its year that of a moment is: 0 for January, 11 for December."""
    return _number(moment) % 12


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
