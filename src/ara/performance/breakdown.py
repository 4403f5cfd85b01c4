"""Returns by what they belong to: weeks, months and years, regimes, instruments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.growth import wealth
from ara.performance.inputs import checked
from ara.performance.returns import Measures, measure

__all__ = ["Period", "Table", "bars_a_year", "by_group", "by_period", "monthly_table"]

_Days = NDArray[np.datetime64]
_Unit = Literal["weekly", "monthly", "quarterly", "yearly"]

_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
_MONDAY = np.datetime64("1969-12-29", "D")
_USUAL = (1.0, 4.0, 12.0, 52.0, 252.0, 260.0, 365.0)
_NEAR = 0.08
_YEAR = 365.25 * 86_400e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The return of a stretch of the calendar.

    Parameters
    ----------
    first, last
        Dates of its first and last bar.
    count
        Bars.
    value
        Π (1 + return) - 1 over them.
    """

    first: np.datetime64
    last: np.datetime64
    count: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Returns of months, one row a year.

    Parameters
    ----------
    years
        Ascending.
    months
        `[year, month]`; NaN where there is no bar.
    totals
        Return of each year's bars together.
    """

    years: tuple[int, ...]
    months: NDArray[np.float64]
    totals: tuple[float, ...]


def bars_a_year(times: NDArray[np.datetime64] | Sequence[np.datetime64]) -> float:
    """Give how many bars like these a year has, by their dates.

    Bars less one by the years between the first and the last; 1, 4, 12, 52, 252 (shares), 260 (week days) or 365 (every
    day) where it is that by 8 %, else whole bars.

    Raises
    ------
    ValidationError
        Where there are fewer than three dates or they don't ascend.
    """
    stamps = np.asarray(times, "datetime64[us]").astype(np.int64)
    if len(stamps) < 3 or (np.diff(stamps) <= 0).any():
        raise ValidationError(
            f"{len(stamps)} dates don't tell how many bars a year has.", hint="Say how many: --per-year"
        )
    rate = (len(stamps) - 1) * _YEAR / float(stamps[-1] - stamps[0])
    near = min(_USUAL, key=lambda one: abs(rate / one - 1))
    return near if abs(rate / near - 1) <= _NEAR else max(round(rate), 1.0)


def by_period(returns: ArrayLike, days: _Days | Sequence[np.datetime64], unit: _Unit) -> tuple[Period, ...]:
    """Give the return of each week (Monday to Sunday), month, quarter or year that has bars, in order.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    days
        Date of each bar, ascending; a return belongs to the date on which it ends.
    unit
        "weekly", "monthly", "quarterly" or "yearly".
    """
    array, dates = _dated(returns, days)
    key = _keys(dates, unit)
    return tuple(
        Period(first=dates[a], last=dates[b - 1], count=int(b - a), value=float(wealth(array[a:b])[-1]) - 1)
        for a, b in _runs(key)
    )


def monthly_table(returns: ArrayLike, days: _Days | Sequence[np.datetime64]) -> Table:
    """Give the returns of months as a table of twelve columns, with the years' totals.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    days
        Date of each bar, ascending.
    """
    years = by_period(returns, days, "yearly")
    numbers = tuple(int(one.first.astype("datetime64[Y]").astype(int)) + 1970 for one in years)
    months = np.full((len(numbers), 12), np.nan)
    for one in by_period(returns, days, "monthly"):
        month = int(one.first.astype("datetime64[M]").astype(int))
        months[numbers.index(month // 12 + 1970), month % 12] = one.value
    return Table(years=numbers, months=months, totals=tuple(one.value for one in years))


def by_group(
    returns: ArrayLike,
    groups: Iterable[str],
    *,
    per_year: float,
    free: float = 0.0,
    benchmark: ArrayLike | None = None,
) -> dict[str, Measures]:
    """Measure the bars of each group apart: a regime, a year, a model, an instrument; in order of first appearance.

    Bars of a group need not follow each other. Growth and deviation of a year say what a year of such bars would
    bring; a drawdown runs from one of its bars to the next as if nothing lay between.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    groups
        The group of each bar.
    per_year, free, benchmark
        As in `measure`.
    """
    array, names = checked(returns), list(groups)
    if len(names) != len(array):
        raise ValidationError(
            f"There are {len(array)} returns and {len(names)} groups.", hint="Give one of each a bar."
        )
    other = None if benchmark is None else checked(benchmark, what="benchmark")
    if other is not None and len(other) != len(array):
        raise ValidationError(f"There are {len(array)} returns and {len(other)} of the benchmark.", hint="One a bar.")
    labels = np.array(names, dtype=object)
    found = {}
    for name in dict.fromkeys(names):
        mine = labels == name
        beside = None if other is None else other[mine]
        found[name] = measure(array[mine], per_year=per_year, free=free, benchmark=beside)
    return found


def _dated(returns: ArrayLike, days: _Days | Sequence[np.datetime64]) -> tuple[NDArray[np.float64], _Days]:
    array, dates = checked(returns), np.asarray(days, "datetime64[D]")
    if len(dates) != len(array):
        raise ValidationError(f"There are {len(array)} returns and {len(dates)} dates.", hint="Give one of each a bar.")
    if np.isnat(dates).any() or (np.diff(dates).astype(int) < 0).any():
        raise ValidationError("The dates don't ascend, or one is missing.", hint="Sort the bars by date.")
    return array, dates


def _keys(dates: _Days, unit: _Unit) -> NDArray[np.int64]:
    if unit == "weekly":
        return np.asarray((dates - _MONDAY).astype(np.int64) // 7)
    if unit not in _MONTHS:
        raise ValidationError(f"unit is {unit!r:.20}.", hint="weekly, monthly, quarterly or yearly")
    return np.asarray(dates.astype("datetime64[M]").astype(np.int64) // _MONTHS[unit])


def _runs(key: NDArray[np.int64]) -> list[tuple[int, int]]:
    if not len(key):
        return []
    edges = [0, *(np.flatnonzero(np.diff(key)) + 1).tolist(), len(key)]
    return list(pairwise(edges))
