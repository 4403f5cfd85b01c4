"""No network is a dud, and none sees ghosts."""

import numpy as np
import pytest

from ara.models.networks import Fused, Gru, NetworkEnsemble
from tests.models.networks.worlds import FAMILIES, cut, planted
from tests.models.panels import fit

slow = pytest.mark.slow
CASES = [
    pytest.param(one, id=one.family, marks=() if one is Gru else slow) for one in (*FAMILIES, NetworkEnsemble, Fused)
]
WINDOW = 6


@pytest.mark.parametrize("family", CASES)
def test_a_product_of_two_features_that_explains_five_percent_is_found(family) -> None:
    panel, signal = planted(bars=2500)
    past, later = cut(panel, 0.8)
    served = fit(family(window=WINDOW), past, seed=1)
    told = served.predict(panel, later)
    moves = told.at(0.5)[:, 0] / panel.scale[later, 0]
    assert np.corrcoef(moves, signal[later])[0, 1] > 0.5
    assert 0.04 < moves.std() < 0.3
    won = np.mean((told.above(0.0)[:, 0] > 0.5) == (panel.y[later, 0] > 0))
    assert won > 0.53


@pytest.mark.parametrize("family", CASES)
def test_in_shuffled_returns_nothing_is_found(family) -> None:
    panel, _ = planted(bars=2500, shuffled=True)
    past, later = cut(panel, 0.8)
    served = fit(family(window=WINDOW), past, seed=1)
    told = served.predict(panel, later)
    rate = float(np.mean(past.y[~np.isnan(past.y)] > 0))
    p_up = told.above(0.0)[:, 0]
    assert p_up.std() < 0.005
    assert abs(p_up.mean() - rate) < 0.015
    width = np.subtract(*told.band(0.8)[::-1])[:, 0]
    assert width.std() < 0.06 * width.mean()


@slow
def test_ghosts_are_rare_over_many_worlds() -> None:
    trusted = []
    for seed in range(20):
        panel, _ = planted(bars=700, shuffled=True)
        panel = panel.until(int(panel.known_at.max()))
        order = np.random.default_rng(seed).permutation(np.flatnonzero(~np.isnan(panel.y[:, 0])))
        panel.y[np.sort(order), 0] = panel.y[order, 0]
        trusted.append(fit(Gru(window=WINDOW), panel, seed=seed).head.extra["trust_1"])
    assert np.mean(np.array(trusted) > 0) <= 0.15
    assert np.mean(trusted) < 0.1
