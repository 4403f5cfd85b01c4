import math

import numpy as np
import pytest

from ara.features.arrays import moments, sums
from ara.features.windowed import added, counted, logged, moved, over, place, quantile_of, scatter, slid, squared

VALUES = tuple((100.0 * np.exp(np.random.default_rng(4).normal(0.0, 0.01, 90))).tolist())


@pytest.mark.parametrize("window", [1, 2, 3, 20, 31, 64])
def test_a_sum_is_that_of_the_batch_to_the_last_bit(window):
    whole = sums(np.array(VALUES), window)
    told = [added(VALUES[bar + 1 - window : bar + 1]) for bar in range(window - 1, len(VALUES))]
    assert told == whole[window - 1 :].tolist()


@pytest.mark.parametrize("window", [1, 2, 3, 20, 31])
def test_mean_and_variance_are_those_of_the_batch_to_the_last_bit(window):
    mean, variance = moments(np.array(VALUES), window)
    for bar in range(window - 1, len(VALUES)):
        kept = VALUES[bar + 1 - window : bar + 1]
        assert scatter(kept, bar % window + 1) == (mean[bar], variance[bar])
        assert scatter(kept) == pytest.approx((mean[bar], variance[bar]), rel=1e-9, abs=1e-18)


def test_equal_values_have_no_variance():
    assert scatter((0.1,) * 7) == (0.1, 0.0)


def test_a_window_holds_its_last_values_and_begins_anew_after_one_that_is_unknown():
    kept = ()
    for value in (1.0, 2.0, 3.0, 4.0):
        kept = slid(kept, value, 3)
    assert kept == (2.0, 3.0, 4.0)
    assert slid(kept, math.nan, 3) == slid(kept, math.inf, 3) == ()


def test_returns_begin_with_the_second_price_and_anew_after_one_that_is_none():
    state = None
    for price in (1.0, math.e, 1.0, math.e):
        state = moved(state, price, 2)
    assert state == (1.0, (-1.0, 1.0))
    assert [moved(state, price, 2) for price in (0.0, -1.0, math.nan, math.inf)] == [None] * 4


def test_what_is_no_number_is_unknown():
    assert all(math.isnan(logged(price)) for price in (0.0, -1.0, math.inf, math.nan))
    assert logged(1.0) == 0.0


def test_nothing_is_divided_by_0():
    assert (over(1.0, 2.0), over(1.0, 0.0, otherwise=5.0)) == (0.5, 5.0)
    assert math.isnan(over(1.0, 0.0))
    assert math.isnan(over(math.nan, 0.0, otherwise=5.0))


def test_the_newest_stands_between_the_smallest_and_the_largest():
    assert place((1.0, 5.0, 2.0)) == 0.25
    assert place((3.0, 3.0)) == 0.5
    assert squared((1.0, 2.0)) == 5.0


def test_states_are_counted_among_the_last_ones():
    state = None
    for code in (0, 1, 1, 2):
        state = counted(state, code, 3, 4)
    assert state == ((1, 1, 2), (0, 2, 1, 0))
    assert counted(state, -1, 3, 4) is None


@pytest.mark.parametrize("level", [0.0, 0.05, 0.5, 0.77, 1.0])
def test_a_quantile_is_that_of_numpy(level):
    assert quantile_of(sorted(VALUES), level) == pytest.approx(np.quantile(VALUES, level), rel=1e-12)
