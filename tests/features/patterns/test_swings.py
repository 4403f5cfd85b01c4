"""Turns: what they are, in a slow plain form, and that none depends on a later bar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features.swings import swings, zigzag

STEPS = st.lists(st.integers(-3, 3), min_size=1, max_size=90)


def bars(steps, spread):
    middle = 100.0 + np.cumsum(np.asarray(steps, float))
    wide = 0.5 * np.asarray(np.resize(spread, len(middle)), float)
    return middle + wide, middle - wide


def rows(found):
    return list(zip(found.at.tolist(), found.price.tolist(), found.high.tolist(), found.known.tolist(), strict=True))


def standing_out(high, strength):
    """The tops, by reading the definition bar by bar."""
    found = []
    for i in range(strength, len(high)):
        if not all(high[k] < high[i] for k in range(i - strength, i)):
            continue
        for j in range(i + 1, len(high)):
            if high[j] > high[i]:
                break
            if j >= i + strength and min(high[i + 1 : j + 1]) < high[i]:
                found.append((i, j))
                break
    return found


@settings(deadline=None)
@given(STEPS, st.lists(st.integers(0, 4), min_size=1, max_size=7), st.integers(1, 5))
def test_every_bar_that_stands_out_is_a_turn_unless_it_is_both(steps, spread, strength):
    high, low = bars(steps, spread)
    found = swings(high, low, strength=strength)
    tops, bottoms = dict(standing_out(high, strength)), dict(standing_out(-low, strength))
    given_tops = {at: known for at, _, is_top, known in rows(found) if is_top}
    given_bottoms = {at: known for at, _, is_top, known in rows(found) if not is_top}
    for at, known in tops.items():
        bottom = max((x for x in rows(found) if x[0] < at), default=(0, -np.inf, False, 0))
        gap = not bottom[2] and high[at] <= bottom[1]
        assert at in bottoms or given_tops.get(at) == known or known > at + strength or gap
    for at, known in bottoms.items():
        top = max((x for x in rows(found) if x[0] < at), default=(0, np.inf, True, 0))
        gap = top[2] and low[at] >= top[1]
        assert at in tops or given_bottoms.get(at) == known or known > at + strength or gap


def test_a_bottom_above_the_last_top_is_none():
    high, low = np.array([1, 5, 4.5, 9, 10, 11]), np.array([0, 1, 2, 8.8, 8.5, 9])
    assert rows(swings(high, low, strength=1)) == [(1, 5.0, True, 2)]


@settings(deadline=None)
@given(STEPS, st.lists(st.integers(0, 4), min_size=1, max_size=7), st.integers(1, 5), st.integers(0, 90))
def test_the_turns_known_by_a_bar_are_those_of_the_bars_up_to_it(steps, spread, strength, bar):
    high, low = bars(steps, spread)
    bar = min(bar, len(high) - 1)
    for find in (
        lambda h, lo: swings(h, lo, strength=strength),
        lambda h, lo: zigzag(h, lo, move=0.01 * strength),
        lambda h, lo: zigzag(h, lo, atr=0.7 * strength, window=5),
    ):
        assert rows(find(high, low).by(bar)) == rows(find(high[: bar + 1], low[: bar + 1]))


@settings(deadline=None)
@given(STEPS, st.lists(st.integers(0, 4), min_size=1, max_size=7), st.integers(1, 5))
def test_turns_alternate_move_on_and_are_known_after_they_are_made(steps, spread, strength):
    high, low = bars(steps, spread)
    for found in (
        swings(high, low, strength=strength),
        zigzag(high, low, move=0.01 * strength),
        zigzag(high, low, atr=1.5),
    ):
        assert (np.diff(found.high.astype(int)) != 0).all()
        assert (np.diff(found.at) > 0).all()
        assert (np.diff(found.known) >= 0).all()
        assert (found.known > found.at).all()
        assert (found.price == np.where(found.high, high[found.at], low[found.at])).all()
        legs = np.diff(found.price) * np.where(found.high[1:], 1, -1)
        assert (legs > 0).all()


@settings(deadline=None)
@given(STEPS, st.lists(st.integers(0, 4), min_size=1, max_size=7))
def test_a_chart_upside_down_turns_at_the_same_bars(steps, spread):
    high, low = bars(steps, spread)
    for find in (swings, lambda h, lo: zigzag(h, lo, atr=2.0)):
        plain, turned = find(high, low), find(-low, -high)
        assert plain.at.tolist() == turned.at.tolist()
        assert plain.known.tolist() == turned.known.tolist()
        assert plain.high.tolist() == (~turned.high).tolist()


def test_of_two_tops_without_a_bottom_that_stands_out_the_lowest_low_between_is_the_bottom():
    price = np.array([1, 2, 3, 4, 9, 8, 7, 8, 8.5, 10, 9.5, 9, 8.7, 8.6])
    found = swings(price, price, strength=3)
    assert rows(found) == [(4, 9.0, True, 7), (6, 7.0, False, 12), (9, 10.0, True, 12)]


def test_a_flat_top_is_known_when_the_price_leaves_it_downwards():
    down = np.array([1, 2, 3, 5, 5, 5, 5, 5, 5, 4, 3.0])
    assert rows(swings(down, down, strength=2)) == [(3, 5.0, True, 9)]
    up = np.array([1, 2, 3, 5, 5, 5, 5, 5, 5, 6, 7.0])
    assert len(swings(up, up, strength=2)) == 0


def test_a_zigzag_turns_by_its_size():
    price = np.array([100, 104, 110, 107, 104.6, 104.4, 104.3, 112, 109.0])
    assert rows(zigzag(price, price, move=0.05)) == [(0, 100.0, False, 2), (2, 110.0, True, 5), (6, 104.3, False, 7)]


def test_a_gap_is_passed_over():
    price = np.array([1, 2, 3, 4, 9, 8, 7, 6, 5, 4, 5, 6, 7.0])
    holes = np.insert(price, [2, 5, 5, 9], np.nan)
    kept = np.flatnonzero(np.isfinite(holes))
    whole, broken = swings(price, price), swings(holes, holes)
    assert kept[whole.at].tolist() == broken.at.tolist()
    assert kept[whole.known].tolist() == broken.known.tolist()


@pytest.mark.parametrize("price", [[], [1.0], [5.0] * 50, [np.nan] * 20, [0.0] * 20])
def test_what_does_not_turn_has_no_turns(price):
    price = np.array(price)
    for found in (swings(price, price), zigzag(price, price), zigzag(price, price, atr=1.0)):
        assert len(found) == 0
        assert found.at.dtype == np.int64


@settings(max_examples=20, deadline=None)
@given(STEPS, st.sampled_from([2.0**-40, 2.0**40]))
def test_the_unit_of_the_price_does_not_matter(steps, unit):
    high, low = bars(steps, [1, 2])
    for find in (swings, zigzag, lambda h, lo: zigzag(h, lo, atr=2.0)):
        plain, scaled = find(high, low), find(high * unit, low * unit)
        assert plain.at.tolist() == scaled.at.tolist()
        assert plain.known.tolist() == scaled.known.tolist()


def test_sizes_that_mean_nothing_are_refused():
    price = np.arange(9.0)
    with pytest.raises(FeatureEngineeringError, match="strength is 0"):
        swings(price, price, strength=0)
    for wrong in ({"move": 0.0}, {"move": -1.0}, {"atr": -1.0}, {"window": 0}):
        with pytest.raises(FeatureEngineeringError, match="must be above 0"):
            zigzag(price, price, **wrong)
