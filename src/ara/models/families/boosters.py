"""Boosted trees: `lightgbm`, `xgboost` and `catboost`, pooled over all series."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.models.graphs import Trees
from ara.models.graphs.boosters import from_catboost, from_lightgbm, from_xgboost
from ara.models.learning.frame import LearnedModel
from ara.models.learning.libraries import library
from ara.models.learning.work import Fit, Regressor
from ara.models.model import refuse_outside
from ara.models.panel import Rows
from ara.models.space import Range

__all__ = ["CatBoost", "LightGbm", "XgBoost"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booster(LearnedModel):
    """Trees that each correct what the ones before them left.

    Parameters
    ----------
    trees
        How many.
    rate
        How much of its correction each tree adds.
    leaves
        Of each tree, at the most.
    least
        Rows in a leaf, at the least; a tenth of all where there are few.
    """

    trees: int = 80
    rate: float = 0.05
    leaves: int = 12
    least: int = 300
    tunable: ClassVar[Mapping[str, Range]] = {
        "trees": Range(low=20, high=400, log=True),
        "rate": Range(low=0.01, high=0.2, log=True),
        "leaves": Range(low=4, high=64, log=True),
        "least": Range(low=30, high=2000, log=True),
    }

    def __post_init__(self) -> None:
        refuse_outside(self, "trees", 1, 10_000)
        refuse_outside(self, "rate", 1e-4, 1.0)
        refuse_outside(self, "leaves", 2, 1024)
        refuse_outside(self, "least", 1, 1_000_000)

    def _least(self, rows: int) -> int:
        return max(1, min(self.least, rows // 10))


@dataclass(frozen=True, slots=True)
class _LightGbmTrees:
    booster: Any

    def predict(self, x: NDArray[Any]) -> _Array:
        return np.asarray(self.booster.predict(x, num_threads=1))

    def part(self) -> Trees:
        return from_lightgbm(self.booster)


@dataclass(frozen=True, slots=True, kw_only=True)
class LightGbm(_Booster):
    """Boosted trees of LightGBM, grown leaf by leaf.

    The features are binned once in each refit, from rows known then, for all horizons, blocks of time and both outputs.

    References
    ----------
    G. Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 30.
    """

    family: ClassVar[str] = "lightgbm"

    def begin(self, x: NDArray[Any], *, seed: int) -> Fit:
        """Bin the features and give what grows trees on them."""
        lightgbm = library("lightgbm")
        params = {
            "objective": "regression", "learning_rate": self.rate, "num_leaves": self.leaves, "max_bin": 63,
            "lambda_l2": 1.0, "num_threads": 1, "deterministic": True, "force_row_wise": True, "seed": seed,
            "feature_pre_filter": False, "verbose": -1,
        }  # fmt: skip
        binned = lightgbm.Dataset(x, label=np.zeros(len(x)), params=params, free_raw_data=True).construct()

        def fit(rows: Rows, target: _Array, weight: _Array) -> list[Regressor]:
            part = binned.subset(rows.tolist()).construct()
            part.set_weight(weight / weight.mean())
            own = params | {"min_data_in_leaf": self._least(len(rows))}
            grown: list[Regressor] = []
            for column in target.T:
                part.set_label(column)
                booster = lightgbm.train(own, part, num_boost_round=self.trees, keep_training_booster=True)
                grown.append(_LightGbmTrees(booster.free_dataset()))  # else it is written out and read back first
            return grown

        return fit


@dataclass(frozen=True, slots=True)
class _XgBoostTrees:
    booster: Any

    def predict(self, x: NDArray[Any]) -> _Array:
        return np.asarray(self.booster.inplace_predict(x), np.float64)

    def part(self) -> Trees:
        return from_xgboost(self.booster)


@dataclass(frozen=True, slots=True, kw_only=True)
class XgBoost(_Booster):
    """Boosted trees of XGBoost, by histograms; grown leaf by leaf as well.

    References
    ----------
    T. Chen and C. Guestrin (2016), XGBoost: a scalable tree boosting system, KDD.
    """

    family: ClassVar[str] = "xgboost"

    def begin(self, x: NDArray[Any], *, seed: int) -> Fit:
        """Bin the features and give what grows trees on them."""
        xgboost = library("xgboost")
        binned = xgboost.QuantileDMatrix(x, max_bin=64, nthread=1)

        def fit(rows: Rows, target: _Array, weight: _Array) -> list[Regressor]:
            part = xgboost.QuantileDMatrix(x[rows], ref=binned, max_bin=64, nthread=1)
            part.set_weight(weight / weight.mean())
            params = {
                "objective": "reg:squarederror", "eta": self.rate, "tree_method": "hist", "grow_policy": "lossguide",
                "max_leaves": self.leaves, "max_depth": 0, "max_bin": 64, "lambda": 1.0, "nthread": 1, "seed": seed,
                "min_child_weight": self._least(len(rows)),
            }  # fmt: skip
            grown: list[Regressor] = []
            for column in target.T:
                part.set_label(column)
                grown.append(_XgBoostTrees(xgboost.train(params, part, num_boost_round=self.trees)))
            return grown

        return fit


@dataclass(frozen=True, slots=True)
class _CatBoostTrees:
    model: Any

    def predict(self, x: NDArray[Any]) -> _Array:
        return np.asarray(self.model.predict(x, thread_count=1), np.float64)

    def part(self) -> Trees:
        return from_catboost(self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatBoost(_Booster):
    """Boosted symmetric trees of CatBoost: all nodes of a level ask the same, which overfits less and answers fast.

    A tree has as many levels as its `leaves` allow: 16 make four.

    References
    ----------
    L. Prokhorenkova et al. (2018), CatBoost: unbiased boosting with categorical features, NeurIPS 31.
    """

    trees: int = 50
    rate: float = 0.1
    leaves: int = 16
    family: ClassVar[str] = "catboost"

    def begin(self, x: NDArray[Any], *, seed: int) -> Fit:
        """Bin the features and give what grows trees on them."""
        catboost = library("catboost")
        borders = _borders(catboost.Pool(x, thread_count=1))

        def fit(rows: Rows, target: _Array, weight: _Array) -> list[Regressor]:
            return [_CatBoostTrees(grown(rows, column, weight / weight.mean())) for column in target.T]

        def grown(rows: Rows, target: _Array, weight: _Array) -> Any:
            part = catboost.Pool(x[rows], target, weight=weight, thread_count=1)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "borders")
                path.write_bytes(borders)
                part.quantize(input_borders=str(path))
            model = catboost.CatBoostRegressor(
                iterations=self.trees, learning_rate=self.rate, depth=max(1, self.leaves.bit_length() - 1),
                min_data_in_leaf=self._least(len(rows)), l2_leaf_reg=3.0, boosting_type="Plain", random_seed=seed,
                bootstrap_type="No", random_strength=0.0, thread_count=1, allow_writing_files=False, verbose=False,
            )  # fmt: skip
            return model.fit(part)

        return fit


def _borders(pool: Any) -> bytes:
    """Bin all features once; CatBoost hands its borders on by files only."""
    pool.quantize(border_count=64, task_type="CPU")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "borders")
        pool.save_quantization_borders(str(path))
        return path.read_bytes()
