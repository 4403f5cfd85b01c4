"""What many tests at once leave of a p-value."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["benjamini_hochberg", "holm"]

_Array = NDArray[np.float64]


def benjamini_hochberg(p: _Array) -> _Array:
    """Adjust p-values so that of what is called found at a level, at most this share is expected to be false.

    min over j >= i of (m / j) p(j), p(1) <= ... <= p(m). Holds for independent tests and for those that are positively
    related.

    References
    ----------
    Y. Benjamini and Y. Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out


def holm(p: _Array) -> _Array:
    """Adjust p-values so that the chance of even one false finding at a level is at most this level.

    max over j <= i of (m - j + 1) p(j), p(1) <= ... <= p(m). Holds for any dependence.

    References
    ----------
    S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return out
