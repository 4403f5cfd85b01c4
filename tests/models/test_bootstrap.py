"""The bootstraps against their definitions."""

import numpy as np
import pytest

from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.bootstrap import Fhs, Hist
from ara.statistics import ewma_variance
from tests.models.panels import fit, last_rows, with_bars


def test_tomorrow_is_one_of_the_last_500_returns() -> None:
    panel = toy_panel(bars=700, horizons=(1,))
    values = fit(Hist(), panel).predict(panel, np.array([650])).values[0, 0]
    np.testing.assert_allclose(values, np.quantile(panel.bars[151:651, 3], LEVELS), rtol=1e-12)


def test_tomorrow_is_a_scaled_return_of_the_last_500_at_the_volatility_of_now() -> None:
    panel = toy_panel(bars=700, horizons=(1,))
    values = fit(Fhs(), panel).predict(panel, np.array([650])).values[0, 0]
    r = panel.bars[1:651, 3]
    v = ewma_variance(r)
    z = (r[1:] / np.sqrt(v[:-1] + 1e-16))[-500:]
    np.testing.assert_allclose(values, np.quantile(z - z.mean(), LEVELS) * np.sqrt(v[-1]), rtol=1e-12)


@pytest.mark.parametrize("model", [Hist(), Fhs()])
def test_a_horizon_is_a_sum_of_draws(model) -> None:
    panel = toy_panel(bars=700, horizons=(1, 21))
    belief = fit(model, panel).predict(panel, np.array([650]))
    one, many = belief.sigma[0]
    assert many == pytest.approx(one * np.sqrt(21), rel=0.03)


def test_a_rise_of_the_last_bars_is_believed_by_hist_alone() -> None:
    panel = toy_panel()
    bars = panel.bars.copy()
    bars[:, 3] += 0.004
    risen = with_bars(panel, bars)
    rows = last_rows(risen)
    up, level = (fit(model, risen).predict(risen, rows).above(0.0)[:, 2] for model in (Hist(), Fhs()))
    assert (up > 0.7).all()
    np.testing.assert_allclose(level, 0.5, atol=0.05)


def test_only_fhs_knows_a_calm_from_a_storm() -> None:
    panel = toy_panel()
    rows = last_rows(panel)
    calm = panel.bars.copy()
    for back in range(40):
        calm[rows - back, 3] *= 0.1
    ratios = []
    for model in (Hist(), Fhs()):
        sigma = [fit(model, one).predict(one, rows).sigma[:, 0] for one in (panel, with_bars(panel, calm))]
        ratios.append(float((sigma[1] / sigma[0]).max()))
    assert ratios[0] > 0.7
    assert ratios[1] < 0.4


def test_how_many_bars_are_drawn_from_is_a_parameter() -> None:
    panel = toy_panel(horizons=(1,))
    values = fit(Hist(bars=100), panel).predict(panel, np.array([450])).values[0, 0]
    np.testing.assert_allclose(values, np.quantile(panel.bars[351:451, 3], LEVELS), rtol=1e-12)
