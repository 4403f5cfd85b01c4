"""Months of members' forecasts that nobody was asked for: what the weights are learned from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.seen import kind_of
from ara.models.model import Fitted
from ara.models.months import month_after, month_in_year, month_of, months_before, months_between, months_of
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS

__all__ = [
    "LOW", "MIDDLE", "REMEMBERED", "SELDOM", "THIN", "TOP", "Outcomes", "Stage", "asked", "beside", "grown", "outcomes",
    "quarters",
]  # fmt: skip

_Array = NDArray[np.float64]

REMEMBERED: Final = 24
"""Months of past forecasts that are looked at."""

THIN: Final = tuple(k for k, level in enumerate(LEVELS) if level in {0.1, 0.9} or 0.299 < level < 0.701)
"""Places in `LEVELS` that are kept of a forecast once it was scored."""

LOW: Final = THIN.index(LEVELS.index(0.1))
"""Place in `THIN` of the lower end of the 80 % band."""

MIDDLE: Final = THIN.index(LEVELS.index(0.5))
"""Place in `THIN` of the median."""

TOP: Final = THIN.index(LEVELS.index(0.9))
"""Place in `THIN` of the upper end of the 80 % band."""

SELDOM: Final = 5
"""A dear member is asked for one bar in so many: to count a bootstrap in full takes longer than all else."""

_WAITED: Final = 4
_QUARTER: Final = 3
_LEVELS: Final = np.array(LEVELS)
_EDGES: Final = np.concatenate(([0.0], _LEVELS, [1.0]))
_WEIGHTS: Final = (_EDGES[2:] - _EDGES[:-2]) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all members said of one month, each fitted at the first instant of its quarter.

    Parameters
    ----------
    month
        First instant of the month.
    code, place
        `[n]`: series of each row, and how many rows of it come before.
    kind
        `[n]`: class.
    said
        `[n, H, level, member]`, over the panel's scale: at all levels, or at `THIN` alone once `loss` stands; NaN where
        a dear member was not asked.
    loss
        `[n, H, member]`: CRPS over the panel's scale; None until no further outcome of the month will be counted.
    """

    month: int
    code: NDArray[np.int64]
    place: NDArray[np.int64]
    kind: NDArray[np.int64]
    said: NDArray[np.float32]
    loss: NDArray[np.float32] | None = None

    @property
    def thin(self) -> NDArray[np.float32]:
        """What was said, at the levels of `THIN`."""
        return self.said if self.loss is not None else self.said[:, :, list(THIN)]

    def settled(self, panel: Panel, moment: int) -> "Stage":
        """Give it scored and smaller, if all outcomes that it waits for could be known by then."""
        if self.loss is not None or moment < _last(self.month):
            return self
        return replace(self, loss=self.scored(panel), said=self.thin)

    def scored(self, panel: Panel) -> NDArray[np.float32]:
        """Give the CRPS `[n, H, member]` over the panel's scale; NaN where the outcome is not known."""
        if self.loss is not None:
            return self.loss
        y = outcomes(panel, self).y
        out = np.empty((*y.shape, self.said.shape[3]), np.float32)
        for member in range(out.shape[2]):
            beyond = y[:, :, None] - self.said[:, :, :, member]
            lost = np.maximum(_LEVELS * beyond, (_LEVELS - 1) * beyond)
            out[:, :, member] = 2 * np.einsum("nhl,l->nh", lost, _WEIGHTS)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of a stage's forecasts.

    Parameters
    ----------
    rows
        `[n]`: where they stand in the panel.
    y, known_at
        `[n, H]`: return over the panel's scale and when it was known; NaN where it is not, or came later than is
        waited for.
    """

    rows: Rows
    y: _Array
    known_at: NDArray[np.int64]


def outcomes(panel: Panel, stage: Stage) -> Outcomes:
    """Give what the panel knows of a stage's forecasts; what takes longer than three months is not waited for."""
    begin = np.searchsorted(panel.series, np.arange(len(panel.symbols)))
    rows = begin[stage.code] + stage.place
    known_at = panel.y_known[rows]
    return Outcomes(rows=rows, y=np.where(known_at < _last(stage.month), panel.y[rows], np.nan), known_at=known_at)


