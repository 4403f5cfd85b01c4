"""One distribution of several: their quantiles averaged, level by level."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["mixed", "mixtures"]

_Array = NDArray[np.float64]


def mixed(said: Sequence[NDArray[np.floating]], weights: Sequence[Sequence[float]], *, middle: int) -> _Array:
    """Give the weighted mean `[n, H, level]` of members' quantiles, as `mixtures` does for several weights at once."""
    return mixtures(said, [weights], middle=middle)[0]


def mixtures(
    said: Sequence[NDArray[np.floating]], several: Sequence[Sequence[Sequence[float]]], *, middle: int
) -> list[_Array]:
    """Give weighted means `[n, H, level]` of members' quantiles; NaN where none of those with a weight was asked.

    A member whose median is 0 takes no view of direction; so shapes are averaged over all members around their
    medians, medians over those that have a view.

    Parameters
    ----------
    said
        `[member][n, H, level]`; NaN where a member was not asked, so that the others answer. A member without any
        weight may be anything.
    several
        `[H][member]` of each mean: the weights.
    middle
        Place of the median among the levels.

    References
    ----------
    K. C. Lichtendahl, Y. Grushka-Cockayne and R. L. Winkler (2013), Management Science 59, for averaging quantiles.
    """
    parts = np.array(several, float)
    counts = parts.sum(axis=(0, 1))
    shape = np.zeros((len(parts), *np.shape(said[int(np.argmax(counts))])))
    centre, views, total = (np.zeros(shape.shape[:3]) for _ in range(3))
    for member in np.flatnonzero(counts > 0).tolist():
        own = _Seen.of(np.asarray(said[member], float), middle)
        part = np.where(own.told, parts[:, None, :, member], 0.0)
        total += part
        shape += part[..., None] * own.shape
        if own.leans.any():
            view = np.where(own.leans, part, 0.0)
            centre += view * own.median
            views += view
    shape /= np.where(total > 0, total, np.nan)[..., None]
    return list(shape + np.where(views > 0, centre / np.where(views > 0, views, 1.0), 0.0)[..., None])


class _Seen(NamedTuple):
    """What of a member goes into a mean: where it answered, its shape and its median there, and whether that leans."""

    told: NDArray[np.bool_]
    shape: _Array
    median: _Array
    leans: NDArray[np.bool_]

    @classmethod
    def of(cls, own: _Array, middle: int) -> "_Seen":
        median = own[:, :, middle]
        told = np.isfinite(median)
        shape = np.where(told[:, :, None], own - median[:, :, None], 0.0)
        return cls(told=told, shape=shape, median=np.where(told, median, 0.0), leans=median != 0)
