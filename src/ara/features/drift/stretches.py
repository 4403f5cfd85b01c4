"""Whether a window is farther from its reference than stretches of the reference were from the rest of it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.drift.cells import apart, in_cells
from ara.statistics import student_t_cdf

__all__ = ["unseen"]

_FEWEST: Final = 30
_RARE: Final = 0.025
_ROUNDED: Final = 1e-12
_SMALL: Final = 1e-6

_Array = NDArray[np.float64]


def unseen(before: _Array, now: _Array, *, volatile: bool) -> bool:
    """Say whether one of four measures is larger than for every equally long stretch of the reference.

    A spread that remembers comes in longer waves than its own past shows: where that was calm, so is what is thought
    usual. There the measure must also be one that a new stretch has in 1 of 40 cases at most, as a prediction from
    the logarithms of those of the stretches tells, as many as don't overlap.

    Parameters
    ----------
    before, now
        The reference and the current window; NaN for no value, some are there in each.
    volatile
        Whether the spread remembers longer than the level.

    References
    ----------
    G. J. Hahn and W. Q. Meeker (1991), Statistical intervals, chapter 4.
    """
    placed, width = in_cells(np.append(before, now))
    sums = np.concatenate([np.zeros((1, placed.shape[1])), np.cumsum(placed, axis=0, dtype=np.float64)])
    length, reference = len(now), sums[len(before)]
    starts = np.arange(0, len(before) - length + 1, max(length // 2, 1))
    stretches = sums[starts + length] - sums[starts]
    known = stretches.sum(axis=1)
    usual = apart(stretches[(known >= _FEWEST) & (reference.sum() - known >= _FEWEST)], reference, width)
    found = apart((sums[-1] - reference)[None, :], sums[-1], width)[0]
    farther = found > usual.max(axis=0, initial=0.0) * (1 + _ROUNDED)
    if volatile and len(usual):
        farther &= _rare(found, usual, len(before) / length)
    return bool(farther.any())


def _rare(found: _Array, usual: _Array, count: float) -> NDArray[np.bool_]:
    """Say which measures a further stretch would hardly have; all of those that can't be told."""
    if count <= 2:
        return np.ones(len(found), bool)
    with np.errstate(all="ignore"):
        logs = np.log(np.maximum(usual, _SMALL * usual.max(axis=0)))
        spread = logs.std(axis=0) * np.sqrt(count / (count - 1) * (1 + 1 / count))
        t = (np.log(found) - logs.mean(axis=0)) / spread
    return np.array([1 - student_t_cdf(one, count - 1) <= _RARE for one in np.nan_to_num(t, nan=np.inf).tolist()])
