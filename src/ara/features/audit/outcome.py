"""What an audit found."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

__all__ = ["RULES", "Audit", "Finding"]

RULES: Final[Mapping[str, tuple[str, str]]] = {
    "prefix": (
        "built from the bars that were known then, it was another",
        "Look for figures of the whole range: a scaler, a filter, a mean or a fit; make each of past bars alone.",
    ),
    "future": (
        "with other bars after it, it is another",
        "Look for a shift by a negative number, a window that is centred, a join on a time that is not yet known.",
    ),
    "known_at": (
        "it is stamped as known before a bar that it uses",
        "Stamp each row with the known_at of the newest bar in it; label a longer bar by its close.",
    ),
    "end": (
        "it was another while its bar was the newest",
        "Look for values that are set or filled in later: turns before they are confirmed, backward filling.",
    ),
    "brought": (
        "it is not made of the bars that it is given, and it goes along with the next move as nothing honest does",
        "Look for outcomes that were kept in a file or a server; whatever is known must come in as bars.",
    ),
    "split": (
        "a split after it changes it",
        "Make it a ratio of prices, or declare that it moves with the price, so that models leave it out.",
    ),
    "start": (
        "it depends on where the bars begin",
        "Declare a longer memory, or make it of a bounded window: live and in the past it gets other histories.",
    ),
    "same": (
        "the same bars give another value",
        "Give its random numbers a seed, and leave no state from one call to the next.",
    ),
    "fails": (
        "it fails on fewer bars",
        "Give rows without a value where there are too few bars.",
    ),
    "infinite": (
        "some of its values are infinite",
        "Give no value (NaN) where nothing can be divided by; infinite values are read as none.",
    ),
}
"""What each rule says of a column that breaks it, and what to do."""

_LEAKS: Final = frozenset({"prefix", "future", "known_at", "end", "brought", "split"})
_ALONE: Final = frozenset({"fails", "infinite", "brought"})
_HALF: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One column that breaks one rule on one instrument's bars.

    Parameters
    ----------
    subject, column, symbol
        What, and on whose bars; no column where all are concerned.
    rule
        One of `RULES`.
    at
        When the bar of the first row that is concerned opened.
    count
        How many rows are.
    was, now
        Its value in that row when all bars are given, and in the other telling; NaN for none.
    detail
        What was done to see it.
    """

    subject: str
    column: str
    symbol: str
    rule: str
    at: datetime | None
    count: int
    was: float = math.nan
    now: float = math.nan
    detail: str = ""

    @property
    def leak(self) -> bool:
        """Whether the feature knows what nobody knew then; else it only isn't what it says."""
        return self.rule in _LEAKS

    @property
    def size(self) -> float:
        """How far the two values are apart, as a share of the larger; 1 where one of them has no value."""
        if math.isnan(self.was) or math.isnan(self.now):
            return 1.0
        largest = max(abs(self.was), abs(self.now))
        return abs(self.was - self.now) / largest if 0 < largest < math.inf else 1.0

    @property
    def compared(self) -> bool:
        """Whether two tellings differ, so that both values say something."""
        return self.rule not in _ALONE

    @property
    def words(self) -> str:
        """What is wrong, in a sentence."""
        name = self.column or self.subject
        moment = f" in the row of {self.at:%Y-%m-%d}" if self.at else ""
        values = f": {_shown(self.was)} against {_shown(self.now)}" if self.compared else ""
        more = f" ({self.detail})" if self.detail else ""
        return f"{name}{moment}: {RULES[self.rule][0]}{values}{more}."

    @property
    def advice(self) -> str:
        """What to do about it."""
        return RULES[self.rule][1]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "subject": self.subject,
            "column": self.column,
            "symbol": self.symbol,
            "rule": self.rule,
            "leak": self.leak,
            "at": None if self.at is None else self.at.isoformat().replace("+00:00", "Z"),
            "rows": self.count,
            "size": round(self.size, 6),
            "words": self.words,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was tried, and what it showed.

    Parameters
    ----------
    subject
        What was audited.
    symbols
        On whose bars.
    rows
        How many rows were built in all.
    columns
        Names of the features.
    builds
        How often the subject was built.
    unjudged
        Columns that never had a finite value on any of the bars, so that nothing is known of them.
    findings
        Leaks first.
    moments
        How many moments of the past were tried, by kind: see `ara.features.audit.moments.MOMENTS`.
    failed
        How many of the builds failed.
    """

    subject: str
    symbols: tuple[str, ...]
    rows: int
    columns: tuple[str, ...]
    builds: int
    unjudged: tuple[str, ...]
    findings: tuple[Finding, ...]
    moments: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings that are leaks."""
        return tuple(finding for finding in self.findings if finding.leak)

    @property
    def unstable(self) -> tuple[str, ...]:
        """The columns of which the same bars give another value, and no leak was larger than that."""
        leaking = {one.column for one in self.leaks}
        return tuple(
            dict.fromkeys(one.column for one in self.findings if one.rule == "same" and one.column not in leaking)
        )

    @property
    def verdict(self) -> str:
        """`leaks`; `unknown`, where something could not be judged, so that nothing is proven; or `clear`."""
        if self.leaks:
            return "leaks"
        unknown = self.unstable or set(self.unjudged) >= set(self.columns) or self.failed * _HALF > self.builds
        return "unknown" if unknown else "clear"

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "subject": self.subject,
            "verdict": self.verdict,
            "symbols": list(self.symbols),
            "rows": self.rows,
            "columns": len(self.columns),
            "builds": self.builds,
            "failed": self.failed,
            "moments": dict(self.moments),
            "unjudged": list(self.unjudged),
            "unstable": list(self.unstable),
            "leaks": len(self.leaks),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def _shown(value: float) -> str:
    return "no value" if math.isnan(value) else f"{value:.6g}"
