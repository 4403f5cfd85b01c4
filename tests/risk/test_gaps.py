"""Gaps between venues: planted ones are found, costs are taken off, and nothing is made of what is not there."""

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.risk import gaps

NO = float("nan")


def test_what_a_gap_leaves_after_both_costs():
    prices = np.array([[100.0, 101.0], [100.0, 100.1], [100.0, 103.0], [100.0, 104.0]])
    first, second = gaps(("A", "B"), prices, costs={"A": 0.002, "B": 0.003})
    assert (first.buy, first.sell, first.bars, first.paid, first.longest, first.place) == ("A", "B", 4, 3, 2, 3)
    left = [price / 100 * 0.997 / 1.002 - 1 for price in (101, 103, 104)]
    assert first.now == pytest.approx(left[-1])
    assert first.gain == pytest.approx(np.mean(left))
    assert first.best == pytest.approx(left[-1])
    assert first.stayed == 0.5  # after the first it was gone, after the third it was there
    assert (second.buy, second.paid, second.gain, second.stayed, second.longest) == ("B", 0, None, None, 0)
    usual = pytest.approx(np.median(np.log([1.01, 1.001, 1.03, 1.04])))
    assert first.usual == usual
    assert second.usual == usual
    assert first.as_dict()["stayed"] == 0.5


def test_prices_that_are_alike_leave_a_loss_of_the_costs():
    same = np.tile(np.linspace(90, 110, 50)[:, None], 3)
    for one in gaps("ABC", same, costs=dict.fromkeys("ABC", 0.001)):
        assert one.paid == 0
        assert one.now == pytest.approx(0.999 / 1.001 - 1)
    free = gaps("AB", same[:, :2], costs=dict.fromkeys("AB", 0.0))
    assert all(one.now == 0 and one.paid == 0 for one in free)


def test_only_moments_count_that_both_have():
    prices = np.array([[100.0, NO, 90.0], [100.0, 120.0, NO], [NO, 130.0, 95.0], [100.0, 0.0, 90.0]])
    found = {(one.buy, one.sell): one for one in gaps("ABC", prices, costs=dict.fromkeys("ABC", 0.0))}
    assert {pair: (one.bars, one.place) for pair, one in found.items()} == {
        ("A", "B"): (1, 1), ("B", "A"): (1, 1), ("A", "C"): (2, 3),
        ("C", "A"): (2, 3), ("B", "C"): (1, 2), ("C", "B"): (1, 2),
    }  # fmt: skip
    assert found["A", "B"].now == pytest.approx(0.2)
    assert found["A", "B"].stayed is None  # none knows what came next


@pytest.mark.parametrize(
    ("venues", "prices", "costs", "words"),
    [
        ("A", np.ones((3, 1)), {"A": 0.0}, "1 venues"),
        ("AA", np.ones((3, 2)), {"A": 0.0}, "2 venues"),
        ("AB", np.ones((3, 3)), {"A": 0.0, "B": 0.0}, "a column each"),
        ("AB", np.ones((3, 2)), {"A": 0.0}, "The cost at B is None"),
        ("AB", np.ones((3, 2)), {"A": 0.0, "B": 1.0}, "from 0 to below 1"),
        ("AB", np.array([[1.0, NO], [NO, 1.0]]), {"A": 0.0, "B": 0.0}, "No two venues"),
    ],
)
def test_what_is_wrong(venues, prices, costs, words):
    with pytest.raises(ValidationError, match=words):
        gaps(tuple(venues), prices, costs=costs)
