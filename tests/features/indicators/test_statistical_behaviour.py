"""What the indicators of statistics say of series whose nature is known, and that no bars break them."""

import math

import numpy as np
import pytest

from ara.features import catalogue
from ara.features.families import STATISTICAL
from ara.features.stream import Stream

NAMES = sorted(STATISTICAL.indicators())
COLUMNS = ("open", "high", "low", "close", "volume", "other")


def bars_of(close, other=None):
    close = np.asarray(close, float)
    other = close[::-1].copy() if other is None else np.asarray(other, float)
    return {**dict.fromkeys(COLUMNS, close), "other": other}


def walk(bars=600, seed=0, size=0.01):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, size, bars)))


def reverting(bars=600, seed=0, pull=0.2):
    random = np.random.default_rng(seed)
    out = [0.0]
    for step in random.normal(0, 0.01, bars - 1):
        out.append((1 - pull) * out[-1] + step)
    return 100 * np.exp(np.array(out))


def last(name, close, other=None, **params):
    return [float(one[-1]) for one in catalogue.compute(name, bars_of(close, other), **params)]


PATHOLOGICAL = {
    "none": np.zeros(0),
    "one": np.array([100.0]),
    "constant": np.full(700, 100.0),
    "zeros": np.zeros(700),
    "gaps": np.where(np.arange(700) % 41 == 7, np.nan, walk(700)),
    "all_unknown": np.full(700, np.nan),
    "tiny": walk(700) * 1e-14,
    "huge": walk(700) * 1e10,
    "both": np.where(np.arange(700) % 2 == 0, 1e-12, 1e12),
    "endless": np.where(np.arange(700) == 300, np.inf, walk(700)),
    "negative": -walk(700),
    "halted": np.concatenate([walk(300), np.full(400, walk(300)[-1])]),
    "growing": 100 * 1.001 ** np.arange(700),
    "enormous": walk(700) * 1e300,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", PATHOLOGICAL)
def test_no_bars_break_it(name, case):
    close = PATHOLOGICAL[case]
    spec = catalogue.get(name).spec
    for output, values in zip(spec.outputs, catalogue.compute(name, bars_of(close, close[::-1])), strict=True):
        assert len(values) == len(close)
        assert not np.isinf(values).any()
        low, high = spec.bounds[output]
        if case not in ("negative", "enormous"):
            assert not ((values < low) | (values > high)).any()


@pytest.mark.parametrize("case", ["tiny", "huge"])
@pytest.mark.parametrize("name", [name for name in NAMES if "volume" not in catalogue.get(name).spec.inputs])
def test_the_size_of_prices_does_not_matter(name, case):
    factor = {"tiny": 1e-14, "huge": 1e10}[case]
    price = factor if catalogue.get(name).spec.scale == "price" else 1.0
    usual_bars = bars_of(walk(700))
    found = catalogue.compute(name, bars_of(PATHOLOGICAL[case]) | {"other": usual_bars["other"]})
    for values, usual in zip(found, catalogue.compute(name, usual_bars), strict=True):
        largest = np.nanmax(np.abs(usual))
        np.testing.assert_allclose(values / price, usual, rtol=1e-6, atol=1e-8 * largest)


@pytest.mark.parametrize("name", NAMES)
def test_a_gap_is_forgotten_when_it_has_left_the_memory(name):
    thing = catalogue.get(name)
    memory = thing.memory()
    close, other = walk(400 + 2 * memory), walk(400 + 2 * memory, seed=1)
    holed = close.copy()
    holed[200] = np.nan
    with_gap = thing.compute({**bars_of(holed, other)})
    without = thing.compute({**bars_of(close, other)})
    for gap, whole in zip(with_gap, without, strict=True):
        assert np.isnan(gap[200 : 200 + memory]).any()
        np.testing.assert_allclose(gap[200 + memory :], whole[200 + memory :], rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(gap[:200], whole[:200], rtol=1e-7, atol=1e-10)


def test_where_prices_stand_still_nothing_is_made_of_rounding():
    for name in (
        "correlation",
        "beta",
        "autocorrelation",
        "skew",
        "sharpe",
        "jump_share",
        "adf",
        "cointegration",
        "hurst",
    ):
        for found in catalogue.compute(name, bars_of(PATHOLOGICAL["halted"], PATHOLOGICAL["halted"])):
            assert np.isnan(found[-150:]).all()
    assert last("variance", PATHOLOGICAL["halted"]) == [0.0]
    assert last("stddev", PATHOLOGICAL["halted"]) == [0.0]
    assert np.isnan(last("autocorrelation", PATHOLOGICAL["growing"])).all()


def test_small_deviations_of_large_prices_are_seen():
    close = 1e9 + np.tile([0.0, 1.0], 50)
    assert last("stddev", close, window=20) == pytest.approx([0.5], rel=1e-12)
    assert last("variance", close, window=20, returns=0) == pytest.approx([0.25], rel=1e-12)


def test_elementary_figures():
    close = walk(50)
    assert last("lag", close, bars=3) == [close[-4]]
    assert last("log_return", close, bars=2) == pytest.approx([math.log(close[-1] / close[-3])])
    bars = {**bars_of(close), "open": close * 1.01}
    assert catalogue.compute("overnight_return", bars)[0][-1] == pytest.approx(math.log(close[-1] * 1.01 / close[-2]))
    assert catalogue.compute("intraday_return", bars)[0][-1] == pytest.approx(-math.log(1.01))
    assert last("price_relative", close, close * 2) == [0.5]


def test_a_streak_counts_bars_of_one_direction():
    found = catalogue.compute("streak", bars_of([5, 6, 7, 8, 8, 7, 6, 9, 10.0]))[0]
    np.testing.assert_array_equal(found, [np.nan, 1, 2, 3, 0, -1, -2, 1, 2])
    assert last("streak", np.arange(1.0, 60.0), longest=10) == [10.0]


def test_volume_spread_evenly_has_the_largest_entropy():
    def of(volume):
        return catalogue.compute("volume_entropy", {"volume": np.asarray(volume, float)}, window=4)[0][-1]

    assert of([7, 7, 7, 7]) == pytest.approx(1.0)
    assert of([0, 0, 9, 0]) == pytest.approx(0.0)
    assert of([1, 1, 0, 0]) == pytest.approx(0.5)
    assert math.isnan(of([0, 0, 0, 0]))


def test_unit_roots_and_their_absence_are_told_apart():
    assert last("adf", reverting(), window=250)[0] < -4
    assert last("adf", walk(), window=250)[0] > -3
    assert last("half_life", reverting(pull=0.2, bars=3000), window=2500)[0] == pytest.approx(
        math.log(2) / 0.223, rel=0.2
    )
    assert last("half_life", np.exp(np.arange(300) ** 1.5 * 1e-4), window=100) == [1000.0]


def test_cointegrated_prices_are_told_from_strangers():
    other = walk(seed=5)
    tied = other**1.5 * reverting(seed=6) / 100
    assert last("cointegration", tied, other, window=300)[0] < -5
    assert last("cointegration", walk(seed=8), other, window=300)[0] > -3.4
    assert last("hedge_ratio", tied, other, window=300)[0] == pytest.approx(1.5, abs=0.1)


def test_trends_walks_and_reversion_differ_in_hurst_and_variance_ratio():
    random = np.random.default_rng(4)
    steps = random.normal(0, 0.01, 3000)
    trending = 100 * np.exp(np.cumsum(np.convolve(steps, [0.6, 0.5, 0.4, 0.3], "same")))
    for name, middle in (("hurst", 0.5), ("variance_ratio", 1.0)):
        low, usual, high = (last(name, one, window=2000)[0] for one in (reverting(3000), walk(3000, seed=2), trending))
        assert low < usual < high
        assert usual == pytest.approx(middle, abs=0.12)


def test_dependence_is_found_where_it_was_put():
    random = np.random.default_rng(7)
    steps = random.normal(0, 0.01, 1000)
    steps[1:] += 0.5 * steps[:-1]
    close = 100 * np.exp(np.cumsum(steps))
    assert last("autocorrelation", close, window=900)[0] == pytest.approx(0.4, abs=0.1)
    assert last("ljung_box", close, window=900)[0] > 11.1 > last("ljung_box", walk(1000, seed=11), window=900)[0]
    assert last("mutual_information", close, window=400)[0] > 2 * last("mutual_information", walk(1000), window=400)[0]
    wild = random.normal(0, 1, 1000) * np.where(np.arange(1000) // 50 % 2, 0.03, 0.005)
    clustered = 100 * np.exp(np.cumsum(wild))
    assert last("volatility_clustering", clustered, window=900)[0] > 0.2


def test_a_leader_is_known_by_what_follows_it():
    random = np.random.default_rng(9)
    lead = random.normal(0, 0.01, 800)
    follow = np.concatenate([[0.0], lead[:-1]]) + random.normal(0, 0.003, 800)
    one, two = (100 * np.exp(np.cumsum(steps)) for steps in (follow, lead))
    assert last("lagged_correlation", one, two, window=500)[0] > 0.9
    assert (
        last("transfer_entropy", one, two, window=500)[0] > 0.3 > 10 * last("transfer_entropy", two, one, window=500)[0]
    )


def test_a_jump_is_a_jump():
    steps = np.random.default_rng(3).normal(0, 0.01, 300)
    calm = 100 * np.exp(np.cumsum(steps))
    steps[290] = 0.15
    jumped = 100 * np.exp(np.cumsum(steps))
    assert last("jump_share", jumped)[0] > 0.6 > 0.3 > last("jump_share", calm)[0]
    assert last("jump_test", jumped)[0] > 3.1 > last("jump_test", calm)[0]
    assert 1.2 * 0.15**2 > last("signed_jump", jumped)[0] > 0.8 * 0.15**2
    assert last("signed_jump", 1e4 / jumped)[0] == pytest.approx(-last("signed_jump", jumped)[0])
    assert abs(catalogue.compute("lee_mykland", bars_of(jumped))[0][290]) > 15


def test_breaks_are_seen():
    steps = np.random.default_rng(12).normal(0, 0.01, 200)
    steps[-30:] = steps[-30:] * 4 + 0.03
    close = 100 * np.exp(np.cumsum(steps))
    assert last("mean_shift", close)[0] > 2
    assert last("variance_shift", close)[0] == pytest.approx(math.log(4), abs=0.5)
    assert last("surprise", close, window=20, past=60)[0] > last("surprise", walk(400), past=60)[0]


def test_the_stream_gives_what_the_batch_does():
    close, other = walk(260), walk(260, seed=1)
    stream = Stream(["zscore", "adf", "cointegration", "max_drawdown", "entropy"])
    for own, market in zip(close.tolist(), other.tolist(), strict=True):
        found = stream.push({"close": own, "other": market})
    for name, values in found.items():
        np.testing.assert_allclose(values, last(name, close, other), rtol=1e-9)


@pytest.mark.parametrize("window", [2, 7, 50])
def test_the_worst_fall_is_found_wherever_it_lies(window):
    close = walk(160, seed=21)
    found = catalogue.compute("max_drawdown", bars_of(close), window=window)[0]
    for bar in range(window - 1, len(close)):
        part = close[bar - window + 1 : bar + 1]
        assert found[bar] == pytest.approx((1 - part / np.maximum.accumulate(part)).max(), rel=1e-12, abs=1e-15)
