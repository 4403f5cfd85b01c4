"""When to trade again: on a day of the calendar, where weights are off, or where the market's calm has changed."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["PERIODS", "Due", "Triggers"]

_Array = NDArray[np.float64]

PERIODS: Final = ("week", "month", "quarter", "year")
"""Spans of the calendar, at whose first day trading is due."""

_RECENT: Final = 21
_USUAL: Final = 252
_FEWEST: Final = 126


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Whether trading is due, and why, or why not; in words."""

    due: bool
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"due": self.due, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """What makes trading due: any one of those that are set; always, where none is.

    Parameters
    ----------
    every
        One of `PERIODS`: due once a new one has begun since the last trade. Or a number of days, as a text.
    threshold
        Due where a weight is off by more than this share of the whole.
    volatility
        Due where the deviation of the last 21 days is so many times that of the 252 before them, or as many times less;
        above 1.
    """

    every: str = ""
    threshold: float | None = None
    volatility: float | None = None

    def __post_init__(self) -> None:
        if self.every and self.every not in PERIODS and not (self.every.isdecimal() and 0 < int(self.every) <= 10_000):
            raise ValidationError(f"The schedule is {self.every[:40]!r}.", hint=f"{', '.join(PERIODS)}, or days: 30.")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValidationError(f"The threshold is {self.threshold}; it is from 0 to 1.")
        if self.volatility is not None and not 1 < self.volatility <= 100:
            raise ValidationError(
                f"The change of volatility is {self.volatility}; it is above 1.", hint="1.5 is half as much again."
            )

    def judge(self, *, off: float, today: date, last: date | None = None, returns: _Array | None = None) -> Due:
        """Say whether trading is due.

        Parameters
        ----------
        off
            By how much the farthest weight is off.
        today, last
            The day, and that of the last trade; without one a schedule is due.
        returns
            Of a day each, of what is held with its weights of now, up to today: for `volatility`.
        """
        told: list[tuple[bool, str]] = []
        if self.threshold is not None:
            told.append(self._off(off))
        if self.every:
            told.append(self._scheduled(today, last))
        if self.volatility is not None:
            told.append(self._stirred(np.zeros(0) if returns is None else returns))
        if not told:
            return Due(due=off > 0, reasons=())
        due = any(one for one, _ in told)
        return Due(due=due, reasons=tuple(words for one, words in told if one == due))

    def _off(self, off: float) -> tuple[bool, str]:
        limit = self.threshold or 0.0
        if off > limit:
            return True, f"a weight is off by {off * 100:.1f} %, and {limit * 100:.1f} % is allowed"
        return False, f"no weight is off by more than {off * 100:.1f} %, and {limit * 100:.1f} % is allowed"

    def _scheduled(self, today: date, last: date | None) -> tuple[bool, str]:
        if last is None:
            return True, "no last trade is known, and there is a schedule"
        if last > today:
            raise ValidationError(f"The last trade is of {last}, after {today}.")
        if self.every in PERIODS:
            due = _period(today, self.every) > _period(last, self.every)
            return due, f"{'a new' if due else 'no new'} {self.every} has begun since {last}"
        days = (today - last).days
        return days >= int(self.every), f"{days} days have passed since {last}, and {self.every} are to pass"

    def _stirred(self, returns: _Array) -> tuple[bool, str]:
        if len(returns) < _RECENT + _FEWEST:
            return False, f"{len(returns)} days are too few to tell whether volatility changed"
        now, before = float(returns[-_RECENT:].std()), float(returns[-_RECENT - _USUAL : -_RECENT].std())
        limit = self.volatility or 1.0
        if before <= 0:
            return now > 0, "volatility began" if now > 0 else "nothing moved"
        times = now / before
        return not 1 / limit <= times <= limit, f"volatility is {times:.2f} times its usual, {limit:g} is the limit"


def _period(day: date, name: str) -> tuple[int, int]:
    if name == "week":
        year, week, _ = day.isocalendar()
        return year, week
    if name == "year":
        return day.year, 0
    return day.year, (day.month - 1) // (3 if name == "quarter" else 1)
