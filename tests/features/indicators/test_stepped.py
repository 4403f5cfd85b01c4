"""Steps from bar to bar against the batch where few bars lead: other ways to compute, long rests, gaps after them."""

import numpy as np
import pytest

from ara.features import catalogue
from ara.features.indicators.trend import turning

RANDOM = np.random.default_rng(11)
CLOSE = 100.0 * np.exp(np.cumsum(RANDOM.normal(0.0, 0.01, 700)))
CLOSE[200:420] = CLOSE[199]
CLOSE[600] = np.nan
BARS = {
    "open": CLOSE,
    "high": CLOSE + np.where(np.diff(CLOSE, prepend=0.0) == 0.0, 0.0, 0.5),
    "low": CLOSE - np.where(np.diff(CLOSE, prepend=0.0) == 0.0, 0.0, 0.5),
    "close": CLOSE,
    "volume": RANDOM.integers(1, 1000, 700).astype(float),
}
NAMES = [
    name for name in catalogue.names() if getattr(catalogue.get(name).spec.step, "__module__", "") == turning.__name__
]
CALLS = [*((name, {}) for name in NAMES), ("ulcer_index", {"inside": 1}), ("ulcer_index", {"inside": 0})]


@pytest.mark.parametrize(("name", "params"), CALLS, ids=lambda one: one if isinstance(one, str) else str(one))
def test_steps_give_what_the_batch_does(name, params):
    spec = catalogue.get(name).spec
    chosen, state, told = spec.resolve(params), None, []
    for bar in range(len(CLOSE)):
        state, found = spec.step(state, *(float(BARS[column][bar]) for column in spec.inputs), **chosen)
        told.append(found)
    whole = np.column_stack(catalogue.compute(name, BARS, **params))
    assert np.isfinite(whole).any()
    np.testing.assert_allclose(told, whole, rtol=1e-9, atol=1e-9)
