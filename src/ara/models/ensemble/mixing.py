"""One distribution of several: their quantiles averaged, level by level."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["mixed"]

_Array = NDArray[np.float64]


def mixed(said: Sequence[NDArray[np.floating]], weights: Sequence[Sequence[float]], *, middle: int) -> _Array:
    """Give the weighted mean `[n, H, level]` of members' quantiles.

    A member whose median is 0 takes no view of direction; so shapes are averaged over all members around their
    medians, medians over those that have a view.

    Parameters
    ----------
    said
        `[member][n, H, level]`; a member that has no weight anywhere may be anything.
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
    centre, views = np.zeros(shape.shape[:2]), np.zeros(shape.shape[:2])
    for member in np.flatnonzero(parts.sum(axis=0) > 0).tolist():
        own, part = np.asarray(said[member], float), parts[:, member]
        median = own[:, :, middle]
        shape += part[:, None] * (own - median[:, :, None])
        view = np.where(median != 0, part, 0.0)
        centre += view * median
        views += view
    return np.asarray(shape + np.where(views > 0, centre / np.where(views > 0, views, 1.0), 0.0)[:, :, None])
