"""`weekday`: as `ewma_t`, but each day of the week may be wider, or lean, where the past says so clearly enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.models.families.ewma_t import STILL
from ara.models.model import refuse_outside
from ara.models.months import DAY
from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.series import Line, SeriesModel, spread_t
from ara.models.space import Range
from ara.statistics.distributions import fit_student_t
from ara.statistics.volatility import ewma_variance

__all__ = ["Week", "Weekday"]

_Array = NDArray[np.float64]

_WINDOW, _ENOUGH = 1000, 250
_SHORTEST, _LONGEST = 0.8 * DAY, 4.0 * DAY
_SELDOM: Final = 1 / 14
_BELIEVED: Final = 0.5
_SMALLEST: Final = 0.1
_MONDAY: Final = 4
"""The first of January 1970 was a Thursday: this many days later it was Monday."""


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of one series.

    Parameters
    ----------
    width, degrees
        Standard deviation of the returns over their volatility, and the degrees of freedom of their Student-t.
    sizes
        Volatility of each weekday over that of all, Monday first; 1 where nothing is known.
    means
        Of each weekday's returns over their volatility, beyond the mean of all; 0 where nothing is known.
    days
        Weekdays on which there are bars, ascending, Monday 0.
    """

    width: float
    degrees: float
    sizes: tuple[float, ...]
    means: tuple[float, ...]
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekday(SeriesModel[Week]):
    """A random walk with EWMA volatility and Student-t steps, whose days of the week differ.

    The size of each weekday is its mean |z| over that of all, its lean its mean z less that of all, z the return over
    the volatility before it, last 1000 bars. Both are pulled to nothing, by how much weekdays would differ by chance
    alone, and leans by half of what is left: what was found out about weekdays tends to vanish. The bars to come are
    taken to follow the weekdays that the series has; holidays are not known to it. Bars that are no daily ones get what
    `ewma_t` says.

    Parameters
    ----------
    decay
        Weight of yesterday's variance, as in `ewma_t`.

    References
    ----------
    K. R. French (1980), Journal of Financial Economics 8, for the effect; B. Efron and C. Morris (1975), Journal of the
    American Statistical Association 70, for the pull.
    """

    decay: float = 0.94
    family: ClassVar[str] = "weekday"
    tunable: ClassVar[Mapping[str, Range]] = {"decay": Range(low=0.85, high=0.99)}
    kept: ClassVar[type[Week]] = Week

    def __post_init__(self) -> None:
        refuse_outside(self, "decay", 0.0, 1.0)

    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Week | None:
        """Learn sizes and leans; None where bars are not daily, or fewer than a year of them."""
        day = _weekdays(line)
        z = self._scaled(line, np.ones(len(line)))
        used = train[np.isfinite(z[train])][-_WINDOW:]
        if len(used) < _ENOUGH or not _daily(line.at[used]) or not np.abs(z[used]).sum() > 0:
            return None
        days = np.flatnonzero(np.bincount(day[used], minlength=7) >= _SELDOM * len(used))
        whole = np.abs(z[used]).mean()
        sizes = np.maximum(1 + _pulled(np.abs(z[used]) / whole - 1, day[used], days), _SMALLEST)
        again = self._scaled(line, sizes[day])[used]
        means = _BELIEVED * _pulled(again - again.mean(), day[used], days)
        left = again - means[day[used]]
        if left.std() < STILL:
            return None
        return Week(
            width=float(left.std()),
            degrees=fit_student_t(left),
            sizes=tuple(sizes.tolist()),
            means=tuple(means.tolist()),
            days=tuple(days.tolist()),
        )

    def answer(self, learned: Week | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give quantiles for the weekdays that come after each place."""
        if learned is None:
            return np.full((len(places), len(horizons), len(LEVELS)), np.nan)
        day, sizes, means = _weekdays(line), np.array(learned.sizes), np.array(learned.means)
        variance = ewma_variance(line.returns / sizes[day], decay=self.decay)[places]
        coming = np.array([_following(today, learned.days, max(horizons)) for today in range(7)])
        last = np.array(horizons) - 1
        spread = np.cumsum(sizes[coming] ** 2, axis=1)[:, last][day[places]]
        lean = np.cumsum(sizes[coming] * means[coming], axis=1)[:, last][day[places]]
        root = np.sqrt(np.maximum(variance, 1e-16))[:, None]
        centred = spread_t(learned.width * root * np.sqrt(spread), learned.degrees, horizons)
        return np.asarray(centred + (root * lean)[:, :, None])

    def _scaled(self, line: Line, sizes: _Array) -> _Array:
        """Give each return over its weekday's size and over the volatility before it; NaN in the beginning."""
        level = line.returns / sizes
        before = np.concatenate(([np.nan], ewma_variance(level, decay=self.decay)[:-1]))
        return np.asarray(level / np.sqrt(before[: len(level)] + 1e-16))


def _weekdays(line: Line) -> NDArray[np.int64]:
    """Give the weekday of the middle of each bar, Monday 0; so one that opens on Sunday evening is Monday's."""
    middle = line.at + (line.known_at - line.at) // 2
    return np.asarray((middle // DAY - _MONDAY) % 7)


def _daily(at: NDArray[np.int64]) -> bool:
    return _SHORTEST <= float(np.median(np.diff(at))) <= _LONGEST


def _pulled(values: _Array, day: NDArray[np.int64], days: NDArray[np.int64]) -> _Array:
    """Give `[7]`: the mean of the values of each weekday, pulled to 0 as far as chance may explain it.

    share = between / (between + chance): the variance of the means beyond what chance gives them, over all of it.
    """
    out = np.zeros(7)
    groups = [values[day == one] for one in days]
    means = np.array([group.mean() for group in groups])
    chance = np.array([group.var() / len(group) for group in groups])
    between = max(0.0, float(means.var() * len(days) / (len(days) - 1) - chance.mean()))
    if between > 0:
        out[days] = means * between / (between + chance)
    return out


def _following(today: int, days: tuple[int, ...], count: int) -> list[int]:
    """Give the weekdays of the next bars."""
    order = [day for day in days if day > today] + [day for day in days if day <= today]
    return [order[step % len(order)] for step in range(count)]
