"""Every registered feature of many instruments keeps its promises, and the checks find those that don't."""

import math

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features import catalogue, cross
from ara.features.aliases import ALIASES
from ara.features.cross import MatrixFeature, PanelFeature, panel_feature
from ara.features.cross.checks import check_panel_feature
from ara.features.cross.matrices import moved, returns, shifted
from ara.features.indicator import INPUTS, Param, Scale

ALL = (-math.inf, math.inf)


def broken(thing):
    return {check.name: check.words for check in check_panel_feature(thing) if not check.ok}


@pytest.mark.parametrize("name", cross.names())
def test_every_registered_feature_keeps_its_promises(name):
    assert broken(cross.get(name)) == {}


def test_there_are_many_and_each_has_a_name_of_its_own():
    names = cross.names()
    assert len(names) >= 50
    assert list(names) == sorted(set(names))
    assert not set(names) & ({*catalogue.names(), *ALIASES} | set(INPUTS))
    assert len({cross.get(name).spec.formula for name in names}) == len(names)
    assert all(cross.get(name).spec.scale is Scale.FREE for name in names)
    assert all(isinstance(cross.get(name), PanelFeature) for name in names)


def test_a_name_that_is_not_there_names_the_nearest():
    with pytest.raises(FeatureEngineeringError, match="Did you mean market_beta") as caught:
        cross.get("market_bet")
    assert caught.value.hint == "See all of them: ara indicators list cross"
    with pytest.raises(FeatureEngineeringError, match=r"no feature of many instruments 'zzz'\.$"):
        cross.get("zzz")


def made(function=None, **facts):
    told = {
        "inputs": ["close"],
        "warmup": 1,
        "memory": 7,
        "bounds": ALL,
        "formula": "f",
        "reference": "r",
        "words": "w",
        "name": "made",
        **facts,
    }
    return panel_feature(**told)(function or returns)


def test_a_plain_feature_passes():
    assert broken(made()) == {}


def middle(close):
    return np.nan_to_num(returns(close)).sum(axis=1)


def by_first(close):
    return returns(close) - returns(close)[:, :1]


def peeking(close):
    out = returns(close)
    out[:-1] = out[1:].copy()
    out[:1] = np.nan
    return out


def whole_sample(close):
    return returns(close) / np.nanstd(returns(close))


