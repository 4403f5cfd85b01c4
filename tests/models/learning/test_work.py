from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import CancelledError
from ara.models.checks import toy_panel
from ara.models.families.linear import ElasticNet, Lasso, Ridge
from ara.models.inputs import attached
from ara.models.learning.folds import EMBARGO, blocks, outside
from ara.models.learning.shrink import Slope, centred, slope, trust
from ara.models.learning.targets import targets, uniqueness
from ara.models.learning.work import chosen, spread_over
from ara.statistics.ranges import floored, range_variance
from tests.models.panels import ranged

DAY = 86_400_000_000


@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.integers(1, 5))
def test_blocks_part_all_rows_by_time_and_no_moment(days, count):
    begin = np.array(days) * DAY
    parts = list(blocks(begin, count))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(days)))
    filled = [part for part in parts if len(part)]
    for earlier, later in pairwise(filled):
        assert begin[earlier].max() < begin[later].min()


def test_blocks_of_no_rows():
    assert [len(part) for part in blocks(np.empty(0, np.int64), 3)] == [0, 0, 0]


@pytest.mark.parametrize("horizon", [1, 5, 21])
def test_nothing_outside_of_a_block_shares_a_day_with_it(horizon):
    begin = np.arange(300) * DAY
    end = begin + horizon * DAY
    for block in blocks(begin, 3):
        apart = outside(begin, end, block)
        assert len(apart)
        first, last = begin[block].min(), end[block].max()
        assert ((end[apart] <= first - EMBARGO) | (begin[apart] >= last + EMBARGO)).all()
        assert not np.isin(apart, block).any()


def by_hand(known, horizon):
    """Count, for each bar, the outcomes it is part of; average the shares over an outcome's bars."""
    count = np.zeros(len(known) + horizon + 1)
    for row in np.flatnonzero(known):
        count[row + 1 : row + horizon + 1] += 1
    return [np.mean(1 / count[row + 1 : row + horizon + 1]) if known[row] else 0.0 for row in range(len(known))]


@given(st.lists(st.booleans(), min_size=0, max_size=40), st.integers(1, 8))
def test_uniqueness_is_the_mean_share_of_an_outcomes_bars(known, horizon):
    known = np.array(known, bool)
    np.testing.assert_allclose(uniqueness(known, horizon), by_hand(known, horizon), atol=1e-12)


def test_targets_are_the_panels_own_and_sizes_are_read_from_ranges_ahead():
    class Needs:
        inputs = "pooled"

    panel = attached(ranged(toy_panel(bars=300)), Needs())
    seen = targets(panel, np.arange(len(panel)))
    assert np.isfinite(panel.x[seen.rows]).all()
    np.testing.assert_array_equal(seen.y, panel.y[seen.rows])
    assert (np.isfinite(seen.size) <= np.isfinite(seen.y)).all()
    cut = panel.until(int(panel.known_at[200]))
    early = targets(cut, np.arange(len(cut)))
    known = np.isfinite(early.size)
    assert known[:, 1].any()
    assert (early.end[known] <= panel.known_at[200]).all()
    later = np.isin(panel.at[seen.rows], cut.at[early.rows])
    np.testing.assert_allclose(early.size[known], seen.size[later][known], atol=1e-9)


def test_the_size_of_a_row_is_that_of_the_bars_after_it_in_what_returns_have_been_over_ranges_until_it():
    random = np.random.default_rng(2)
    panel = ranged(toy_panel(bars=900, horizons=(3,)))
    returns = np.where(np.arange(900) < 450, 0.03, 0.004) * random.standard_normal(900)
    bars = panel.bars.copy()
    bars[1:900, 3] = returns[1:]
    panel = replace(panel, bars=bars, x=np.ones((len(panel), 1), np.float32), names=("one",))
    size = targets(panel, np.arange(900)).size[:, 0]
    variance = floored(range_variance(bars[:900]), share=0.02)
    for row in (40, 440, 470, 800, 890):
        past = slice(max(1, row - 749), row + 1)
        squares, ranges = np.sum(bars[past, 3] ** 2), np.sum(variance[past])
        prior = 120 / len(bars[past]) * ranges
        over = np.log((squares + prior) / (ranges + prior))
        came = 0.5 * (np.log(variance[row + 1 : row + 4].sum()) + over) - np.log(panel.scale[row, 0])
        assert size[row] == pytest.approx(came, abs=1e-9)


