"""The patterns of an instrument's bars, with dates, as every door tells them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ara.errors import ValidationError
from ara.features.patterns.recent import FAMILIES, Recent, recent
from ara.market.bars import Bars

__all__ = ["Told", "family_of", "told"]

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Patterns that are there or were lately.

    Parameters
    ----------
    bars
        In which was looked.
    dates
        Of each of them.
    found
        What was found.
    last
        In how many of the last bars.
    horizon
        So many bars later it was looked at what followed.
    """

    bars: Bars
    dates: Sequence[date]
    found: Sequence[Recent]
    last: int
    horizon: int

    @property
    def unit(self) -> str:
        """What a bar is called."""
        return self.bars.timeframe.word

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "schema": 1,
            "symbol": self.bars.instrument.symbol,
            "timeframe": str(self.bars.timeframe),
            "bars": len(self.bars),
            "date": self.dates[-1].isoformat(),
            "close": self.bars.frame["close"][-1],
            "currency": self.bars.instrument.currency,
            "horizon": self.horizon,
            "patterns": [self._facts(one) for one in self.found],
        }

    def _facts(self, one: Recent) -> dict[str, Any]:
        pattern, days = one.pattern, self.dates
        return {
            "name": pattern.name,
            "family": pattern.family,
            "direction": pattern.direction,
            "began": days[pattern.began].isoformat(),
            "completed": days[pattern.completed].isoformat(),
            "known_at": days[pattern.known_at].isoformat(),
            "quality": round(pattern.quality, 4),
            "target": pattern.target,
            "invalidation": pattern.invalidation,
            "points": [
                {"name": name, "date": days[bar].isoformat(), "price": price} for name, bar, price in pattern.points
            ],
            "words": pattern.words,
            "followed": one.followed.as_dict(),
        }


def family_of(text: str) -> str:
    """Read a family of patterns; empty for all."""
    chosen = text.strip().lower()
    if chosen and chosen not in FAMILIES:
        raise ValidationError(f"There is no family {text!r:.40}.", hint=f"There are: {', '.join(FAMILIES)}.")
    return chosen


def told(bars: Bars, *, last: int = 5, family: str = "", horizon: int = 5) -> Told:
    """Look for patterns in the last bars, and at what followed their like before.

    Parameters
    ----------
    bars
        Of one instrument.
    last
        Patterns that became known in so many of the last bars.
    family
        One of `FAMILIES`; all where it is empty.
    horizon
        Look at what followed so many bars later.
    """
    if not len(bars):
        raise ValidationError(f"{bars.instrument.symbol} has no bars.", hint="Ask for a later moment.")
    columns = {name: bars.frame[name].to_numpy() for name in _PRICES}
    volume = bars.frame["volume"]
    if (volume.fill_nan(None).fill_null(0.0) > 0).any():
        columns["volume"] = volume.to_numpy()
    found = recent(
        columns, last=last, families=[family] if family else FAMILIES, horizon=horizon, unit=bars.timeframe.word
    )
    return Told(bars=bars, dates=bars.dates(), found=found, last=last, horizon=horizon)
