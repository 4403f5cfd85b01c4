"""Whether bands are missed as often as they say, and no more often after a miss."""

import math

import numpy as np
from numpy.typing import NDArray

from ara.performance.inference import chi2_tail

__all__ = ["christoffersen", "kupiec"]

_NEAR = 1e-12


def kupiec(missed: NDArray[np.bool_], share: float) -> float:
    """Give the chance of misses so far from their share where the share is right.

    References
    ----------
    Kupiec (1995), Techniques for Verifying the Accuracy of Risk Measurement Models, Journal of Derivatives 3.
    """
    n, misses = len(missed), int(missed.sum())
    return chi2_tail(2 * (_likelihood(misses, n, _inner(misses / n)) - _likelihood(misses, n, share)), 1)


def christoffersen(missed: NDArray[np.bool_]) -> float:
    """Give the chance of misses that follow each other so often, or so seldom, where one tells nothing of the next.

    References
    ----------
    Christoffersen (1998), Evaluating Interval Forecasts, International Economic Review 39.
    """
    before, after = missed[:-1], missed[1:]
    hits = (int((~before & after).sum()), int((before & after).sum()))
    rows = (int((~before).sum()), int(before.sum()))
    if hits[0] + hits[1] == 0 or rows[1] == 0:
        return 1.0
    shares = [_inner(hit / max(row, 1)) for hit, row in zip(hits, rows, strict=True)]
    apart = sum(_likelihood(hit, row, share) for hit, row, share in zip(hits, rows, shares, strict=True))
    alike = _likelihood(sum(hits), len(after), sum(hits) / len(after))
    return chi2_tail(max(2 * (apart - alike), 0.0), 1)


def _inner(share: float) -> float:
    return min(max(share, _NEAR), 1 - _NEAR)


def _likelihood(hits: int, count: int, share: float) -> float:
    hit = hits * math.log(share) if hits else 0.0
    return hit + ((count - hits) * math.log(1 - share) if count - hits else 0.0)
