"""Moving figures of loops against what NumPy says of each window alone."""

import gc
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numba.core import event

from ara.features import catalogue, loops
from ara.features.loops import joint_moments, median_spread, moving_sums, order_statistics, quantiles

TICKS = st.integers(-4, 4).map(float)
LINES = st.lists(st.one_of(TICKS, TICKS, TICKS, st.just(float("nan"))), max_size=50).map(np.array)
WINDOWS = st.integers(1, 12)
FAMILIES = ("levels", "microstructure", "momentum", "statistical", "trend", "volatility", "volume")
UNITS = st.sampled_from([1e-12, 1.0, 1e12])


def each(values, window, figure):
    """Give the figure of every whole window that holds no NaN."""
    spans = [values[end - window : end] if end >= window else np.array([np.nan]) for end in range(1, len(values) + 1)]
    return np.array([np.nan if np.isnan(span).any() else figure(span) for span in spans], float)


def same(found, expected, **near):
    assert np.allclose(found, expected, equal_nan=True, **{"rtol": 1e-12, "atol": 0.0, **near})


@settings(deadline=None)
@given(LINES, WINDOWS, UNITS)
def test_ranks_medians_and_their_distances(line, window, unit):
    values = np.asarray(line, float) * unit
    ranks = sorted({0, window // 2, window - 1})
    for rank, found in zip(ranks, order_statistics(values, window, ranks), strict=True):
        same(found, each(values, window, lambda span, rank=rank: np.sort(span)[rank]))
    middle, spread = median_spread(values, window)
    same(middle, each(values, window, np.median))
    same(spread, each(values, window, lambda span: np.median(np.abs(span - np.median(span)))))
    low, high = quantiles(values, window, 0.1, 0.75)
    same(low, each(values, window, lambda span: np.quantile(span, 0.1)), atol=1e-12 * unit)
    same(high, each(values, window, lambda span: np.quantile(span, 0.75)), atol=1e-12 * unit)


@settings(deadline=None)
@given(LINES, WINDOWS, UNITS)
def test_sums_and_moments(line, window, unit):
    x = np.asarray(line, float) * unit
    y = 1e6 + np.arange(len(x)) % 3 * 0.25
    same(moving_sums(x, window), each(x, window, np.sum), atol=1e-12 * unit)
    mean, other, own, its, both = joint_moments(x, y, window)
    same(mean, each(x, window, np.mean), atol=1e-12 * unit)
    same(own, each(x, window, np.var), rtol=1e-9, atol=1e-12 * unit**2)
    whole = ~np.isnan(each(x, window, np.sum))
    same(other[whole], each(y, window, np.mean)[whole])
    same(its[whole], each(y, window, np.var)[whole], rtol=1e-9, atol=1e-12)
    product = each(x * y, window, np.mean) - each(x, window, np.mean) * each(y, window, np.mean)
    same(both, product, rtol=1e-6, atol=1e-8 * unit)


@pytest.mark.parametrize("price", [1e-12, 0.1, 12345.678, 1e12])
def test_equal_values_vary_by_exactly_nothing_after_a_great_one(price):
    values = np.concatenate([[price * 1e6], np.full(40, price)])
    assert not np.any(joint_moments(values, values, 7)[2][8:])
    assert not np.any(moving_sums(np.where(values == price, 0.0, values), 7)[8:])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_values_than_the_window_give_none(count):
    values = np.ones(count)
    found = [moving_sums(values, 4), *joint_moments(values, values, 4), *median_spread(values, 4)]
    assert all(len(one) == count and np.isnan(one).all() for one in found)


@pytest.mark.parametrize("collecting", [True, False])
def test_no_garbage_is_collected_while_a_loop_is_compiled_and_as_before_after_it(collecting):
    seen = []

    class Look(event.Listener):
        def on_start(self, event):
            seen.append(gc.isenabled())

        def on_end(self, event):
            pass

    loops.compiled(loops.lines_along)  # from here on it watches, whatever is compiled
    was = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        with event.install_listener("numba:compile", Look()):
            assert njit(lambda value: 2.0 * max(value, 0.0))(3.0) == 6.0
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if was else gc.disable)()
    assert seen
    assert not any(seen)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_loop_gives_the_same_bytes_before_and_after_it_is_compiled(monkeypatch, family):
    random = np.random.default_rng(3)
    close = 50.0 * np.exp(np.cumsum(random.normal(0, 0.02, 400)))
    close[[90, 91, 200]] = np.nan
    close[250:300] = close[250]
    bars = {
        "open": close * 0.999,
        "high": close * (1 + random.random(400) / 50),
        "low": close * (1 - random.random(400) / 50),
        "close": close,
        "volume": random.lognormal(10, 1, 400),
        "session": np.floor(np.arange(400) / 7),
        "other": close[::-1].copy(),
    }
    bars["other"][100:180] = bars["other"][100]
    told = []
    for few in (10**9, 0):
        monkeypatch.setattr(loops, "_FEW", few)
        told.append({name: one.compute(bars) for name, one in catalogue.families()[family].items()})
    plain, machine = told
    assert [
        name
        for name in plain
        for one, two in zip(plain[name], machine[name], strict=True)
        if one.tobytes() != two.tobytes()
    ] == []


def test_what_is_computed_first_needs_no_compiler():
    words = "import sys, numpy as np\nfrom ara.features import catalogue\n"
    words += "line = 100.0 + np.cumsum(np.sin(np.arange(1000)))\n"
    words += "bars = dict.fromkeys(('open', 'high', 'low', 'close', 'volume', 'session', 'other'), line)\n"
    words += f"for name in {FAMILIES[2:]}:\n    for one in catalogue.families()[name].values(): one.compute(bars)\n"
    words += "print(sorted(name for name in sys.modules if name.split('.')[0] in ('numba', 'llvmlite')))"
    done = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("window", [1, 2, 3, 8, 9])
def test_ranks_are_the_same_bytes_sorted_anew_and_kept_sorted(monkeypatch, window):
    values = np.array(
        [0.0, -0.0, 2.0, 0.1, 0.1, np.nan, 3.0, *np.random.default_rng(5).normal(0, 1, 40).round(1), -0.0]
    )
    told = []
    for few in (10**9, 0):
        monkeypatch.setattr(loops, "_FEW", few)
        found = [*order_statistics(values, window, range(window)), *median_spread(values, window)]
        told.append([one.tobytes() for one in found])
    assert told[0] == told[1]
