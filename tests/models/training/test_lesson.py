"""Which rows are learned from, what of their targets was known, and in which order they come."""

from dataclasses import replace

import numpy as np
import pytest

from ara.models.training import Plan, lesson
from ara.models.training.lesson import parted
from tests.models.networks.worlds import featured


def given(panel=None, *, train=None, valid=None, window: int = 6):
    panel = featured() if panel is None else panel
    rows = np.arange(len(panel))
    return lesson(panel, rows if train is None else train, rows[:0] if valid is None else valid, window=window)


def test_the_last_fifth_of_the_days_is_kept_to_stop_by() -> None:
    panel = featured()
    taken = given(panel)
    known = panel.known_at
    assert known[taken.train].max() < known[taken.valid].min()
    days = np.unique(known[np.concatenate([taken.train, taken.valid])])
    late = np.unique(known[taken.valid])
    assert len(late) / len(days) == pytest.approx(0.2, abs=0.02)


def test_no_target_reaches_into_the_rows_to_stop_by() -> None:
    panel = featured(horizons=(1, 21))
    taken = given(panel)
    begin = panel.known_at[taken.valid].min()
    used = ~np.isnan(taken.y)
    assert panel.y_known[taken.train][used].max() <= begin
    assert used[:, 0].sum() > used[:, 1].sum() > 0
    np.testing.assert_array_equal(taken.y[used], panel.y[taken.train][used].astype(np.float32))


def test_rows_that_are_given_to_stop_by_may_lie_in_the_middle() -> None:
    panel = featured(horizons=(1, 5))
    days = np.unique(panel.known_at)
    middle = (panel.known_at >= days[100]) & (panel.known_at < days[150])
    rows = np.arange(len(panel))
    taken = given(panel, train=rows[~middle], valid=rows[middle])
    known, ends = panel.known_at[taken.train], panel.y_known[taken.train]
    used = ~np.isnan(taken.y)
    last = panel.y_known[taken.valid][panel.y_known[taken.valid] < np.iinfo(np.int64).max].max()
    assert ((ends <= days[100]) | (known > last)[:, None])[used].all()
    assert (known > last).any()
    assert (known < days[100]).any()


def test_rows_without_features_or_targets_are_left_out() -> None:
    panel = featured()
    x, y = panel.x.copy(), panel.y.copy()
    x[40], y[41] = np.nan, np.nan
    x[42, 1:], y[43, 0] = np.nan, np.nan
    taken = given(replace(panel, x=x, y=y))
    assert not {40, 41} & set(taken.train.tolist())
    assert {42, 43} <= set(taken.train.tolist())
    assert len(given(panel, train=np.arange(0)).train) == 0


def test_windows_are_gathered_for_the_rows_asked_and_no_others() -> None:
    panel = featured()
    taken = given(panel)
    x = taken.x(np.array([3, 50]))
    assert x.shape == (2, 6, 5)
    assert np.isnan(x[0, :2]).all()
    np.testing.assert_array_equal(x[1], panel.x[45:51])


def test_an_epoch_sees_each_row_once_in_an_order_of_its_own() -> None:
    taken = given()
    plan = Plan(batch=64)
    first, again, second, other = (
        np.concatenate(taken.batches(plan, epoch, seed=seed)) for epoch, seed in ((0, 1), (0, 1), (1, 1), (0, 2))
    )
    assert sorted(first) == sorted(second) == list(range(len(taken.train)))
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()
    assert (first != other).any()
    assert {len(one) for one in taken.batches(plan, 0, seed=1)[:-1]} == {64}


def test_few_rows_make_small_batches() -> None:
    taken = given(featured(bars=90))
    size = len(taken.batches(Plan(batch=4096), 0, seed=1)[0])
    assert size == max(16, len(taken.train) // 8) < 64


def test_calm_rows_come_first_and_all_of_them_by_the_middle() -> None:
    panel = featured()
    scale = panel.scale * np.exp(np.random.default_rng(1).standard_normal((len(panel), 1)))
    taken = given(replace(panel, scale=scale))
    plan = Plan(batch=64, epochs=10, curriculum="volatility")
    sizes, widest = [], []
    for epoch in range(10):
        places = np.concatenate(taken.batches(plan, epoch, seed=1))
        sizes.append(len(places) / len(taken.train))
        widest.append(scale[taken.train[places], 0].max())
    assert sizes[0] == pytest.approx(0.3, abs=0.01)
    assert sizes[5:] == [1.0] * 5
    assert (np.diff(sizes) >= 0).all()
    assert (np.diff(widest) >= 0).all()
    assert widest[0] == pytest.approx(np.quantile(scale[taken.train, 0], 0.3), rel=0.02)


def test_near_horizons_come_first_and_all_of_them_by_the_middle() -> None:
    taken = given(featured(horizons=(21, 1, 5)))
    plan = Plan(epochs=10, curriculum="horizon")
    open_at = [(taken.weights(plan, epoch) > 0).tolist() for epoch in range(10)]
    assert open_at[0] == [False, True, False]
    assert open_at[5] == [True, True, True]
    np.testing.assert_array_equal(taken.weights(Plan(), 0), taken.weight)
    np.testing.assert_allclose(taken.weight, 1 / np.sqrt([21, 1, 5]), rtol=1e-6)


def test_parts_are_never_empty() -> None:
    assert [len(one) for one in parted(np.arange(10), 3)] == [4, 3, 3]
    assert [len(one) for one in parted(np.arange(2), 5)] == [1, 1]
