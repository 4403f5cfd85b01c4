import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.features.families import TREND
from ara.features.stream import Item, Stream

ALL = TREND.indicators()
STEPPED = sorted(name for name, one in ALL.items() if one.spec.step is not None)
FURTHER = {"gator_phase", "ht_period", "ichimoku_position", "supertrend_direction"}
NAMED = """
sma ema wma dema tema trima kama mama t3 hma zlema alma vidya frama mcginley smma vwma lsma macd adx adxr di dx aroon
parabolic_sar supertrend ichimoku vortex trix mass_index linreg_channel donchian ma_ribbon ma_cross chandelier_exit
qstick schaff trend_intensity ht_trendline
"""


def _bars(count, seed=0, scale=1.0):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.standard_t(4, count) * 0.01))
    opened = close * np.exp(random.normal(0, 0.002, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    prices = {"open": opened, "high": high, "low": low, "close": close}
    return {name: column * scale for name, column in prices.items()} | {"volume": random.lognormal(12, 0.5, count)}


def _chosen(spec, data):
    """Draw parameters around their defaults, short windows among them."""
    found = {}
    for name, param in spec.params.items():
        low, high = max(param.low, param.default / 3), min(param.high, param.default * 1.5 + param.whole)
        draw = st.integers(int(np.ceil(low)), int(high)) if param.whole else st.floats(low, high)
        found[name] = data.draw(draw, label=name)
    return found


def test_the_family_holds_what_it_must():
    assert set(NAMED.split()) <= set(ALL)
    assert len(set(ALL) - FURTHER) >= 70


@pytest.mark.parametrize("name", sorted(ALL))
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_whatever_the_parameters_warm_up_and_memory_are_as_told(name, data):
    one = ALL[name]
    params = _chosen(one.spec, data)
    warmup, memory = one.warmup(**params), one.memory(**params)
    count = warmup + (memory or 0) + 40
    bars = _bars(count, seed=data.draw(st.integers(0, 9), label="seed"))
    whole = one.compute(bars, **params)
    for values in whole:
        assert np.flatnonzero(np.isnan(values)).tolist() == list(range(warmup))
    tail = {key: column[-memory:] if memory else column for key, column in bars.items()}
    for values, again in zip(whole, one.compute(tail, **params), strict=True):
        assert again[-1] == pytest.approx(values[-1], rel=1e-9, abs=1e-9 * np.nanmax(np.abs(values)))


@pytest.mark.parametrize("name", STEPPED)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_stream_gives_what_the_batch_gives_over_gaps_and_after_a_resume(name, data):
    one = ALL[name]
    params = _chosen(one.spec, data)
    bars = _bars(120, seed=data.draw(st.integers(0, 99), label="seed"))
    for column in bars.values():
        column[[0, 50, 51, 77]] = np.nan
    whole = one.compute(bars, **params)
    rounding = 1e-12 * np.abs(np.nan_to_num(np.array(whole))).max()  # all that is left of a value near 0
    stream, label, told = Stream([Item(name, params)]), Item(name, params).label, []
    for bar in range(120):
        told.append(stream.push({key: column[bar] for key, column in bars.items()})[label])
        if bar == 60:
            stream = Stream.resume(json.loads(json.dumps(stream.state())))
    np.testing.assert_allclose(np.array(told).T, whole, rtol=1e-10, atol=rounding)


@pytest.mark.parametrize("name", sorted(ALL))
def test_bars_that_are_hardly_bars_give_no_infinity_and_no_error(name):
    one = ALL[name]
    for count in (0, 1, 2, 3, 7, 33, 300):
        bars = _bars(count)
        gaps = {key: np.where(np.arange(count) % 37 == 5, np.nan, column) for key, column in bars.items()}
        still = dict.fromkeys(bars, np.full(count, 5.0))
        nothing = dict.fromkeys(bars, np.zeros(count))
        unknown = dict.fromkeys(bars, np.full(count, np.nan))
        untraded = bars | {"volume": np.zeros(count)}
        for each in (bars, gaps, still, nothing, unknown, untraded):
            for values in one.compute(each):
                assert values.shape == (count,)
                assert not np.isinf(values).any()


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("power", [-40, 40])
def test_prices_of_any_size_give_the_same_picture(name, power):
    one = ALL[name]
    count = max(300, one.warmup() + 100)
    for values, moved in zip(one.compute(_bars(count)), one.compute(_bars(count, scale=2.0**power)), strict=True):
        unit = 2.0**power if one.spec.scale == "price" else 1.0
        np.testing.assert_allclose(moved / unit, values, rtol=1e-8, atol=1e-8 * np.nanmax(np.abs(values)))


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_stands_still_has_a_value_and_no_trend(name):
    one = ALL[name]
    count = one.warmup() + 60
    bars = dict.fromkeys(_bars(1), np.full(count, 5.0))
    for output, values in zip(one.spec.outputs, one.compute(bars), strict=True):
        assert np.isfinite(values[-1]), output
        if one.spec.scale == "price" and len(one.spec.outputs) == 1:
            resting = 0.0 if name in {"qstick", "macd_leader"} else 5.0
            assert values[-1] == pytest.approx(resting, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["vortex", "trend_intensity", "rwi", "vwma", "efficiency_ratio", "vhf", "dx"])
def test_after_a_stir_what_stands_still_reads_as_if_it_always_had(name):
    bars = _bars(200)
    still = {key: np.concatenate([column, np.full(200, column[-1])]) for key, column in bars.items()}
    still |= {key: np.concatenate([bars[key], np.full(200, bars["close"][-1])]) for key in ("open", "high", "low")}
    still["volume"][200:] = 0.0
    calm = {key: np.full(200, column[-1]) for key, column in still.items()}
    one = ALL[name]
    for values, expected in zip(one.compute(still), one.compute(calm), strict=True):
        if name != "dx":  # TA-Lib keeps the last one where no price moves
            assert values[-1] == pytest.approx(expected[-1], rel=1e-9, abs=1e-9)
        assert np.isfinite(values[one.warmup() :]).all()
