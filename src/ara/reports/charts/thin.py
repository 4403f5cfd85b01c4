"""Fewer points for what no eye can tell apart, with nothing lost that sticks out."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.marks import Band, Column, Line, Mark, Panel, Points

__all__ = ["grouped", "kept", "thinned"]

_MOST = 2400


def kept(values: NDArray[np.float64], most: int = _MOST) -> NDArray[np.int64]:
    """Give the places of at most `most` values: the first, least, greatest and last of each stretch.

    A line through them covers the same pixels as one through all, where the stretches are narrower than a pixel.
    """
    if len(values) <= most:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), most // 4 + 1).astype(np.int64)
    low = np.where(np.isfinite(values), values, np.inf)
    high = np.where(np.isfinite(values), values, -np.inf)
    places: list[int] = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        least, greatest = first + int(low[first:last].argmin()), first + int(high[first:last].argmax())
        places += {first, least, greatest, last - 1}
        hole = np.flatnonzero(~np.isfinite(values[first:last]))
        if len(hole):  # a gap stays a gap
            places.append(first + int(hole[0]))
    return np.unique(np.array(places, np.int64))


def grouped(count: int, most: int) -> NDArray[np.int64]:
    """Give where each of at most `most` groups of neighbours begins, all as long as each other but the last."""
    size = max(1, -(-count // most))
    return np.arange(0, count, size, dtype=np.int64)


def thinned(panels: tuple[Panel, ...]) -> tuple[tuple[Panel, ...], int]:
    """Give the panels with fewer points where there are very many, and how many the longest mark had (0: none)."""
    longest = 0
    out = []
    for panel in panels:
        marks = []
        for mark in panel.marks:
            if isinstance(mark, Line | Band | Points) and len(mark.x) > _MOST:
                longest = max(longest, len(mark.x))
                marks.append(_fewer(mark))
            else:
                marks.append(mark)
        out.append(replace(panel, marks=tuple(marks)))
    return tuple(out), longest


def _fewer(mark: Line | Band | Points) -> Mark:
    if isinstance(mark, Band):
        return _fewer_band(mark)
    places = kept(_floats(mark.y))
    if isinstance(mark, Line):
        return replace(mark, x=mark.x[places], y=mark.y[places])
    return replace(
        mark,
        x=mark.x[places],
        y=mark.y[places],
        low=None if mark.low is None else mark.low[places],
        high=None if mark.high is None else mark.high[places],
        texts=[mark.texts[one] for one in places] if mark.texts else (),
    )


def _fewer_band(mark: Band) -> Band:
    """Keep the widest of each stretch."""
    begins = grouped(len(mark.x), _MOST // 2)
    return replace(
        mark,
        x=np.concatenate([mark.x[begins[:-1]], mark.x[-1:]]),
        low=np.fmin.reduceat(_floats(mark.low), begins),
        high=np.fmax.reduceat(_floats(mark.high), begins),
    )


def _floats(values: Column) -> NDArray[np.float64]:
    return np.asarray(values, np.float64)
