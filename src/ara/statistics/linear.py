"""Least squares in plain loops: the same bytes on any number of threads, and no library that may choose otherwise."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["least_squares", "products", "solve_positive"]

_Array = NDArray[np.float64]

_SINGULAR = 1e-11


def products(x: _Array, y: _Array | None = None, *, weights: _Array | None = None) -> _Array:
    """Give X'WX, or X'Wy where `y` is given, summed row by row.

    Parameters
    ----------
    x
        `[row, column]`, finite.
    y
        `[row]` or `[row, target]`, finite.
    weights
        `[row]`; 1 for each row where there are none.
    """
    columns = np.ascontiguousarray(x.T)
    weighed = columns if weights is None else columns * weights
    if y is not None:
        targets = y if y.ndim == 1 else np.ascontiguousarray(y.T)
        return np.asarray(np.einsum("in,n->i" if y.ndim == 1 else "in,jn->ij", weighed, targets))
    out = np.empty((len(columns), len(columns)))
    for place, own in enumerate(weighed):
        out[place, place:] = np.einsum("n,jn->j", own, columns[place:])
        out[place:, place] = out[place, place:]
    return out


def solve_positive(matrix: _Array, right: _Array) -> _Array:
    """Give x of `matrix` x = `right`, for a symmetric matrix that has no negative direction.

    An unknown that the ones before it already determine (its column is a sum of theirs) is given 0, so that a feature
    that says nothing new, or nothing at all, gets no weight.

    Parameters
    ----------
    matrix
        `[k, k]`, symmetric, finite; only its lower half is read.
    right
        `[k]`, or `[k, m]` for several right sides at once.

    References
    ----------
    G. H. Golub and C. F. Van Loan (2013), Matrix Computations, 4th ed., algorithm 4.2.2: Cholesky by columns.
    """
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        raise ValueError("the equations hold NaN or infinity")
    lower = _cholesky(matrix)
    x = np.array(right, np.float64)
    size = len(matrix)
    for k in range(size):
        gap = x[k] - np.einsum("j,j...->...", lower[k, :k], x[:k])
        x[k] = gap / lower[k, k] if lower[k, k] > 0 else 0.0
    for k in reversed(range(size)):
        gap = x[k] - np.einsum("j,j...->...", lower[k + 1 :, k], x[k + 1 :])
        x[k] = gap / lower[k, k] if lower[k, k] > 0 else 0.0
    return x


def least_squares(x: _Array, y: _Array, *, weights: _Array | None = None, penalty: float | _Array = 0.0) -> _Array:
    """Give the b that makes the weighted sum of squares of y - X b, plus penalty · b², least.

    Parameters
    ----------
    x
        `[row, column]`; a column of ones is the intercept.
    y
        `[row]` or `[row, target]`.
    weights
        `[row]`, not negative; 1 for each row where there are none.
    penalty
        One for all columns or one for each; 0 leaves a column free.
    """
    matrix = products(x, weights=weights)
    matrix[np.diag_indices_from(matrix)] += penalty
    return solve_positive(matrix, products(x, y, weights=weights))


def _cholesky(matrix: _Array) -> _Array:
    """Give L of matrix = L L'; a column that adds nothing is 0, its diagonal too."""
    size = len(matrix)
    lower = np.zeros((size, size))
    for k in range(size):
        column = matrix[k:, k] - np.einsum("ij,j->i", lower[k:, :k], lower[k, :k])
        least = _SINGULAR * abs(float(matrix[k, k]))
        if column[0] < -size * least or matrix[k, k] < 0:
            raise ValueError("the matrix has a negative direction: its equations have no such solution")
        if column[0] > least:
            lower[k:, k] = column / np.sqrt(column[0])
    return lower
