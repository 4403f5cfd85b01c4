"""What can be said of features without a model: whether they vary, repeat each other, go with the target."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "clusters",
    "inflation",
    "information",
    "mutual_information",
    "parts",
    "rank_correlation",
    "ranks",
    "variation",
]

_BINS: Final = 8

_Array = NDArray[np.float64]


def variation(x: _Array) -> _Array:
    """Give the standard deviation of each column as a share of its usual size; 0 for one that stands still."""
    known = np.isfinite(x)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (x - mean) ** 2, 0.0).sum(axis=0) / count)
    size = np.where(known, np.abs(x), 0.0).sum(axis=0) / count
    return np.asarray(np.divide(spread, size, out=np.zeros_like(spread), where=size > 0))


def ranks(x: _Array) -> _Array:
    """Give the ranks of each column between -0.5 and 0.5, ties shared; 0 for a missing value."""
    out = np.zeros_like(x)
    for place, column in enumerate(x.T):
        known = np.isfinite(column)
        ordered = np.sort(column[known])
        low, high = (np.searchsorted(ordered, column[known], side=side) for side in ("left", "right"))
        out[known, place] = (low + high) / (2 * max(len(ordered), 1)) - 0.5
    return out


def rank_correlation(x: _Array) -> _Array:
    """Give Spearman's correlation of all columns with each other; 0 where one stands still."""
    ranked = ranks(x)
    ranked = ranked - ranked.mean(axis=0)
    length = np.sqrt((ranked * ranked).sum(axis=0))
    unit = ranked / np.where(length > 0, length, 1.0)
    return np.asarray(np.clip(unit.T @ unit, -1.0, 1.0))


def clusters(correlation: _Array, limit: float, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give for each feature the one that stands for it: the first in `order` that it goes with, else itself.

    Parameters
    ----------
    correlation
        Of all with each other.
    limit
        From which absolute correlation on two say the same.
    order
        The features, those to keep first.
    """
    stands = np.arange(len(correlation))
    leaders: list[int] = []
    for one in order.tolist():
        near = [leader for leader in leaders if abs(correlation[one, leader]) >= limit]
        if near:
            stands[one] = near[0]
        else:
            leaders.append(one)
    return stands


def inflation(correlation: _Array) -> _Array:
    """Give each feature's variance inflation factor: 1 / (1 - R2) of it on all others, by their correlations.

    References
    ----------
    D. W. Marquardt (1970), Generalized inverses, ridge regression, biased linear estimation, Technometrics 12.
    """
    size = len(correlation)
    return np.asarray(np.diag(np.linalg.pinv(correlation + 1e-9 * np.eye(size), hermitian=True)))


def mutual_information(x: _Array, y: _Array) -> _Array:
    """Give the information, in bits, that each column has of the target: both in eight parts of equal size.

    Less what chance alone gives for so many parts and rows, (a - 1)(b - 1) / (2 n ln 2), and 0 at least.

    References
    ----------
    G. A. Miller (1955), Note on the bias of information estimates.
    """
    return np.asarray(information(parts(x), parts(y[:, None])[:, 0]))


def information(x: NDArray[np.int64], y: NDArray[np.int64]) -> _Array:
    """Give `mutual_information` of columns and a target that are in `parts` already."""
    places = (x + (_BINS + 1) * np.arange(x.shape[1])) * _BINS + y[:, None]
    size = x.shape[1] * (_BINS + 1) * _BINS
    table = np.bincount(places.ravel(), minlength=size).reshape(-1, _BINS + 1, _BINS)[:, :_BINS].astype(float)
    count = np.maximum(table.sum(axis=(1, 2)), 1.0)
    joint = table / count[:, None, None]
    rows, columns = joint.sum(axis=2, keepdims=True), joint.sum(axis=1, keepdims=True)
    there = joint > 0
    bits = (joint * np.log2(np.divide(joint, rows * columns, out=np.ones_like(joint), where=there))).sum(axis=(1, 2))
    apart = ((rows > 0).sum(axis=(1, 2)) - 1) * ((columns > 0).sum(axis=(1, 2)) - 1)
    found = np.maximum(bits - apart / (2 * count * np.log(2)), 0.0)
    return np.asarray(np.where(table.sum(axis=(1, 2)) < _BINS, 0.0, found))


def parts(x: _Array) -> NDArray[np.int64]:
    """Give for each value which eighth of its column it belongs to, from 0 on; 8 for a missing one."""
    out = np.full(x.shape, _BINS, np.int64)
    for place, column in enumerate(x.T):
        known = np.isfinite(column)
        if known.any():
            edges = np.quantile(column[known], np.arange(1, _BINS) / _BINS)
            out[known, place] = np.searchsorted(edges, column[known], side="left")
    return out