def test_rows_without_features_are_no_targets():
    panel = toy_panel(bars=120)
    assert len(targets(panel, np.arange(len(panel))).rows) == 0


def test_a_grid_of_horizons_is_fitted_and_the_rest_lies_between():
    assert chosen((1, 5, 21)) == (0, 1, 2)
    months = tuple(range(1, 31))
    places = chosen(months)
    assert tuple(months[place] for place in places) == (1, 2, 3, 5, 8, 13, 21, 30)
    assert tuple(tuple(range(4, 13))[p] for p in chosen(tuple(range(4, 13)))) == (4, 5, 8, 12)
    spread = spread_over([1, 2, 3, 5, 8, 13, 21, 30], months)
    np.testing.assert_allclose(spread.sum(axis=0), 1.0)
    np.testing.assert_allclose(spread[:, [0, 1, 2, 4, 7, 12, 20, 29]], np.eye(8))
    assert spread[3, 3] == pytest.approx(np.log(4 / 3) / np.log(5 / 3))


def test_a_slopes_error_allows_for_what_happens_at_the_same_time():
    random = np.random.default_rng(0)
    days = np.repeat(np.arange(400), 10)
    x = random.standard_normal(400)[days]
    y = random.standard_normal(400)[days]
    one = np.ones(len(days))
    alone, together = slope(x, y, one, np.arange(len(days))), slope(x, y, one, days)
    assert together.value == alone.value
    assert together.error == pytest.approx(alone.error * np.sqrt(10), rel=0.05)


def test_no_slope_where_nothing_varies():
    found = slope(np.zeros(5), np.ones(5), np.ones(5), np.arange(5))
    assert (found.value, found.error) == (0.0, np.inf)
    assert slope(np.ones(5), np.ones(5), np.ones(5), np.zeros(5, int)).error == np.inf
    assert trust(found, least=0.0, most=1.0) == 0.0
    assert Slope(1.0, 0.0).t == 0.0


@pytest.mark.parametrize(
    ("value", "error", "kept"), [(0.5, 0.5, 0.0), (0.5, 0.6, 0.0), (0.8, 0.2, 0.75), (3.0, 0.1, 1.0), (-0.5, 0.1, 0.0)]
)
def test_a_slope_is_drawn_to_nothing(value, error, kept):
    assert trust(Slope(value, error), least=0.0, most=1.0) == pytest.approx(kept)


def test_centring_takes_each_cells_own_mean():
    values = np.array([1.0, 3.0, 10.0, 20.0])
    out = centred(values, np.array([1.0, 1.0, 3.0, 1.0]), np.array([0, 0, 2, 2]))
    np.testing.assert_allclose(out, [-1, 1, -2.5, 7.5])


def test_a_fit_can_be_stopped():
    panel = toy_panel()
    rows = np.arange(len(panel))
    with pytest.raises(CancelledError, match="stopped"):
        Ridge().fit(panel, rows, rows[:0], seed=0, watch=lambda progress: progress.done < 2)


@pytest.mark.parametrize("family", [Ridge, Lasso, ElasticNet])
def test_a_linear_models_mean_is_that_of_its_rows_by_their_weights(family):
    random = np.random.default_rng(4)
    x = random.standard_normal((600, 3))
    y = x @ [0.5, -0.3, 0.0] + random.standard_normal(600)
    rows = np.flatnonzero(x[:, 0] > 0)
    weight = random.random(len(rows))
    for one in family().begin(x, seed=0)(rows, np.stack([y, y], axis=1)[rows], weight):
        assert np.average(one.predict(x[rows]), weights=weight) == pytest.approx(np.average(y[rows], weights=weight))