def asked(
    before: Sequence[Stage],
    panel: Panel,
    moment: int,
    fits: Callable[[int], Sequence[Fitted]],
    *,
    dear: Sequence[bool],
) -> tuple[Stage, ...]:
    """Give the stages of those of the last months before a moment that have none yet.

    Parameters
    ----------
    before
        Stages that were made on this panel's past.
    panel
        All that is known at the moment.
    moment
        First instant of a month.
    fits
        Gives the members as they were fitted at the first instant of a quarter; none where nothing was known then.
    dear
        Which members are asked seldom.
    """
    made: list[Stage] = []
    for quarter, group in groupby(_missing(before, panel, moment), key=_quarter):
        made += (stage.settled(panel, moment) for stage in _said(panel, list(group), fits(quarter), dear))
    return tuple(made)


def grown(before: Sequence[Stage], panel: Panel, moment: int, new: Sequence[Stage]) -> tuple[Stage, ...]:
    """Give the stages of the last months before a moment, those of `before` settled where they now can be."""
    months = _looked_at(panel, moment)
    kept = {one.month: one.settled(panel, moment) for one in before if one.month in months}
    kept |= {one.month: one for one in new}
    return tuple(kept[month] for month in months if month in kept)


def beside(first: Stage, second: Stage, order: Sequence[int]) -> Stage:
    """Give the stage of all members, of which some said the one and the others the other of the same month.

    `order` tells, for each member of the whole, its place among those of the first and the second together.
    """
    said = np.concatenate((first.said, second.said), axis=3)
    loss = None if first.loss is None or second.loss is None else np.concatenate((first.loss, second.loss), axis=2)
    if list(order) != sorted(order):
        said, loss = said[:, :, :, list(order)], None if loss is None else loss[:, :, list(order)]
    return replace(first, said=said, loss=loss)


def quarters(before: Sequence[Stage], panel: Panel, moment: int) -> list[int]:
    """Give the first instants of the quarters at which `grown` wants the members fitted, oldest first."""
    return [quarter for quarter, _ in groupby(_missing(before, panel, moment), key=_quarter)]


def _missing(before: Sequence[Stage], panel: Panel, moment: int) -> list[int]:
    there = {one.month for one in before}
    return [month for month in _looked_at(panel, moment) if month not in there]


def _looked_at(panel: Panel, moment: int) -> list[int]:
    first = max(months_before(moment, REMEMBERED), month_of(int(panel.known_at.min())) if len(panel) else moment)
    return [month for month in (first, *months_between(first, moment)) if month < moment]


def _said(panel: Panel, months: list[int], fitted: Sequence[Fitted], dear: Sequence[bool]) -> list[Stage]:
    """Ask the members, as they were at the beginning of a quarter, for some of its months."""
    if not fitted:
        return []
    past = panel.until(month_after(months[-1]) - 1)
    rows = np.flatnonzero((past.known_at >= months[0]) & np.isfinite(past.scale).all(axis=1))
    place = rows - np.searchsorted(past.series, past.series[rows])
    said = np.full((len(rows), len(past.horizons), len(LEVELS), len(fitted)), np.nan, np.float32)
    for member, one in enumerate(fitted):
        asked = np.flatnonzero(place % SELDOM == 0) if dear[member] else np.arange(len(rows))
        values = one.predict(past, rows[asked]).values / past.scale[rows[asked]][:, :, None]
        said[asked, :, :, member] = values
    code = past.series[rows].astype(np.int64)
    kind = np.array([kind_of(group) for group in past.groups], np.int64)[past.group[rows]]
    of_month = months_of(past.known_at[rows])
    made = []
    for month in months:
        mine = np.flatnonzero(of_month == month)
        made.append(Stage(month=month, code=code[mine], place=place[mine], kind=kind[mine], said=said[mine]))
    return made


def _quarter(month: int) -> int:
    """Give the first instant of the quarter of a month."""
    return months_before(month, month_in_year(month) % _QUARTER)


def _last(month: int) -> int:
    """Give the moment before which a month's outcomes have to be known to count."""
    later = month
    for _ in range(_WAITED):
        later = month_after(later)
    return later
