"""What can be said of features without a model: whether they vary, repeat each other, go with the target."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["clusters", "inflation", "mutual_information", "rank_correlation", "ranks", "variation"]

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
    target = _parts(y)
    out = np.zeros(x.shape[1])
    for place, column in enumerate(x.T):
        known = np.isfinite(column)
        if known.sum() < _BINS:
            continue
        table = np.zeros((_BINS, _BINS))
        np.add.at(table, (_parts(column[known]), target[known]), 1.0)
        table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        joint = table / table.sum()
        apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        bits = float((joint * np.log2(np.where(joint > 0, joint / apart, 1.0))).sum())
        chance = (table.shape[0] - 1) * (table.shape[1] - 1) / (2 * table.sum() * np.log(2))
        out[place] = max(bits - chance, 0.0)
    return out


def _parts(values: _Array) -> NDArray[np.int64]:
    edges = np.quantile(values, np.arange(1, _BINS) / _BINS)
    return np.searchsorted(edges, values, side="left")
