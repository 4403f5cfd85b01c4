"""The prices that matter in an instrument's bars, the nearest of them, as every door tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from ara.errors import ValidationError
from ara.features.arrays import true_range
from ara.features.catalogue import columns
from ara.features.levels.evidence import Turned, turned_by_kind
from ara.features.levels.find import PIVOTS, levels
from ara.features.levels.level import Level
from ara.market.bars import Bars

__all__ = ["KINDS", "Told", "checked", "told"]

KINDS: Final = ("cluster", "fibonacci", "pivot", "volume")
"""Kinds of levels."""

_INPUTS: Final = ("open", "high", "low", "close", "volume", "session")
_RANGE: Final = 14
_PAST: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Levels as they stand at the last bar.

    Parameters
    ----------
    bars
        In which was looked.
    dates
        Of each of them.
    close
        The last one.
    move
        The mean true range of the last bars: a usual move.
    levels
        What was found, the highest first.
    hidden
        How many were found farther away.
    past
        How often the price turned at such levels, by kind.
    """

    bars: Bars
    dates: Sequence[date]
    close: float
    move: float
    levels: Sequence[Level]
    hidden: int
    past: Mapping[str, Turned]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "schema": 1,
            "symbol": self.bars.instrument.symbol,
            "timeframe": str(self.bars.timeframe),
            "bars": len(self.bars),
            "date": self.dates[-1].isoformat(),
            "close": self.close,
            "currency": self.bars.instrument.currency,
            "usual_move": self.move,
            "levels": [self._facts(one) for one in self.levels],
            "turned": {name: one.as_dict() for name, one in self.past.items()},
        }

    def _facts(self, one: Level) -> dict[str, Any]:
        return {
            **one.as_dict(),
            "strength": round(one.strength, 4),
            "distance": one.price / self.close - 1.0,
            "moves": (one.price - self.close) / self.move if self.move else None,
            "known_at": self.dates[one.known_at].isoformat(),
            "since": self.dates[one.since].isoformat(),
        }


def checked(what: str, given: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """Read words of which each has to be one of those allowed; errors call them `what`."""
    found = [one.strip().lower() for one in given if one.strip()]
    for one in found:
        if one not in allowed:
            raise ValidationError(f"{what} is {one!r:.40}.", hint=f"There are: {', '.join(allowed)}.")
    return found


def told(
    bars: Bars, *, pivots: Sequence[str] = PIVOTS[:1], period: str = "week", window: int = 250, kind: str = "",
    count: int = 16,
) -> Told:  # fmt: skip
    """Look for the prices that matter, and at how often the price turned at their like.

    Parameters
    ----------
    bars
        Of one instrument.
    pivots, period, window
        As for `levels`.
    kind
        One of `KINDS`; all where it is empty.
    count
        The nearest so many.
    """
    given = {name: np.asarray(values, np.float64) for name, values in columns(bars, _INPUTS).items()}
    if not len(bars):
        raise ValidationError(f"{bars.instrument.symbol} has no bars.", hint="Other dates may have some: --as-of")
    every = levels(*(given[name] for name in _INPUTS), pivots=pivots, period=period, window=window)  # type: ignore[arg-type]
    found = [one for one in every if not kind or one.kind == kind]
    close = float(given["close"][-1])
    near = sorted(found, key=lambda one: abs(one.price - close))[:count]
    wide = true_range(given["high"], given["low"], given["close"])[-_RANGE:]
    past = turned_by_kind(given, window=min(window, _PAST))
    return Told(
        bars=bars,
        dates=bars.dates(),
        close=close,
        move=float(np.nanmean(wide)) if np.isfinite(wide).any() else 0.0,
        levels=[one for one in found if one in near],
        hidden=len(found) - len(near),
        past={name: one for name, one in past.items() if any(level.kind == name for level in found)},
    )
