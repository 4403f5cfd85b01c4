import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ara.statistics import floored, range_variance

FINITE = st.floats(-2, 2)


def test_it_is_garman_and_klass_and_the_gap_by_hand() -> None:
    bar = np.array([[0.01, 0.03, -0.01, 0.02]])
    expected = 0.5 * 0.04**2 - (2 * math.log(2) - 1) * 0.01**2 + 0.01**2
    assert range_variance(bar)[0] == pytest.approx(expected, rel=1e-14)


def test_it_has_the_variance_of_a_random_walk() -> None:
    random = np.random.default_rng(1)
    steps = np.cumsum(random.standard_normal((4000, 400)) * 0.01 / 20, axis=1)
    gap = 0.005 * random.standard_normal(4000)
    path = np.column_stack([gap, gap[:, None] + steps])
    bars = np.column_stack([gap, path.max(axis=1), path.min(axis=1), path[:, -1]])
    # 400 steps miss some of the range: Garman and Klass's own table gives about 6 % less
    assert range_variance(bars).mean() == pytest.approx(0.01**2 + 0.005**2, rel=0.09)


def test_closes_alone_give_squares_of_returns() -> None:
    close = np.array([0.01, -0.02, 0.0])
    only = np.repeat(close[:, None], 4, axis=1)
    assert range_variance(only) == pytest.approx(close**2)
    missing = np.column_stack([np.full((3, 3), np.nan), close])
    assert range_variance(missing) == pytest.approx(close**2)
    assert np.isnan(range_variance(np.full((1, 4), np.nan))).all()


@given(arrays.arrays(np.float64, (6, 4), elements=FINITE))
def test_impossible_bars_have_a_variance_too(bars: np.ndarray) -> None:
    assert (range_variance(bars) >= 0).all()


def test_the_floor_is_a_share_of_the_median_known_then() -> None:
    variance = np.array([np.nan, 4.0, 2.0, 6.0, 0.0, 0.0])
    got = floored(variance, share=0.1, bars=3, least=0.0)
    assert np.isnan(got[0])
    assert got[1:] == pytest.approx([4, 2, 6, 0.2, 0.0])
    assert floored(np.zeros(3), least=1e-12) == pytest.approx([1e-12] * 3)


@given(st.integers(0, 300))
def test_a_cut_changes_nothing_before_it(cut: int) -> None:
    variance = np.random.default_rng(2).lognormal(size=300)
    variance[[0, 17, 200]] = np.nan
    variance[40:60] = 0
    assert np.array_equal(floored(variance)[:cut], floored(variance[:cut]), equal_nan=True)
