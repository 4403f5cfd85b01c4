"""Time cut into folds: learn from what came before, be judged by what came after, with a gap between."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["Fold", "folds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Rows to learn from and rows to be judged by.

    Parameters
    ----------
    train
        Those whose target was known before the first row of `test`, less an embargo.
    test
        Those after them.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def folds(rows: int, *, count: int, horizon: int, embargo: int = 0) -> Iterator[Fold]:
    """Give the folds, the earliest first; each learns from all before it.

    Parameters
    ----------
    rows
        How many there are, ascending in time.
    count
        How many folds.
    horizon
        After how many rows a row's target is known: so many are purged before the test, since their targets reach
        into it.
    embargo
        How many rows more are left out there.

    Raises
    ------
    ValidationError
        There are too few rows.
    """
    size = rows // (count + 1)
    gap = horizon + embargo
    if count < 1 or size <= gap or size < 2:
        raise ValidationError(f"{rows} rows are too few for {count} folds with a gap of {gap} rows.")
    for number in range(1, count + 1):
        begin = rows - (count - number + 1) * size
        yield Fold(train=np.arange(begin - gap), test=np.arange(begin, begin + size))
