"""GARCH families against the formula, and on series whose nature is known."""

import numpy as np
import pytest
from scipy import stats

from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.garch import GarchT, GjrT
from ara.statistics import fit_garch
from tests.models.panels import fit, last_rows, with_bars


@pytest.mark.parametrize("model", [GarchT(), GjrT()])
def test_quantiles_are_the_formula_by_hand(model) -> None:
    panel = toy_panel(bars=1700)
    own = fit_garch(panel.bars[1:1700, 3][-1501:], falls=model.falls)
    row = last_rows(panel)[:1]
    got = fit(model, panel).predict(panel, row).values[0]
    v = own.omega + own.persistence * own.before
    for r in panel.bars[1:1700, 3]:
        v = own.omega + (own.alpha + own.gamma * (r < 0)) * r * r + own.beta * v
    nu = round(own.degrees, 2)
    for place, horizon in enumerate(panel.horizons):
        usual = own.omega / (1 - own.persistence)
        total = sum(usual + own.persistence**step * (v - usual) for step in range(horizon))
        thin = nu if horizon == 1 else (4 + horizon * (nu - 4) if nu > 4.2 else 4.2 + 0.2 * horizon)
        expected = stats.t.ppf(LEVELS, thin) * np.sqrt((thin - 2) / thin) * np.sqrt(total)
        np.testing.assert_allclose(got[place], expected, rtol=1e-8, atol=1e-12)


def clustered(fall: float, rise: float = 0.04) -> np.ndarray:
    random = np.random.default_rng(5)
    v, r = 1e-4, np.empty(4500)
    for t in range(len(r)):
        r[t] = np.sqrt(v) * random.standard_normal()
        v = 4e-6 + (rise + fall * (r[t] < 0)) * r[t] ** 2 + 0.86 * v
    return r


def test_falls_widen_more_than_rises_where_they_did() -> None:
    panel = toy_panel(bars=1500)
    bars = panel.bars.copy()
    bars[:, 3] = clustered(0.12)
    bars[[0, 1500, 3000], 3] = np.nan
    panel = with_bars(panel, bars)
    rows = last_rows(panel)
    up, down = bars.copy(), bars.copy()
    up[rows, 3], down[rows, 3] = 0.03, -0.03
    ratios = []
    for model in (GarchT(), GjrT()):
        own = fit(model, panel)
        sigma = [own.predict(with_bars(panel, one), rows).sigma[:, 0] for one in (down, up)]
        ratios.append(sigma[0] / sigma[1])
    np.testing.assert_allclose(ratios[0], 1.0, rtol=1e-12)
    assert (ratios[1] > 1.1).all()


def test_variance_comes_back_to_its_usual_level() -> None:
    panel = toy_panel(bars=1500)
    bars = panel.bars.copy()
    bars[:, 3] = clustered(0.0, rise=0.1)
    bars[[0, 1500, 3000], 3] = np.nan
    calm, wild = bars.copy(), bars.copy()
    rows = last_rows(panel)
    for back in range(10):
        calm[rows - back, 3], wild[rows - back, 3] = 0.0, 0.04
    own = fit(GarchT(), with_bars(panel, bars))
    sigmas = [own.predict(with_bars(panel, one), rows).sigma for one in (calm, wild)]
    growth = [sigma[:, 2] / sigma[:, 0] for sigma in sigmas]
    assert (growth[0] > np.sqrt(21)).all()
    assert (growth[1] < np.sqrt(21)).all()


def test_it_takes_no_view_of_direction() -> None:
    panel = toy_panel()
    for model in (GarchT(), GjrT()):
        belief = fit(model, panel).predict(panel, last_rows(panel))
        assert (belief.above(0.0) == 0.5).all()


def test_less_than_a_year_is_left_to_ewma_t() -> None:
    panel = toy_panel(bars=250)
    assert fit(GarchT(), panel).learned == {}
    assert set(fit(GarchT(), toy_panel(bars=251)).learned) == {"ONE", "THREE", "TWO"}
