"""Comparisons of means that are equal but for rounding."""

import numpy as np
import pytest

from ara.features import catalogue


def prices(price, before):
    """Closes that stood still after some that did not."""
    random = np.random.default_rng(3)
    return np.concatenate([price * np.exp(np.cumsum(random.normal(0, 0.02, before))), np.full(300, price)])


@pytest.mark.parametrize("price", [0.1, 3.3, 12345.678])
def test_equal_means_do_not_cross(price):
    close = prices(price, 150)
    _, state, crossed = catalogue.compute("ma_cross", {"close": close}, fast=20, slow=50)
    assert not state[-200:].any()
    assert not crossed[-200:].any()
    assert not catalogue.compute("ma_ribbon", {"close": close})[0][-200:].any()


@pytest.mark.parametrize("price", [0.1, 46.5, 649.0])
def test_a_close_at_the_mean_of_the_highs_breaks_nothing(price):
    line = np.concatenate([np.full(9, price), np.full(9, price * 0.9), np.full(30, price)])
    bars = {"high": line, "low": line * 0.98, "close": line}
    whole = catalogue.compute("hilo_activator", bars)[0]
    state = None
    step = catalogue.get("hilo_activator").spec.step
    for bar, row in enumerate(zip(*(bars[name].tolist() for name in ("high", "low", "close")), strict=True)):
        state, (value,) = step(state, *row, window=3)
        assert value == pytest.approx(whole[bar], rel=1e-12, nan_ok=True), bar
