"""A price that stands still: what moved long before no longer counts, in the batch as in the newest bar."""

import math

import numpy as np
import pytest

from ara.features import catalogue
from ara.features.arrays import rested
from ara.features.indicators.trend.terms import pause, rests

MOVING, STILL = 300, 900
MIDDLE = {"rsi": 50.0, "rmi": 50.0, "relative_volatility": 50.0, "volume_rsi": 50.0, "schaff": 50.0}
NOTHING = dict.fromkeys(("adx", "di", "dx", "dti", "tsi", "smi", "macd_v", "even_better_sinewave"), 0.0)
UNKNOWN = dict.fromkeys(("atr_ratio", "chaikin_volatility", "relative_true_range"), math.nan)
VALUES = MIDDLE | NOTHING | UNKNOWN | {"keltner_position": 0.5, "mass_index": 25.0, "mesa_stochastic": 50.0}


def still(level=100.1, later=0):
    random = np.random.default_rng(3)
    close = np.concatenate([100 * np.exp(np.cumsum(random.normal(0, 0.015, MOVING))), np.full(STILL, level)])
    close = np.concatenate([close, level * np.exp(np.cumsum(random.normal(0, 0.015, later)))])
    bar = np.arange(len(close))
    wide = np.where((bar < MOVING) | (bar >= MOVING + STILL), 0.004, 0.0)
    return {"open": close, "high": close * (1 + wide), "low": close * (1 - wide), "close": close, "volume": close * 1e3}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_what_stood_still_for_long_says_that_nothing_moves(name):
    for line in catalogue.compute(name, still()):
        np.testing.assert_allclose(line[-50:], VALUES[name], atol=1e-9)


@pytest.mark.parametrize("level", [1e-9, 100.1, 1e9 / 3])
def test_a_channel_without_width_has_its_close_in_the_middle(level):
    assert np.abs(catalogue.compute("keltner_position", still(level))[0][-800:-600] - 0.5).max() < 3.0
    assert (catalogue.compute("keltner_position", still(level))[0][-500:] == 0.5).all()


def test_the_past_counts_until_a_thousandth_of_it_is_left():
    close = still()["close"]
    line = catalogue.compute("rsi", {"close": close})[0]
    bars = rests(1 / 14)
    assert (13 / 14) ** bars <= 1e-3 < (13 / 14) ** (bars - 1)
    assert np.ptp(line[MOVING : MOVING + bars]) < 1e-6
    assert abs(line[MOVING] - 50.0) > 1.0
    assert (line[MOVING + bars :] == 50.0).all()
    assert rests(1.0) == pause(1) == 1


def test_one_tick_ends_the_rest():
    moves = np.array([np.nan, 0, 0, 0, 1e-9, 0, 0, 0, 0.0])
    found = rested(np.array([np.nan, 1, 2, 3, 4, 5, 6, np.nan, 8.0]), moves, 3, otherwise=-1.0)
    np.testing.assert_array_equal(found, [np.nan, 1, 2, -1, 4, 5, 6, np.nan, -1])
    assert rested(moves, moves, 8, otherwise=-1.0) is moves


@pytest.mark.parametrize("name", ["schaff", "chaikin_volatility", "volatility_ratio", "qqe", "adx"])
def test_after_a_rest_only_what_is_new_counts(name):
    bars = still(later=150)
    alone = {column: line[MOVING + 20 :] for column, line in bars.items()}
    for with_a_past, without in zip(catalogue.compute(name, bars), catalogue.compute(name, alone), strict=True):
        np.testing.assert_allclose(with_a_past[-150:], without[-150:], rtol=1e-9, atol=1e-7)


AT_REST = {"ht_period": [0.0], "ht_trendmode": [0.0], "ht_phasor": [0.0, 0.0], "ht_phase": [math.nan]}
AT_REST |= {"ht_sine": [math.nan, math.nan], "ht_trendline": [100.1, 100.1], "mama": [100.1, 100.1]}


@pytest.mark.parametrize("name", sorted(AT_REST))
def test_a_price_that_stands_still_has_no_cycle_and_the_next_is_measured_anew(name):
    bars = still(later=150)
    alone = catalogue.compute(name, {column: line[MOVING + STILL // 2 :] for column, line in bars.items()})
    begun = catalogue.compute(name, {column: line[MOVING + STILL - 63 :] for column, line in bars.items()})
    for line, one, anew, value in zip(catalogue.compute(name, bars), alone, begun, AT_REST[name], strict=True):
        np.testing.assert_array_equal(line[MOVING + 113 : MOVING + STILL], value)
        np.testing.assert_array_equal(line[-150:], one[-150:])
        np.testing.assert_array_equal(line[-150:], anew[-150:])
        assert np.isfinite(line[-140:]).all()
