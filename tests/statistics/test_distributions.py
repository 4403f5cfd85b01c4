import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ara.models.quantiles import LEVELS
from ara.statistics import binomial_tail, fit_student_t, student_t_cdf, student_t_quantiles, summed_degrees
from ara.statistics.distributions import summed_t_quantiles


@given(st.floats(2.1, 2000), st.floats(-60, 60))
def test_the_cdf_equals_scipys(degrees: float, x: float) -> None:
    assert student_t_cdf(x, degrees) == pytest.approx(stats.t.cdf(x, degrees), abs=1e-12)


@given(st.floats(2.1, 2000))
def test_the_quantiles_equal_scipys_scaled_to_variance_one(degrees: float) -> None:
    expected = stats.t.ppf(LEVELS, degrees) * math.sqrt((degrees - 2) / degrees)
    assert student_t_quantiles(LEVELS, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.floats(2.6, 60), st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_the_quantiles_of_sums_are_those_of_their_degrees_and_nobodys_to_change(degrees: float, counts: list) -> None:
    for _ in range(2):
        found = summed_t_quantiles(LEVELS, degrees, tuple(counts))
        assert found.tolist() == [student_t_quantiles(LEVELS, summed_degrees(degrees, one)).tolist() for one in counts]
        with pytest.raises(ValueError, match="read-only"):
            found[0, 0] = 0.0


@given(st.floats(2.1, 500))
def test_the_quantiles_are_symmetric_to_the_last_bit(degrees: float) -> None:
    values = student_t_quantiles(LEVELS, degrees)
    assert (values == -values[::-1]).all()


@pytest.mark.parametrize(("degrees", "low", "high"), [(3.0, 2.6, 3.5), (6.0, 5.0, 8.0), (40.0, 15.0, 60.0)])
def test_the_fit_finds_the_degrees_of_a_large_sample(degrees: float, low: float, high: float) -> None:
    sample = np.random.default_rng(3).standard_t(degrees, 40_000) * 0.01
    assert low <= fit_student_t(sample) <= high


def test_the_fit_is_the_likeliest_of_the_degrees_it_tries() -> None:
    sample = np.random.default_rng(5).standard_t(5, 900)
    scaled = sample / sample.std()
    grid = (2.6, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 60.0)
    loss = [-stats.t.logpdf(scaled, n, scale=math.sqrt((n - 2) / n)).mean() for n in grid]
    assert fit_student_t(sample) == grid[int(np.argmin(loss))]


def test_a_constant_sample_has_some_fit() -> None:
    assert 2.6 <= fit_student_t(np.zeros(10)) <= 60


def test_sums_lose_their_kurtosis_in_proportion() -> None:
    assert summed_degrees(6.0, 1) == 6.0
    for count in (2, 5, 21):
        excess = 6 / (summed_degrees(6.0, count) - 4)
        assert excess == pytest.approx(6 / (6 - 4) / count)
    assert summed_degrees(3.0, 5) == pytest.approx(5.2)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.05, 0.95))
def test_the_binomial_tail_equals_scipys(successes: int, trials: int, chance: float) -> None:
    expected = stats.binom.sf(successes - 1, trials, chance)
    assert binomial_tail(successes, trials, chance) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("x", "expected"), [(math.inf, 1.0), (-math.inf, 0.0), (0.0, 0.5)])
def test_the_ends_of_the_cdf(x: float, expected: float) -> None:
    assert student_t_cdf(x, 5.0) == expected
