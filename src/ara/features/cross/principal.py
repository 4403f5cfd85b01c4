"""Principal factors of a panel's correlations at every bar, computed once for all features that are made of them.

At each bar the eigenvectors of the window's correlation matrix are found anew. The three strongest are the factors;
which is called the first, second and third, and which way each points, follows from the bar before: of all ways to name
and turn them, the one that overlaps most with that bar's factors. So none turns round or changes places with another
from one bar to the next, and one that is no longer among the strongest gives its name to the one that takes its place.
When two come to the same strength, mostly they turn into each other over some bars, and the names go along; where they
cross without touching, each keeps its name, and the second may then be the stronger one. At the first bar they are
named by strength and turned so that their loadings sum to more than 0.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.eigen import Window, decomposed
from ara.features.cross.feature import Matrix
from ara.features.cross.matrices import enough, returns

__all__ = ["FACTORS", "Held", "Principal", "principal"]

FACTORS: Final = 3
"""How many factors have a name."""

_FEWEST: Final = 2
_ORDERS: Final = np.array(list(permutations(range(FACTORS))))
_PLACES: Final = np.arange(FACTORS)

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A matrix that stands for its content, so that what was computed of it can be found again.

    Parameters
    ----------
    matrix
        The numbers.
    digest
        A hash of them and of their shape.
    """

    matrix: Matrix
    digest: bytes

    @classmethod
    def of(cls, matrix: Matrix) -> "Held":
        """Hold a copy of a matrix."""
        kept = np.array(matrix, np.float64, order="C")
        return cls(kept, hashlib.blake2b(kept.tobytes(), key=repr(kept.shape).encode()).digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The factors of a panel, bar by bar.

    Parameters
    ----------
    moves
        Log returns, `[time, series]`.
    centre, size
        Mean and standard deviation of each series' returns in the window; the size is NaN where it doesn't count.
    values
        Eigenvalues of the correlations, largest first, NaN after as many as series count.
    vectors
        `[time, factor, series]`: the factors, of length 1; 0 for a series that doesn't count.
    named
        `[time, factor]`: the eigenvalue of each factor, NaN where there are fewer.
    surprise
        `[time, series]`: the bar's returns, standardised by the window that ends one bar earlier, on the eigenvectors
        of that window; in the order of its eigenvalues.
    """

    moves: Matrix
    centre: Matrix
    size: Matrix
    values: Matrix
    vectors: _Array
    named: _Array
    surprise: Matrix


def principal(close: Matrix, window: int) -> Principal:
    """Give the factors of the returns of the last `window` bars, at each bar."""
    return _principal(Held.of(close), window)


@lru_cache(maxsize=2)
def _principal(held: Held, window: int) -> Principal:
    moves = returns(held.matrix)
    length, width = moves.shape
    blank = np.full((length, width), np.nan)
    found = Principal(
        moves=moves,
        centre=blank.copy(),
        size=blank.copy(),
        values=blank.copy(),
        vectors=np.full((length, FACTORS, width), np.nan),
        named=np.full((length, FACTORS), np.nan),
        surprise=blank.copy(),
    )
    known = np.isfinite(moves).any(axis=1)
    start = int(np.argmax(known)) + window - 1 if known.any() else length
    line = Window(moves, window, least=enough(window))
    kept: _Array | None = None
    before: tuple[NDArray[np.intp], _Array] | None = None
    for bar in range(start, length):
        if before is not None:
            _compare(found, bar, *before)
        line.at(bar)
        there = np.flatnonzero(line.size > 0)
        before = None
        if len(there) < _FEWEST:
            continue
        values, vectors = decomposed(line.matrix[there][:, there])
        found.centre[bar, there], found.size[bar, there] = line.centre[there], line.size[there]
        found.values[bar, : len(there)] = np.maximum(values, 0.0)
        kept = _name(found, bar, there, vectors, kept)
        before = there, vectors
    return found


def _compare(found: Principal, bar: int, there: NDArray[np.intp], vectors: _Array) -> None:
    """Put the bar's returns on the eigenvectors of the window that ended a bar before; missing ones are as usual."""
    apart = (found.moves[bar, there] - found.centre[bar - 1, there]) / found.size[bar - 1, there]
    if np.isfinite(apart).any():
        found.surprise[bar, : len(there)] = np.einsum("ki,i->k", vectors, np.where(np.isfinite(apart), apart, 0.0))


def _name(found: Principal, bar: int, there: NDArray[np.intp], vectors: _Array, kept: _Array | None) -> _Array:
    """Name and turn the strongest eigenvectors after those of the bar before, and give them."""
    count = min(FACTORS, len(there))
    fresh = np.zeros((FACTORS, found.moves.shape[1]))
    fresh[:count, there] = vectors[:count]
    if kept is None:
        order = _ORDERS[0]
        turn = np.where(fresh.sum(axis=1) < 0, -1.0, 1.0)
    else:
        overlap = np.einsum("ki,ji->kj", kept, fresh)
        order = _ORDERS[np.argmax(np.abs(overlap)[_PLACES, _ORDERS].sum(axis=1))]
        turn = np.where(overlap[_PLACES, order] < 0, -1.0, 1.0)
    named: _Array = fresh[order] * turn[:, None]
    found.vectors[bar] = named
    values = np.append(found.values[bar, :count], np.full(FACTORS - count, np.nan))
    found.named[bar] = values[order]
    return named
