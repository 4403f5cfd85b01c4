"""Linear models of standardised features: `ridge`, `lasso` and `elastic_net`, pooled over all series."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.models.learning.frame import LearnedModel
from ara.models.learning.standard import Standard
from ara.models.learning.work import Fit, Regressor
from ara.models.model import refuse_outside
from ara.models.panel import Rows
from ara.models.space import Range
from ara.statistics.linear import products, solve_positive

__all__ = ["ElasticNet", "Lasso", "Ridge", "descend"]

_Array = NDArray[np.float64]

_SWEEPS: Final = 200
_STILL: Final = 1e-7
_CAUTION: Final = 20.0


class _LinearModel(LearnedModel):
    """A weighted sum of the features; a subclass says how its weights come from products of the columns."""

    __slots__ = ()

    linear: ClassVar[bool] = True

    @abstractmethod
    def weights(self, matrix: _Array, right: _Array, spread: _Array, *, rows: int, outcomes: float) -> _Array:
        """Give `[F, 2]` for location and size, from Z'WZ / n, Z'Wy / n and the targets' deviations."""

    def begin(self, x: NDArray[Any], *, seed: int) -> Fit:
        """Standardise the features once and give what weighs them. There is nothing random in it."""
        standard = Standard.of(x)

        def fit(rows: Rows, target: _Array, weight: _Array) -> list[Regressor]:
            part, count = standard.z[rows], len(rows)
            share = weight / weight.sum()
            level = np.einsum("n,nk->k", share, target)
            middle = np.einsum("n,nf->f", share, part)
            matrix = products(part, weights=share) - np.outer(middle, middle)
            right = products(part, target, weights=share) - np.outer(middle, level)
            spread = np.sqrt(np.einsum("n,nk->k", share, (target - level) ** 2))
            found = self.weights(matrix, right, spread, rows=count, outcomes=float(weight.sum()))
            away = level - np.einsum("f,fk->k", middle, found)
            return [standard.summed(found[:, k], float(away[k])) for k in range(target.shape[1])]

        return fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridge(_LinearModel):
    """All features, each weighing little: squares of the weights are penalised.

    Parameters
    ----------
    penalty
        In rows: as if so many more had been seen in which nothing followed from anything. Grows with the root of how
        far outcomes overlap; 20 times as much for the location, of which features tell least.

    References
    ----------
    A. E. Hoerl and R. W. Kennard (1970), Technometrics 12.
    """

    penalty: float = 150.0
    tunable: ClassVar[Mapping[str, Range]] = {"penalty": Range(low=1.0, high=10_000.0, log=True)}
    family: ClassVar[str] = "ridge"

    def __post_init__(self) -> None:
        refuse_outside(self, "penalty", 0.0, 1e9)

    def weights(self, matrix: _Array, right: _Array, spread: _Array, *, rows: int, outcomes: float) -> _Array:
        """Give (Z'WZ + a I)^-1 Z'Wy for both."""
        penalty = self.penalty * math.sqrt(rows / outcomes) / rows
        unit = np.eye(len(matrix))
        both = [solve_positive(matrix + penalty * more * unit, right[:, k]) for k, more in enumerate((_CAUTION, 1.0))]
        return np.stack(both, axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sparse(_LinearModel):
    """Few features: absolute values of the weights are penalised, so that most are 0.

    Parameters
    ----------
    strictness
        Times the size that the largest chance product of a feature and the target would have.
    """

    strictness: float = 0.5
    tunable: ClassVar[Mapping[str, Range]] = {"strictness": Range(low=0.05, high=5.0, log=True)}

    def __post_init__(self) -> None:
        refuse_outside(self, "strictness", 0.0, 1e6)

    _share: ClassVar[float]

    def weights(self, matrix: _Array, right: _Array, spread: _Array, *, rows: int, outcomes: float) -> _Array:
        """Give the weights by coordinate descent; the penalty is that of chance: sd · sqrt(2 ln F / outcomes)."""
        chance = self.strictness * math.sqrt(2 * math.log(max(2, len(matrix))) / max(outcomes, 1.0))
        both = zip(right.T, spread.tolist(), strict=True)
        return np.stack([descend(matrix, column, chance * sd, self._share) for column, sd in both], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasso(_Sparse):
    """Few features, chosen by the size of their products with the target.

    References
    ----------
    R. Tibshirani (1996), Journal of the Royal Statistical Society B 58.
    """

    family: ClassVar[str] = "lasso"
    _share: ClassVar[float] = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticNet(_Sparse):
    """Between ridge and lasso: features that move together are kept together.

    References
    ----------
    H. Zou and T. Hastie (2005), Journal of the Royal Statistical Society B 67.
    """

    family: ClassVar[str] = "elastic_net"
    _share: ClassVar[float] = 0.5


def descend(matrix: _Array, right: _Array, penalty: float, share: float) -> _Array:
    """Give the b that makes b'Ab / 2 - b'c + p (s Σ|b| + (1 - s) Σb² / 2) least, one coordinate after the other.

    Parameters
    ----------
    matrix, right
        A, symmetric, and c.
    penalty
        p.
    share
        s: 1 is the lasso.

    References
    ----------
    J. Friedman, T. Hastie and R. Tibshirani (2010), Journal of Statistical Software 33.
    """
    b = np.zeros(len(right))
    gap = right.copy()  # c - A b
    curve = np.diag(matrix) + penalty * (1 - share)
    for _ in range(_SWEEPS):
        most = 0.0
        for k in np.flatnonzero(curve > _STILL):
            pull = gap[k] + matrix[k, k] * b[k]
            new = math.copysign(max(abs(pull) - penalty * share, 0.0), pull) / curve[k]
            if new != b[k]:
                gap -= matrix[:, k] * (new - b[k])
                most = max(most, abs(new - b[k]))
                b[k] = new
        if most < _STILL:
            break
    return b
