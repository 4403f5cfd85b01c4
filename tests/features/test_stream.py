import json
import math

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features import Scale, catalogue, indicator
from ara.features.shared import shared, together
from ara.features.stream import Item, Stream

SAYS = {"formula": "f", "reference": "r", "words": "w", "scale": Scale.PRICE, "bounds": (-math.inf, math.inf)}


@indicator(inputs=["close"], warmup=2, memory=3, name="middle", **SAYS)
def middle(close):
    out = np.full(len(close), np.nan)
    for bar in range(2, len(close)):
        out[bar] = sorted(close[bar - 2 : bar + 1])[1]
    return out


def _one_more(state, close, volume):
    before, sums = state or (None, 0.0)
    sums += volume if before is not None and close > before else 0.0
    return (close, sums), (sums,)


@indicator(inputs=["close", "volume"], warmup=0, memory=None, step=_one_more, name="rises", **SAYS)
def rises(close, volume):
    return np.cumsum(np.where(np.diff(close, prepend=np.inf) > 0, volume, 0.0))


@indicator(inputs=["close"], warmup=0, memory=None, name="lost", **SAYS)
def lost(close):
    return np.cumsum(close)


@pytest.fixture(autouse=True)
def offered(monkeypatch):
    mine = {one.spec.name: one for one in (middle, rises, lost)}
    get = catalogue.get
    monkeypatch.setattr(catalogue, "get", lambda name: mine.get(name) or get(name))


def bars(count=1200, seed=3):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, count)))
    return {"close": close, "volume": np.floor(random.lognormal(9, 1, count))}


def rows(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


ITEMS = ["middle", "rises", "volatility_ratio", Item("volatility_ratio", {"window": 5})]


def test_bar_by_bar_is_all_at_once():
    columns = bars()
    whole = {
        "middle": middle.compute(columns)[0],
        "rises": rises.compute(columns)[0],
        "volatility_ratio": catalogue.compute("volatility_ratio", columns)[0],
        "volatility_ratio(window=5)": catalogue.compute("volatility_ratio", columns, window=5)[0],
    }
    stream = Stream(ITEMS)
    for place, row in enumerate(rows(columns)):
        told = stream.push(row)
        assert list(told) == list(whole)
        for label, (value,) in told.items():
            np.testing.assert_allclose(value, whole[label][place], rtol=1e-9, err_msg=f"{label} {place}")


@pytest.mark.parametrize("cut", [0, 1, 2, 500, 1199])
def test_a_saved_state_goes_on_as_if_nothing_had_been(cut):
    columns = rows(bars())
    straight, before = Stream(ITEMS), Stream(ITEMS)
    for row in columns[:cut]:
        straight.push(row)
        before.push(row)
    after = Stream.resume(json.loads(json.dumps(before.state())))
    for row in columns[cut : cut + 40]:
        np.testing.assert_equal(after.push(row), straight.push(row))


def test_what_is_wrong_is_named():
    with pytest.raises(FeatureEngineeringError, match="The bar lacks close, volume"):
        Stream(["rises"]).push({"open": 1.0})
    with pytest.raises(FeatureEngineeringError, match="lost depends on all bars and has no step"):
        Stream(["lost"])
    with pytest.raises(FeatureEngineeringError, match="version 7; this Ara reads 6"):
        Stream.resume({"version": 7})
    state = Stream(["middle"]).state()
    for broken in ({**state, "bars": {}}, {**state, "states": []}, {**state, "items": [{"name": "middle"}]}):
        with pytest.raises(FeatureEngineeringError, match="The state is damaged"):
            Stream.resume(broken)
    with pytest.raises(FeatureEngineeringError, match="no indicator 'nosuch'"):
        Stream(["nosuch"])
    with pytest.raises(FeatureEngineeringError, match="window of the indicator volatility_ratio is 1"):
        Stream([Item("volatility_ratio", {"window": 1})])


def test_nothing_at_all_is_fine():
    assert Stream([]).push({}) == {}


def test_all_told_together_are_as_each_alone():
    """What they share of a bar is written to by none of them."""
    random = np.random.default_rng(11)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, 320)))
    columns = {
        "open": close * 1.001,
        "high": close * (1.002 + random.uniform(0, 0.01, 320)),
        "low": close * (0.998 - random.uniform(0, 0.01, 320)),
        "close": close,
        "volume": np.floor(random.lognormal(9, 1, 320)),
        "session": np.floor(np.arange(320) / 7),
        "other": 50 * np.exp(np.cumsum(random.normal(0, 0.01, 320))),
    }
    families = ("momentum", "statistical", "trend", "volatility", "volume")
    ones = {name: one for family in families for name, one in catalogue.families()[family].items()}
    stream, newest = Stream(list(ones)), {}
    for row in rows(columns):
        newest = stream.push(row)
    for name, one in ones.items():
        for told, whole in zip(newest[name], one.compute(columns), strict=True):
            within = 1e-9 * np.nanmax(np.abs(whole))
            np.testing.assert_allclose(told, whole[-1], rtol=1e-9, atol=within, err_msg=name)


def test_what_is_shared_is_computed_once_and_only_together():
    calls = []

    @shared
    def doubled(values, times=2.0):
        calls.append(times)
        return values * times

    values, other = np.arange(3.0), np.arange(3.0)
    assert doubled(values) is not doubled(values)
    with together():
        first = doubled(values)
        assert doubled(values) is first
        assert doubled(other) is not first
        assert doubled(values, times=3.0).tolist() == [0.0, 3.0, 6.0]
    assert doubled(values) is not first
    assert calls == [2.0, 2.0, 2.0, 2.0, 3.0, 2.0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seen": -5}, "it has seen -5 bars"),
        ({"seen": "x"}, "it has seen 'x' bars"),
        ({"seen": 3}, "of 3 bars it needs the last"),
        ({"bars": {"close": [1.0], "volume": [1.0]}}, "of 40 bars it needs the last"),
        ({"bars": {"close": ["a"] * 40, "volume": [1.0] * 40}}, "damaged"),
        ({"bars": 5}, "damaged"),
        ({"items": [3]}, "damaged"),
        ({"states": [None]}, "damaged"),
        ({"states": [5, None]}, "a state of what has none"),
    ],
)
def test_a_damaged_state_is_refused_when_it_is_read(change, words):
    stream = Stream(["sma", "obv"])
    for one in range(40):
        stream.push({"close": 1.0 + one, "volume": 1.0})
    state = json.loads(json.dumps(stream.state()))
    assert Stream.resume(state).push({"close": 5.0, "volume": 1.0})
    with pytest.raises(FeatureEngineeringError, match=words):
        Stream.resume(state | change)


def test_a_state_that_no_step_can_use_is_named():
    stream = Stream(["obv"])
    stream.push({"close": 1.0, "volume": 1.0})
    broken = Stream.resume(stream.state() | {"states": [["junk"]]})
    with pytest.raises(FeatureEngineeringError, match="The indicator obv can't go on from the state"):
        broken.push({"close": 2.0, "volume": 1.0})


def test_items_are_named_by_text_and_have_parameters_by_name():
    with pytest.raises(FeatureEngineeringError, match="named by a text, not by int"):
        Stream([3])
    with pytest.raises(FeatureEngineeringError, match="The parameters of rsi are numbers by name, not list"):
        Stream([Item("rsi", [1])])
