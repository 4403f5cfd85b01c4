"""When to stop the clock: moments after which features are most tempted to look ahead."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.market.bars import Bars

__all__ = ["MOMENTS", "moments", "opened"]

MOMENTS: Final = {
    "random": "at random",
    "seldom": "after values that are seldom there",
    "day": "at ends of days",
    "week": "at ends of weeks",
    "month": "at ends of months",
    "quarter": "at ends of quarters",
    "year": "at ends of years",
    "gap": "before gaps",
    "rise": "after large rises",
    "fall": "after large falls",
    "before": "before large moves",
    "busy": "after busy bars",
    "swap": "where the order of two bars showed",
    "newest": "near the last bar",
}
"""Where the bars are cut, by kind."""

_PERIODS: Final = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_WIDER: Final = 1.5
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Rows = NDArray[np.int64]


def moments(bars: Bars, *, each: int, first: int, last: int, random: np.random.Generator) -> dict[str, list[int]]:
    """Choose moments by kind, as how many bars are known then.

    Parameters
    ----------
    bars
        Ascending in time.
    each
        How many of each kind: of ends of periods and gaps any, of moves and volumes the largest.
    first, last
        The least that must be known, and the most.
    random
        Chooses among ends.
    """
    found: dict[str, list[int]] = {}
    for kind, rows in _ends(bars):
        there = rows[(rows + 1 >= first) & (rows + 1 <= last)] + 1
        if len(there):
            found[kind] = sorted(random.permutation(there)[:each].tolist())
    for kind, sizes, shift in _sizes(bars):
        size = sizes[first - 1 : last].copy()
        size[~np.isfinite(size)] = 0.0
        largest = np.argsort(-size, kind="stable")[:each]
        largest = largest[size[largest] > 0]
        if len(largest):
            found[kind] = sorted(np.unique(np.maximum(largest + first - shift, 1)).tolist())
    return found


def _ends(bars: Bars) -> Iterator[tuple[str, _Rows]]:
    """Give the last rows of periods, as far as these are longer than a bar, and those before gaps."""
    at = bars.frame["at"]
    for kind, every in _PERIODS.items():
        period = at.dt.truncate(every).to_physical().to_numpy()
        ends = np.flatnonzero(period[1:] != period[:-1])
        if 0 < len(ends) < len(at) - 1:
            yield kind, ends
    steps = np.diff(at.to_physical().to_numpy())
    wider = np.flatnonzero(steps > _WIDER * np.median(steps)) if len(steps) else np.empty(0, np.int64)
    if len(wider):
        yield "gap", wider


def _sizes(bars: Bars) -> Iterator[tuple[str, NDArray[np.float64], int]]:
    """Give how large each bar is in its kind, and how many bars earlier the moment is."""
    close = bars.frame["close"].to_numpy()
    with np.errstate(all="ignore"):
        moves = np.append(0.0, np.diff(np.log(close)))
    yield "rise", moves, 0
    yield "fall", -moves, 0
    yield "before", np.abs(moves), 1
    yield "busy", bars.frame["volume"].to_numpy().astype(np.float64), 0


def opened(micros: int) -> datetime:
    """Give microseconds since 1970 UTC as a time."""
    return _EPOCH + timedelta(microseconds=int(micros))
