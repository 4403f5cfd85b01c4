"""Companies report on the same weekday of every thirteenth week: the calendar of what is to come."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.dates import season, working_day_after

__all__ = ["ECHOES", "ahead", "echoes"]

_Array = NDArray[np.float64]
_Days = NDArray[np.int64]

ECHOES: Final = ("echo0", "echo1", "echo2", "echo3", "near")
"""Names of the signals of the same day one to four quarters ago, sorted by size, and of the days around it."""

_QUARTERS: Final = (91, 182, 273, 364)
_LONGEST_STEP: Final = 3
_SURELY_PAST: Final = 60
_AROUND: Final = (-7, -2, -1, 1, 2, 5, 7)


def echoes(excess: _Array, days: _Days, *, asked: _Days | None = None) -> dict[str, _Array]:
    """Give the excess of log variance a quarter, two, three and four before the next working day, largest last.

    Parameters
    ----------
    excess
        Of each bar's log variance over its usual.
    days
        Each bar's day, counted from 1970, ascending.
    asked
        Days of the bars that are asked for; all, if None.
    """
    coming = working_day_after(days if asked is None else asked)
    back = _Back(excess, days)
    same = np.sort([back(coming - lag) for lag in _QUARTERS], axis=0)
    near = sum(np.max([back(coming - lag + shift) for shift in _AROUND], axis=0) for lag in _QUARTERS)
    return dict(zip(ECHOES, (*same, np.asarray(near) / len(_QUARTERS)), strict=True))


def ahead(excess: _Array, days: _Days, horizons: Sequence[int], *, asked: _Days | None = None) -> _Array:
    """Give `[n, H, 2]` over the next working days: the share in which most companies report, and their mean echo.

    A day so far ahead that a quarter before it is not over yet has no echo of that quarter.
    """
    back, today = _Back(np.maximum(excess, 0.0), days), days if asked is None else asked
    day = today
    reporting, echo = np.zeros(len(day)), np.zeros(len(day))
    out = np.zeros((len(day), len(horizons), 2))
    farthest = max(horizons, default=0)
    first = int(day.min()) if len(day) else 0
    # each day that may be looked at, once: those of neighbours are the same
    line = np.arange(first, (int(day.max()) if len(day) else 0) + _LONGEST_STEP * farthest + 1)
    after, reports = working_day_after(line), season(line)
    for count in range(1, farthest + 1):
        day = after.take(day - first)
        reporting = reporting + reports.take(day - first)
        heard = [back(day - lag) if count <= _SURELY_PAST else back.before(day - lag, today) for lag in _QUARTERS]
        echo = echo + np.add.reduce(heard, axis=0) / len(_QUARTERS)
        if count in horizons:
            out[:, list(horizons).index(count)] = np.stack((reporting, echo), axis=1) / count
    return out


class _Back:
    """Looks a day's value up; 0 where there is no bar of that day."""

    def __init__(self, values: _Array, days: _Days) -> None:
        self._before = int(days[0]) - 1
        self._values = np.zeros(int(days[-1]) - self._before + 2)
        self._values[days - self._before] = values

    def __call__(self, day: _Days) -> _Array:
        # what lies outside is given one of the ends, which are 0
        return np.asarray(self._values.take(day - self._before, mode="clip"))

    def before(self, day: _Days, today: _Days) -> _Array:
        """Look up days before another one; 0 from that on."""
        return np.where(day < today, self(day), 0.0)
