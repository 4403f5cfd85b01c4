"""Importance by state: an average of reasons, each bar for the states it belongs to, drawn to all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.models.reasons.by_state import DRAWN, importance
from ara.models.reasons.told import Told

WIDTH = np.zeros(2)


def told(**parts):
    return Told(width=WIDTH, parts={name: np.array([value, value / 2]) for name, value in parts.items()})


def test_what_moves_bands_in_one_state_is_told_of_that_one():
    wild = [told(last=0.4 * way, week=0.1) for way in (1, -1) * 40]
    calm = [told(last=0.0, week=0.1) for _ in range(80)]
    belongs = np.repeat(np.eye(2), 80, axis=0)
    found = importance([*wild, *calm], belongs)
    assert found.names == ("last", "week")
    assert found.pooled[:, 0] == pytest.approx([0.2, 0.1])
    assert found.effective == pytest.approx([80, 80])
    believed = 80 / (80 + DRAWN)
    assert found.apart[:, 0, 0] == pytest.approx([believed * 0.4 + (1 - believed) * 0.2, (1 - believed) * 0.2])
    assert found.apart[:, 1, 1] == pytest.approx([0.05, 0.05])


def test_a_state_that_was_not_seen_is_told_as_all_are_and_a_rare_one_is_drawn_to_them():
    bars = [told(last=0.1)] * 30 + [told(last=0.9)]
    belongs = np.zeros((31, 3))
    belongs[:30, 0], belongs[30, 1] = 1, 1
    found = importance(bars, belongs)
    assert found.effective == pytest.approx([30, 1, 0])
    assert found.apart[2] == pytest.approx(found.pooled)
    assert found.apart[1, 0, 0] - found.pooled[0, 0] == pytest.approx((0.9 - found.pooled[0, 0]) / (1 + DRAWN))


def test_a_part_that_some_bars_lack_moved_nothing_there():
    found = importance([told(last=0.2), told(volume=0.1)], np.ones((2, 1)))
    assert dict(zip(found.names, found.pooled[:, 0].tolist(), strict=True)) == pytest.approx(
        {"last": 0.1, "volume": 0.05}
    )


def test_bars_of_which_nothing_is_told_apart_give_no_parts():
    found = importance([told(), told()], np.full((2, 4), 0.25))
    assert (found.names, found.apart.shape, found.count) == ((), (4, 0, 2), 2)


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 0.99)), min_size=1, max_size=30),
    st.floats(0.01, 1),
)
def test_no_state_lies_outside_of_what_its_bars_say_and_equal_shares_tell_nothing_apart(rows, share):
    bars = [told(last=a, week=b) for a, b, _ in rows]
    sure = np.array([[c, 1 - c] for *_, c in rows])
    found = importance(bars, sure)
    table = np.abs([[a, b] for a, b, _ in rows])
    for place, name in enumerate(found.names):
        column = table[:, ("last", "week").index(name)]
        assert (found.apart[:, place, 0] >= column.min() - 1e-12).all()
        assert (found.apart[:, place, 0] <= column.max() + 1e-12).all()
    assert (found.effective <= len(rows) + 1e-9).all()
    even = importance(bars, np.full((len(rows), 2), share))
    np.testing.assert_allclose(even.apart, np.stack([even.pooled] * 2), atol=1e-12)
