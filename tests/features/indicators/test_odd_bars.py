"""Steps beside their batch on bars that few markets have."""

import json

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.stream import Item, Stream
from tests.features.indicators.stepping import bars, meets

STEPS = [name for one in catalogue.families().values() for name, found in one.items() if found.spec.step]


def calm(level, count=160):
    """Give bars at a price that hardly moves."""
    random = np.random.default_rng(4)
    close = level * np.exp(np.cumsum(random.normal(0.0, 1e-4, count)))
    opened, spread = close * np.exp(random.normal(0.0, 5e-5, count)), np.exp(np.abs(random.normal(0.0, 5e-5, count)))
    found = {"open": opened, "high": np.maximum(opened, close) * spread, "low": np.minimum(opened, close) / spread}
    found |= {"close": close, "volume": np.floor(random.lognormal(12.0, 0.5, count))}
    return found | {"session": np.arange(count) // 7.0, "other": 50.0 * np.sqrt(close / level)}


@pytest.mark.parametrize("name", STEPS)
def test_steps_tell_of_the_smallest_prices_what_batches_do(name):
    meets(name, calm(1e-12), catalogue.get(name).spec.resolve({}), within=1e-7)


@pytest.mark.parametrize("kind", ["gaps", "rests"])
@pytest.mark.parametrize(("window", "span"), [(1, 1), (1, 10), (2, 10), (10, 2), (10, 60)])
def test_what_is_compared_with_bars_ago_begins_anew_after_a_gap(kind, window, span):
    given, params = bars(kind), {"window": window, "bars": span}
    meets("chaikin_volatility", given, params)
    line = catalogue.compute("chaikin_volatility", given, **params)[0]
    if kind == "gaps":
        assert np.isnan(line[110 : 111 + window - 1 + span + 1]).all()
        assert np.isfinite(line[111 + window + span : 190]).all()


@pytest.mark.parametrize("name", STEPS)
def test_a_price_of_0_counts_no_longer_than_a_gap(name):
    given, one = bars("moves", 640), catalogue.get(name)
    for column in ("open", "high", "low", "close"):
        given[column][300] = 0.0
    params = one.spec.resolve({})
    meets(name, given, params)
    if one.spec.warmup(**params) < 300:
        assert all(np.isfinite(line[-1]) for line in one.compute({key: given[key] for key in one.spec.inputs}))


@pytest.mark.parametrize(
    ("item", "bar"),
    [
        (Item("marketfi", {"unit": 1}), {"high": 1e308, "low": 1e-3, "volume": 1e-300}),
        (Item("stoch_fast", {"window": 2, "signal": 1}), {"high": 3.0, "low": 1.0, "close": np.inf}),
    ],
)
def test_a_step_that_goes_beyond_all_numbers_tells_nothing(item, bar):
    stream = Stream([item])
    for _ in range(4):
        assert np.isnan(stream.push(bar)[item.label]).all()


@pytest.mark.parametrize("name", ["chande_kroll_stop", "fractal_chaos_bands", "zigzag"])
@pytest.mark.parametrize("broken", [None, "text", [1.0]])
def test_of_a_damaged_state_only_numbers_come_or_a_refusal(name, broken):
    stream, given = Stream([name]), bars("moves", 100)
    rows = [{column: float(values[bar]) for column, values in given.items()} for bar in range(100)]
    for row in rows[:90]:
        stream.push(row)
    for turn in range(40):
        saved, left = stream.state(), turn

        def spoiled(kept):
            nonlocal left
            if isinstance(kept, list | tuple):
                return [spoiled(one) for one in kept]
            left -= 1
            return broken if left == -1 else kept

        saved["states"] = spoiled(saved["states"])
        try:
            other = Stream.resume(saved)
            for row in rows[90:]:
                assert all(isinstance(value, float | int) for value in other.push(row)[name])
        except FeatureEngineeringError:
            continue


def test_means_of_prices_whose_squares_are_no_numbers_are_taken_on():
    stream, found = Stream(["inertia"]), None
    for values in zip(*(1e160 * column for name, column in bars("moves", 60).items() if name != "volume"), strict=True):
        found = stream.push(dict(zip(("open", "high", "low", "close"), map(float, values[:4]), strict=True)))
    assert len(found["inertia"]) == 1


@pytest.mark.parametrize(("bid", "ask"), [(100.0, 101.0), (99.7, 100.0), (100.1, 100.0), (1.1, 1.2), (57.3, 57.9)])
def test_a_price_that_goes_to_and_fro_is_as_wild_as_usual(bid, ask):
    close = np.where(np.arange(200) % 2, bid, ask)
    line, stream = catalogue.compute("dynamic_momentum", {"close": close})[0], Stream(["dynamic_momentum"])
    told = [stream.push({"close": value})["dynamic_momentum"][0] for value in close.tolist()]
    np.testing.assert_allclose(told, line, rtol=1e-9)
    np.testing.assert_allclose(line[-90:], 50.0, rtol=1e-9)


@pytest.mark.parametrize("name", ["fisher", "kdj", "mesa_stochastic", "stoch", "stoch_fast", "stoch_rsi"])
def test_an_unknown_close_stands_nowhere_in_a_range_of_nothing(name):
    given = bars("rests")
    for column in ("open", "high", "low", "close"):
        given[column][230:380] = given["close"][230]
    given["close"][300] = np.nan
    meets(name, given, catalogue.get(name).spec.resolve({}))


def test_ever_rising_steps_are_no_more_than_all():
    for seed in range(12):
        close = 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.01, 600)))
        stream = Stream(["laguerre_rsi"])
        told = [stream.push({"close": value})["laguerre_rsi"][0] for value in close.tolist()]
        assert max(told[3:]) <= 100.0


@pytest.mark.parametrize("name", ["session_vwap", "session_vwap_bands", "renko_line", "renko_trend", "bollinger_ema"])
def test_a_state_is_json_whatever_is_unknown(name):
    given = bars("moves", 120)
    given["volume"][:3] = np.nan
    given["close"][[0, 70]] = np.nan
    stream, other = Stream([name]), Stream([name])
    for bar in range(120):
        row = {column: float(values[bar]) for column, values in given.items()}
        other = Stream.resume(json.loads(json.dumps(other.state(), allow_nan=False)))
        assert repr(other.push(row)) == repr(stream.push(row))
