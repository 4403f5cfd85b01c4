"""Learners taken apart: the parts are the features', and their sum is what the band changes."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.boosters import LightGbm
from ara.models.families.ewma_t import EwmaT
from ara.models.families.linear import Ridge
from ara.models.head import features_id
from ara.models.inputs import attached
from ara.models.model import Model
from ara.models.panel import Panel
from ara.models.reasons import Told, of_model
from ara.models.reasons.pooled import GROUPS
from ara.models.reasons.told import sampled
from ara.models.served import Served
from tests.models.panels import fit, last_rows, ranged

LOW, MIDDLE, TOP = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))
BARS = {"last", "week", "month", "half_year"}


def width(values: np.ndarray) -> np.ndarray:
    return np.log(values[..., TOP] - values[..., LOW])


@pytest.fixture(scope="module", params=[Ridge(), LightGbm(trees=20)], ids=lambda one: one.family)
def learned(request: pytest.FixtureRequest) -> tuple[Model, Served, Panel]:
    model: Model = request.param
    bare = ranged(toy_panel(bars=500, horizons=(1, 5)))
    return model, fit(model, bare), attached(bare, model)


def test_parts_are_features_and_stretches_of_bars(learned: tuple[Model, Served, Panel]) -> None:
    model, served, panel = learned
    row = int(last_rows(panel)[0])
    told = of_model(model.family, served, panel, row)
    (values,) = served.predict(panel, np.array([row])).values
    np.testing.assert_allclose(told.width, width(values), rtol=1e-6)
    assert BARS < set(told.parts) <= set(GROUPS)
    assert set(told.parts) - {"last"} <= set(told.values)
    np.testing.assert_allclose(sum(told.centre.values(), np.zeros(2)), values[:, MIDDLE], rtol=1e-6, atol=1e-12)


def test_the_features_parts_are_what_the_learner_changes(learned: tuple[Model, Served, Panel]) -> None:
    model, served, panel = learned
    row = int(last_rows(panel)[0])
    told = of_model(model.family, served, panel, row)
    scale = of_model("ewma_t", fit(EwmaT(), panel), panel, row)
    own = told.width - told.usual - sum(scale.parts.values(), np.zeros(2))
    rows = sampled(panel, row)
    relative = width(served.predict(panel, rows).values) - np.log(panel.scale[rows])
    np.testing.assert_allclose(own, relative[-1] - relative.mean(axis=0), atol=1e-5)


def test_a_feature_of_no_group_stands_under_its_own_name(learned: tuple[Model, Served, Panel]) -> None:
    model, served, panel = learned
    row = int(last_rows(panel)[0])
    names = tuple("moon" if name == "x125" else name for name in panel.names)
    head = msgspec.structs.replace(served.head, names=names, features=features_id(names))
    told = of_model(model.family, replace(served, head=head), replace(panel, names=names), row)
    known = of_model(model.family, served, panel, row)
    assert told.values["moon"][0] == pytest.approx(panel.x[row, names.index("moon")])
    both = told.parts.get("moon", 0.0) + told.parts["half_year"]
    np.testing.assert_allclose(both, known.parts["half_year"], rtol=1e-9)


def test_a_learner_whose_answer_is_not_its_own_is_told_as_a_whole(learned: tuple[Model, Served, Panel]) -> None:
    model, served, panel = learned
    row = int(last_rows(panel)[0])
    x = panel.x.copy()
    x[row] = np.nan
    told: Told = of_model(model.family, replace(served, packed=b""), replace(panel, x=x), row)
    assert (told.drawn, set(told.parts)) == (False, {model.family})
