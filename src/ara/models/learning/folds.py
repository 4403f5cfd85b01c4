"""Blocks of time that judge what was learned outside of them."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.months import DAY
from ara.models.panel import Rows

__all__ = ["EMBARGO", "blocks", "outside"]

EMBARGO: Final = 7 * DAY
"""A week in microseconds, which holds five bars of any market: what lies so near a block is not learned from."""


def blocks(begin: NDArray[np.int64], count: int) -> Iterator[Rows]:
    """Part rows into blocks of time that hold about as many of them each; rows of one moment stay together.

    Parameters
    ----------
    begin
        When each row was known.
    count
        How many blocks.
    """
    moments, which, sizes = np.unique(begin, return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - sizes / 2
    block = (middle * count / max(len(begin), 1)).astype(np.int64) if len(moments) else np.empty(0, np.int64)
    for number in range(count):
        yield np.flatnonzero(block[which] == number)


def outside(begin: NDArray[np.int64], end: NDArray[np.int64], block: Rows) -> Rows:
    """Give the rows whose outcomes share no time with those of a block, nor come within a week of it.

    Parameters
    ----------
    begin, end
        When each row and its outcome were known.
    block
        Positions of the block's rows.
    """
    first, last = int(begin[block].min()) - EMBARGO, int(end[block].max()) + EMBARGO
    return np.flatnonzero((end < first) | (begin > last))
