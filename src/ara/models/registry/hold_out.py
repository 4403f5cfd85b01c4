"""The hold-out: the newest bars, which a fit that is judged knows nothing of."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ara.errors import ModelError
from ara.models.months import DAY, month_after, month_of
from ara.models.panel import Panel, Rows
from ara.models.stillness import still_rows

__all__ = ["FEWEST", "Held", "day_of", "held_out", "judged_rows"]

FEWEST: Final = 250
"""Bars that the longest series needs before its hold-out begins."""

_DAYS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A hold-out: what the judged fit knows ends at `cut`; the first and the last origin by which it is judged."""

    cut: int
    first: int
    last: int


def held_out(panel: Panel, share: float, *, after: int = 0, needed: bool = False) -> Held:
    """Choose the hold-out: the newest bars, from the first UTC instant of a month, so that it stays the same for long.

    Parameters
    ----------
    panel
        Bars of all instruments.
    share
        Of the days that are held out, at the most.
    after
        What is gone on from knows bars up to here, microseconds since 1970 UTC: the hold-out begins no earlier.
    needed
        Whether there is no way without one, so that no error names it.

    Raises
    ------
    ModelError
        There are too few bars to learn from, or to judge by.
    """
    days = np.unique(panel.known_at[np.isfinite(panel.y[:, 0])] // DAY)
    longest = int(np.bincount(panel.series).max()) if len(panel) else 0
    other = "." if needed else ", or keep it unjudged with --no-validate."
    if len(days):
        cut = max(month_of(int(days[int((len(days) - 1) * (1 - share))]) * DAY), _month_from(after))
        rows = judged_rows(panel, cut)
        count = len(np.unique(panel.known_at[rows] // DAY))
        before = int(np.bincount(panel.series[panel.known_at <= cut], minlength=1).max())
        if before >= FEWEST and count >= _DAYS:
            return Held(cut=cut, first=int(panel.known_at[rows].min()), last=int(panel.known_at[rows].max()))
        still = int((still_rows(panel) & (panel.known_at > cut)).sum())
        if still:
            raise ModelError(
                f"the price stood still at {still} of the bars to be held out: {_DAYS} days to judge by are not left",
                hint=f"Give it a --period in which the price moves{other}",
                still=still,
            )
        if count < _DAYS and cut == _month_from(after):
            raise ModelError(
                f"the model to go on from knows bars up to {day_of(after)}: that leaves {count} days to judge by, of "
                f"the {_DAYS} that it takes",
                hint="Train that one with --keep-tested, so that it ends before the hold-out; or add --no-validate.",
                days=count,
            )
    raise ModelError(
        f"{longest} bar{'s are' if longest != 1 else ' is'} too few: a fit needs {FEWEST} bars before its hold-out, "
        f"and that {_DAYS} days",
        hint=f"Give it more history with --period{other}",
        bars=longest,
    )


def _month_from(moment: int) -> int:
    """Give the first instant of a month at or after a moment."""
    return moment if moment == month_of(moment) else month_after(moment)


def day_of(moment: int) -> str:
    """Give the date of a moment, UTC."""
    return str(np.datetime64(moment, "us").astype("datetime64[D]"))


def judged_rows(panel: Panel, cut: int) -> Rows:
    """Give the rows behind the cut whose outcome over the shortest horizon is known, and whose price moves."""
    known = (panel.known_at > cut) & np.isfinite(panel.y[:, 0]) & np.isfinite(panel.scale).all(axis=1)
    return np.flatnonzero(known & ~still_rows(panel))
