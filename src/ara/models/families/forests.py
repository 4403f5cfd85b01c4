"""Forests: `random_forest` and `extra_trees`, pooled over all series."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.models.graphs import Trees
from ara.models.graphs.estimators import from_forest
from ara.models.learning.frame import LearnedModel
from ara.models.learning.libraries import library
from ara.models.learning.work import Fit, Regressor
from ara.models.model import refuse_outside
from ara.models.panel import Rows
from ara.models.space import Range

__all__ = ["ExtraTrees", "RandomForest"]

_Array = NDArray[np.float64]

_ROWS: Final = 8000


@dataclass(frozen=True, slots=True)
class _Forest:
    forest: Any

    def predict(self, x: NDArray[Any]) -> _Array:
        return np.asarray(self.forest.predict(x), np.float64)

    def part(self) -> Trees:
        return from_forest(self.forest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grown(LearnedModel):
    """Trees that each see other rows and other features, averaged.

    Parameters
    ----------
    trees
        How many.
    least
        Rows in a leaf, at the least; a fortieth of the rows that a tree sees where these are few.
    share
        Of the features that each split may choose from.
    """

    trees: int = 20
    least: int = 60
    share: float = 0.5
    tunable: ClassVar[Mapping[str, Range]] = {
        "trees": Range(low=10, high=200, log=True),
        "least": Range(low=5, high=500, log=True),
        "share": Range(low=0.1, high=1.0),
    }

    def __post_init__(self) -> None:
        refuse_outside(self, "trees", 1, 10_000)
        refuse_outside(self, "least", 1, 1_000_000)
        refuse_outside(self, "share", 1e-3, 1.0)

    _forest: ClassVar[str]

    def begin(self, x: NDArray[Any], *, seed: int) -> Fit:
        """Give what grows forests on the features; each tree sees 8000 rows at most, drawn with replacement."""
        kind = getattr(library("sklearn.ensemble"), self._forest)

        def fit(rows: Rows, target: _Array, weight: _Array) -> list[Regressor]:
            drawn = min(len(rows), _ROWS)
            settings = {
                "n_estimators": self.trees, "min_samples_leaf": max(1, min(self.least, drawn // 40)), "bootstrap": True,
                "max_samples": drawn, "max_features": self.share, "n_jobs": 1, "random_state": seed,
            }  # fmt: skip
            part = x[rows]
            return [_Forest(kind(**settings).fit(part, column, sample_weight=weight)) for column in target.T]

        return fit


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomForest(_Grown):
    """Trees on draws of the rows, each split the best of a draw of the features.

    References
    ----------
    L. Breiman (2001), Random forests, Machine Learning 45.
    """

    family: ClassVar[str] = "random_forest"
    _forest: ClassVar[str] = "RandomForestRegressor"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraTrees(_Grown):
    """Trees whose thresholds are drawn at random: smoother than a random forest, and faster to grow.

    References
    ----------
    P. Geurts, D. Ernst and L. Wehenkel (2006), Extremely randomized trees, Machine Learning 63.
    """

    least: int = 20
    share: float = 1.0
    family: ClassVar[str] = "extra_trees"
    _forest: ClassVar[str] = "ExtraTreesRegressor"
