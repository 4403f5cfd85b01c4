"""Whether a forecast hangs on a hair: its bars are changed by next to nothing, and what that moves is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl

from ara.market.bars import Bars
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS
from ara.prediction.compute import Recipe, compute
from ara.prediction.confidence import usual_move

__all__ = ["LIMIT", "SIZE", "Nudge", "fragile", "nudged"]

SIZE: Final = 0.01
"""How far a price is nudged, in usual moves of one bar; a volume, as a share of it."""

LIMIT: Final = 0.03
"""What a nudge may move at the most: a band's width, in logs, or a median, in its own usual moves beside the nudge."""

_LOW, _MIDDLE, _TOP = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))
_PRICES: Final = ("open", "high", "low", "close")
_BACK: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """What one small change moves, the most over all days.

    Parameters
    ----------
    what
        What was changed, in words.
    size
        By how much, as a share of it.
    width
        Log of the factor on the 80 % band's width.
    shift
        Of the median, beside the nudge of the last close itself, in usual moves over the same days.
    day
        The day of whichever is the larger.
    """

    what: str
    size: float
    width: float
    shift: float
    day: int

    @property
    def odd(self) -> bool:
        """Whether it moves more than so small a change should."""
        return max(abs(self.width), abs(self.shift)) > LIMIT

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {"what": self.what, "size": self.size, "width": self.width, "shift": self.shift, "day": self.day}

    def words(self) -> str:
        """Say what was changed and what that moved."""
        moved = (
            f"makes the 80 % band of day {self.day} {100 * abs(np.expm1(self.width)):.0f} % {_wider(self.width)}"
            if abs(self.width) >= abs(self.shift)
            else f"moves the price of day {self.day} by {abs(self.shift):.2f} usual moves"
        )
        return f"this forecast hangs on a hair: {self.what} changed by {100 * self.size:+.2f} % {moved}"


def nudged(bars: Bars, days: int, recipe: Recipe, *, context: Sequence[Bars] = ()) -> list[Nudge]:
    """Compute a forecast again for bars of which one figure is changed by next to nothing: one after the other.

    The last close a hundredth of a usual move up, and down; the last bar's volume by a hundredth; the close of five
    bars ago. What a sound model makes of such a change is in proportion to it.

    Parameters
    ----------
    bars, days, recipe, context
        As `outlook` takes them.
    """
    panel, row = _panel(bars, context, days)
    usual = usual_move(panel, np.array([row]))[0]
    if not usual.min() > 0:
        return []
    before = compute(panel, np.array([row]), recipe, spare=True).quantiles.values[0]
    step = SIZE * float(usual[0])
    found = []
    for what, back, name, share in (
        ("the last close", 0, "close", np.expm1(step)),
        ("the last close", 0, "close", np.expm1(-step)),
        (f"the close of {_BACK} bars ago", _BACK, "close", np.expm1(step)),
        ("the last volume", 0, "volume", SIZE),
    ):
        other, place = _panel(_changed(bars, back, name, float(share)), context, days)
        after = compute(other, np.array([place]), recipe, spare=True).quantiles.values[0]
        width = np.log((after[:, _TOP] - after[:, _LOW]) / (before[:, _TOP] - before[:, _LOW]))
        shift = (after[:, _MIDDLE] - before[:, _MIDDLE]) / usual
        most = int(np.argmax(np.maximum(np.abs(width), np.abs(shift))))
        found.append(
            Nudge(what=what, size=float(share), width=float(width[most]), shift=float(shift[most]), day=most + 1)
        )
    return found


def fragile(bars: Bars, days: int, recipe: Recipe, *, context: Sequence[Bars] = ()) -> tuple[str, ...]:
    """Say of which small change a forecast hangs, the worst alone; nothing where of none."""
    odd = [one for one in nudged(bars, days, recipe, context=context) if one.odd]
    worst = max(odd, key=lambda one: max(abs(one.width), abs(one.shift)), default=None)
    return () if worst is None else (worst.words(),)


def _panel(bars: Bars, context: Sequence[Bars], days: int) -> tuple[Panel, int]:
    panel = Panel.build([bars, *context], range(1, days + 1))
    _, end = panel.span(panel.symbols.index(bars.instrument.symbol))
    return panel, end - 1


def _changed(bars: Bars, back: int, name: str, share: float) -> Bars:
    """Give bars with one figure changed, its bar's high and low drawn along where they must."""
    here = pl.int_range(pl.len()) == len(bars) - 1 - back
    frame = bars.frame.with_columns(pl.when(here).then(pl.col(name) * (1 + share)).otherwise(pl.col(name)).alias(name))
    if name in _PRICES:
        frame = frame.with_columns(
            high=pl.when(here).then(pl.max_horizontal("high", name)).otherwise("high"),
            low=pl.when(here).then(pl.min_horizontal("low", name)).otherwise("low"),
        )
    return replace(bars, frame=frame)


def _wider(log: float) -> str:
    return "wider" if log > 0 else "narrower"
