"""Harmonic patterns: found where the legs stand in their ratios, refused where one is off, known after D."""

import importlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features.patterns import harmonics
from ara.features.patterns.legs import bounded, rows, sizes
from tests.features.patterns.shapes import walk

RNG = np.random.default_rng
IDEAL = {
    "gartley": (0.618, 0.618, 0.786),
    "bat": (0.45, 0.55, 0.886),
    "butterfly": (0.786, 0.6, 1.27),
    "crab": (0.5, 0.6, 1.618),
    "shark": (0.5, 1.3, 1.0),
    "cypher": (0.5, 1.34, 0.786),
}
NEXT = {"gartley": 1.0, "bat": 1.0, "butterfly": 1.414, "crab": 2.0, "shark": 1.272, "cypher": 1.0}


def five(name, b=None, c=None, d=None):
    """X, A, B, C, D of a rising first leg of 1, for the ratios of a pattern or others."""
    first, second, third = (given or own for given, own in zip((b, c, d), IDEAL[name], strict=True))
    bottom = 1 - first
    if name == "cypher":
        return 0.0, 1.0, bottom, second, second - third * second
    return 0.0, 1.0, bottom, bottom + second * first, 1 - third


def bars(points, legs=9, *, down=False, price=100.0, height=40.0, noise=0.0, seed=0):
    """Straight legs through points, a way there and a way on."""
    legs = np.broadcast_to(legs, len(points) - 1)
    line = [np.linspace(points[0] + 0.4 * np.sign(points[1] - points[0]), points[0], 12, endpoint=False)]
    line += [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(points, points[1:], legs, strict=False)]
    turn = np.sign(points[-2] - points[-1])
    line = np.concatenate([*line, points[-1] + turn * 0.02 * np.arange(9)])
    line = line + noise * RNG(seed).normal(0, 1, len(line))
    close = price + price / 100 * height * (-line if down else line)
    return close * 1.0001, close * 0.9999, close


def named(found, name):
    return [one for one in found if one.name == name]


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("name", IDEAL)
@pytest.mark.parametrize("legs", [4, 9, [5, 12, 8, 20], 60])
def test_every_pattern_is_found_on_both_sides_and_known_after_its_last_turn(name, down, legs):
    high, low, close = bars(five(name), legs, down=down)
    (one,) = named(harmonics.find(high, low, close), name)
    assert one.direction == ("bearish" if down else "bullish")
    assert one.completed == len(close) - 9 < one.known_at < len(close)
    assert [point[0] for point in one.points] == list("XABCD")
    x, a, d = (one.points[k][2] for k in (0, 1, 4))
    assert one.target == pytest.approx(d + 0.382 * (a - d))
    assert one.invalidation == pytest.approx(a + NEXT[name] * (x - a))
    assert (one.target > d >= one.invalidation) if not down else (one.target < d <= one.invalidation)
    assert one.quality > 0.7
    assert named(harmonics.find(*(x[: one.known_at + 1] for x in (high, low, close))), name) == [one]
    assert named(harmonics.find(*(x[: one.known_at] for x in (high, low, close))), name) == []


@pytest.mark.parametrize("name", IDEAL)
@pytest.mark.parametrize("price", [1e-12, 1e12])
def test_the_unit_of_the_price_does_not_matter(name, price):
    assert named(harmonics.find(*bars(five(name), price=price)), name)


@pytest.mark.parametrize("name", IDEAL)
def test_a_little_noise_is_borne_and_counts_against_the_quality(name):
    hits = [named(harmonics.find(*bars(five(name), noise=0.004, seed=seed)), name) for seed in range(8)]
    assert sum(map(bool, hits)) >= 5


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("gartley", {"b": 0.7}),
        ("gartley", {"b": 0.54}),
        ("gartley", {"c": 0.3}),
        ("gartley", {"d": 0.7}),
        ("bat", {"b": 0.58}),
        ("bat", {"d": 0.95}),
        ("butterfly", {"b": 0.7}),
        ("butterfly", {"d": 1.4}),
        ("crab", {"b": 0.7}),
        ("crab", {"d": 1.5}),
        ("shark", {"c": 1.05}),
        ("shark", {"d": 1.25}),
        ("cypher", {"c": 1.5}),
        ("cypher", {"d": 0.7}),
    ],
)
def test_one_ratio_off_is_none(name, wrong):
    points = five(name, **wrong)
    assert named(harmonics.find(*bars(points)), name) == []
    assert named(harmonics.find(*bars(points), tolerance=0.25), name) != []


