"""What a check found, in words and numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

__all__ = ["RULES", "Issue", "QualityReport", "Severity", "cut"]

RULES: Final = (
    "missing",
    "off_calendar",
    "duplicate",
    "impossible",
    "nonpositive",
    "stale",
    "outlier",
    "unit",
    "split",
    "reuse",
    "partial",
    "shift",
    "disagree",
    "same_bar",
    "generated",
)
"""Name of every rule, in the order in which a report lists them."""


class Severity(StrEnum):
    """How bad a defect is: worth knowing, to be looked at, or not to be used as it is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One rule's finding about one instrument.

    Parameters
    ----------
    rule
        One of `RULES`.
    severity
        How bad it is.
    symbol
        Whose bars.
    at
        Open of the first bar concerned, UTC; None where it has no time.
    count
        How many bars.
    words
        For a person.
    times
        Open of each bar concerned, ascending; those without a time are left out.
    single
        What to say of one bar alone.
    parts
        The findings that were put together to this one, where there are several.
    """

    rule: str
    severity: Severity
    symbol: str
    at: datetime | None
    count: int
    words: str
    times: tuple[datetime, ...] = field(default=(), repr=False)
    single: str = field(default="", repr=False)
    parts: "tuple[Issue, ...]" = field(default=(), repr=False)

    def each(self) -> "list[Issue]":
        """Give one issue for each bar concerned, ascending in time, bars without one first."""
        if self.parts:
            found = [one for part in self.parts for one in part.each()]
            return sorted(found, key=lambda one: (one.at is not None, one.at))
        nameless = [None] * (self.count - len(self.times))
        return [
            replace(self, at=at, count=1, words=self.single or self.words, times=() if at is None else (at,))
            for at in (*nameless, *self.times)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values; `at` as text of RFC 3339."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "symbol": self.symbol,
            "at": None if self.at is None else self.at.isoformat().replace("+00:00", "Z"),
            "count": self.count,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The state of one instrument's bars.

    Parameters
    ----------
    score
        From 0 to 1. The mean over all bars that there are or should be, where a bar without fault counts 1, one with a
        warning 0.5, one that is missing or has an error 0 (the worst counts); halved for each error and times 0.8 for
        each warning that is about the series as a whole. What is only worth knowing costs nothing. One bad bar among
        thousands hardly lowers it: `worst` tells of that one.
    issues
        One for each rule that found something, in the order of `RULES`.
    """

    score: float
    issues: tuple[Issue, ...]

    @property
    def worst(self) -> Severity | None:
        """The worst severity of all issues; None where there is none."""
        order = list(Severity)
        return max((issue.severity for issue in self.issues), key=order.index, default=None)

    def as_dict(self, *, each: bool = False) -> dict[str, Any]:
        """Give it as JSON values, with one issue for each flagged bar where asked."""
        return {"score": cut(self.score, 4), "issues": [issue.as_dict() for issue in self.listed(each=each)]}

    def listed(self, *, each: bool = False) -> Sequence[Issue]:
        """Give the issues, those of single bars one by one where asked."""
        return [one for issue in self.issues for one in issue.each()] if each else self.issues


def cut(score: float, digits: int) -> float:
    """Give a score with so many digits, never rounded up: what is not without fault must not look like it."""
    step = 10.0**digits
    return math.floor(score * step + 1e-9) / step
