"""Sessions, weeks and months of bars: what a completed one was like, told at each bar of the next."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array
from ara.features.indicator import Param

__all__ = ["PERIOD", "before", "before_step", "number_of", "ready"]

PERIOD: Final = {
    "period": Param(
        default=1, low=1, high=3, whole=True, words="What is looked back at: 1 the last session, 2 week, 3 month."
    ),
    "whole": Param(
        default=1,
        low=0,
        high=1,
        whole=True,
        words="1 leaves the first period of the data out, of which the beginning may be missing; 0 takes it as it is.",
    ),
}
"""Which completed period counts; weeks begin on Monday, by the dates of the sessions."""

_WEEK: Final = 2
_MONTH: Final = 3
_MONDAY: Final = 3.0
_LAST_DAY: Final = 2_932_896.0
_NOTHING: Final = (np.nan,) * 5


def ready(period: int, whole: int) -> int:
    """Give the bars before the first value where each bar is a period of its own; the more a period has, the more."""
    del period
    return 1 + whole


def before(
    open: Array, high: Array, low: Array, close: Array, session: Array, *, period: int, whole: int
) -> NDArray[np.float64]:
    """Give, `[5, bar]`, open, high, low and close of the completed period before each bar's, and the open of its own.

    A bar with a gap in any input is passed over, as if it had not been.
    """
    out = np.full((5, len(close)), np.nan)
    columns = np.stack([open, high, low, close, session])
    known = np.isfinite(columns.sum(axis=0))
    if not known.any():
        return out
    opened, top, bottom, last, day = columns if known.all() else columns[:, known]
    number = number_of(day, period)
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1.0))
    ends = np.append(starts[1:], len(number)) - 1
    told = np.full((5, len(starts)), np.nan)
    told[4] = opened[starts]
    if len(starts) > 1:
        told[:4, 1:] = (
            opened[starts[:-1]],
            np.maximum.reduceat(top, starts)[:-1],
            np.minimum.reduceat(bottom, starts)[:-1],
            last[ends[:-1]],
        )
    told[:, : 1 + whole] = np.nan
    out[:, known] = np.repeat(told, np.diff(np.append(starts, len(number))), axis=1)
    return out


def before_step(
    state: Any, open: float, high: float, low: float, close: float, session: float, *, period: int, whole: int
) -> tuple[Any, tuple[float, ...]]:
    """Give the next state and what `before` gives for the bar; the state holds the periods seen, this and the last."""
    if not np.isfinite(open + high + low + close + session):
        return state, _NOTHING
    number = float(number_of(np.array([session]), period)[0])
    count, current, now, past = state or (0, number, (), ())
    if not now or number != current:
        count, past, now = count + 1, now, (open, high, low, close)
    else:
        now = (now[0], max(now[1], high), min(now[2], low), close)
    found = (*past, now[0]) if count > 1 + whole else _NOTHING
    return (count, number, now, past), found


def number_of(day: Array, period: int) -> Array:
    """Give the number of the session, week or month that the dates belong to."""
    if period == _WEEK:
        return np.floor((day + _MONDAY) / 7.0)
    if period == _MONTH:
        days = np.clip(day, -_LAST_DAY, _LAST_DAY).astype("datetime64[D]")
        return days.astype("datetime64[M]").astype(np.float64)
    return day
