"""No learner is a dud: each finds what was planted, and nothing where targets were dealt out at random."""

import numpy as np
import pytest

from ara import plugins
from ara.models import LEVELS
from tests.models.learning.worlds import planted, shuffled
from tests.models.panels import fit

LINEAR = ("ridge", "lasso", "elastic_net", "quantile_regression")
SLOW = ("xgboost", "catboost", "random_forest", "extra_trees")
EVERY = [
    *LINEAR,
    "lightgbm",
    *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW),
]
SHARE = 0.05


def halves(panel):
    middle = int(np.median(panel.known_at))
    later = np.flatnonzero((panel.known_at > middle) & np.isfinite(panel.y).all(axis=1))
    return panel.until(middle), later


def loss(values, y):
    left = y[:, None] - values
    return np.maximum(np.array(LEVELS) * left, (np.array(LEVELS) - 1) * left).mean(axis=1)


@pytest.mark.parametrize("name", EVERY)
def test_it_finds_a_twentieth_of_the_variance(name):
    """The linear ones a linear signal; all others an interaction of two features that neither tells by itself."""
    panel = planted(bars=3000, share=SHARE, linear=name in LINEAR)
    past, rows = halves(panel)
    fitted = fit(plugins.load("models", name)(), past)
    told = fitted.predict(panel, rows).at(0.5)[:, 0] / panel.scale[rows, 0]
    x = panel.x[rows].astype(float)
    truth = x[:, 0] if name in LINEAR else np.sign(x[:, 0] * x[:, 1])
    assert np.corrcoef(told, truth)[0, 1] > 0.6
    error = 1 - np.mean((panel.y[rows, 0] - told) ** 2) / np.var(panel.y[rows, 0])
    assert SHARE / 4 < error < 1.5 * SHARE
    assert fitted.head.extra["location_1"] > 0.8


@pytest.mark.parametrize("name", EVERY)
def test_it_finds_nothing_in_shuffled_targets(name):
    panel = shuffled(planted(bars=3000, share=SHARE, linear=name in LINEAR))
    past, rows = halves(panel)
    answer = fit(plugins.load("models", name)(), past).predict(panel, rows)
    rising = answer.above(0.0)[:, 0]
    seen = past.y[np.isfinite(past.y)]
    assert abs(rising.mean() - (seen > 0).mean()) < 0.02
    assert rising.std() < 0.01
    y = panel.y[rows, 0]
    plain = loss(np.quantile(seen, LEVELS)[None, :], y)
    apart = loss(answer.values[:, 0] / panel.scale[rows], y) - plain
    assert apart.mean() > -3 * apart.std() / np.sqrt(len(apart))
    assert apart.mean() < 0.01 * plain.mean()
