"""Parts: linear models, anomalies, mixing, bounds; the graph says what the arrays say."""

import sys

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.graphs import Inputs, Linear, Output, Parts
from ara.models.graphs.building import prepared
from ara.models.graphs.estimators import from_linear
from tests.models.graphs.made import FITS, WIDTH, answered, features, target


@pytest.fixture(scope="module")
def trees():
    x = features()
    return FITS["lightgbm"](x, target(x))[0]


def _linear(seed: int = 0) -> Linear:
    return Linear.of(np.random.default_rng(seed).normal(size=WIDTH), 0.5)


def test_linear_models_of_sklearn_are_served_with_their_standardising_folded_in() -> None:
    from sklearn.linear_model import ElasticNet, HuberRegressor, Lasso, QuantileRegressor, Ridge

    x = np.nan_to_num(features(rows=120))
    y = target(x)
    means, deviations = x.mean(axis=0), x.std(axis=0)
    z = (x - means) / deviations
    for model in (Ridge(), Lasso(0.01), ElasticNet(0.01), HuberRegressor(), QuantileRegressor(quantile=0.2, alpha=0.0)):
        model.fit(z, y)
        part = from_linear(model, means=means, deviations=deviations)
        got = answered(Parts(width=WIDTH, outputs={"location": Output(regressors=(part,))}), x)[:, 0]
        np.testing.assert_allclose(got, model.predict(z), rtol=1e-5, atol=1e-6)
    with pytest.raises(ModelError, match="more than one target"):
        from_linear(Ridge().fit(z, np.stack([y, y], axis=1)))


def test_a_feature_that_never_moved_counts_for_nothing() -> None:
    part = Linear.of(np.array([2.0, 3.0]), 1.0, means=np.array([5.0, 1.0]), deviations=np.array([0.0, 0.5]))
    assert part.predict(np.array([[99.0, 1.5], [0.0, 1.0]])).tolist() == [4.0, 1.0]


def test_answers_are_mixed_moved_and_shaped_as_told_and_the_graph_agrees(trees) -> None:
    x = features(seed=11)
    blend = np.array([[0.5, 0.1, 0.0, 2.0], [0.0, 1.0, -1.0, 0.0]])
    line, other = _linear(), _linear(1)
    parts = Parts(
        width=WIDTH,
        outputs={
            "location": Output(regressors=(trees, line), blend=blend, shift=np.arange(4.0)),
            "log_scale": Output(regressors=(other, trees, other)),
            "quantiles": Output(regressors=(line, other, trees, line), shape=(2, 2)),
        },
        inputs=Inputs(medians=np.full(WIDTH, 0.3, np.float32), low=np.full(WIDTH, -1.0), high=np.full(WIDTH, 0.8)),
    )
    assert len(parts.regressors) == 3
    filled = np.where(np.isnan(x), np.float32(0.3), x)
    expected = [trees.predict(filled), line.predict(np.clip(filled.astype(float), -1, 0.8))]
    values = parts.values(x)
    np.testing.assert_allclose(values["location"], np.stack(expected, axis=1) @ blend + np.arange(4.0), rtol=1e-12)
    np.testing.assert_allclose(values["log_scale"][:, 0], values["log_scale"][:, 2], rtol=0)
    assert values["quantiles"].shape == (len(x), 2, 2)
    for name, value in values.items():
        np.testing.assert_allclose(answered(parts, x, name), value, rtol=1e-5, atol=1e-6)
    again = Parts.of_arrays(parts.arrays())
    for name, value in again.values(x).items():
        np.testing.assert_array_equal(value, values[name])


def test_one_row_of_linear_parts_is_answered_as_many_are() -> None:
    parts = Parts(width=WIDTH, outputs={"location": Output(regressors=tuple(_linear(i) for i in range(7)))})
    x = np.nan_to_num(features(rows=33))
    together = answered(parts, x)
    assert together.tobytes() == b"".join(answered(parts, x[i : i + 1]).tobytes() for i in range(len(x)))


def test_parts_that_do_not_fit_are_refused(trees) -> None:
    with pytest.raises(ModelError, match="mixed from 1 regressors"):
        Parts(width=WIDTH, outputs={"location": Output(regressors=(trees,), blend=np.eye(2))})
    with pytest.raises(ModelError, match="mixed from 1 regressors"):
        Parts(width=WIDTH, outputs={"location": Output(regressors=(trees,), shape=(2, 2))})
    with pytest.raises(ModelError, match="sees 5 features where there are 3"):
        Parts(width=3, outputs={"location": Output(regressors=(_linear(),))})
    with pytest.raises(ModelError, match="sees"):
        Parts(width=1, outputs={"location": Output(regressors=(trees,))})
    with pytest.raises(ModelError, match="one for each feature"):
        Parts(width=WIDTH, outputs={}, inputs=Inputs(medians=np.zeros(2, np.float32)))
    with pytest.raises(ModelError, match="one weight and one centre"):
        Linear(weights=np.zeros((2, 2)), intercept=0.0, centre=np.zeros(2))
    with pytest.raises(ModelError, match="not finite"):
        Linear.of(np.array([np.nan]), 0.0)


def test_graphs_are_drawn_with_the_package_onnx_and_its_absence_is_told(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match="onnx, which is not installed") as caught:
        Parts(width=WIDTH, outputs={"location": Output(regressors=(_linear(),))}).graph()
    assert "pip install 'ara-ai[train]'" in caught.value.hint


@pytest.mark.parametrize("medians", [None, np.arange(WIDTH)])
def test_a_graph_gets_its_features_filled_and_standardised(medians) -> None:
    from ara.models.graphs.session import run

    graph = Parts(width=WIDTH, outputs={"location": Output(regressors=(_linear(),))}).graph()
    means, deviations = np.arange(WIDTH) / 10, np.array([0.5, 1, 2, 0, 4])
    whole = prepared(graph, medians=medians, means=means, deviations=deviations)
    x = features(rows=50, holes=0.3)
    filled = x if medians is None else np.where(np.isnan(x), medians, x)
    z = np.nan_to_num((filled - means) / np.where(deviations > 0, deviations, 1))
    np.testing.assert_allclose(
        run(whole, str(medians), x)["location"][:, 0], _linear().predict(z), rtol=1e-5, atol=1e-5
    )
