"""Trees of every library: what is served is what was fitted, at every edge."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.graphs import Trees
from ara.models.graphs.boosters import from_catboost, from_lightgbm, from_xgboost
from ara.models.graphs.estimators import from_forest
from ara.models.graphs.trees import below, floor32
from tests.models.graphs.made import FITS, answered, at_the_edge, features, target, whole


@pytest.fixture(scope="module")
def fitted():
    x = features()
    y = target(x)
    return {name: fit(x, y) for name, fit in FITS.items()}


@pytest.mark.parametrize("library", FITS)
def test_the_graph_answers_as_the_library_does_at_every_edge_and_where_features_are_missing(fitted, library) -> None:
    trees, native = fitted[library]
    x = np.concatenate([features(seed=5), at_the_edge(trees, features(seed=6))])
    x[:3] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = native(x)
    size = np.abs(expected).max()
    np.testing.assert_allclose(answered(whole(trees), x)[:, 0], expected, rtol=0, atol=1e-6 * size)
    np.testing.assert_allclose(trees.predict(x), expected, rtol=0, atol=1e-6 * size)


@pytest.mark.parametrize("library", FITS)
def test_one_row_is_answered_as_many_are_to_the_last_bit(fitted, library) -> None:
    parts, x = whole(fitted[library][0]), features(rows=40, seed=8)
    together = answered(parts, x)
    assert together.tobytes() == b"".join(answered(parts, x[i : i + 1]).tobytes() for i in range(len(x)))


@pytest.mark.parametrize("library", FITS)
def test_arrays_keep_the_trees_to_the_last_bit(fitted, library) -> None:
    trees, x = fitted[library][0], features(seed=9)
    assert Trees.of_arrays(trees.arrays()).predict(x).tobytes() == trees.predict(x).tobytes()


def test_thresholds_part_the_same_float32_numbers() -> None:
    exact = np.array([0.1, -0.1, 1e300, -1e300, 0.0, 2.5, 1.0000000180025095e-35])
    near = floor32(exact)
    plain = [0, 1, 4, 5, 6]
    assert (near.astype(float)[plain] <= exact[plain]).all()
    assert (np.nextafter(near[plain], np.float32(np.inf)).astype(float) > exact[plain]).all()
    assert near[2] == np.finfo(np.float32).max
    assert near[3] == -np.inf
    assert below(np.array([0.0]))[0] < 0
    assert not np.float32(1.0) <= below(np.array([1.0]))[0]


def test_lightgbm_takes_the_tiniest_numbers_for_zero_and_so_do_its_served_trees() -> None:
    import lightgbm

    x = np.repeat(np.array([[-1.0], [0.0], [1.0]], np.float32), 100, axis=0)
    model = lightgbm.train(
        {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}, lightgbm.Dataset(x, x[:, 0].astype(float)), 3
    )
    zero = np.float32(1e-35)
    edge = [np.nextafter(zero, np.float32(side)) for side in (0, 1)]
    tiny = np.array([*edge, zero, zero / 2, 0, -zero / 2, -zero, *(-one for one in edge)], np.float32)[:, None]
    np.testing.assert_array_equal(from_lightgbm(model).predict(tiny), model.predict(tiny))


def test_a_lightgbm_forest_is_the_mean_of_its_trees_and_custom_objectives_are_sums() -> None:
    import lightgbm

    x = features()
    y = target(x)
    common = {"verbose": -1, "num_threads": 1, "num_leaves": 6}
    forest = lightgbm.train(
        common | {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, lightgbm.Dataset(x, y), 8
    )
    np.testing.assert_allclose(from_lightgbm(forest).predict(x), forest.predict(x), rtol=0, atol=1e-12)
    own = lightgbm.train(
        common | {"objective": lambda guess, data: (guess - data.get_label(), np.ones(len(guess)))},
        lightgbm.Dataset(x, y),
        8,
    )
    np.testing.assert_allclose(from_lightgbm(own).predict(x), own.predict(x), rtol=0, atol=1e-12)


def test_a_constant_target_gives_trees_of_one_leaf() -> None:
    import lightgbm
    import xgboost

    x = features()
    level = np.full(len(x), 2.5)
    flat = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, level), 3)
    assert answered(whole(from_lightgbm(flat)), x)[:, 0] == pytest.approx(flat.predict(x), rel=1e-6)
    still = xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(x, level)
    assert answered(whole(from_xgboost(still)), x)[:, 0] == pytest.approx(still.predict(x), rel=1e-6)


def test_only_the_rounds_up_to_the_best_are_served() -> None:
    import lightgbm
    import xgboost

    x = features()
    y = target(x)
    boosted = xgboost.XGBRegressor(n_estimators=200, learning_rate=1, early_stopping_rounds=2, num_parallel_tree=2)
    boosted.set_params(n_jobs=1, subsample=0.5).fit(x[:200], y[:200], eval_set=[(x[200:], y[200:])], verbose=False)
    trees = from_xgboost(boosted)
    assert len(trees.roots) == 2 * (boosted.best_iteration + 1)
    np.testing.assert_allclose(trees.predict(x), boosted.predict(x), rtol=1e-5, atol=1e-6)
    stop = lightgbm.early_stopping(2, verbose=False)
    light = lightgbm.LGBMRegressor(n_estimators=200, learning_rate=1, n_jobs=1, verbose=-1)
    light.fit(x[:200], y[:200], eval_X=x[200:], eval_y=y[200:], callbacks=[stop])
    assert len(from_lightgbm(light).roots) == light.best_iteration_ < 200
    np.testing.assert_allclose(from_lightgbm(light).predict(x), light.booster_.predict(x), rtol=0, atol=1e-12)


def test_catboost_sends_what_is_missing_where_it_was_told() -> None:
    from catboost import CatBoostRegressor

    x = features(holes=0.3)
    y = np.where(np.isnan(x[:, 0]), 3.0, target(x))
    for mode in ("Min", "Max"):
        model = CatBoostRegressor(iterations=8, nan_mode=mode, thread_count=1, verbose=False, allow_writing_files=False)
        model.fit(x, y)
        np.testing.assert_allclose(from_catboost(model).predict(x), model.predict(x), rtol=0, atol=1e-12)


def test_what_a_sum_of_trees_on_numbers_cannot_say_is_refused() -> None:
    import lightgbm
    import xgboost
    from catboost import CatBoostRegressor
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor

    x = np.nan_to_num(features())
    y = target(x)
    few = {"verbose": -1, "num_threads": 1, "num_leaves": 4}
    kinds = np.abs(np.round(x)).astype(int)

    def light(labels: np.ndarray, **params) -> None:
        data = lightgbm.Dataset(kinds if "categorical_feature" in params else x, labels)
        from_lightgbm(lightgbm.train(few | params, data, 2))

    with pytest.raises(ModelError, match="objective poisson"):
        light(np.abs(y), objective="poisson")
    with pytest.raises(ModelError, match="objective regression sqrt"):
        light(y, reg_sqrt=True)
    with pytest.raises(ModelError, match="linear leaves"):
        light(y, linear_tree=True)
    with pytest.raises(ModelError, match="zeros that mean missing"):
        light(y, zero_as_missing=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ModelError, match="categories"):
            light(y, categorical_feature=[0, 1, 2, 3, 4])
    boosted = xgboost.XGBRegressor(n_estimators=2, n_jobs=1)
    with pytest.raises(ModelError, match="count:poisson"):
        from_xgboost(boosted.set_params(objective="count:poisson").fit(x, np.abs(y)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linear = xgboost.XGBRegressor(n_estimators=2, booster="gblinear", n_jobs=1).fit(x, y)
    with pytest.raises(ModelError, match="gblinear"):
        from_xgboost(linear)
    with pytest.raises(ModelError, match="more than one target"):
        from_xgboost(xgboost.XGBRegressor(n_estimators=2, n_jobs=1).fit(x, np.stack([y, y], axis=1)))
    common = {"iterations": 2, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    with pytest.raises(ModelError, match="not symmetric"):
        from_catboost(CatBoostRegressor(grow_policy="Lossguide", **common).fit(x, y))
    with pytest.raises(ModelError, match="more than one target"):
        from_catboost(CatBoostRegressor(loss_function="MultiRMSE", **common).fit(x, np.stack([y, y], axis=1)))
    with pytest.raises(ModelError, match="boosted"):
        from_forest(GradientBoostingRegressor(n_estimators=2).fit(x, y))
    with pytest.raises(ModelError, match="more than one target"):
        from_forest(RandomForestRegressor(2).fit(x, np.stack([y, y], axis=1)))


def test_categories_of_xgboost_are_refused() -> None:
    import xgboost

    kinds = np.random.default_rng(0).integers(8, size=(200, 1)).astype(np.float32)
    data = xgboost.DMatrix(kinds, (kinds[:, 0] % 2), feature_types=["c"], enable_categorical=True)
    model = xgboost.train({"max_cat_to_onehot": 1, "tree_method": "hist", "nthread": 1}, data, 2)
    with pytest.raises(ModelError, match="XGBoost model with categories"):
        from_xgboost(model)


class _Written:
    """What CatBoost writes, without CatBoost."""

    def __init__(self, *trees: dict, bias: tuple[float, ...] = (1.0,)) -> None:
        self.told = {
            "features_info": {"float_features": [{"flat_feature_index": 0, "nan_value_treatment": "AsIs"}]},
            "oblivious_trees": trees,
            "scale_and_bias": [2.0, bias],
        }

    def save_model(self, path: str, format: str) -> None:
        assert format == "json"
        Path(path).write_text(json.dumps(self.told))


def test_a_tree_of_catboost_without_splits_is_a_leaf_and_splits_on_text_are_refused() -> None:
    x = np.zeros((2, 1), np.float32)
    assert from_catboost(_Written({"splits": None, "leaf_values": [1.5]})).predict(x).tolist() == [4.0, 4.0]
    assert from_catboost(_Written({"splits": [], "leaf_values": [1.5]}, bias=())).predict(x).tolist() == [3.0, 3.0]
    split = {"split_type": "OneHotFeature", "border": 0.5, "float_feature_index": 0}
    with pytest.raises(ModelError, match="not a number"):
        from_catboost(_Written({"splits": [split], "leaf_values": [1.0, 2.0], "leaf_weights": [1, 1]}))


def _tree(**changes) -> Trees:
    plain = {
        "roots": np.array([0], np.int32),
        "feature": np.array([0, -1, -1], np.int32),
        "threshold": np.zeros(3, np.float32),
        "left": np.array([1, 0, 0], np.int32),
        "right": np.array([2, 0, 0], np.int32),
        "missing_left": np.zeros(3, bool),
        "value": np.array([0.0, 1.0, 2.0]),
        "cover": np.ones(3),
    }
    return Trees(**(plain | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"left": np.array([0, 0, 0], np.int32)}, "leads nowhere"),
        ({"right": np.array([7, 0, 0], np.int32)}, "leads nowhere"),
        ({"feature": np.array([0, -2, -1], np.int32)}, "leads nowhere"),
        ({"roots": np.array([3], np.int32)}, "no root"),
        ({"roots": np.array([-1], np.int32)}, "no root"),
        ({"value": np.array([0, np.nan, 1.0])}, "not finite"),
        ({"cover": np.array([np.inf, 1, 1.0])}, "not finite"),
        ({"base": np.nan}, "not finite"),
        ({"threshold": np.full(3, np.nan, np.float32)}, "threshold is missing"),
        ({"value": np.zeros(2)}, "not equally long"),
    ],
)
def test_damaged_trees_are_refused(changes, words) -> None:
    with pytest.raises(ModelError, match=words):
        _tree(**changes)


def test_leaves_that_stand_alone_and_splits_answer_together_in_one_graph() -> None:
    from ara.models.graphs import Output, Parts

    leaf = from_catboost(_Written({"splits": None, "leaf_values": [0.25]}, bias=()))
    mixed = Trees.stacked([leaf, _tree(), leaf.times(4), _tree().times(-3)])
    alone = Trees.stacked([leaf, leaf.times(3)], base=7.0)
    x = np.array([[-1.0], [0.0], [1.0], [np.nan]], np.float32)
    parts = Parts(width=1, outputs={"location": Output(regressors=(mixed, alone, mixed.times(2)))})
    expected = [[2.5 - 2 * (i + 1), 9.0] for i in (0, 0, 1, 1)]
    assert mixed.predict(x).tolist() == [one[0] for one in expected]
    np.testing.assert_allclose(answered(parts, x), [[a, b, 2 * a] for a, b in expected], rtol=1e-6)


def test_kept_trees_of_other_kinds_and_nodes_reached_twice_are_refused() -> None:
    arrays = _tree().arrays()
    with pytest.raises(ModelError, match="threshold is not a list of float32"):
        Trees.of_arrays(arrays | {"threshold": np.zeros(3)})
    twice = _tree(right=np.array([1, 0, 0], np.int32), roots=np.array([0, 0], np.int32))
    with pytest.raises(ModelError, match="reached twice"):
        Trees.stacked([twice])
    assert _tree().times(3).predict(np.array([[0.0], [1.0]], np.float32)).tolist() == [3.0, 6.0]
    assert Trees.stacked([]).predict(np.zeros((2, 1), np.float32)).tolist() == [0, 0]
