"""What the members of an ensemble said last of one row: its reasons look at the same row again."""

from typing import Final
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

from ara.models.model import Fitted
from ara.models.panel import Panel

__all__ = ["remember", "said_before"]

_Array = NDArray[np.float64]

_MOST: Final = 24
_lately: list[tuple[ReferenceType[Panel], Fitted, int, _Array]] = []


def remember(panel: Panel, fitted: Fitted, row: int, values: _Array) -> None:
    """Keep `[H, level]`, what a member answered for a row; the last two dozen are at hand."""
    _lately.insert(0, (ref(panel), fitted, row, values.copy()))
    del _lately[_MOST:]


def said_before(panel: Panel, fitted: Fitted, row: int) -> _Array | None:
    """Give what this very member answered for a row of this very panel; None where it was not asked of late."""
    for known, member, place, values in tuple(_lately):
        if known() is panel and member is fitted and place == row:
            return values.copy()
    return None
