import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features.families import MOMENTUM
from ara.features.indicator import Scale
from ara.features.stream import Item, Stream

ALL = MOMENTUM.indicators()
STEPPED = sorted(name for name, one in ALL.items() if one.spec.step is not None)
VARIANTS = {"cutler_rsi", "rocr", "stoch_fast"}
NAMED = """
rsi cutler_rsi stoch stoch_fast stoch_rsi williams_r cci roc mom ultimate tsi cmo ppo apo kst coppock ao ac fisher rvgi
connors_rsi dpo elder_ray qqe smi bop inertia pgo cfo squeeze squeeze_momentum
"""


def _bars(count, seed=0, scale=1.0):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.standard_t(4, count) * 0.01))
    opened = close * np.exp(random.normal(0, 0.002, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    return {"open": opened * scale, "high": high * scale, "low": low * scale, "close": close * scale}


def _flat(count, price=0.1):
    return {name: np.full(count, price) for name in ("open", "high", "low", "close")}


def _length(one, **params):
    return one.warmup(**params) + (one.memory(**params) or 0) + 40


def _chosen(spec, data):
    """Draw parameters from the shortest windows to somewhat more than their defaults."""
    found = {}
    for name, param in spec.params.items():
        low = param.low if param.whole else max(param.low, param.default / 4)
        high = min(param.high, param.default * 1.5 + param.whole)
        draw = st.integers(int(np.ceil(low)), int(high)) if param.whole else st.floats(low, high)
        found[name] = data.draw(draw, label=name)
    return found


def test_the_family_holds_what_it_must():
    assert set(NAMED.split()) <= set(ALL)
    assert len(set(ALL) - VARIANTS) >= 60


@pytest.mark.parametrize("name", sorted(ALL))
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_whatever_the_parameters_warm_up_memory_and_bounds_are_as_told(name, data):
    one = ALL[name]
    params = _chosen(one.spec, data)
    warmup, memory = one.warmup(**params), one.memory(**params)
    bars = _bars(_length(one, **params), seed=data.draw(st.integers(0, 9), label="seed"))
    whole = dict(zip(one.spec.outputs, one.compute(bars, **params), strict=True))
    for values in whole.values():
        assert np.flatnonzero(np.isnan(values)).tolist() == list(range(warmup))
    for output, (low, high) in one.spec.bounds.items():
        assert low <= np.nanmin(whole[output]) <= np.nanmax(whole[output]) <= high
    tail = {key: column[-memory:] if memory else column for key, column in bars.items()}
    for values, again in zip(whole.values(), one.compute(tail, **params), strict=True):
        assert again[-1] == pytest.approx(values[-1], rel=1e-9, abs=1e-9 * np.nanmax(np.abs(values)))


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_prices_may_be_tiny_or_huge(name, scale):
    one = ALL[name]
    count = one.warmup() + 200
    usual, other = one.compute(_bars(count)), one.compute(_bars(count, scale=scale))
    unit = scale if one.spec.scale is Scale.PRICE else 1.0
    for values, moved in zip(usual, other, strict=True):
        np.testing.assert_allclose(moved / unit, values, rtol=1e-6, atol=1e-8 * np.nanmax(np.abs(values)))


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("price", [0.1, 1 / 3, 7e11, 0.0])
def test_a_price_that_stands_still_gives_the_middle_or_nothing(name, price):
    one = ALL[name]
    low, high = next(iter(one.spec.bounds.values()))
    for output, values in zip(one.spec.outputs, one.compute(_flat(one.warmup() + 60, price)), strict=True):
        assert not np.isinf(values).any()
        known = values[np.isfinite(values)]
        if one.spec.scale is Scale.PRICE:
            assert (np.abs(known) <= 1e-12 * price).all(), output
        elif (low, high) in {(0.0, 100.0), (-100.0, 0.0), (-100.0, 100.0), (-1.0, 1.0)} and name not in {
            "psy",
            "connors_rsi",
        }:
            np.testing.assert_allclose(known, (low + high) / 2, atol=1e-9, err_msg=output)


@pytest.mark.parametrize("name", sorted(ALL))
def test_after_a_move_a_price_that_stands_still_leaves_no_noise(name):
    one = ALL[name]
    memory = one.memory() or 400
    bars = _bars(300, seed=5)
    still = {key: np.concatenate((column, np.full(memory + 60, bars["close"][-1]))) for key, column in bars.items()}
    for output, values in zip(one.spec.outputs, one.compute(still), strict=True):
        low, high = one.spec.bounds[output]
        known = values[np.isfinite(values)]
        assert not np.isinf(values).any()
        assert len(known) == 0 or (known.min() >= low and known.max() <= high)
        last = values[-30:]
        size = max(np.nanmax(np.abs(values)), 1e-9)
        if name not in {"dpo", "nearness_to_high", "td_setup", "ht_phase", "ht_sine"} and np.isfinite(last).all():
            assert np.ptp(last) <= 1e-6 * size, output


@pytest.mark.parametrize("gamma", [0.3, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("price", [0.1, 1 / 3, 123.456])
def test_rounding_is_no_strength(gamma, price):
    close = np.concatenate((_bars(50)["close"], np.full(900, price)))
    assert ALL["laguerre_rsi"].compute({"close": close}, gamma=gamma)[0][-1] == 50.0


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_few_bars_give_as_many_unknown_values(name, count):
    for values in ALL[name].compute(_bars(count)):
        assert len(values) == count
        assert np.isnan(values[: ALL[name].warmup()]).all()


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gap_hides_what_it_touches_and_is_forgotten(name, bad):
    one = ALL[name]
    reach = one.memory() or one.warmup() + 20
    bars = _bars(one.warmup() + 2 * reach + 60, seed=2)
    gap = one.warmup() + 30
    broken = {key: column.copy() for key, column in bars.items()}
    for column in broken.values():
        column[gap] = bad
    before = {key: column[:gap] for key, column in bars.items()}
    after = {key: column[gap + 1 :] for key, column in bars.items()}
    for found, first, whole, second in zip(
        one.compute(broken), one.compute(before), one.compute(bars), one.compute(after), strict=True
    ):
        assert np.isnan(found[gap]) or name == "momentum_12_1"  # which leaves the newest bars out
        np.testing.assert_array_equal(found[:gap], first)
        assert not np.isinf(found).any()
        size = np.nanmax(np.abs(whole))
        known = np.isfinite(found[gap + 1 :]) & np.isfinite(second)
        np.testing.assert_allclose(found[gap + 1 :][known], second[known], rtol=1e-9, atol=1e-9 * size)
        if one.memory() is not None:
            np.testing.assert_allclose(found[gap + reach :], whole[gap + reach :], rtol=1e-9, atol=1e-9 * size)


@pytest.mark.parametrize("name", sorted(ALL))
def test_bars_of_zeros_and_one_leap_do_no_harm(name):
    one = ALL[name]
    count = one.warmup() + 80
    for bars in (_flat(count, 0.0), {key: np.where(np.arange(count) == count - 40, 1e12, 1e-12) for key in _flat(1)}):
        for values in one.compute(bars):
            assert len(values) == count
            assert not np.isinf(values).any()


def _pushed(stream, bars, rows):
    return [stream.push({name: float(column[row]) for name, column in bars.items()}) for row in rows]


@pytest.mark.parametrize("name", STEPPED)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_what_remembers_all_steps_as_the_batch_does_also_over_gaps_and_after_a_pause(name, data):
    one = ALL[name]
    params = _chosen(one.spec, data)
    bars = _bars(one.warmup(**params) + 120, seed=data.draw(st.integers(0, 9), label="seed"))
    count = len(bars["close"])
    if data.draw(st.booleans(), label="gap"):
        bars["close"][data.draw(st.integers(0, count - 1), label="where")] = np.nan
    pause = data.draw(st.integers(1, count - 1), label="pause")
    stream = Stream([Item(name, params)])
    label = Item(name, params).label
    told = _pushed(stream, bars, range(pause))
    told += _pushed(Stream.resume(json.loads(json.dumps(stream.state(), allow_nan=False))), bars, range(pause, count))
    for place, values in enumerate(one.compute(bars, **params)):
        found = [bar[label][place] for bar in told]
        np.testing.assert_allclose(found, values, rtol=1e-9, atol=1e-9)


def test_all_of_them_stream_as_the_batch_does():
    names = sorted(set(ALL) - {"ht_phase", "ht_sine"})
    bars = _bars(600, seed=4)
    stream = Stream(names)
    told = _pushed(stream, bars, range(600))
    for name in names:
        for place, values in enumerate(ALL[name].compute(bars)):
            found = np.array([bar[name][place] for bar in told])
            size = np.nanmax(np.abs(values))
            np.testing.assert_allclose(found, values, rtol=1e-9, atol=1e-9 * size, err_msg=name)
