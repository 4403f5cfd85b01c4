"""Elliott counts: the hard rules, the guidelines that rank them, and when a count was known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features.patterns import elliott
from tests.features.patterns.shapes import walk

RNG = np.random.default_rng
IMPULSE = [0, 10, 4.5, 20.7, 15.0, 25.0]


def bars(points, legs=8, *, lead=6.0, on=8, size=1.0, price=100.0):
    """Straight waves through points, after a way there, with a way back after."""
    way = 1.0 if points[1] > points[0] else -1.0
    line = [np.linspace(points[0] + way * lead, points[0], 12, endpoint=False)]
    line += [np.linspace(a, b, legs, endpoint=False) for a, b in pairwise(points)]
    back = np.sign(points[-2] - points[-1])
    line = np.concatenate([*line, points[-1] + back * 0.4 * np.arange(on)])
    close = price * (1 + size * line / 100)
    return close * 1.0001, close * 0.9999, close


@pytest.mark.parametrize(
    ("kind", "points", "lawful"),
    [
        ("impulse", IMPULSE, True),
        ("impulse", [0, 10, 0, 20, 15, 25], True),  # wave 2 back to the start, not beyond
        ("impulse", [0, 10, -0.1, 20, 15, 25], False),
        ("impulse", [0, 10, 5, 20, 10, 25], True),  # wave 4 to the end of wave 1, not into it
        ("impulse", [0, 10, 5, 20, 9.9, 25], False),
        ("impulse", [0, 10, 6, 15, 11, 22], False),  # wave 3 the shortest
        ("impulse", [0, 10, 6, 16, 11, 22], True),  # as long as wave 1
        ("impulse", [0, 10, 6, 15, 11, 19], True),  # longer than wave 5
        ("impulse", [0, 10, 5, 20, 15, 19], True),  # wave 5 falls short
        ("impulse", [0, 10, 5, 9, 8, 12], False),  # wave 3 does not pass wave 1
        ("impulse", [0, 10, 5, 20, 21, 25], False),  # wave 4 does not turn
        ("zigzag", [0, -10, -5, -15], True),
        ("zigzag", [0, -10, 1, -15], False),
        ("zigzag", [0, -10, -5, -9], False),
        ("flat", [0, -10, 0, -10], True),
        ("flat", [0, -10, -2, -12], False),
        ("flat", [0, -10, 12, -5], False),
        ("flat", [0, -10, -0.5, -8], False),
        ("triangle", [0, -10, -2, -9, -4, -7], True),
        ("triangle", [0, -10, -2, -11, -4, -7], False),
        ("triangle", [0, -10, 2, -9, -4, -7], False),
    ],
)
def test_the_rules_are_hard_whichever_way_the_count_goes(kind, points, lawful):
    assert elliott.valid(kind, points) is lawful
    assert elliott.valid(kind, [-one for one in points]) is lawful
    assert elliott.valid(kind, [1e9 + one for one in points]) is lawful


@pytest.mark.parametrize("points", [[], [1], [1, 1], [0, 10, np.nan, 20, 15, 25], [*IMPULSE, 20], [0, np.inf]])
def test_what_is_no_count_is_not_valid(points):
    assert not elliott.valid("impulse", points)


def test_a_count_under_way_is_judged_by_the_rules_it_can_break():
    assert elliott.valid("impulse", IMPULSE[:4])
    assert not elliott.valid("impulse", [0, 10, -1])
    assert elliott.valid("zigzag", [0, 10, 5])
    assert not elliott.valid("flat", [0, 10, 5])
    with pytest.raises(FeatureEngineeringError, match="no count 'diagonal'"):
        elliott.valid("diagonal", IMPULSE)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("legs", [5, 9, 40])
def test_an_impulse_is_found_and_aims_back_at_wave_four(down, legs):
    points = [-one for one in IMPULSE] if down else IMPULSE
    high, low, close = bars(points, legs)
    (one,) = [x for x in elliott.find(high, low, close) if x.name == "impulse"]
    assert one.direction == ("bullish" if down else "bearish")
    assert [point[0] for point in one.points] == list("012345")
    assert one.completed == len(close) - 8 < one.known_at
    assert one.target == one.points[4][2]
    assert one.invalidation == one.points[5][2]
    assert one.quality > 0.8
    assert "complete" in one.words


CORRECTIONS = {
    "zigzag": [0, 30, 20, 26, 16],
    "flat": [0, 30, 20, 30.2, 19],
    "triangle": [0, 40, 20, 33, 24.5, 30, 26.5],
}


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("kind", CORRECTIONS)
def test_corrections_are_found_after_the_leg_they_correct(kind, down):
    points = [-one for one in CORRECTIONS[kind]] if down else CORRECTIONS[kind]
    (one,) = [x for x in elliott.find(*bars(points, 9), least=0.6) if x.name == kind]
    assert one.direction == ("bearish" if down else "bullish")
    assert one.began == 12 + 9
    if kind == "triangle":
        assert abs(one.target - one.points[-1][2]) == pytest.approx(abs(one.points[1][2] - one.points[0][2]))
    else:
        assert one.target == one.points[0][2]


def test_a_correction_of_nothing_is_none():
    assert not [x for x in elliott.find(*bars([0, 6, -4, 2, -8], 9), least=0.0) if x.name == "zigzag"]


def test_guidelines_rank_a_typical_count_above_an_odd_one():
    def quality(points):
        return max(x.quality for x in elliott.find(*bars(points, 9), least=0.0) if x.name == "impulse")

    assert quality(IMPULSE) > quality([0, 10, 1, 12, 10.5, 40]) + 0.3


def test_counts_tell_which_wave_is_under_way_and_what_breaks_it():
    (wave5, *_) = [x for x in elliott.counts(*bars(IMPULSE[:5], 9, on=5)) if x.name == "impulse"]
    assert "wave 5 is under way" in wave5.words
    assert wave5.direction == "bullish"
    assert wave5.invalidation == wave5.points[-1][2]
    assert wave5.target == pytest.approx(wave5.points[4][2] + wave5.points[1][2] - wave5.points[0][2])
    (wave4, *_) = [x for x in elliott.counts(*bars(IMPULSE[:4], 9), least=0.1) if x.name == "impulse"]
    assert "wave 4 is under way" in wave4.words
    assert wave4.invalidation == wave4.points[1][2] < wave4.target < wave4.points[3][2]
    (wave_c, *_) = [x for x in elliott.counts(*bars([0, -10, -5], 9), least=0.1) if x.name == "zigzag"]
    assert "wave C is under way" in wave_c.words
    assert wave_c.target == pytest.approx(wave_c.points[2][2] + wave_c.points[1][2] - wave_c.points[0][2])
    (wave_e, *_) = [
        x for x in elliott.counts(*bars([0, -20, -7, -15.5, -10], 9, on=5), least=0.1) if x.name == "triangle"
    ]
    assert "wave E is under way" in wave_e.words
    assert wave_e.invalidation == wave_e.points[-2][2]


def test_a_count_that_a_later_bar_broke_is_not_given():
    high, low, close = bars(IMPULSE[:4], 9)
    into = np.linspace(close[-1], close[12 + 9] * 0.97, 12)
    broken = [np.append(one, into) for one in (high, low, close)]
    was = [x for x in elliott.counts(high, low, close, least=0.1) if x.name == "impulse" and len(x.points) == 4]
    now = [x for x in elliott.counts(*broken, least=0.1) if x.name == "impulse"]
    assert was
    assert not [x for x in now if x.points[0] == was[0].points[0] and len(x.points) == 4]


def test_counts_are_ranked_and_no_more_than_asked():
    found = elliott.counts(*walk(600, RNG(2)), most=3, least=0.1)
    assert len(found) == 3
    assert [one.quality for one in found] == sorted((one.quality for one in found), reverse=True)
    assert elliott.counts(*walk(600, RNG(2)), most=0) == []
    assert all(elliott.valid(one.name, [price for _, _, price in one.points]) for one in found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400), st.sampled_from(["walk", "gaps", "coarse"]))
def test_what_was_known_by_a_bar_is_what_the_bars_up_to_it_give(seed, cut, kind):
    high, low, close = walk(400, RNG(seed))
    if kind == "gaps":
        low[RNG(seed).integers(0, 400, 9)] = np.nan
    if kind == "coarse":
        high, low, close = np.ceil(high), np.floor(low), np.round(close)
    found = elliott.find(high, low, close, least=0.5)
    assert elliott.find(high[:cut], low[:cut], close[:cut], least=0.5) == [one for one in found if one.known_at < cut]


def test_every_count_keeps_the_rules():
    for seed in range(3):
        for one in elliott.find(*walk(1000, RNG(seed)), least=0.4):
            assert elliott.valid(one.name, [price for _, _, price in one.points])
            assert 0.4 <= one.quality <= 1.0
            assert one.known_at > one.completed


@pytest.mark.parametrize("price", [1e-12, 1e12])
def test_the_unit_of_the_price_does_not_matter(price):
    assert [x for x in elliott.find(*bars(IMPULSE, price=price)) if x.name == "impulse"]


@pytest.mark.parametrize("count", [0, 1, 4, 30])
def test_few_or_flat_or_unknown_bars_show_nothing(count):
    for value in (5.0, 0.0, np.nan):
        price = np.full(count, value)
        assert elliott.find(price, price, price) == elliott.counts(price, price, price) == []
