"""Each loop as machine code against the same lines run by Python."""

import numpy as np
import pytest

from ara.features import loops
from ara.features.arrays import moments
from ara.features.indicators.statistical import terms
from ara.features.indicators.trend import adaptive, charts, filters, hilbert, macd, stops, strength
from ara.features.indicators.trend.strength import ma_ribbon
from ara.features.loops import compiled

RANDOM = np.random.default_rng(5)
CLOSE = 100 * np.exp(np.cumsum(RANDOM.normal(0, 0.02, 400)))
CLOSE[[30, 31, 200]] = np.nan
HIGH, LOW = CLOSE * 1.01, CLOSE * 0.99
KNOWN = np.nan_to_num(CLOSE, nan=100.0)
FLAT = np.concatenate([np.full(40, 5.0), CLOSE[40:120]])
BROKEN = np.where(np.arange(120) % 50 == 45, np.nan, FLAT)

CALLS = {
    "second": (filters._second, CLOSE, (2, 0.1, 0.1, 0.0, 1.2, -0.4), 1),
    "chained": (filters._chained, CLOSE, (0.8,), 1),
    "adaptive": (adaptive._adaptive, CLOSE, (np.full(400, 0.1), 9), 1),
    "adaptive of too few": (adaptive._adaptive, CLOSE[:5], (np.full(5, 0.1), 9), 1),
    "mcginley": (adaptive._mcginley, CLOSE, (0.0, 8.4), 1),
    "held": (macd._held, BROKEN, (FLAT * 0.9, FLAT + FLAT % 7, FLAT == 5.0, 0.5, FLAT * 1e-9), 1),
    "held of the still": (macd._held, FLAT, (FLAT, FLAT, FLAT == 5.0, 0.5, FLAT * 1e-9), 1),
    "pursue": (hilbert._pursue, CLOSE, (np.full(400, 0.1), 6, 100.0), 2),
    "pursue of too few": (hilbert._pursue, CLOSE[:3], (np.full(3, 0.1), 6, np.nan), 2),
    "cycle": (hilbert._cycle, CLOSE, (6, *np.zeros((4, 400))), 2),
    "cycle of the still": (hilbert._cycle, FLAT[:40], (6, *np.zeros((4, 40))), 2),
    "wave": (hilbert._wave, KNOWN, (KNOWN, 8.0 + KNOWN % 20, *hilbert._circles(), 60), 2),
    "wave of two bars alike": (hilbert._wave, FLAT, (CLOSE[:0], np.full(120, 2.0), *hilbert._circles(), 37), 2),
    "wave without a price": (hilbert._wave, FLAT, (CLOSE[:0], np.full(120, 17.0), *hilbert._circles(), 37), 2),
    "wave of the still": (hilbert._wave, FLAT[:80] * 0, (FLAT[:80] * 0, np.zeros(80), *hilbert._circles(), 37), 2),
}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_compiled_loop_gives_what_python_gives(name):
    kernel, values, given, lines = CALLS[name]
    found = np.zeros((2, lines, 400))
    for run, out in zip((compiled(kernel), kernel), found, strict=True):
        run(values.copy(), *given, out)
    assert found.any() or "still" in name or "few" in name
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("spread", "window"), [(False, 9), (True, 9), (True, 1)])
def test_ranks_are_the_same_compiled(spread, window):
    found, middle = np.full((2, 3, 400), np.nan), [window // 2] * 2
    for run, out in zip((compiled(loops._ranked), loops._ranked), found, strict=True):
        run(CLOSE, window, np.array(middle), *np.empty((2, window + 1)), out[:2], out[2] if spread else np.empty(0))
    assert np.isfinite(found).any(axis=2).tolist() == [[True, True, spread]] * 2
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("both", [False, True])
def test_moments_are_the_same_compiled(both):
    found = np.full((2, 5, 400), np.nan)
    for run, out in zip((compiled(loops._joint), loops._joint), found, strict=True):
        run(CLOSE, HIGH if both else np.empty(0), 20, np.zeros((5, 20)), out)
    assert np.isfinite(found).any(axis=2).tolist() == [[True, True, both, both, both]] * 2
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("base", [0.0, 1.0, 2.0])
def test_the_ratchet_is_the_same_compiled(base):
    found = []
    for run in (compiled(stops._ratchet), stops._ratchet):
        state, lines = np.array(stops._NEW), np.full((3, 400), np.nan)
        run(HIGH, LOW, CLOSE, (10.0, 3.0, base), state, lines)
        found.append((state, lines))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-12)


