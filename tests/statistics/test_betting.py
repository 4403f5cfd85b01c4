import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.statistics.betting import bounded, wealth


def test_wealth_by_hand():
    gains = np.array([0.5, 0.5, -1.0])
    first = 1.0  # nothing is known before the first gain: no bet
    second = first * (1 + min(0.5, (0.5 / 2) / ((0.25 + 0.25) / 2)) * 0.5)
    third = second * (1 - min(0.5, (1.0 / 3) / ((0.25 + 0.5) / 3)))
    np.testing.assert_allclose(wealth(gains), [first, second, third])


def test_no_bet_is_made_against_what_was_seen():
    assert (wealth(np.full(50, -0.3)) == 1.0).all()
    assert wealth(np.full(50, 0.3))[-1] > 20


@given(st.lists(st.floats(-1, 1), max_size=60))
def test_wealth_is_never_lost_whole_and_never_more_than_bets_allow(gains):
    told = wealth(np.array(gains))
    assert (told > 0).all()
    assert (told <= 1.5 ** np.arange(1, len(gains) + 1)).all()


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=40), st.integers(1, 39))
def test_wealth_does_not_see_the_future(gains, cut):
    part = wealth(np.array(gains[:cut]))
    assert part.tobytes() == wealth(np.array(gains))[: len(part)].tobytes()


@pytest.mark.parametrize("wrong", [[1.5], [-1.01], [np.nan], [np.inf]])
def test_gains_beyond_one_are_refused(wrong):
    with pytest.raises(ValueError, match="within -1 to 1"):
        wealth(np.array(wrong))


def test_the_wealth_of_chance_seldom_reaches_twenty():
    random = np.random.default_rng(5)
    reached = sum(wealth(random.choice([-0.8, 0.8], 500)).max() >= 20 for _ in range(1000))
    assert reached <= 50


def test_differences_are_bounded_by_those_before_them():
    gaps = np.concatenate((np.tile([1.0, -1.0], 10), [2.0, 100.0, -100.0]))
    gains, skipped = bounded(gaps)
    assert skipped == 20
    np.testing.assert_allclose(gains, [0.5, 1.0, -1.0])


def test_few_differences_and_still_ones_give_nothing():
    assert bounded(np.ones(7)) == (pytest.approx([]), 7)
    gains, _ = bounded(np.zeros(30))
    assert (gains == 0).all()
