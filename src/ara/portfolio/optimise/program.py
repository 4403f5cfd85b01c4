"""A convex program, put together row by row and solved by Clarabel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import PortfolioError

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

__all__ = ["Program"]

_Array = NDArray[np.float64]
_Part = tuple[slice, Any]

_SOLVED: Final = ("Solved", "AlmostSolved")


class Program:
    """Minimise half x' P x + q' x over x that meets linear rows, second-order and exponential cones.

    Rows are given as parts: the variables that they are about, and the coefficients `[row, variable]`, dense or sparse.
    """

    def __init__(self) -> None:
        self.size = 0
        self.prices = np.empty(0)
        """After `solve`: what each row costs the goal, those of `equal` first, then those of `at_most`, in order."""
        self._rows: dict[str, list[tuple[Sequence[_Part], _Array]]] = {"zero": [], "least": [], "ball": [], "exp": []}

    def add(self, count: int) -> slice:
        """Give the places of so many new variables."""
        self.size += count
        return slice(self.size - count, self.size)

    def equal(self, parts: Sequence[_Part], value: _Array) -> None:
        """Demand that the rows equal the values."""
        self._rows["zero"].append((parts, np.atleast_1d(value)))

    def at_most(self, parts: Sequence[_Part], value: _Array) -> None:
        """Demand that the rows are at most the values."""
        self._rows["least"].append((parts, np.atleast_1d(value)))

    def ball(self, parts: Sequence[_Part], value: _Array) -> None:
        """Demand that value - rows lies in the second-order cone: its first number is at least the others' length."""
        self._rows["ball"].append((parts, np.atleast_1d(value)))

    def exponential(self, parts: Sequence[_Part], value: _Array) -> None:
        """Demand that each three of value - rows, x, y, z, have y · exp(x / y) at most z."""
        self._rows["exp"].append((parts, np.atleast_1d(value)))

    def solve(self, linear: _Array, quadratic: Sequence[tuple[slice, _Array]] = ()) -> _Array | None:
        """Give the best x; None where nothing meets the rows, or nothing is best.

        Parameters
        ----------
        linear
            q, one for each variable.
        quadratic
            Symmetric blocks of P, by the variables that they are about.

        Raises
        ------
        PortfolioError
            The solver is not installed.
        """
        try:
            import clarabel
            from scipy import sparse
        except ImportError as error:
            raise PortfolioError(
                "The best weights are found by the package clarabel, which is not installed.",
                hint="pip install 'ara-ai[portfolio]'; risk_parity and hrp need nothing more.",
            ) from error
        matrix, right, cones = self._standing(clarabel)
        whole = sparse.lil_matrix((self.size, self.size)) if not quadratic else self._blocks(quadratic)
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.max_threads = 1
        solver = clarabel.DefaultSolver(
            sparse.triu(whole, format="csc"), np.asarray(linear, np.float64), matrix, right, cones, settings
        )
        found = solver.solve()
        x, self.prices = np.asarray(found.x), np.asarray(found.z)
        return x if str(found.status) in _SOLVED and np.isfinite(x).all() else None

    def _standing(self, clarabel: Any) -> "tuple[csc_matrix, _Array, list[Any]]":
        from scipy import sparse

        made = {
            "zero": lambda value: [clarabel.ZeroConeT(len(value))],
            "least": lambda value: [clarabel.NonnegativeConeT(len(value))],
            "ball": lambda value: [clarabel.SecondOrderConeT(len(value))],
            "exp": lambda value: [clarabel.ExponentialConeT()] * (len(value) // 3),
        }
        rows, right, cones = [], [], []
        for kind, given in self._rows.items():
            for parts, value in given:
                blocks = [
                    self._shifted(
                        where, sparse.csr_matrix(np.atleast_2d(part) if isinstance(part, np.ndarray) else part)
                    )
                    for where, part in parts
                ]
                rows.append(sum(blocks[1:], blocks[0]))
                right.append(value)
                cones += made[kind](value)
        return sparse.vstack(rows, format="csc"), np.concatenate(right).astype(np.float64), cones

    def _shifted(self, where: slice, block: Any) -> Any:
        """Give a block at the places of its variables."""
        from scipy import sparse

        height = block.shape[0]
        return sparse.hstack(
            [
                sparse.csr_matrix((height, where.start)),
                block,
                sparse.csr_matrix((height, self.size - where.stop)),
            ],
            format="csr",
        )

    def _blocks(self, quadratic: Sequence[tuple[slice, _Array]]) -> Any:
        from scipy import sparse

        blocks, place = [], 0
        for where, block in sorted(quadratic, key=lambda one: one[0].start):
            if where.start > place:
                blocks.append(sparse.csr_matrix((where.start - place, where.start - place)))
            blocks.append(sparse.csr_matrix(block))
            place = where.stop
        if place < self.size:
            blocks.append(sparse.csr_matrix((self.size - place, self.size - place)))
        return sparse.block_diag(blocks, format="csc")