def fading(close):
    """Has no values from the first gap on."""
    gone = np.cumsum(~np.isfinite(close).all(axis=1) & (np.arange(len(close)) > len(close) // 2)) > 0
    return np.where(gone[:, None], np.nan, returns(close))


def in_place(close):
    close[0] *= 1.0000001
    return returns(close)


class Drifting:
    """Gives something else each time."""

    spec = made().spec
    calls = 0

    def compute_panel(self, inputs, *, groups=(), **params):
        self.calls += 1
        return (returns(inputs["close"]) * (1 + self.calls * 1e-6),)

    def memory(self, **params):
        return 7


class Filling:
    """Has values where a series has no bar, and infinity."""

    spec = made().spec

    def compute_panel(self, inputs, *, groups=(), **params):
        found = np.nan_to_num(returns(inputs["close"]))
        found[:1] = np.nan
        return (found,)

    def memory(self, **params):
        return 7


PEEKED = "knows nothing of later rows"
FAULTS = [
    (made(peeking, warmup=1), PEEKED),
    (made(whole_sample), PEEKED),
    (made(whole_sample), "is the same whatever comes later"),
    (made(lambda close: moved(close, 3), warmup=2), "is NaN exactly while it warms up"),
    (made(lambda close: moved(close, 3), warmup=4), "is NaN exactly while it warms up"),
    (made(lambda close: np.cumsum(np.nan_to_num(returns(close)), axis=0), warmup=0), "depends on no more rows"),
    (made(lambda close: moved(close, 9), warmup=9, memory=9), "depends on no more rows"),
    (made(lambda close: close, warmup=0), "does not depend on the units"),
    (made(by_first), "does not depend on the order"),
    (made(lambda close: returns(close) * close.shape[1]), "is not changed by a series without bars"),
    (made(in_place), "gives the same twice and leaves its inputs alone"),
    (Drifting(), "gives the same twice"),
    (Filling(), "takes series that begin late"),
    (made(lambda close: shifted(returns(close), 5).clip(-9, 9), warmup=6, memory=12, bounds=(-0.001, 0.001)), "keeps"),
    (made(lambda close: returns(close)[1:]), "gives one matrix for each output"),
    (made(lambda close: (returns(close), returns(close))), "gives one matrix for each output"),
    (made(lambda close: "words"), "gives one matrix for each output"),
    (made(lambda close: returns(close).astype(np.float32)[:, :2]), "gives one matrix for each output"),
    (made(lambda close: np.where(len(close) < 3, 1 / 0, 1.0) * close), "takes few rows"),
    (made(words=" "), "says all that a reader needs"),
    (made(name="Made!"), "says all that a reader needs"),
    (made(inputs=["price"]), "says all that a reader needs"),
    (made(inputs=[]), "says all that a reader needs"),
    (made(bounds={"other": ALL}), "says all that a reader needs"),
    (made(bounds=(1.0, 0.0)), "says all that a reader needs"),
    (made(params={"n": Param(default=9, low=1, high=2, words="n")}), "says all that a reader needs"),
    (made(params={"n": Param(default=1, low=1, high=2, words="")}), "says all that a reader needs"),
    (made(lambda close: returns(close) if len(close) > 2 else close), "takes few rows, one series and none"),
    (made(fading, memory=100), "takes series that begin late"),
    (object(), "has the parts of a feature of many instruments"),
]


@pytest.mark.parametrize(("thing", "promise"), FAULTS, ids=range(len(FAULTS)))
def test_a_broken_promise_is_found(thing, promise):
    found = broken(thing)
    assert [name for name in found if name.startswith(promise)], found
    assert all(found.values())


def test_a_feature_that_never_comes_back_from_a_gap_is_told_so():
    assert (
        "made has no value in the end, though the first series has bars throughout"
        in broken(made(fading, memory=100)).values()
    )


def test_one_number_per_row_counts_for_every_series_with_a_bar():
    close = np.exp(np.random.default_rng(1).normal(size=(9, 3)))
    close[5, 1] = np.nan
    (found,) = made(middle).compute_panel({"close": close})
    assert np.isnan(found[5, 1])
    assert found[5, 0] == found[5, 2] == np.nansum(returns(close)[5])


def test_inputs_that_are_no_panel_are_refused():
    one = made()
    with pytest.raises(FeatureEngineeringError, match="The feature made needs close"):
        one.compute_panel({})
    with pytest.raises(FeatureEngineeringError, match=r"no matrices of one shape: close \(4,\)"):
        one.compute_panel({"close": np.ones(4)})
    two = made(lambda close, high: close, inputs=["close", "high"])
    with pytest.raises(FeatureEngineeringError, match=r"close \(4, 2\), high \(4, 3\)"):
        two.compute_panel({"close": np.ones((4, 2)), "high": np.ones((4, 3))})
    with pytest.raises(FeatureEngineeringError, match="told 2 groups for 3 series"):
        cross.get("sector_momentum").compute_panel({"close": np.ones((4, 3))}, groups=("a", "b"))
    with pytest.raises(FeatureEngineeringError, match="window of the indicator market_beta is 1"):
        cross.get("market_beta").compute_panel({"close": np.ones((4, 3))}, window=1)
    assert one.memory() == 7
    assert one.warmup() == 1


@pytest.mark.parametrize("price", [0.0, -1.0, 1e-12, 1e12, 1e300, math.nan, math.inf])
@pytest.mark.parametrize("name", cross.names())
def test_strange_prices_give_numbers_or_none(name, price):
    feature = cross.get(name)
    params = {key: min(max(12, one.low), one.high) for key, one in feature.spec.params.items() if one.whole}
    rows = feature.warmup(**params) + 20
    walk = np.exp(np.cumsum(0.01 * np.random.default_rng(2).normal(size=(rows, 4)), axis=0))
    for inputs in (walk * price, np.full((rows, 4), price), np.where(np.arange(4) == 1, price, walk)):
        given = dict.fromkeys(feature.spec.inputs, inputs)
        for values in feature.compute_panel(given, groups=("a", "a", "b", "b"), **params):
            assert values.shape == inputs.shape
            assert not np.isinf(values).any()


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (1, 3), (5, 0), (30, 1), (30, 2)])
@pytest.mark.parametrize("name", cross.names())
def test_few_rows_and_series_are_taken(name, shape):
    feature = cross.get(name)
    values = np.exp(np.cumsum(0.01 * np.random.default_rng(3).normal(size=shape), axis=0))
    for found in feature.compute_panel(dict.fromkeys(feature.spec.inputs, values)):
        assert found.shape == shape


def test_a_feature_stands_for_itself():
    one = cross.get("market_momentum")
    assert isinstance(one, MatrixFeature)
    assert one.shared
    assert not cross.get("market_beta").shared
    assert cross.get("sector_momentum").grouped
