"""What the next opens betray of closes: a market opens near where it closed, not near where it closed a bar before."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.evidence.leaks.outcome import Finding

__all__ = ["closes_ahead"]

_FEWEST: Final = 100
_NEARER: Final = 0.9
_HAIR: Final = 1e-9


def closes_ahead(symbol: str, prices: NDArray[np.float64], at: list[datetime]) -> Iterator[Finding]:
    """Find closes that stand a bar early: opens lie nearer to the close before the last one than to the last.

    From a close to the next open there is a gap, to the close before it the gap and a whole bar's move. Where closes
    were moved up by a bar it is the other way round, unless gaps are as large as what moves within bars.
    """
    opened, close = np.log(prices[:, 0]), np.log(prices[:, 3])
    last, before = np.abs(opened[2:] - close[1:-1]), np.abs(opened[2:] - close[:-2])
    known = np.isfinite(last) & np.isfinite(before) & (last + before > _HAIR)
    if known.sum() < _FEWEST:
        return
    here, there = float(np.median(last[known])), float(np.median(before[known]))
    if there < _NEARER * here:
        words = "how far opens lie from the close before the last one, against the last"
        yield Finding(
            rule="ahead",
            symbol=symbol,
            at=at[-1],
            column="close",
            was=there,
            now=here,
            size=1 - there / here,
            count=int(known.sum()),
            detail=words,
        )
