"""What there is to learn from: rows, their targets as far as these were known in time, and the order of learning."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Panel, Rows
from ara.models.stillness import still_rows
from ara.models.training.plan import Plan

__all__ = ["Lesson", "lesson", "parted"]

_HELD: Final = 0.2
_SMALLEST: Final = 16
_PARTS: Final = 8
_EASY: Final = 0.3
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """The rows of a training. Windows are gathered when a batch needs them; there is never a tensor of all.

    Parameters
    ----------
    panel
        The panel of them, up to the cut.
    window
        Bars in a window.
    train, valid
        Rows to learn from, and rows to stop by.
    y, y_valid
        `[row, H]` float32: targets; NaN where one is not known, or was not before the rows to stop by began.
    weight
        `[H]`: weight of each horizon in the loss.
    """

    panel: Panel
    window: int
    train: Rows
    valid: Rows
    y: NDArray[np.float32]
    y_valid: NDArray[np.float32]
    weight: NDArray[np.float32]

    def x(self, rows: Rows) -> NDArray[np.float32]:
        """Give `[row, window, F]`: windows of rows of the panel."""
        return self.panel.windows(rows, self.window)

    def batches(self, plan: Plan, epoch: int, *, seed: int) -> list[Rows]:
        """Give an epoch's batches as positions in `train`, shuffled by seed and epoch alone."""
        places = np.arange(len(self.train))
        if plan.curriculum == "volatility":
            width = self.panel.scale[self.train, 0]
            calm = np.argsort(np.where(np.isnan(width), np.inf, width), kind="stable")
            places = np.sort(calm[: max(1, round(_share(plan, epoch) * len(calm)))])
        order = np.random.default_rng([seed, epoch]).permutation(places)
        size = min(plan.batch, max(_SMALLEST, len(self.train) // _PARTS))
        return [order[start : start + size] for start in range(0, len(order), size)]

    def weights(self, plan: Plan, epoch: int) -> NDArray[np.float32]:
        """Give `[H]`: the horizons' weights in an epoch; with the curriculum `horizon` the far ones come later."""
        if plan.curriculum != "horizon":
            return self.weight
        rank = np.argsort(np.argsort(self.panel.horizons))
        return np.where(rank < max(1.0, _share(plan, epoch) * len(rank)), self.weight, np.float32(0))


def lesson(panel: Panel, train: Rows, valid: Rows, *, window: int) -> Lesson:
    """Give what there is to learn from; without rows to stop by, the last fifth of the training rows' days is that.

    Rows without features or without a target, and such whose price stands still, are left out. A target that became
    known only after the rows to stop by began does not count, so that the two share no returns.
    """
    train, valid = (rows[_useful(panel, rows)] for rows in (train, valid))
    if not len(valid) and len(train):
        days = np.unique(panel.known_at[train])
        cut = days[int(len(days) * (1 - _HELD))]
        train, valid = train[panel.known_at[train] < cut], train[panel.known_at[train] >= cut]
    y, known = panel.y[train].copy(), panel.y_known[train]
    if len(valid):
        begin = panel.known_at[valid].min()
        ends = panel.y_known[valid][panel.y_known[valid] != _NEVER]
        end = max(int(ends.max(initial=begin)), int(panel.known_at[valid].max()))
        y[(known > begin) & (panel.known_at[train] <= end)[:, None]] = np.nan
    kept = ~np.isnan(y).all(axis=1)
    return Lesson(
        panel=panel,
        window=window,
        train=train[kept],
        valid=valid,
        y=y[kept].astype(np.float32),
        y_valid=panel.y[valid].astype(np.float32),
        weight=(1 / np.sqrt(np.array(panel.horizons, np.float64))).astype(np.float32),
    )


def parted(rows: Rows, parts: int) -> Iterator[Rows]:
    """Give the rows in so many parts of about one size, none of them empty."""
    yield from (part for part in np.array_split(rows, parts) if len(part))


def _useful(panel: Panel, rows: Rows) -> NDArray[np.bool_]:
    there = ~np.isnan(panel.x[rows]).all(axis=1) & ~np.isnan(panel.y[rows]).all(axis=1)
    return np.asarray(there & ~still_rows(panel)[rows])


def _share(plan: Plan, epoch: int) -> float:
    """Give which share of the lesson is open: 30 % at first, all from the middle of the training on."""
    return min(1.0, _EASY + (1 - _EASY) * epoch / max(1.0, plan.epochs / 2))
