"""Permutation importance: it sums to the whole, agrees with what is exact, and follows what moves an answer."""

from dataclasses import replace

import numpy as np
import pytest

from ara.models.checks import toy_panel
from ara.models.families.boosters import LightGbm
from ara.models.families.linear import Ridge
from ara.models.families.quantile_regression import QuantileRegression
from ara.models.families.smoothing import AutoTheta
from ara.models.inputs import attached
from ara.models.reasons import of_model
from ara.models.reasons.permuted import walked
from ara.models.reasons.told import log_width
from tests.models.panels import fit, last_rows, ranged

BARS = {"last", "week", "month", "half_year"}


def test_a_sum_is_taken_apart_exactly_whatever_the_order() -> None:
    random = np.random.default_rng(3)
    weights, others = random.standard_normal((6, 2)), random.standard_normal((9, 6))
    blocks = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 1, 0]], bool)
    found = walked(lambda x: x @ weights, others[-1], others, blocks)
    away = others[-1] - others.mean(axis=0)
    np.testing.assert_allclose(found.parts, [(weights * away[:, None])[block].sum(axis=0) for block in blocks])
    np.testing.assert_allclose(found.parts.sum(axis=0), found.whole)


def test_two_that_act_together_share_alike_and_one_that_does_nothing_has_no_share() -> None:
    others = np.array([[1.0, 1.0, 5.0], [1.0, 1.0, -3.0], [1.0, 1.0, 2.0]])
    found = walked(lambda x: x[:, :1] * x[:, 1:2], np.array([3.0, 3.0, 9.0]), others, np.eye(3, dtype=bool))
    np.testing.assert_allclose(found.parts[:, 0], [4.0, 4.0, 0.0])
    assert not found.parts[2].any()


def test_a_number_unknown_on_either_side_stays_as_it_was_seen() -> None:
    others = np.array([[1.0, np.nan], [2.0, 4.0]])
    found = walked(np.nan_to_num, np.array([3.0, np.nan]), others, np.eye(2, dtype=bool))
    np.testing.assert_allclose(found.parts, [[1.5, 0.0], [0.0, 0.0]])


@pytest.fixture(scope="module", params=[Ridge(), LightGbm(trees=20)], ids=lambda one: one.family)
def both(request: pytest.FixtureRequest):
    """Give what is told exactly, and what is told of the same model once its parts are gone."""
    bare = ranged(toy_panel(bars=500, horizons=(1, 5)))
    served, panel = fit(request.param, bare), attached(bare, request.param)
    row = int(last_rows(panel)[0])
    exact, drawn = (of_model(one.head.family, one, panel, row) for one in (served, replace(served, packed=b"")))
    return request.param.family, exact, drawn


def test_permutation_finds_what_shapley_values_are(both) -> None:
    family, exact, drawn = both
    assert (exact.drawn, drawn.drawn) == (False, True)
    np.testing.assert_allclose(drawn.width, exact.width)
    np.testing.assert_allclose(drawn.usual, exact.usual, atol=1e-5 if family == "ridge" else 0.05)
    for name in set(exact.parts) | set(drawn.parts):
        gap = np.abs(exact.parts.get(name, np.zeros(2)) - drawn.parts.get(name, np.zeros(2))).max()
        assert gap < (1e-5 if family == "ridge" else 0.05), name


@pytest.mark.parametrize("model", [QuantileRegression(), AutoTheta()], ids=lambda one: one.family)
def test_what_had_no_parts_is_told_by_permutation(model) -> None:
    bare = ranged(toy_panel(bars=400, horizons=(1, 5)))
    fitted, panel = fit(model, bare), attached(bare, model)
    row = int(last_rows(panel)[0])
    told, again = (of_model(model.family, fitted, panel, row) for _ in range(2))
    (values,) = fitted.predict(panel, np.array([row])).values
    assert told.drawn
    assert set(told.parts) >= BARS
    assert all(np.array_equal(told.parts[name], again.parts[name]) for name in told.parts)
    np.testing.assert_allclose(told.width, log_width(values), rtol=1e-6)
    assert np.isfinite(told.usual).all()


def test_a_series_too_short_to_walk_is_told_as_a_whole() -> None:
    panel = ranged(toy_panel(bars=300, horizons=(1, 5)))
    fitted = fit(AutoTheta(), panel)
    told = of_model("auto_theta", fitted, panel, int(last_rows(panel)[0]))
    assert (told.drawn, set(told.parts)) == (False, {"auto_theta"})
