"""Many small systems of equations at once, term by term: the same bytes wherever they are solved."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["dot", "gram", "nested", "slopes"]

_Array = NDArray[np.float64]

_TINY = 1e-12
_SMALL: Final = 8192


def dot(x: _Array, weights: _Array) -> _Array:
    """Give the sum of x · weights over the last axis, term after term: a row's sum doesn't depend on its neighbours."""
    columns, parts = np.ascontiguousarray(x.T), weights.T[..., None] if weights.ndim < x.ndim else weights.T
    # rows lie side by side meanwhile: that takes a half of it
    shape = np.broadcast_shapes(columns.shape[1:], parts.shape[1:])
    if len(columns) * math.prod(shape) <= _SMALL:
        terms = _as_wide(columns, len(shape)) * _as_wide(parts, len(shape))
        return np.ascontiguousarray(np.add.accumulate(terms, axis=0)[-1].T)
    total = np.empty(shape)
    term = np.empty_like(total)
    np.multiply(columns[0], parts[0], out=total)
    for column, part in zip(columns[1:], parts[1:], strict=True):
        np.multiply(column, part, out=term)
        total += term
    return np.ascontiguousarray(total.T)


def _as_wide(terms: _Array, dimensions: int) -> _Array:
    """Give terms `[k, ...]` so many dimensions that those of others fall into place beside theirs."""
    return terms.reshape(len(terms), *(1,) * (dimensions + 1 - terms.ndim), *terms.shape[1:])


def gram(x: _Array, y: _Array) -> tuple[_Array, _Array]:
    """Give X'X and X'y, summed row by row."""
    return np.einsum("np,nq->pq", x, x), np.einsum("np,n->p", x, y)


def nested(matrices: _Array, rights: _Array, blocks: Sequence[int]) -> _Array:
    """Solve the leading blocks of many positive definite systems by one Cholesky factor for each.

    Parameters
    ----------
    matrices, rights
        `[many, k, k]` and `[many, k]`.
    blocks
        Sizes of the leading blocks to solve: the factor of a leading block is the leading block of the factor.

    Returns
    -------
    NDArray
        `[many, block, k]`, 0 beyond a block's size.

    References
    ----------
    G. H. Golub and C. F. Van Loan (2013), Matrix Computations, 4th ed., algorithm 4.2.4: Cholesky by outer products.
    """
    factor = _factor(matrices)
    size = rights.shape[1]
    forward = rights.copy()
    for k in range(size):
        forward[:, k] /= factor[:, k, k]
        forward[:, k + 1 :] -= forward[:, k, None] * factor[:, k + 1 :, k]
    out = np.zeros((len(rights), len(blocks), size))
    for place, block in enumerate(blocks):
        x = forward[:, :block].copy()
        for k in range(block - 1, -1, -1):
            x[:, k] /= factor[:, k, k]
            x[:, :k] -= x[:, k, None] * factor[:, k, :k]
        out[:, place, :block] = x
    return out


def slopes(moments: _Array, rights: _Array, penalty: _Array) -> tuple[_Array, _Array]:
    """Fit ridge regressions on standardised regressors from their moments; the intercept is free.

    Parameters
    ----------
    moments, rights
        `[many, k, k]` and `[many, k]`: X'X and X'y, of which the first column of X is ones.
    penalty
        `[many]`: in rows.

    Returns
    -------
    tuple
        Means and slopes of the regressors, `[many, k - 1]` each; a regressor that never moved has the slope 0.
    """
    count = np.maximum(moments[:, 0, 0], 1.0)[:, None]
    means = moments[:, 0, 1:] / count
    spread = moments[:, 1:, 1:] - count[:, :, None] * means[:, :, None] * means[:, None, :]
    along = rights[:, 1:] - means * rights[:, :1]
    variance = np.einsum("hkk->hk", spread) / count
    moving = variance > _TINY
    unit = np.sqrt(np.where(moving, variance, 1.0))
    matrix = np.where(moving[:, :, None] & moving[:, None, :], spread / unit[:, :, None] / unit[:, None, :], 0.0)
    diagonal = np.arange(matrix.shape[1])
    matrix[:, diagonal, diagonal] += penalty[:, None]
    answer = nested(matrix, np.where(moving, along / unit, 0.0), (len(diagonal),))[:, 0]
    return means, answer / unit


def _factor(matrices: _Array) -> _Array:
    left, factor = matrices.copy(), np.zeros_like(matrices)
    for k in range(matrices.shape[-1]):
        column = left[:, k:, k] / np.sqrt(np.maximum(left[:, k, k], _TINY))[:, None]
        factor[:, k:, k] = column
        left[:, k + 1 :, k + 1 :] -= column[:, 1:, None] * column[:, None, 1:]
    return factor
