"""Long series in pieces, so that what lays a window beside every bar takes bounded memory."""

from collections.abc import Callable
from typing import Final

import numpy as np

from ara.features.arrays import Array

__all__ = ["in_pieces"]

_CELLS: Final = 1 << 18


def in_pieces(
    function: Callable[..., tuple[Array, ...]], *columns: Array, memory: int, width: int
) -> tuple[Array, ...]:
    """Call a function on pieces of its columns, each with the bars before it that matter, and put the results together.

    Parameters
    ----------
    function
        Of as many arrays as there are columns; gives a tuple of arrays as long as they are.
    columns
        What it is told.
    memory
        How many of the last bars a value depends on.
    width
        How many numbers it lays beside each bar: the more, the shorter the pieces.
    """
    size, count = max(_CELLS // max(width, 1), 64), len(columns[0])
    if count <= 2 * size:
        return function(*columns)
    parts: list[tuple[Array, ...]] = []
    for start in range(0, count, size):
        lead = min(memory - 1, start)
        found = function(*(one[start - lead : start + size] for one in columns))
        parts.append(tuple(one[lead:] for one in found))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))
