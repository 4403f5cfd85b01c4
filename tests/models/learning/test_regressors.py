import subprocess
import sys
import warnings

import numpy as np
import pytest

import ara.models
from ara.errors import ModelError

NAMES = ("catboost", "elastic_net", "extra_trees", "lasso", "lightgbm", "random_forest", "ridge", "xgboost", "")
QUICK = ("ridge", "")
EVERY = [
    pytest.param(name, id=name or "linear_quantile", marks=[] if name in QUICK else [pytest.mark.slow])
    for name in NAMES
]


def test_every_learner_is_among_them():
    assert [getattr(one, "learner", "") for one in ara.models.estimators()] == list(NAMES)


@pytest.mark.parametrize("name", EVERY)
def test_it_is_an_estimator_of_scikit_learn(name):
    from sklearn.utils.estimator_checks import check_estimator

    one = next(one for one in ara.models.estimators() if getattr(one, "learner", "") == name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the checks themselves feed it
        checks = check_estimator(one, on_fail=None)
    assert [(check["check_name"], check["exception"]) for check in checks if check["status"] == "failed"] == []


def test_the_linear_quantile_is_the_one_of_scikit_learn():
    from sklearn.linear_model import QuantileRegressor

    from ara.models.regressors import LinearQuantile

    random = np.random.default_rng(0)
    x = random.standard_normal((2000, 3)).astype(np.float32).astype(float)
    y = x @ [1.0, -2.0, 0.0] + np.exp(0.5 * x[:, 2]) * random.standard_normal(2000)
    for level in (0.1, 0.5, 0.9):
        exact = QuantileRegressor(quantile=level, alpha=0.0, solver="highs").fit(x, y)
        mine = LinearQuantile(level=level, penalty=0.0).fit(x, y)
        np.testing.assert_allclose(mine.coef_ / mine.deviations_, exact.coef_, atol=0.1)
        assert np.mean(y < mine.predict(x)) == pytest.approx(level, abs=0.02)


def test_what_is_no_learner_or_no_level_is_named():
    from ara.models.regressors import LinearQuantile, LocationRegressor

    x, y = np.zeros((5, 1)), np.arange(5.0)
    with pytest.raises(ModelError, match="no learner 'moon'"):
        LocationRegressor(learner="moon").fit(x, y)
    with pytest.raises(ModelError, match="between 0 and 1, not 1"):
        LinearQuantile(level=1.0).fit(x, y)


def test_models_import_none_of_the_libraries():
    heavy = "{'sklearn', 'lightgbm', 'xgboost', 'catboost', 'onnx', 'scipy', 'pandas'}"
    code = f"import sys, ara.models; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
