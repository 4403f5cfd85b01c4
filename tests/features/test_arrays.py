"""Means that go on from bar to bar against the same sums written out."""

import numpy as np
import pytest

from ara.features.arrays import ema, smoothed, wilder

VALUES = np.concatenate([[np.nan, np.nan], np.random.default_rng(3).normal(50.0, 4.0, 60)])


def plain(values, weight, seed):
    """Give `y[t] = weight * x[t] + (1 - weight) * y[t-1]`, begun with the mean of the first known ones."""
    out, first = [float("nan")] * len(values), int(np.flatnonzero(~np.isnan(values))[0])
    for bar in range(first + seed - 1, len(values)):
        if bar == first + seed - 1:
            out[bar] = sum(values[first : bar + 1]) / seed
        else:
            out[bar] = weight * values[bar] + (1 - weight) * out[bar - 1]
    return out


@pytest.mark.parametrize("window", [1, 2, 7, 60])
def test_means_are_as_written(window):
    weight = 2.0 / (window + 1.0)
    np.testing.assert_allclose(ema(VALUES, window), plain(VALUES, weight, window), rtol=1e-12)
    np.testing.assert_allclose(ema(VALUES, window, seeded=False), plain(VALUES, weight, 1), rtol=1e-12)
    np.testing.assert_allclose(wilder(VALUES, window), plain(VALUES, 1.0 / window, window), rtol=1e-12)
    np.testing.assert_allclose(smoothed(VALUES, 0.3, seed=window), plain(VALUES, 0.3, window), rtol=1e-12)


@pytest.mark.parametrize("values", [VALUES[:0], VALUES[:2], VALUES[:6]])
def test_fewer_values_than_a_mean_begins_with_give_none(values):
    for found in (ema(values, 5), wilder(values, 5), smoothed(values, 0.3, seed=5)):
        assert len(found) == len(values)
        assert np.isnan(found).all()


@pytest.mark.parametrize("mean", [ema, wilder])
def test_a_mean_of_one_value_is_a_copy_that_others_may_write_to(mean):
    values = VALUES.copy()
    mean(values, 1)[:] = 0.0
    np.testing.assert_array_equal(values, VALUES)
