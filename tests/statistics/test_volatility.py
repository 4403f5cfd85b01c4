import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from ara.statistics import ewma_variance


def returns(count: int, seed: int = 1) -> np.ndarray:
    values = np.random.default_rng(seed).standard_t(4, count) * 0.01
    values[0] = np.nan
    return values


def test_it_is_the_recursion_begun_with_the_mean_square() -> None:
    r = returns(300)
    begin = np.mean(r[1:21] ** 2)
    expected = lfilter([0.06], [1, -0.94], r[21:] ** 2, zi=[0.94 * begin])[0]
    got = ewma_variance(r)
    assert np.isnan(got[:20]).all()
    assert got[20] == pytest.approx(begin)
    assert got[21:] == pytest.approx(expected, rel=1e-12)


@given(st.integers(0, 80), st.integers(0, 80))
def test_a_cut_changes_nothing_before_it(length: int, cut: int) -> None:
    r = returns(81)[: length + 1]
    whole, part = ewma_variance(r), ewma_variance(r[:cut])
    assert np.array_equal(whole[:cut], part, equal_nan=True)


def test_a_missing_return_leaves_the_variance_as_it_was() -> None:
    r = returns(60)
    r[40] = np.nan
    got = ewma_variance(r)
    assert got[40] == got[39]
    assert got[41] == pytest.approx(0.94 * got[40] + 0.06 * r[41] ** 2)


def test_too_short_a_series_has_no_variance() -> None:
    assert np.isnan(ewma_variance(returns(20))).all()
    assert not np.isnan(ewma_variance(returns(21))[-1])


def test_a_slower_decay_moves_less() -> None:
    r = returns(100)
    r[99] = 0.3
    quick, slow = ewma_variance(r, decay=0.9), ewma_variance(r, decay=0.99)
    assert quick[99] - quick[98] > slow[99] - slow[98] > 0
