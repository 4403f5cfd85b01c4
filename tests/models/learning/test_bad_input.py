"""What comes of too little, broken or strange input: an answer of `ewma_t`, or an error that names what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from ara import plugins
from ara.errors import ModelError
from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.families.linear import Lasso, Ridge
from ara.models.families.quantile_regression import QuantileRegression
from ara.models.inputs import attached
from ara.models.served import Served
from tests.models.learning.worlds import planted
from tests.models.panels import bent, fit, last_rows, ranged

SOME = [Ridge, QuantileRegression, lambda: plugins.load("models", "lightgbm")()]
IDS = ["ridge", "quantile_regression", "lightgbm"]


def answered(model, panel, rows=None):
    seen = attached(panel, model)
    rows = last_rows(panel) if rows is None else rows
    answer = fit(model, seen).predict(seen, rows)
    plain = np.isfinite(fit(EwmaT(), panel).predict(panel, rows).values)  # it has none where there is no return at all
    assert (np.isfinite(answer.values) | ~plain).all()
    assert (np.diff(answer.values[plain.all(axis=(1, 2))], axis=-1) >= 0).all()
    return answer


@pytest.mark.parametrize("make", SOME, ids=IDS)
@pytest.mark.parametrize("bars", [30, 90])
def test_too_little_history_is_answered_by_the_baseline(make, bars):
    panel = toy_panel(bars=bars)
    answer = answered(make(), panel)
    plain = fit(EwmaT(), panel).predict(panel, last_rows(panel))
    assert answer.values.tobytes() == plain.values.tobytes()


def test_no_rows_at_all():
    panel = toy_panel(bars=200)
    none = np.empty(0, np.int64)
    fitted = Ridge().fit(panel, none, none, seed=0, watch=lambda _: True)
    assert fitted.head.trained_to == 0
    assert np.isfinite(fitted.predict(attached(panel, Ridge()), last_rows(panel)).values).all()


@pytest.mark.parametrize("make", SOME, ids=IDS)
def test_columns_without_numbers_count_for_nothing(make):
    panel = planted(bars=400, share=0.05, linear=True)
    x = panel.x.copy()
    x[:, 2] = np.nan
    x[::3, 3] = np.nan
    x[:, 4] = 7.0
    broken = replace(panel, x=x)
    fitted = fit(make(), broken)
    rows = last_rows(broken)
    whole = fitted.predict(broken, rows).values
    assert np.isfinite(whole).all()
    filled = x.copy()
    filled[:, 2] = 5.0
    other = fitted.predict(replace(broken, x=filled), rows).values
    if fitted.head.family != "lightgbm":
        np.testing.assert_allclose(other, whole, atol=1e-9)


@pytest.mark.parametrize("make", SOME, ids=IDS)
def test_a_gap_counts_as_the_usual_value(make):
    panel = planted(bars=400, share=0.2, linear=True)
    x = panel.x + np.arange(6, dtype=np.float32)
    panel = replace(panel, x=x)
    fitted, rows = fit(make(), panel), last_rows(panel)
    told = []
    for value in (np.nan, np.median(x[:, 0]), x[:, 0].max()):
        put = x.copy()
        put[rows, 0] = value
        told.append(fitted.predict(replace(panel, x=put), rows).values)
    np.testing.assert_allclose(told[0], told[1], atol=1e-12)
    assert np.abs(told[2] - told[1]).max() > 1e-4


@pytest.mark.parametrize("name", sorted(bent()))
def test_bars_that_should_not_be(name):
    answered(Ridge(), bent()[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(bent()))
@pytest.mark.parametrize("make", [SOME[1], SOME[2]], ids=IDS[1:])
def test_bars_that_should_not_be_for_others(make, name):
    answered(make(), bent()[name])


@pytest.mark.parametrize("make", SOME, ids=IDS)
def test_a_target_that_never_moves(make):
    panel = planted(bars=400, share=0.05, linear=True)
    still = replace(panel, y=np.where(np.isfinite(panel.y), 0.0, np.nan))
    answer = answered(make(), still)
    assert np.abs(answer.values).max() < 1e-6


@pytest.mark.parametrize("make", SOME, ids=IDS)
def test_one_series_alone(make):
    panel = ranged(toy_panel(bars=900))
    mine = panel.series == 0
    names = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known")
    one = replace(panel, symbols=panel.symbols[:1], **{name: getattr(panel, name)[mine] for name in names})
    assert "log_scale_1" in fit(make(), attached(one, make())).head.extra or make is SOME[1]
    answered(make(), one)


def test_a_series_and_a_class_that_the_fit_never_met():
    panel = ranged(toy_panel())
    model = Ridge()
    met = panel.series != 2
    fitted = model.fit(panel, np.flatnonzero(met), np.empty(0, np.int64), seed=0, watch=lambda _: True)
    group = np.where(met, 0, 1).astype(np.int32)
    strange = attached(replace(panel, group=group, groups=("stock", "crypto")), model)
    answer = fitted.predict(strange, last_rows(strange))
    assert np.isfinite(answer.values).all()
    usual = np.diff(answer.at(0.5)[:, 0])
    assert np.isfinite(usual).all()


def test_features_that_are_not_those_of_the_fit_are_refused():
    panel = planted(bars=400, share=0.05, linear=True)
    fitted, rows = fit(Lasso(), panel), last_rows(panel)
    fewer = replace(panel, x=panel.x[:, :5], names=panel.names[:5])
    with pytest.raises(ModelError, match="lacks f"):
        fitted.predict(fewer, rows)
    more = replace(panel, x=np.hstack([panel.x, panel.x[:, :1]]), names=(*panel.names, "g"))
    with pytest.raises(ModelError, match="also g"):
        fitted.predict(more, rows)
    order = [1, 0, 2, 3, 4, 5]
    turned = replace(panel, x=panel.x[:, order], names=tuple(panel.names[place] for place in order))
    with pytest.raises(ModelError, match="another order"):
        fitted.predict(turned, rows)
    other = planted(bars=400, share=0.05, linear=True, horizons=(2,))
    with pytest.raises(ModelError, match="horizon"):
        fitted.predict(other, rows)


def test_a_recipe_that_nobody_makes_is_named():
    class Strange:
        inputs = "moon"

    with pytest.raises(ModelError, match="'moon', which nobody makes"):
        attached(toy_panel(bars=40), Strange())


def test_a_model_without_inputs_gets_the_panel_as_it_is():
    panel = toy_panel(bars=40)
    assert attached(panel, EwmaT()) is panel
    own = planted(bars=40, share=0.05, linear=True)
    assert attached(own, Ridge()) is own
    assert attached(panel, Ridge()) is attached(toy_panel(bars=40), Ridge())


def test_features_of_a_row_depend_on_nothing_later():
    panel = ranged(toy_panel(bars=300))
    whole = attached(panel, Ridge())
    moment = int(panel.known_at[200])
    past = attached(panel.until(moment), Ridge())
    assert past.x.tobytes() == whole.x[panel.known_at <= moment].tobytes()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("lightgbm", {"trees": 0}),
        ("xgboost", {"rate": 2.0}),
        ("catboost", {"leaves": 1}),
        ("random_forest", {"share": 0.0}),
        ("extra_trees", {"least": 0}),
        ("ridge", {"penalty": -1.0}),
        ("lasso", {"strictness": float("nan")}),
        ("quantile_regression", {"penalty": -1.0}),
    ],
)
def test_settings_outside_of_their_range_are_refused(name, settings):
    with pytest.raises(ModelError, match=f"{name} can't be had with {next(iter(settings))}"):
        plugins.load("models", name)(**settings)


def test_a_library_that_is_missing_is_named_with_its_pip_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    with pytest.raises(ModelError, match="fitted by lightgbm") as caught:
        fit(plugins.load("models", "lightgbm")(), planted(bars=400, share=0.05, linear=True))
    assert caught.value.hint == "Install it: pip install 'ara-ai[train]'"
    assert len(LEVELS) == 25


def test_what_was_saved_by_another_family_is_refused(tmp_path):
    fit(Ridge(), planted(bars=400, share=0.05, linear=True)).save(tmp_path)
    with pytest.raises(ModelError, match="family ridge, not lasso"):
        Lasso.load(tmp_path)
    assert Ridge.load(tmp_path).head.family == "ridge"
    head = tmp_path / "head.json"
    head.write_text(head.read_text().replace('"gives":"shape"', '"gives":""'))
    with pytest.raises(ModelError, match="damaged"):
        Ridge.load(tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        Served.load(tmp_path)
