"""Sums of draws against all of them written down, and against many drawn."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ara.statistics import summed_quantiles
from ara.statistics.sums import quantiles_of_sums

LEVELS = (0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995)


def test_one_draw_has_the_quantiles_of_the_sample() -> None:
    values = np.random.default_rng(1).standard_t(4, (3, 500))
    assert np.array_equal(summed_quantiles(values, 1, LEVELS), np.quantile(values, LEVELS, axis=1).T)


@pytest.mark.parametrize(("size", "count"), [(40, 2), (16, 3), (9, 5)])
def test_sums_are_those_of_all_the_draws_there_are(size: int, count: int) -> None:
    values = np.random.default_rng(size).standard_t(5, size)
    sums = np.sort([sum(drawn) for drawn in product(values, repeat=count)])
    got = summed_quantiles(values[None], count, LEVELS)[0]
    # the share of all sums up to each quantile is its level, but for a step of the grid
    near = 0.015 * sums.std()
    assert (np.searchsorted(sums, got + near, side="right") / len(sums) >= np.array(LEVELS)).all()
    assert (np.searchsorted(sums, got - near, side="left") / len(sums) <= np.array(LEVELS)).all()


@pytest.mark.parametrize("count", [5, 21, 30])
def test_a_heavy_sample_gives_what_many_draws_give(count: int) -> None:
    random = np.random.default_rng(7)
    values = random.standard_t(3, 500) * 0.01 + 0.0005
    values[3] = 0.25
    drawn = random.choice(values, (200_000, count)).sum(axis=1)
    got = summed_quantiles(values[None], count, LEVELS)[0]
    for level, value in zip(LEVELS, got, strict=True):
        share = (drawn <= value).mean()
        assert share == pytest.approx(level, abs=5 * np.sqrt(level * (1 - level) / 200_000) + 1e-4)


def test_one_value_far_out_does_not_come_in_at_the_other_end() -> None:
    values = np.random.default_rng(5).standard_normal(500)
    values[7] = 1e4
    # it is among three draws in 6 of 1000
    got = summed_quantiles(values[None], 3, LEVELS)[0]
    assert got[0] > -50
    assert got[-2] < 50
    assert got[-1] == pytest.approx(1e4, rel=0.01)


def test_a_sample_that_is_its_own_mirror_has_such_sums() -> None:
    half = np.random.default_rng(6).standard_t(4, 250)
    got = summed_quantiles(np.concatenate([half, -half])[None], 5, LEVELS)[0]
    np.testing.assert_allclose(got, -got[::-1], atol=1e-9)


def test_rows_are_told_apart_whatever_their_size_and_number() -> None:
    random = np.random.default_rng(2)
    values = random.standard_normal((300, 80)) * 10.0 ** random.integers(-8, 8, (300, 1))
    together = summed_quantiles(values, 7, LEVELS)
    alone = np.concatenate([summed_quantiles(row[None], 7, LEVELS) for row in values])
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    assert summed_quantiles(values[:0], 7, LEVELS).shape == (0, 7)


@given(arrays.arrays(np.float64, (2, 7), elements=st.floats(-1e3, 1e3)), st.integers(1, 30))
def test_quantiles_do_not_cross_and_stay_within_what_can_be(values: np.ndarray, count: int) -> None:
    got = summed_quantiles(values, count, LEVELS)
    assert np.isfinite(got).all()
    assert (np.diff(got, axis=1) >= 0).all()
    room = 0.02 * count * np.ptp(values, axis=1) + 1e-9
    assert (got[:, -1] <= count * values.max(axis=1) + room).all()
    assert (got[:, 0] >= count * values.min(axis=1) - room).all()


@pytest.mark.parametrize("rows", [1, 3, 200])
def test_several_counts_at_once_give_what_each_gives_alone(rows: int) -> None:
    values = np.random.default_rng(3).standard_t(4, (rows, 90))
    counts = (1, 5, 2, 21, 5)
    together = quantiles_of_sums(values, counts, LEVELS)
    for place, count in enumerate(counts):
        assert together[:, place].tobytes() == summed_quantiles(values, count, LEVELS).tobytes()
    assert quantiles_of_sums(values[:0], counts, LEVELS).shape == (0, 5, len(LEVELS))
    together[:] = 0.0  # what is given again is the caller's own
    assert quantiles_of_sums(values, (2, 5), LEVELS).any(axis=(0, 2)).all()
