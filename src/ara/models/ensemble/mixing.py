"""One distribution of several: their quantiles averaged, level by level."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["mixed"]

_Array = NDArray[np.float64]


def mixed(said: Sequence[NDArray[np.floating]], weights: Sequence[Sequence[float]], *, middle: int) -> _Array:
    """Give the weighted mean `[n, H, level]` of members' quantiles; NaN where none of those with a weight was asked.

    A member whose median is 0 takes no view of direction; so shapes are averaged over all members around their
    medians, medians over those that have a view.

    Parameters
    ----------
    said
        `[member][n, H, level]`; NaN where a member was not asked, so that the others answer. A member without any
        weight may be anything.
    weights
        `[H][member]`.
    middle
        Place of the median among the levels.

    References
    ----------
    K. C. Lichtendahl, Y. Grushka-Cockayne and R. L. Winkler (2013), Management Science 59, for averaging quantiles.
    """
    parts = np.array(weights, float)
    shape = np.zeros(np.shape(said[int(np.argmax(parts.sum(axis=0)))]))
    centre, views, total = (np.zeros(shape.shape[:2]) for _ in range(3))
    for member in np.flatnonzero(parts.sum(axis=0) > 0).tolist():
        own = np.asarray(said[member], float)
        median = own[:, :, middle]
        told = np.isfinite(median)
        part = np.where(told, parts[:, member], 0.0)
        total += part
        shape += part[:, :, None] * np.where(told[:, :, None], own - median[:, :, None], 0.0)
        view = np.where(median != 0, part, 0.0)
        centre += view * np.where(told, median, 0.0)
        views += view
    shape /= np.where(total > 0, total, np.nan)[:, :, None]
    return np.asarray(shape + np.where(views > 0, centre / np.where(views > 0, views, 1.0), 0.0)[:, :, None])