def test_a_swing_outside_its_range_is_no_shark_but_may_be_a_bat():
    assert harmonics.RATIOS["shark"].strict
    assert named(harmonics.find(*bars(five("shark", b=0.382, c=1.13, d=0.886))), "shark")
    assert not named(harmonics.find(*bars(five("shark", b=0.618, c=1.618, d=0.886))), "shark")


def test_equal_legs_are_an_abcd_and_unequal_ones_none():
    for reach, times, there in ((1.0, 9, True), (1.2, 9, False), (0.85, 9, False), (1.0, [9, 9, 24], False)):
        points = (1.0, 0.0, 0.618, 0.618 - reach)
        found = named(harmonics.find(*bars(points, times)), "abcd")
        assert bool(found) is there
    one = named(harmonics.find(*bars((1.0, 0.0, 0.618, -0.382))), "abcd")[0]
    a, b, c, d = (point[2] for point in one.points)
    assert one.direction == "bullish"
    assert one.invalidation == pytest.approx(c + 1.272 * (b - a))
    assert one.words.startswith("AB=CD: a bottom at")
    assert d > one.invalidation


@pytest.mark.parametrize("down", [False, True])
def test_a_leg_that_a_bar_leaves_is_none(down):
    high, low, close = bars(five("gartley"), down=down)
    assert [one for one in named(harmonics.find(high, low, close), "gartley") if one.began == 12]
    if down:
        high[12 + 9 + 9 + 4] = 110.0
    else:
        low[12 + 9 + 9 + 4] = 90.0
    assert not [one for one in named(harmonics.find(high, low, close), "gartley") if one.began == 12]


@pytest.mark.parametrize("seed", range(6))
def test_rows_that_are_bounded_are_those_whose_legs_no_bar_leaves(seed):
    high, low, _ = walk(300, RNG(seed))
    legs = rows(sizes(high, low), 4)

    def within(at, price):
        ends = zip(pairwise(at), pairwise(price), strict=True)
        return all(high[i : j + 1].max() <= max(one) and low[i : j + 1].min() >= min(one) for (i, j), one in ends)

    wanted = [at for at, price in zip(legs.at.tolist(), legs.price.tolist(), strict=True) if within(at, price)]
    assert bounded(legs, high, low).at.tolist() == wanted
    assert 0 < len(wanted) < len(legs.at)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400), st.sampled_from(["walk", "gaps", "coarse"]))
def test_what_was_known_by_a_bar_is_what_the_bars_up_to_it_give(seed, cut, kind):
    high, low, close = walk(400, RNG(seed))
    if kind == "gaps":
        low[RNG(seed).integers(0, 400, 9)] = np.nan
    if kind == "coarse":
        high, low, close = np.ceil(high), np.floor(low), np.round(close)
    found = harmonics.find(high, low, close, tolerance=0.06)
    kept = [one for one in found if one.known_at < cut]
    assert harmonics.find(high[:cut], low[:cut], close[:cut], tolerance=0.06) == kept


def test_few_are_found_where_nothing_is():
    found = [one for seed in range(5) for one in harmonics.find(*walk(1000, RNG(seed)))]
    assert 0 < len(found) < 5 * 40
    assert {one.name for one in found} <= set(harmonics.NAMES)
    assert all(0 <= one.quality <= 1 for one in found)
    assert all((one.target > one.points[-1][2]) == (one.direction == "bullish") for one in found)


@pytest.mark.parametrize("count", [0, 1, 4, 30])
def test_few_or_flat_or_unknown_bars_show_nothing(count):
    for value in (5.0, 0.0, np.nan):
        price = np.full(count, value)
        assert harmonics.find(price, price, price) == []


def test_what_means_nothing_is_refused():
    price = np.arange(9.0)
    with pytest.raises(FeatureEngineeringError, match="tolerance is 0"):
        harmonics.find(price, price, price, tolerance=0.0)
    with pytest.raises(FeatureEngineeringError, match="9, 8, 9 bars"):
        harmonics.find(price, price[1:], price)


@pytest.mark.parametrize("finder", ["harmonics", "elliott", "charts", "candles"])
def test_texts_are_no_prices(finder):
    module = importlib.import_module(f"ara.features.patterns.{finder}")
    given = ["a", "b", "c", "d"] if finder == "candles" else ["a", "b", "c"]
    with pytest.raises(FeatureEngineeringError, match="is made of no numbers but of str"):
        module.find(*given)
