"""The drift against the formula, and what it may not believe."""

import numpy as np
import pytest
from scipy import stats

from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.drift import Drift
from ara.models.families.ewma_t import EwmaT
from ara.statistics import ewma_variance, fit_student_t
from tests.models.panels import fit, last_rows, with_bars


def test_the_quantiles_are_the_formula_by_hand() -> None:
    panel = toy_panel(bars=1400)
    model = Drift()
    r = panel.bars[1:1400, 3]
    mean = r.mean() * len(r) / (len(r) + model.doubt)
    v = ewma_variance(r)
    z = ((r[1:] - mean) / np.sqrt(v[:-1] + 1e-16))[-1000:]
    nu = fit_student_t(z)
    got = fit(model, panel).predict(panel, last_rows(panel)[:1]).values[0]
    for place, h in enumerate(panel.horizons):
        thin = nu if h == 1 else (4 + h * (nu - 4) if nu > 4.2 else 4.2 + 0.2 * h)
        unit = stats.t.ppf(LEVELS, thin) * np.sqrt((thin - 2) / thin)
        np.testing.assert_allclose(got[place], mean * h + unit * z.std() * np.sqrt(v[-1] * h), rtol=1e-9, atol=1e-14)


def test_with_endless_doubt_it_is_ewma_t() -> None:
    panel = toy_panel()
    rows = last_rows(panel)
    doubting, plain = (fit(model, panel).predict(panel, rows).values for model in (Drift(doubt=1e15), EwmaT()))
    np.testing.assert_allclose(doubting, plain, rtol=1e-6, atol=1e-9)


def test_it_leans_as_the_series_did_and_less_than_it_did() -> None:
    panel = toy_panel()
    bars = panel.bars.copy()
    bars[:, 3] += np.where(panel.series == 0, 0.004, -0.004)
    risen = with_bars(panel, bars)
    own = fit(Drift(), risen)
    assert 0 < own.learned["ONE"].mean < 0.001
    up = own.predict(risen, last_rows(risen)).above(0.0)
    assert (up[0] > 0.5).all()
    assert (up[1:] < 0.5).all()
    assert up[0, 2] > up[0, 0]


@pytest.mark.parametrize(("bars", "share"), [(400, 399 / 1999), (3000, 2500 / 4100)])
def test_more_bars_are_believed_more_up_to_ten_years(bars: int, share: float) -> None:
    panel = toy_panel(bars=bars, horizons=(1,))
    r = panel.bars[1:bars, 3][-2500:]
    assert fit(Drift(), panel).learned["ONE"].mean == pytest.approx(r.mean() * share, rel=1e-9)
