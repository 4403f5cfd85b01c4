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
import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.eigen import Window, decomposed
from ara.features.cross.feature import Matrix
from ara.features.cross.matrices import enough, returns
from ara.features.loops import compiled

__all__ = ["FACTORS", "Held", "Principal", "principal"]

FACTORS: Final = 3
"""How many factors have a name."""

_FEWEST: Final = 2
_ORDERS: Final = np.array(list(permutations(range(FACTORS))))

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
    kept = np.full((FACTORS, width), np.nan)
    before: tuple[NDArray[np.intp], _Array] | None = None
    for bar in range(start, length):
        if before is not None:
            compiled(_compared)(moves, found.centre, found.size, bar, *before, found.surprise)
        line.at(bar)
        there = np.flatnonzero(line.size > 0)
        before = None
        if len(there) < _FEWEST:
            continue
        values, vectors = decomposed(line.matrix[there][:, there])
        found.centre[bar, there], found.size[bar, there] = line.centre[there], line.size[there]
        found.values[bar, : len(there)] = np.maximum(values, 0.0)
        compiled(_named)(vectors, there, _ORDERS, kept, bar, found.values, found.vectors, found.named)
        before = there, vectors
    return found


def _compared(moves: Any, centre: Any, size: Any, bar: Any, there: Any, vectors: Any, surprise: Any) -> None:
    """Put the bar's returns on the eigenvectors of the window that ended a bar before; missing ones are as usual."""
    count, known = len(there), 0
    apart = np.zeros(count)
    for i in range(count):
        series = there[i]
        value = (moves[bar, series] - centre[bar - 1, series]) / size[bar - 1, series]
        if math.isfinite(value):
            apart[i] = value
            known += 1
    for k in range(count if known else 0):
        along = 0.0
        for i in range(count):
            along += vectors[k, i] * apart[i]
        surprise[bar, k] = along


def _named(
    vectors: Any, there: Any, orders: Any, kept: Any, bar: Any, values: Any, turned: Any, strengths: Any
) -> None:
    """Name and turn the strongest eigenvectors after those of the bar before, and keep them for the next."""
    factors, width = kept.shape
    begins = kept[0, 0] != kept[0, 0]
    fresh, overlap = np.zeros((factors, width)), np.zeros((factors, factors))
    for k in range(min(factors, len(there))):
        for i in range(len(there)):
            fresh[k, there[i]] = vectors[k, i]
    for place in range(factors):
        for k in range(factors):
            for series in range(width):
                overlap[place, k] += fresh[k, series] if begins else kept[place, series] * fresh[k, series]
    best, most = 0, -1.0
    for choice in range(1 if begins else len(orders)):
        total = 0.0
        for place in range(factors):
            total += abs(overlap[place, orders[choice, place]])
        if total > most:
            best, most = choice, total
    for place in range(factors):
        k = orders[best, place]
        turn = -1.0 if overlap[place, k] < 0.0 else 1.0
        for series in range(width):
            kept[place, series] = turned[bar, place, series] = fresh[k, series] * turn
        strengths[bar, place] = values[bar, k] if k < len(there) else math.nan
