"""What is served is what was learned: the graph's answers beside those of the library that made it."""

import warnings

import numpy as np
import pytest

from ara import plugins
from ara.models.checks import toy_panel
from ara.models.inputs import attached
from ara.models.learning.targets import targets
from ara.models.served import Served
from tests.models.panels import fit, last_rows, ranged

SLOW = ("xgboost", "catboost", "random_forest", "extra_trees")
EVERY = [
    *("ridge", "lasso", "elastic_net", "lightgbm"),
    *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW),
]


@pytest.mark.parametrize("name", EVERY)
def test_native_and_served_are_the_same(name):
    model = plugins.load("models", name)()
    panel = attached(ranged(toy_panel()), model)
    rows = np.arange(len(panel))
    fitted, native = model.twofold(panel, rows, rows[:0], seed=0, watch=lambda _: True)
    seen = targets(panel, rows)
    learned, served = native(panel, seen.rows), fitted.outputs(panel, seen.rows)
    assert set(learned) == {"location", "log_scale"}
    for name_of, own in learned.items():
        apart = np.abs(own - served[name_of]).max(axis=1)
        assert (apart < 1e-5 * np.maximum(np.abs(own).max(axis=1), 1.0)).mean() >= 0.999


@pytest.mark.parametrize("name", ["ridge", "quantile_regression", "lightgbm"])
def test_thirty_horizons_are_answered_from_a_few(name, tmp_path):
    model = plugins.load("models", name)()
    panel = attached(ranged(toy_panel(horizons=tuple(range(1, 31)))), model)
    fitted = fit(model, panel)
    width = np.diff(fitted.predict(panel, last_rows(panel)).values[:, :, [4, -5]], axis=2)[:, :, 0]
    assert (width[:, -1] > 2 * width[:, 0]).all()
    assert (np.diff(width, axis=1) > -0.2 * width[:, :-1]).all()
    assert sum(key.startswith("location") for key in fitted.head.extra) == 8
    few = attached(ranged(toy_panel(horizons=(2, 7))), model)
    whole = fitted.predict(panel, last_rows(panel)).values[:, [1, 6]]
    np.testing.assert_allclose(fitted.predict(few, last_rows(few)).values, whole, rtol=0, atol=1e-12)
    fitted.save(tmp_path)
    assert Served.load(tmp_path).predict(few, last_rows(few)).values.tobytes() == (
        fitted.predict(few, last_rows(few)).values.tobytes()
    )


@pytest.mark.parametrize("name", ["ridge", "lightgbm"])
def test_a_whole_year_of_answers_holds_what_it_promises(name):
    """On a made-up market whose volatility swings: about four in five outcomes lie in the 80 % band."""
    model = plugins.load("models", name)()
    panel = attached(ranged(toy_panel(bars=1200)), model)
    moment = int(panel.known_at[900])
    past = panel.until(moment)
    rows = np.flatnonzero((panel.known_at > moment) & np.isfinite(panel.y[:, 0]))
    answer = fit(model, past).predict(panel, rows)
    came = panel.y[rows, 0] * panel.scale[rows, 0]
    inside = (came > answer.at(0.1)[:, 0]) & (came < answer.at(0.9)[:, 0])
    assert 0.74 < inside.mean() < 0.86


def test_catboost_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = plugins.load("models", "catboost")(trees=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, attached(toy_panel(), model))
    assert list(tmp_path.iterdir()) == []
