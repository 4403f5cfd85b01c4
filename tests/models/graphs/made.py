"""Features and targets made by hand, and small models fitted to them."""

import warnings
from collections.abc import Callable

import numpy as np

from ara.models.graphs import Output, Parts, Trees
from ara.models.graphs.boosters import from_catboost, from_lightgbm, from_xgboost
from ara.models.graphs.estimators import from_forest
from ara.models.graphs.session import run

__all__ = ["FITS", "WIDTH", "answered", "at_the_edge", "features", "target", "whole"]

WIDTH = 5


def features(rows: int = 400, seed: int = 1, holes: float = 0.08) -> np.ndarray:
    """Give features of two decimals, so that many rows share a value; the fourth has no holes."""
    random = np.random.default_rng(seed)
    x = np.round(random.normal(size=(rows, WIDTH)), 2).astype(np.float32)
    holed = random.random(x.shape) < holes
    holed[:, 3] = False
    x[holed] = np.nan
    return x


def target(x: np.ndarray, seed: int = 2) -> np.ndarray:
    filled = np.nan_to_num(x.astype(np.float64))
    noise = 0.1 * np.random.default_rng(seed).normal(size=len(x))
    return np.asarray(np.sin(filled[:, 0]) * filled[:, 1] + 0.5 * filled[:, 3] + noise)


def whole(trees: Trees) -> Parts:
    return Parts(width=WIDTH, outputs={"location": Output(regressors=(trees,))})


def answered(parts: Parts, x: np.ndarray, name: str = "location") -> np.ndarray:
    """Give what onnxruntime answers."""
    graph = parts.graph()
    return np.asarray(run(graph, str(hash(graph)), np.asarray(x, np.float32))[name])


def at_the_edge(trees: Trees, x: np.ndarray, rows: int = 600, seed: int = 3) -> np.ndarray:
    """Give rows whose values are thresholds, and the numbers just beside these."""
    random = np.random.default_rng(seed)
    out = x[random.integers(len(x), size=rows)].copy()
    inner = np.flatnonzero((trees.feature >= 0) & (np.abs(trees.threshold) < 1e30))
    for row in range(rows):
        for node in random.choice(inner, 3):
            side = np.float32(random.choice([-np.inf, 0, np.inf]))
            value = trees.threshold[node]
            out[row, trees.feature[node]] = np.nextafter(value, side) if side else value
    return out


def _lightgbm(x: np.ndarray, y: np.ndarray):
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(n_estimators=25, num_leaves=12, min_child_samples=5, n_jobs=1, verbose=-1, deterministic=True)
    booster = model.fit(x, y).booster_
    return from_lightgbm(model), lambda rows: booster.predict(rows, num_threads=1)


def _xgboost(x: np.ndarray, y: np.ndarray):
    from xgboost import XGBRegressor

    model = XGBRegressor(n_estimators=25, max_depth=4, n_jobs=1).fit(x, y)
    return from_xgboost(model), model.predict


def _catboost(x: np.ndarray, y: np.ndarray):
    from catboost import CatBoostRegressor

    model = CatBoostRegressor(iterations=25, depth=4, thread_count=1, verbose=False, allow_writing_files=False)
    model.fit(x, y)
    return from_catboost(model), model.predict


def _forest(x: np.ndarray, y: np.ndarray):
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(12, max_depth=6, random_state=0).fit(x, y)
    return from_forest(model), model.predict


def _extra(x: np.ndarray, y: np.ndarray):
    from sklearn.ensemble import ExtraTreesRegressor

    model = ExtraTreesRegressor(12, max_depth=6, random_state=0).fit(x, y)
    return from_forest(model), model.predict


def _quiet(fit: Callable) -> Callable:
    def fitted(x: np.ndarray, y: np.ndarray):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fit(x, y)

    return fitted


FITS = {
    "lightgbm": _quiet(_lightgbm),
    "xgboost": _quiet(_xgboost),
    "catboost": _quiet(_catboost),
    "forest": _quiet(_forest),
    "extra_trees": _quiet(_extra),
}
"""By library: from features and a target to the trees, and the library's own prediction."""
