"""Comparisons of means that are equal but for rounding."""

import numpy as np
import pytest

from ara.features import catalogue


def prices(price, before):
    """Closes that stood still after some that did not."""
    random = np.random.default_rng(3)
    return np.concatenate([price * np.exp(np.cumsum(random.normal(0, 0.02, before))), np.full(300, price)])


@pytest.mark.parametrize("price", [0.1, 827.87, 969.96])
def test_equal_means_do_not_cross(price):
    close = prices(price, 150)
    _, state, crossed = catalogue.compute("ma_cross", {"close": close}, fast=20, slow=50)
    assert not state[-200:].any()
    assert not crossed[-200:].any()
    assert not catalogue.compute("ma_ribbon", {"close": close})[0][-200:].any()


@pytest.mark.parametrize("tick", [0.01, 0.1])
def test_a_close_at_the_mean_of_the_highs_breaks_nothing(tick):
    random = np.random.default_rng(4)
    close = tick * random.integers(460, 470, 3000)
    bars = {"high": close + tick * random.integers(0, 3, 3000), "low": close - tick * random.integers(0, 3, 3000)}
    bars["close"] = close
    whole = catalogue.compute("hilo_activator", bars)[0]
    state, step, found = None, catalogue.get("hilo_activator").spec.step, []
    for row in zip(*(bars[name].tolist() for name in ("high", "low", "close")), strict=True):
        state, (value,) = step(state, *row, window=3)
        found.append(value)
    np.testing.assert_allclose(found, whole, rtol=1e-12)
