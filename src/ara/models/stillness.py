"""Rows that no forecast can be judged by: the price stands still, as of a halted instrument or a fixed rate."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Panel

__all__ = ["STILL", "still_rows"]

STILL: Final = 20
"""Bars in a row that close as the one before, from which on a series is taken to stand still."""

_LEAST: Final = 2e-8


def still_rows(panel: Panel) -> NDArray[np.bool_]:
    """Tell for each row whether its last 20 bars closed as the one before, or its volatility is none to speak of.

    That is known at the row, whatever comes after, so that leaving such rows out prefers nobody.
    """
    place = np.arange(len(panel))
    moved = np.maximum.accumulate(np.where(panel.bars[:, 3] != 0, place, 0))
    since = np.maximum(moved, np.searchsorted(panel.series, panel.series))
    small = panel.scale < _LEAST * np.sqrt(np.array(panel.horizons, float))
    return np.asarray((place - since >= STILL) | small.any(axis=1))
