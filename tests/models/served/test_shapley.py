"""Shapley values: those of the libraries, and those of the definition."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models import shapley
from ara.models.graphs import Inputs, Linear, Output, Parts, Trees
from ara.models.graphs.boosters import from_catboost, from_lightgbm, from_xgboost
from ara.models.graphs.estimators import from_forest
from ara.models.shapley import of_linear, of_trees
from tests.models.graphs.made import FITS, WIDTH, features, target
from tests.models.served.planted import NAMES, lines, planted, served

X = features()
Y = target(X)


@pytest.mark.parametrize("leaves", [2, 7, 40])
def test_lightgbm_gives_the_same_contributions(leaves: int) -> None:
    import lightgbm

    booster = lightgbm.train(
        {"num_leaves": leaves, "min_data_in_leaf": 3, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 20
    )
    told = booster.predict(X, pred_contrib=True, num_threads=1)
    base, values = of_trees(from_lightgbm(booster), X)
    np.testing.assert_allclose(values, told[:, :-1], rtol=0, atol=1e-12)
    assert base == pytest.approx(told[0, -1], abs=1e-12)


def test_xgboost_gives_the_same_contributions() -> None:
    import xgboost

    model = xgboost.XGBRegressor(n_estimators=20, max_depth=5, n_jobs=1).fit(X, Y)
    told = model.get_booster().predict(xgboost.DMatrix(X), pred_contribs=True)
    base, values = of_trees(from_xgboost(model), X)
    np.testing.assert_allclose(values, told[:, :-1], rtol=0, atol=3e-6)
    assert base == pytest.approx(told[0, -1], abs=1e-6)


def test_catboost_gives_the_same_contributions() -> None:
    from catboost import CatBoostRegressor, Pool

    model = CatBoostRegressor(iterations=20, depth=6, thread_count=1, verbose=False, allow_writing_files=False)
    model.fit(X, Y)
    told = model.get_feature_importance(Pool(X), type="ShapValues", thread_count=1, shap_mode="NoPreCalc")
    base, values = of_trees(from_catboost(model), X)
    np.testing.assert_allclose(values, told[:, :-1], rtol=0, atol=1e-12)
    assert base == pytest.approx(told[0, -1], abs=1e-12)


def _known(trees: Trees, x: np.ndarray, kept: set[int], node: int) -> float:
    """Give what the tree answers where only some features are known: shares of the cover stand for the others."""
    feature = int(trees.feature[node])
    if feature < 0:
        return float(trees.value[node])
    left, right = int(trees.left[node]), int(trees.right[node])
    if feature in kept:
        goes = trees.missing_left[node] if np.isnan(x[feature]) else x[feature] <= trees.threshold[node]
        return _known(trees, x, kept, left if goes else right)
    cover = trees.cover[node]
    return sum(trees.cover[one] / cover * _known(trees, x, kept, one) for one in (left, right))


def test_the_values_are_those_of_the_definition_for_a_forest_also_one_by_one() -> None:
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(3, max_depth=5, random_state=0).fit(X, Y)
    trees, rows = from_forest(forest), X[:4]
    expected = np.zeros(rows.shape)
    for place, row in enumerate(rows):
        for feature in range(WIDTH):
            others = [one for one in range(WIDTH) if one != feature]
            for size in range(WIDTH):
                weight = math.factorial(size) * math.factorial(WIDTH - 1 - size) / math.factorial(WIDTH)
                for kept in itertools.combinations(others, size):
                    gain = sum(
                        _known(trees, row, {*kept, feature}, root) - _known(trees, row, set(kept), root)
                        for root in trees.roots.tolist()
                    )
                    expected[place, feature] += weight * gain
    base, values = of_trees(trees, rows)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(base + values.sum(axis=1), trees.predict(rows), rtol=0, atol=1e-12)
    single = np.concatenate([of_trees(trees, rows[i : i + 1])[1] for i in range(4)])
    np.testing.assert_allclose(single, values, rtol=0, atol=1e-14)
    many = of_trees(trees, X)[1]
    np.testing.assert_allclose(many[:4], values, rtol=0, atol=1e-14)


def test_small_chunks_give_the_same(monkeypatch) -> None:
    import lightgbm

    booster = lightgbm.train({"num_leaves": 30, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 5)
    trees = from_lightgbm(booster)
    base, whole = of_trees(trees, X)
    monkeypatch.setattr(shapley, "_ROOM", 500)
    few, parts = of_trees(trees, X)
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-13)
    assert few == pytest.approx(base, abs=1e-13)


def test_a_side_that_nothing_came_through_counts_for_nothing() -> None:
    trees = Trees(
        roots=np.array([0, 5], np.int32),
        feature=np.array([0, 1, -1, -1, -1, -1], np.int32),
        threshold=np.zeros(6, np.float32),
        left=np.array([1, 3, 0, 0, 0, 0], np.int32),
        right=np.array([2, 4, 0, 0, 0, 0], np.int32),
        missing_left=np.zeros(6, bool),
        value=np.array([0, 0, 1.0, 5.0, 7.0, 0.25]),
        cover=np.array([10, 0, 10, 0, 0, 10.0]),
    )
    x = np.array([[-1, -1], [-1, 1], [1, 1]], np.float32)
    base, values = of_trees(trees, x)
    assert base == 1.25
    assert np.isfinite(values).all()
    np.testing.assert_allclose((base + values.sum(axis=1))[2], trees.predict(x)[2])
    flat = FITS["lightgbm"](X, np.full(len(X), 2.5))[0]
    base, values = of_trees(flat, X)
    assert base == pytest.approx(2.5)
    assert (values == 0).all()


def test_a_served_model_gives_them_for_each_answer_and_they_sum_to_it() -> None:
    model, panel, rows = served(), planted(), np.arange(200, 230)
    given = shapley.values(model, panel, rows)
    told = model.outputs(panel, rows)
    assert given.names == NAMES
    assert set(given.values) == {"location", "log_scale"}
    for name, values in given.values.items():
        assert values.shape == (30, 3, len(NAMES))
        np.testing.assert_allclose(given.base[name] + values.sum(axis=2), told[name], rtol=1e-5, atol=1e-6)


def test_linear_parts_count_from_the_usual_row_within_their_bounds() -> None:
    panel, rows = planted(), np.arange(200, 230)
    inputs = {"medians": np.full(4, 0.5, np.float32), "low": np.full(4, -1.0), "high": np.full(4, 1.0)}
    parts = lines(3, **inputs)
    model = served(graph=parts.graph(), parts=parts)
    given = shapley.values(model, panel, rows)
    told = model.outputs(panel, rows)
    for name, values in given.values.items():
        np.testing.assert_allclose(given.base[name] + values.sum(axis=2), told[name], rtol=1e-5, atol=1e-6)
    own = Linear.of(np.array([1.0, -2.0, 0.5, 0.0]), 0.2, means=np.array([3.0, 0.5, -0.5, 9.0]))
    parts = Parts(width=4, outputs={"location": Output(regressors=(own,) * 3)}, inputs=Inputs(**inputs))
    parts = replace(parts, outputs={**parts.outputs, "log_scale": parts.outputs["location"]})
    given = shapley.values(served(graph=parts.graph(), parts=parts), panel, rows)
    usual = np.array([1.0, 0.5, -0.5, 1.0])
    assert given.base["location"] == pytest.approx(np.full(3, own.predict(usual[None])[0]))
    seen = np.clip(np.where(np.isnan(panel.x[rows]), 0.5, panel.x[rows]), -1, 1)
    np.testing.assert_allclose(given.values["location"][:, 0], own.weights * (seen - usual), rtol=0, atol=1e-12)
    line = lines(1).outputs["location"].regressors[0]
    base, own = of_linear(line, np.zeros((1, 4)))
    assert base == line.intercept
    assert (own == 0).all()


def test_networks_and_other_features_are_refused() -> None:
    panel, rows = planted(), np.arange(5)
    with pytest.raises(ModelError, match="no exact Shapley values"):
        shapley.values(served(parts=None), panel, rows)
    with pytest.raises(ModelError, match="does not have the features"):
        shapley.values(served(), replace(panel, names=NAMES[::-1]), rows)
