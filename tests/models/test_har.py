"""HAR on ranges against the regression written out with LAPACK, scipy and pandas-like loops."""

import numpy as np
import pytest
from scipy import stats

from ara.errors import ModelError
from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.har import HarFhs, HarT, _shape
from ara.statistics import ewma_variance, fit_student_t
from tests.models.panels import fit, last_rows, ranged, with_bars


def by_hand(bars: np.ndarray, horizon: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Give weights, the last bar's volatility, and the returns over their forecast volatility."""
    o, h, low, c = bars.T
    v = np.maximum(0.5 * (h - low) ** 2 - (2 * np.log(2) - 1) * (c - o) ** 2, 0) + o**2
    usual = np.array([np.median(v[max(0, t - 249) : t + 1]) for t in range(len(v))])
    v = np.maximum(v, 0.01 * usual + 1e-12)
    lv = np.log(v)
    week, month = ([lv[max(0, t - n + 1) : t + 1].mean() for t in range(len(v))] for n in (5, 22))
    x = np.column_stack([np.ones(len(v)), lv, week, month, np.minimum(c, 0) / np.sqrt(ewma_variance(c) + 1e-16)])
    rows = np.arange(max(30, len(v) - 1501), len(v) - horizon)
    y = np.log([v[t + 1 : t + 1 + horizon].mean() for t in rows])
    weights = np.linalg.solve(x[rows].T @ x[rows] + 1e-3 * np.eye(5), x[rows].T @ y)
    sigma = np.sqrt(np.exp(x @ weights) * horizon)
    return weights, sigma[-1], np.array([c[t + 1 : t + 1 + horizon].sum() for t in rows])[-1000:] / sigma[rows][-1000:]


@pytest.mark.parametrize("bars", [400, 1800])
def test_quantiles_are_the_regression_by_hand(bars: int) -> None:
    panel = ranged(toy_panel(bars=bars))
    row = last_rows(panel)[:1]
    t_values = fit(HarT(), panel).predict(panel, row).values[0]
    shaped = fit(HarFhs(), panel).predict(panel, row).values[0]
    mine = panel.bars[1:bars]
    degrees = fit_student_t(by_hand(mine, 1)[2])
    for place, horizon in enumerate(panel.horizons):
        _, sigma, scaled = by_hand(mine, horizon)
        nu = degrees if horizon == 1 else (4 + horizon * (degrees - 4) if degrees > 4.2 else 4.2 + 0.2 * horizon)
        expected = stats.t.ppf(LEVELS, nu) * np.sqrt((nu - 2) / nu) * scaled.std() * sigma
        np.testing.assert_allclose(t_values[place], expected, rtol=1e-7, atol=1e-12)
        both = np.concatenate([scaled, -scaled])
        np.testing.assert_allclose(shaped[place], np.quantile(both, LEVELS) * sigma, rtol=1e-7, atol=1e-12)


def test_it_takes_no_view_of_direction() -> None:
    panel = ranged(toy_panel())
    for model in (HarT(), HarFhs()):
        belief = fit(model, panel).predict(panel, last_rows(panel))
        np.testing.assert_allclose(belief.above(0.0), 0.5, atol=1e-9)


def test_a_range_without_a_return_widens_tomorrow() -> None:
    panel = ranged(toy_panel())
    rows = last_rows(panel)
    wide, calm = panel.bars.copy(), panel.bars.copy()
    for back in range(5):
        wide[rows - back] = [0.0, 0.08, -0.08, 0.0]
        calm[rows - back] = [0.0, 0.001, -0.001, 0.0]
    model = fit(HarT(), panel)
    sigma = [model.predict(with_bars(panel, bars), rows).sigma[:, 0] for bars in (wide, calm)]
    assert (sigma[0] > sigma[1]).all()


def test_falls_count_more_where_they_did() -> None:
    random = np.random.default_rng(3)
    panel = toy_panel(bars=1500)
    z = random.standard_normal(len(panel))
    sigma, r = np.full(len(panel), 0.01), np.zeros(len(panel))
    for t in range(1, len(panel)):
        sigma[t] = 0.01 * np.exp(0.6 * np.log(sigma[t - 1] / 0.01) + 0.4 * max(-z[t - 1], 0) - 0.16)
        r[t] = sigma[t] * z[t]
    spread = sigma[:, None] * np.column_stack(
        [np.zeros(len(panel)), np.full(len(panel), 0.9), np.full(len(panel), -0.9)]
    )
    bars = np.column_stack([spread[:, 0], np.maximum(spread[:, 1], r), np.minimum(spread[:, 2], r), r])
    learned = fit(HarT(), with_bars(panel, bars)).learned["ONE"]
    assert learned.reaches[0].weights[4] < -0.1


def test_a_horizon_it_was_not_fitted_for_is_refused() -> None:
    panel, other = ranged(toy_panel()), ranged(toy_panel(horizons=(7,)))
    with pytest.raises(ModelError, match="fitted for 1, 5, 21 bars ahead, not for 7"):
        fit(HarT(), panel).predict(other, last_rows(other))


@pytest.mark.parametrize("zeros", [0, 1, 40])
def test_the_shape_is_that_of_numpys_quantiles_to_the_last_bit(zeros: int) -> None:
    scaled = np.random.default_rng(zeros).standard_t(4, 999)
    scaled[:zeros] = 0.0
    both = np.concatenate((scaled, -scaled))
    assert _shape(both).tobytes() == np.quantile(both, LEVELS).tobytes()