def test_states_are_counted_the_same_compiled_and_a_window_with_an_unknown_one_has_no_figure():
    codes = np.arange(90) % 31 % 4
    codes[50] = -1
    found = np.full((2, 1, 90), np.nan)
    for run, out in zip((compiled(terms._counted), terms._counted), found, strict=True):
        run(codes, np.zeros(4, np.int64), 9, terms._entropies(9), out)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    for bar in range(90):
        held = codes[max(bar - 8, 0) : bar + 1]
        whole = len(held) == 9 and (held >= 0).all()
        expected = sum(count * np.log(count) for count in np.bincount(held) if count) if whole else np.nan
        assert found[1, 0, bar] == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_the_swings_are_the_same_compiled():
    found = []
    for run in (compiled(charts._swings), charts._swings):
        state, lines = np.array([2.0, 0.0, 0.0, 0.0, 0.0]), np.full((2, 400), np.nan)
        run(CLOSE, 0.05, state, lines)
        found.append((state, lines))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_a_gap_lasts_no_longer_than_its_window():
    found = moments(CLOSE, 20)[1]
    unknown = [bar for bar in range(400) if bar < 19 or np.isnan(CLOSE[max(bar - 19, 0) : bar + 1]).any()]
    assert np.flatnonzero(np.isnan(found)).tolist() == unknown


def test_a_wild_price_leaves_no_trace_in_the_variance_after_it():
    wild = np.concatenate([RANDOM.normal(0, 1, 50), [1e12], RANDOM.normal(0, 1, 100)])
    found = moments(wild, 20)[1]
    for bar in range(100, 151):
        assert found[bar] == pytest.approx(wild[bar - 19 : bar + 1].var(), rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_the_steps_of_the_parabolic_stop_are_those_of_talib(seed):
    random = np.random.default_rng(seed)
    middle = np.round(50 + np.cumsum(random.normal(0, 2, 150)))
    high, low = middle + random.integers(0, 5, 150), middle - random.integers(0, 5, 150)
    for given in ({"acceleration": 0.02, "maximum": 0.2}, {"acceleration": 0.3, "maximum": 0.2}):
        (whole,), state = stops.parabolic_sar.compute({"high": high, "low": low}, **given), None
        for bar in range(150):
            state, found = stops._sar_step(state, float(high[bar]), float(low[bar]), **given)
            assert found[0] == pytest.approx(whole[bar], rel=1e-12, nan_ok=True), bar


def test_a_place_is_held_where_there_is_no_range_and_begins_in_the_middle_after_a_rest():
    values = np.array([5.0, 8.0, np.nan, 7.0, 7.0, 7.0, 9.0])
    low, high = np.full(7, 5.0), np.array([9.0, 9.0, 9.0, 9.0, 5.0, 9.0, 9.0])
    idle, out = np.array([False, False, False, False, False, True, False]), np.full(7, np.nan)
    macd._held(values, low, high, idle, 0.5, np.zeros(7), [out])
    np.testing.assert_allclose(out, [0.0, 37.5, np.nan, 43.75, 46.875, 50.0, 75.0])
    macd._held(values, low, high, idle, 0.5, np.full(7, 4.0), [out])
    np.testing.assert_array_equal(out, [50.0, 50.0, np.nan, 50.0, 50.0, 50.0, 50.0])


def test_a_ribbon_around_nothing_has_no_figure_by_its_step_either():
    close = np.where(np.arange(90) % 2, -1.0, 1.0)
    close[85] = 50.0
    state, batch = None, ma_ribbon.compute({"close": close})
    for bar in range(90):
        state, found = strength._ribbon_step(state, float(close[bar]))
        np.testing.assert_allclose(found, [line[bar] for line in batch], rtol=1e-12)
