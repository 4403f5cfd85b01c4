import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ara.errors import ModelError
from ara.models import LEVELS, Panel
from ara.models.checks import check_model, toy_panel
from ara.models.families.bootstrap import Fhs, Hist
from ara.models.families.drift import Drift
from ara.models.families.ewma_t import UNKNOWN, EwmaT, Shape
from ara.models.families.weekday import Weekday
from ara.models.head import Head, read_head, write_head
from ara.statistics import ewma_variance


def go_on(_: object) -> bool:
    return True


def fitted(panel: Panel, model: EwmaT | None = None):
    rows = np.arange(len(panel))
    return (model or EwmaT()).fit(panel, rows, rows[:0], seed=0, watch=go_on)


def test_it_keeps_every_rule_of_models(elsewhere) -> None:
    outcomes = check_model(EwmaT(), elsewhere=elsewhere)
    assert len(outcomes) >= 9
    assert [one.words for one in outcomes if not one.ok] == []


def test_the_quantiles_are_the_formula_by_hand() -> None:
    panel = toy_panel(bars=400)
    model = fitted(panel)
    row = 399
    r = panel.bars[:400, 3]
    v = ewma_variance(r)
    z = r[21:] / np.sqrt(v[20:-1] + 1e-16)
    shape = model.shapes["ONE"]
    assert shape.width == pytest.approx(z.std())
    got = model.predict(panel, np.array([row]))
    for place, h in enumerate(panel.horizons):
        nu = shape.degrees if h == 1 else (4 + h * (shape.degrees - 4) if shape.degrees > 4.2 else 4.2 + 0.2 * h)
        expected = stats.t.ppf(LEVELS, nu) * math.sqrt((nu - 2) / nu) * shape.width * math.sqrt(v[row] * h)
        assert got.values[0, place] == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_it_takes_no_view_of_direction() -> None:
    panel = toy_panel()
    belief = fitted(panel).predict(panel, np.array([100, 400, 700, 1400]))
    assert (belief.at(0.5) == 0).all()
    assert (belief.above(0.0) == 0.5).all()


def test_only_the_last_thousand_returns_shape_the_tails() -> None:
    panel = toy_panel(bars=1900)
    calm = fitted(panel).shapes["ONE"]
    old = panel.bars.copy()
    old[300:320] *= 40
    moved = fitted(replace(panel, bars=old)).shapes["ONE"]
    assert moved.width == pytest.approx(calm.width, rel=1e-6)


def test_a_short_series_gets_the_usual_shape_and_a_shorter_one_no_answer() -> None:
    panel = toy_panel(bars=70)
    model = fitted(panel)
    assert model.shapes == {}
    assert np.isfinite(model.predict(panel, np.array([69])).values).all()
    assert UNKNOWN.width == 1
    assert np.isnan(model.predict(panel, np.array([10])).values).all()


def test_a_constant_series_has_no_shape_and_a_width_of_nearly_nothing() -> None:
    panel = toy_panel(bars=200)
    still = replace(panel, bars=np.zeros_like(panel.bars))
    model = fitted(still)
    assert model.shapes == {}
    assert np.abs(model.predict(still, np.array([150])).values).max() < 1e-6


def test_the_decay_is_a_parameter() -> None:
    panel = toy_panel()
    quick, slow = fitted(panel, EwmaT(decay=0.8)), fitted(panel, EwmaT(decay=0.99))
    rows = np.arange(100, 500)
    width = [m.predict(panel, rows).at(0.9)[:, 0] for m in (quick, slow)]
    assert np.diff(np.log(width[0])).std() > np.diff(np.log(width[1])).std()


def test_fitting_stops_when_told_to() -> None:
    panel = toy_panel()
    rows = np.arange(len(panel))
    model = EwmaT().fit(panel, rows, rows[:0], seed=0, watch=lambda progress: progress.done < 1)
    assert set(model.shapes) == {"ONE"}


def test_a_saved_model_of_another_family_or_a_damaged_one_is_refused(tmp_path) -> None:
    with pytest.raises(ModelError, match="there is no model"):
        EwmaT.load(tmp_path)
    write_head(tmp_path, Head(family="other", levels=LEVELS))
    with pytest.raises(ModelError, match="family other"):
        EwmaT.load(tmp_path)
    (tmp_path / "head.json").write_text("{")
    with pytest.raises(ModelError, match="damaged"):
        read_head(tmp_path)


def test_shapes_survive_saving_to_the_last_bit(tmp_path) -> None:
    panel = toy_panel()
    model = fitted(panel)
    model.save(tmp_path)
    assert EwmaT.load(tmp_path) == model
    assert isinstance(model.shapes["TWO"], Shape)


@pytest.mark.parametrize(
    ("family", "name", "value"),
    [
        (EwmaT, "decay", 1.01),
        (EwmaT, "decay", math.nan),
        (Weekday, "decay", -0.1),
        (Drift, "decay", 2),
        (Drift, "bars", 59),
        (Drift, "doubt", -1),
        (Hist, "bars", 0),
        (Fhs, "bars", 10_001),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_with_what_would(family, name: str, value: float) -> None:
    with pytest.raises(ModelError, match=f"can't be had with {name} = ") as caught:
        family(**{name: value})
    assert f"Choose {name} from" in caught.value.hint
