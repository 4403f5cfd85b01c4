"""Correlations of a window and their eigenvectors, as machine code that adds in one order on every processor.

The libraries that usually do this add in an order that depends on the processor, so that the last digits differ.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.feature import Matrix
from ara.features.loops import compiled

__all__ = ["Window", "decomposed"]

_Array = NDArray[np.float64]


class Window:
    """Correlations of the returns of a moving window, one bar at a time, into matrices that are used again.

    A return that is missing counts as its series' mean in the window, so the matrix never has a negative eigenvalue.

    Parameters
    ----------
    moves
        Returns, `[time, series]`.
    rows
        Length of the window.
    least
        How many returns a series must have in it to count.
    """

    def __init__(self, moves: Matrix, rows: int, *, least: int) -> None:
        width = moves.shape[1]
        self._moves, self._rows, self._least = np.ascontiguousarray(moves), rows, least
        self._line = np.zeros((rows, width))
        self.centre, self.size = np.zeros(width), np.zeros(width)
        self.matrix = np.zeros((width, width))

    def at(self, bar: int, *, lag: int = 0) -> _Array:
        """Fill `centre`, `size` and `matrix` for the window that ends with a bar, and give its standardised returns.

        `size` is 0 for a series that doesn't count. With a lag, `matrix[i, j]` says how series i goes with what
        series j does so many bars later.
        """
        standardise, correlate = compiled(_standardised), compiled(_correlated)
        standardise(self._moves, bar - self._rows + 1, self._least, self.centre, self.size, self._line)
        correlate(self._line, lag, self.matrix)
        return self._line


def decomposed(matrix: _Array) -> tuple[_Array, _Array]:
    """Give the eigenvalues of a symmetric matrix, largest first, and the eigenvectors as rows in the same order."""
    count = len(matrix)
    reduced, diagonal, beside = matrix.copy(), np.zeros(count), np.zeros(count)
    mirrors, turned = np.zeros((count, count)), np.eye(count)
    compiled(_tridiagonal)(reduced, diagonal, beside, mirrors)
    compiled(_mirrored)(mirrors, turned)
    compiled(_diagonal)(diagonal, beside, turned)
    order = np.argsort(-diagonal, kind="stable")
    return diagonal[order], turned[order]


def _standardised(moves: Any, start: Any, least: Any, centre: Any, size: Any, line: Any) -> None:
    """Take each series' mean away and divide by the root of its sum of squares; 0 where it doesn't count."""
    rows, width = line.shape
    for series in range(width):
        count, total = 0, 0.0
        for row in range(rows):
            value = moves[start + row, series]
            if value == value:
                count += 1
                total += value
        mean = total / max(count, 1)
        squares = 0.0
        for row in range(rows):
            value = moves[start + row, series]
            line[row, series] = value - mean if value == value else 0.0
            squares += line[row, series] ** 2
        counts = count >= least and squares > 1e-12 * count * mean * mean
        centre[series] = mean
        size[series] = math.sqrt(squares / count) if counts else 0.0
        scale = 1.0 / math.sqrt(squares) if counts else 0.0
        for row in range(rows):
            line[row, series] *= scale


def _correlated(line: Any, lag: Any, matrix: Any) -> None:
    """Add the products of all pairs, row by row."""
    rows, width = line.shape
    matrix[:] = 0.0
    for row in range(lag, rows):
        for i in range(width):
            first = line[row - lag, i]
            for j in range(width):
                matrix[i, j] += first * line[row, j]


def _tridiagonal(a: Any, diagonal: Any, beside: Any, mirrors: Any) -> None:
    """Reflect a symmetric matrix to three diagonals (A. S. Householder, 1958); `mirrors` keeps the reflections."""
    count = len(a)
    largest = 0.0
    for i in range(count):
        for j in range(count):
            largest = max(largest, abs(a[i, j]))
    for k in range(count - 2):
        v, p = mirrors[k], np.zeros(count)
        norm = 0.0
        for i in range(k + 1, count):
            v[i] = a[i, k]
            norm += v[i] * v[i]
        norm = math.sqrt(norm)
        # What is left by rounding is no direction: its squares would underflow, and the reflection be none.
        if norm <= 1e-16 * largest:
            v[:] = 0.0
            continue
        beside[k] = -norm if v[k + 1] > 0.0 else norm
        v[k + 1] -= beside[k]
        v /= math.sqrt(2.0 * norm * abs(v[k + 1]))
        for i in range(k + 1, count):
            for j in range(k + 1, count):
                p[j] += v[i] * a[i, j]
        half = 0.0
        for i in range(k + 1, count):
            half += v[i] * p[i]
        p -= half * v
        for i in range(k + 1, count):
            for j in range(k + 1, count):
                a[i, j] -= 2.0 * (v[i] * p[j] + p[i] * v[j])
    for k in range(count):
        diagonal[k] = a[k, k]
    if count > 1:
        beside[count - 2] = a[count - 1, count - 2]


def _mirrored(mirrors: Any, turned: Any) -> None:
    """Reflect the rows of a basis, last reflection first."""
    count = len(mirrors)
    for k in range(count - 3, -1, -1):
        v = mirrors[k]
        for i in range(k + 1, count):
            product = 0.0
            for j in range(k + 1, count):
                product += turned[i, j] * v[j]
            for j in range(k + 1, count):
                turned[i, j] -= 2.0 * product * v[j]


def _diagonal(diagonal: Any, beside: Any, turned: Any) -> None:
    """Turn three diagonals into one by implicit shifts (J. G. F. Francis, 1961); rows of `turned` are the vectors."""
    count = len(diagonal)
    norm = 0.0
    for k in range(count):
        norm = max(norm, abs(diagonal[k]) + abs(beside[k]))
    small = 1e-16 * norm
    for first in range(count):
        for _ in range(80):
            last = first
            while last < count - 1 and abs(beside[last]) > small:
                last += 1
            if last == first:
                break
            shift = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first])
            root = math.sqrt(shift * shift + 1.0)
            g = diagonal[last] - diagonal[first] + beside[first] / (shift + (root if shift >= 0.0 else -root))
            sine, cosine, carried, whole = 1.0, 1.0, 0.0, True
            for i in range(last - 1, first - 1, -1):
                f, b = sine * beside[i], cosine * beside[i]
                root = math.sqrt(f * f + g * g)
                beside[i + 1] = root
                if root == 0.0:
                    diagonal[i + 1] -= carried
                    beside[last] = 0.0
                    whole = False
                    break
                sine, cosine = f / root, g / root
                g = diagonal[i + 1] - carried
                root = (diagonal[i] - g) * sine + 2.0 * cosine * b
                carried = sine * root
                diagonal[i + 1] = g + carried
                g = cosine * root - b
                for k in range(count):
                    f = turned[i + 1, k]
                    turned[i + 1, k] = sine * turned[i, k] + cosine * f
                    turned[i, k] = cosine * turned[i, k] - sine * f
            if whole:
                diagonal[first] -= carried
                beside[first] = g
                beside[last] = 0.0
