"""The smoothing families against the library that fits them, and on prices whose nature is known."""

import sys

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.checks import toy_panel
from ara.models.families.smoothing import AutoEts, AutoTheta, Ets, Theta
from ara.models.series import Line
from tests.models.panels import fit, last_rows, ranged, with_bars

BOTH = pytest.mark.parametrize("family", [AutoEts, AutoTheta], ids=["auto_ets", "auto_theta"])


def walk(seed: int, *, bars: int = 400, noise: float = 0.0, slope: float = 0.0, turn: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    path = np.cumsum(random.standard_t(5, bars) + slope + turn * (np.arange(bars) > bars // 2))
    return path + noise * random.standard_normal(bars)


PATHS = {
    "walk": walk(1),
    "noisy": walk(2, noise=6.0),
    "climbing": walk(3, slope=0.8, noise=3.0),
    "turning": walk(4, slope=1.0, turn=-2.0, noise=2.0),
    "smooth": 0.05 * np.cumsum(walk(5)) + walk(6) * 0.3,
    "falling": walk(7, slope=-2.0),
    "level": walk(8, bars=700),
}

FORMS = {"STM": "Theta", "OTM": "OptimizedTheta", "DSTM": "DynamicTheta", "DOTM": "DynamicOptimizedTheta"}


def by_library(name: str, path: np.ndarray, **settings: object) -> tuple[object, np.ndarray]:
    from statsforecast import models

    family = getattr(models, name)(season_length=1, **settings).fit(path)
    return family.model_, family.predict(30)["mean"]


@pytest.mark.parametrize("name", sorted(PATHS))
def test_what_ets_expects_is_what_the_library_expects(name: str) -> None:
    """From level and slope as the library has them; its own steps count the first of a damped slope twice."""
    path = PATHS[name]
    model, expected = by_library("AutoETS", path, model="AZN")
    form = AutoEts()._form(path)
    level, slope = (*model["states"][-1].tolist(), 0.0)[:2]
    by_hand = [level + slope * sum(form.phi**k for k in range(1, step + 1)) for step in range(1, 31)]
    told = form.ahead(path, 30)
    np.testing.assert_allclose(told[-1], by_hand, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(told[-1, :1] if form.phi < 1 else told[-1], expected[: 1 if form.phi < 1 else 30])
    np.testing.assert_allclose(told[:-1, 0], model["fitted"][1:], rtol=1e-9, atol=1e-9)


def test_the_paths_have_every_form_of_ets() -> None:
    forms = [AutoEts()._form(path) for path in PATHS.values()]
    assert {(one.beta > 0, one.phi < 1) for one in forms} == {(False, False), (True, False), (True, True)}


@pytest.mark.parametrize("name", sorted(PATHS))
def test_bands_of_ets_widen_as_the_librarys_own_do(name: str) -> None:
    from statsforecast.ets import forecast_ets

    model, _ = by_library("AutoETS", PATHS[name], model="AZN")
    told = forecast_ets(model, 30, level=[80])
    width = told["hi-80"] - told["lo-80"]
    np.testing.assert_allclose(AutoEts()._form(PATHS[name]).widening(30), width / width[0], rtol=1e-6)


@pytest.mark.parametrize("kind", sorted(FORMS))
@pytest.mark.parametrize("name", sorted(PATHS))
def test_what_theta_expects_is_what_the_library_expects(name: str, kind: str) -> None:
    path = PATHS[name]
    model, expected = by_library(FORMS[kind], path)
    assert model["modeltype"] == kind
    form = Theta(
        alpha=model["par"]["alpha"],
        theta=model["par"]["theta"],
        level=model["par"]["initial_smoothed"],
        start=model["states"][0, 2],
        slope=model["states"][0, 3],
        moves=kind.startswith("D"),
    )
    np.testing.assert_allclose(form.ahead(path, 30)[-1], expected, rtol=1e-9, atol=1e-9)


def test_the_best_of_the_four_forms_of_theta_is_taken() -> None:
    found = set()
    for path in PATHS.values():
        least = {kind: float(by_library(name, path)[0]["mse"]) for kind, name in FORMS.items()}
        form = AutoTheta()._form(path)
        best = min(least, key=lambda kind: least[kind])
        assert (form.moves, form.theta == 2.0) == (best.startswith("D"), best.endswith("STM"))
        found.add(best)
    assert len(found) > 1


def climbing(noise: float) -> object:
    panel = ranged(toy_panel(bars=700))
    bars = panel.bars.copy()
    random = np.random.default_rng(2)
    for code in range(3):
        first = 700 * code
        bars[first + 1 : first + 700, 3] = 0.01 + noise * random.standard_normal(699)
    return with_bars(panel, bars)


@BOTH
def test_what_climbed_steadily_is_expected_to_climb_on(family) -> None:
    panel = climbing(0.002)
    belief = fit(family(), panel).predict(panel, last_rows(panel))
    np.testing.assert_allclose(belief.at(0.5), np.tile([0.01, 0.05, 0.21], (3, 1)), rtol=0.35)
    assert (belief.above(0.0)[:, 2] > 0.95).all()


@BOTH
def test_bands_follow_the_volatility_of_now_and_hold_what_they_promise(family) -> None:
    panel = ranged(toy_panel(bars=1400, horizons=(1, 5)))
    moment = int(panel.known_at[900])
    fitted = fit(family(), panel.until(moment))
    rows = np.flatnonzero((panel.known_at > moment) & np.isfinite(panel.y).all(axis=1))
    told = fitted.predict(panel, rows)
    low, high = told.band(0.8)
    y = panel.y[rows] * panel.scale[rows]
    np.testing.assert_allclose(((y >= low) & (y <= high)).mean(axis=0), 0.8, atol=0.04)
    wild = panel.bars.copy()
    wild[rows[rows < 1400]] *= 3
    wide = fitted.predict(with_bars(panel, wild), rows[rows < 1400][-5:]).sigma
    assert (wide > 2 * fitted.predict(panel, rows[rows < 1400][-5:]).sigma).all()


@BOTH
def test_bars_before_the_fit_are_left_to_ewma_t(family) -> None:
    panel = ranged(toy_panel(bars=1900, horizons=(1,)))
    fitted = fit(family(), panel)
    first = 1900 - 1501
    rows = np.array([first - 1, first])
    assert fitted.learned["ONE"].begin == panel.at[first]
    own = family().answer(fitted.learned["ONE"], Line.of(panel, 0), rows - 1, (1,))
    assert np.isfinite(own).all(axis=(1, 2)).tolist() == [False, True]
    assert np.isfinite(fitted.predict(panel, rows).values).all()


@BOTH
def test_less_than_a_year_is_left_to_ewma_t(family) -> None:
    assert fit(family(), ranged(toy_panel(bars=250))).learned == {}
    assert set(fit(family(), ranged(toy_panel(bars=251))).learned) == {"ONE", "THREE", "TWO"}


@BOTH
def test_horizons_that_were_not_fitted_are_refused(family) -> None:
    fitted = fit(family(), ranged(toy_panel(horizons=(1, 5))))
    other = ranged(toy_panel(horizons=(1, 7)))
    with pytest.raises(ModelError, match="fitted for 1, 5 bars ahead, not for 7"):
        fitted.predict(other, last_rows(other))


@BOTH
def test_the_missing_library_is_named_with_its_extra(family, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    with pytest.raises(ModelError, match="fitted by statsforecast, which is not installed") as error:
        fit(family(), ranged(toy_panel()))
    assert "ara-ai[stats]" in error.value.hint


@BOTH
def test_what_was_kept_answers_without_the_library(family, monkeypatch, tmp_path) -> None:
    panel = ranged(toy_panel())
    fitted = fit(family(), panel)
    fitted.save(tmp_path)
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    again = family.load(tmp_path).predict(panel, last_rows(panel)).values
    assert again.tobytes() == fitted.predict(panel, last_rows(panel)).values.tobytes()


@BOTH
@pytest.mark.parametrize("words", ["no model able to be fitted", "out of luck"])
def test_a_path_that_has_no_form_is_left_to_ewma_t_and_other_errors_are_not_hidden(family, words, monkeypatch) -> None:
    from statsforecast import models

    def fails(*_: object, **__: object) -> object:
        raise RuntimeError(words)

    monkeypatch.setattr(models.AutoETS, "fit", fails)
    monkeypatch.setattr(models.AutoTheta, "fit", fails)
    panel = ranged(toy_panel())
    if words == "out of luck":
        with pytest.raises(RuntimeError, match=words):
            fit(family(), panel)
    else:
        assert fit(family(), panel).learned == {}


def test_a_form_of_ets_by_hand() -> None:
    form = Ets(alpha=0.5, beta=0.1, phi=0.9, level=1.0, slope=0.2)
    # before = 1.18, missed = 0.82, level = 1.59, slope = 0.262
    told = form.ahead(np.array([2.0]), 2)[0]
    np.testing.assert_allclose(told, [1.59 + 0.9 * 0.262, 1.59 + (0.9 + 0.81) * 0.262])
    np.testing.assert_allclose(form.widening(2), [1.0, np.sqrt(1 + 0.59**2)])


@BOTH
def test_in_walks_without_direction_little_is_claimed(family) -> None:
    leans = []
    for seed in range(4):
        panel = ranged(toy_panel(bars=800, seed=seed))
        rows = np.flatnonzero(np.arange(len(panel)) % 800 > 760)
        leans.append(np.abs(fit(family(), panel).predict(panel, rows).above(0.0) - 0.5).mean(axis=0))
    assert (np.mean(leans, axis=0) < [0.05, 0.07, 0.12]).all()
