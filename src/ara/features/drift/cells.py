"""Windows as counts of values by cell, and how far apart they are by four measures."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["apart", "in_cells"]

_CELLS: Final = 60
_BINS: Final = 10

_Array = NDArray[np.float64]


def in_cells(values: _Array) -> tuple[NDArray[np.float32], _Array]:
    """Put values into cells of equal shares.

    Parameters
    ----------
    values
        NaN where there is no value; one at least is there.

    Returns
    -------
    NDArray[np.float32]
        `[value, cell]`: 1 in the cell that holds it, 0 elsewhere.
    NDArray[np.float64]
        How far neighbouring cells are apart, in the unit of the values.
    """
    known = np.flatnonzero(~np.isnan(values))
    there = values[known]
    edges = np.unique(np.quantile(there, np.arange(1, _CELLS) / _CELLS))
    edges = edges[edges < there.max()]
    cells = np.searchsorted(edges, there)
    count = np.bincount(cells, minlength=len(edges) + 1)
    sums = np.bincount(cells, weights=there, minlength=len(edges) + 1)
    centres = np.where(count > 0, sums / np.maximum(count, 1), np.append(edges, there.max()))
    placed = np.zeros((len(values), len(centres)), np.float32)
    placed[known, cells] = 1.0
    return placed, np.diff(centres)


def apart(later: NDArray[np.floating], whole: _Array, width: _Array) -> _Array:
    """Give `[window, 4]`: Kolmogorov-Smirnov, Wasserstein, stability and Jensen-Shannon of windows and of what is left.

    Parameters
    ----------
    later
        `[window, cell]`, how many values of each window are in a cell.
    whole
        The same of all values.
    width
        How far neighbouring cells are apart.
    """
    later = later.astype(np.float64)
    earlier = whole - later
    q, p = (one / np.maximum(one.sum(axis=1, keepdims=True), 1.0) for one in (later, earlier))
    gap = np.abs(np.cumsum(q - p, axis=1))[:, :-1]
    places = np.arange(0, len(whole), max(len(whole) // _BINS, 1))
    a, b = (np.add.reduceat(one, places, axis=1) + 0.5 for one in (earlier, later))
    a, b = (one / one.sum(axis=1, keepdims=True) for one in (a, b))
    middle = (a + b) / 2
    shared = (a * np.log(a / middle) + b * np.log(b / middle)).sum(axis=1)
    largest = gap.max(axis=1, initial=0.0)
    return np.column_stack([largest, gap @ width, ((b - a) * np.log(b / a)).sum(axis=1), shared])
