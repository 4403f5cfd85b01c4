"""Chart patterns: found in shapes as the books draw them, refused where one rule is broken, known when they say."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ara
from ara.errors import FeatureEngineeringError
from ara.features.patterns import charts, elliott, harmonics
from ara.features.patterns.charts.cups import roundness
from ara.features.patterns.charts.ground import Limits, grounds
from ara.features.patterns.extremes import Extremes
from ara.features.patterns.pattern import Pattern, once
from tests.features.patterns.shapes import MIRROR, NAMES, bars, ideal, polyline, walk

RNG = np.random.default_rng


def names(found):
    return {one.name for one in found}


def along(corners, count=90, lead=-1.5, down=False):
    return charts.find(*bars(polyline(corners, count, lead), 0.01, RNG(1), down=down))


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [30, 60, 120])
def test_shapes_of_the_book_are_found_whatever_their_length_and_side(name, count, down):
    line, lead = ideal(name, count)
    wanted = MIRROR[name] if down else name
    hits = 0
    for seed in range(5):
        noise = 0.01 if "pennant" in name else 0.03
        found = [one for one in charts.find(*bars(line, noise, RNG(seed), down=down)) if one.name == wanted]
        ends = [one.completed for one in found]
        hits += any(end >= lead + 0.35 * count for end in ends)
    assert hits >= (3 if "pennant" in name else 5)


@pytest.mark.parametrize("height", [0.002, 0.05, 0.3])
@pytest.mark.parametrize("price", [1e-12, 1.0, 1e12])
def test_shapes_are_found_whatever_their_unit_and_height(price, height):
    for name in ("double_top", "head_and_shoulders", "rising_wedge", "cup_and_handle", "bull_flag"):
        assert name in names(charts.find(*bars(ideal(name, 60)[0], 0.02, RNG(3), height=height, price=price)))


def test_a_random_walk_has_few_of_each():
    counted = dict.fromkeys(charts.NAMES, 0)
    for seed in range(5):
        for one in charts.find(*walk(1000, RNG(seed))):
            counted[one.name] += 1
    assert max(counted.values()) <= 5 * 12
    assert sum(counted.values()) <= 5 * 130


NEAR = {
    "double_top": [
        [(0, 0), (0.15, 1), (0.5, 0), (0.85, 1.45), (1, 0.1)],  # the second top far above
        [(0, 0), (0.15, 1), (0.5, 0), (0.85, 0.55), (1, 0.1)],  # far below
        [(0, 0), (0.15, 1), (0.32, 0.1), (0.45, 0.6), (0.6, 0), (0.85, 1), (1, 0.1)],  # two valleys
    ],
    "triple_top": [
        [(0, 0), (0.1, 1), (0.3, 0.1), (0.5, 1.5), (0.7, 0.05), (0.9, 0.98), (1, 0.1)],  # a head
        [(0, 0), (0.1, 1), (0.3, 0.7), (0.5, 1), (0.7, 0), (0.9, 1), (1, 0.1)],  # valleys uneven
    ],
    "head_and_shoulders": [
        [(0, -0.1), (0.15, 0.6), (0.3, 0), (0.5, 0.62), (0.7, 0), (0.85, 0.6), (1, 0)],  # no head
        [(0, -0.1), (0.15, 0.75), (0.3, 0), (0.5, 1), (0.7, 0), (0.85, 0.4), (1, 0)],  # shoulders uneven
        [(0, -0.1), (0.15, 0.6), (0.3, -0.4), (0.5, 1), (0.7, 0.4), (0.85, 0.65), (1, 0)],  # neck too steep
        [(0, -0.5), (0.15, 0.45), (0.2, -0.25), (0.5, 1), (0.8, 0.25), (0.85, 0.5), (1, -0.1)],  # too steep, again
        [(0, -0.1), (0.05, 0.6), (0.1, 0), (0.18, 1), (0.5, 0), (0.9, 0.6), (1, 0)],  # sides uneven
        [(0, -0.1), (0.15, 0.1), (0.3, 0), (0.5, 1), (0.7, 0), (0.85, 0.1), (1, -0.1)],  # shoulders too small
    ],
    "ascending_triangle": [
        [(0, -0.2), (0.1, 1), (0.3, 0), (0.48, 1), (0.63, 0), (0.76, 1), (0.87, 0), (0.95, 1), (1, 0.8)],
        [(0, -0.2), (0.1, 1), (0.3, 0), (0.48, 1.5), (0.63, 0.4), (0.76, 1), (0.87, 0.65), (0.95, 1), (1, 0.8)],
    ],
    "channel_up": [[(0, 0.5), (0.1, 0), (0.3, 1), (0.5, 0), (0.7, 1), (0.9, 0), (1, 0.5)]],
    "rectangle": [[(0, 0.5), (0.08, 0), (0.24, 1.2), (0.4, 0.6), (0.56, 1.8), (0.72, 1.2), (0.88, 2.4), (1, 1.7)]],
}


@pytest.mark.parametrize(("name", "corners"), [(name, one) for name, many in NEAR.items() for one in many])
@pytest.mark.parametrize("down", [False, True])
def test_what_breaks_one_rule_is_refused(name, corners, down):
    assert (MIRROR[name] if down else name) not in names(along(corners, down=down))


def test_tops_that_end_no_rise_are_refused():
    shape = [(0.2, 0.4), (0.35, 1), (0.6, 0), (0.85, 1), (1, 0.1)]
    assert "double_top" in names(along([(0, 0.2), *shape]))
    assert "double_top" not in names(along([(0, 4.0), *shape], lead=0.5))


def cup(bottom, handle):
    rise, back = np.linspace(-0.5, 1, 20, endpoint=False), np.linspace(1, 1 - handle, 6)
    return np.concatenate([rise, bottom, back[1:], np.linspace(1 - handle, 0.98, 8)[1:]])


def test_a_cup_is_round_and_its_handle_stays_in_the_upper_half():
    rounded, pointed = np.linspace(-1, 1, 41) ** 2, np.abs(np.linspace(-1, 1, 41))
    for line, there in ((cup(rounded, 0.3), True), (cup(rounded, 0.6), False), (cup(pointed, 0.3), False)):
        assert ("cup_and_handle" in names(charts.find(*bars(line, 0.0, RNG(1))))) is there


def test_a_cup_is_not_known_before_its_right_rim_is():
    (found,) = [
        one
        for one in charts.find(*bars(cup(np.linspace(-1, 1, 41) ** 2, 0.3), 0.0, RNG(1)), strength=10)
        if one.name == "cup_and_handle"
    ]
    assert found.known_at == found.points[2][1] + 10


def test_roundness_tells_a_bowl_from_a_point():
    time = np.linspace(-1, 1, 401)
    assert roundness(np.abs(time)) == pytest.approx(0.571, abs=0.005)
    assert roundness(time * time) == pytest.approx(0.681, abs=0.005)
    assert roundness(np.array([1.0, *np.zeros(400), 1.0])) == pytest.approx(1.0, abs=0.01)
    assert roundness(np.ones(9)) == roundness(np.array([1.0, 0.0])) == 0.0


CLIMB = [0, 0.3, 0.1, 0.4, 0.25, 0.55, 0.4, 0.7, 0.5, 0.85, 0.75, 1]


def flag(pole, pause):
    return np.concatenate([np.zeros(15), np.linspace(0, 1, pole), pause])


def test_a_flag_has_a_pole_and_gives_little_back():
    for line, there in (
        (flag(8, np.linspace(0.95, 0.8, 14)), True),
        (flag(8, np.linspace(0.95, 0.3, 14)), False),
        (flag(8, np.linspace(0.95, 1.6, 14)), False),
        (flag(70, np.linspace(0.95, 0.8, 14)), False),
        (np.concatenate([np.zeros(15), CLIMB, np.linspace(0.95, 0.8, 14)]), False),
        (np.concatenate([np.zeros(15), [0, 0.5, 0.1, 0.6, 0.2, 0.7, 0.3, 1], np.linspace(0.95, 0.8, 14)]), False),
    ):
        assert ("bull_flag" in names(charts.find(*bars(line, 0.0, RNG(1))))) is there


def test_a_double_top_says_what_it_is():
    price = np.concatenate(
        [np.linspace(80, 100, 21), np.linspace(99, 90, 10), np.linspace(91, 100, 10), np.linspace(99, 92, 8)]
    )
    (found,) = [one for one in charts.find(price, price, price) if one.name == "double_top"]
    assert found == Pattern(
        name="double_top",
        family="chart",
        direction="bearish",
        began=20,
        completed=40,
        known_at=44,
        points=(("top 1", 20, 100.0), ("valley", 30, 90.0), ("top 2", 40, 100.0)),
        lines=(("trigger", (20, 90.0), (40, 90.0)),),
        quality=1.0,
        target=80.0,
        invalidation=100.0,
        words="Two tops at about the same price. Confirmed by a close below 90; then 80 is the measure.",
    )


def test_an_inverse_head_and_shoulders_has_target_and_stop_on_the_right_sides():
    line, _ = ideal("head_and_shoulders", 60)
    found = [x for x in charts.find(*bars(line, 0.0, RNG(1), down=True)) if x.name == "inverse_head_and_shoulders"]
    one = found[0]
    assert [point[0] for point in one.points] == ["left shoulder", "left neck", "head", "right neck", "right shoulder"]
    assert one.direction == "bullish"
    assert one.invalidation == one.points[2][2] < one.points[0][2] < one.points[1][2] < one.target
    assert "above the neckline" in one.words


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 260), st.sampled_from(["walk", "gaps", "coarse", *NAMES]))
def test_what_was_known_by_a_bar_is_what_the_bars_up_to_it_give(seed, cut, kind):
    rng = RNG(seed)
    high, low, close = bars(ideal(kind, 100)[0], 0.04, rng) if kind in NAMES else walk(250, rng)
    if kind == "gaps":
        high[rng.integers(0, 250, 8)] = np.nan
        close[rng.integers(0, 250, 8)] = np.inf
    if kind == "coarse":
        high, low, close = np.ceil(high), np.floor(low), np.round(close)
    found = charts.find(high, low, close)
    assert charts.find(high[:cut], low[:cut], close[:cut]) == [one for one in found if one.known_at < cut]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_chart_upside_down_shows_the_mirrored_shapes(seed):
    high, low, close = walk(300, RNG(seed))
    mirrored = MIRROR | {value: key for key, value in MIRROR.items()}
    plain, turned = charts.find(high, low, close), charts.find(200 - low, 200 - high, 200 - close)
    # levels are shares of the price, which a mirror changes; lines and their turns it does not
    lines = {name for name in charts.NAMES if "triangle" in name or "wedge" in name or "channel" in name}
    here = [(mirrored[one.name], one.began, one.completed, one.known_at) for one in plain if one.name in lines]
    there = [(one.name, one.began, one.completed, one.known_at) for one in turned if one.name in lines]
    assert sorted(here) == sorted(there)


def test_every_field_is_in_order_and_finite():
    for seed in range(4):
        high, low, close = walk(800, RNG(seed))
        found = charts.find(high, low, close)
        assert [one.known_at for one in found] == sorted(one.known_at for one in found)
        for one in found:
            assert one.name in charts.NAMES
            assert 0 <= one.began <= one.completed <= one.known_at < 800
            assert 0.0 <= one.quality <= 1.0
            bars_of = [bar for _, bar, _ in one.points]
            assert bars_of == sorted(bars_of)
            assert (bars_of[0], bars_of[-1]) == (one.began, one.completed)
            assert one.family == "chart"
            assert one.words.endswith(".")
            if one.target is not None and one.invalidation is not None and "channel" not in one.name:
                assert (one.target > one.invalidation) == (one.direction == "bullish")
            assert one.as_dict()["points"] == one.points


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 7, 8, 25])
def test_few_or_flat_or_unknown_bars_show_nothing(count):
    for value in (5.0, 0.0, np.nan):
        price = np.full(count, value)
        assert charts.find(price, price, price) == []
    rising = np.arange(float(count))
    assert charts.find(rising, rising, rising) == []


def test_what_means_nothing_is_refused():
    price = np.arange(30.0)
    with pytest.raises(FeatureEngineeringError, match="30, 30, 29 bars"):
        charts.find(price, price, price[1:])
    for wrong in ({"strength": 0}, {"level": -0.1}, {"shortest": 1}, {"shortest": 20, "longest": 10}):
        with pytest.raises(FeatureEngineeringError, match="shortest"):
            charts.find(price, price, price, **wrong)


def test_limits_allow_small_shapes_no_more_than_large_ones():
    limits = Limits()
    apart = limits.apart(np.array([100.0, 100.0, 100.0]), np.array([1.0, 8.0, 60.0]))
    assert apart.tolist() == pytest.approx([0.3, 2.4, 7.2])


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 70), st.data())
def test_extremes_answer_as_a_search_would(values, longest, data):
    array = np.array(values, float)
    extremes = Extremes(array, longest)
    first = data.draw(st.integers(0, len(values) - 1))
    last = data.draw(st.integers(first, min(len(values), first + longest) - 1))
    assert extremes.over(np.array([first]), np.array([last]))[0] == max(values[first : last + 1])
    level = data.draw(st.integers(-1, 9))
    within = [k for k in range(first, min(len(values), first + longest)) if values[k] > level]
    found = int(extremes.above(np.array([first]), np.array([float(level)]))[0])
    later = [k for k in range(first, len(values)) if values[k] > level]
    assert found == within[0] if within else found in {len(values), *later[:1]}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_pairs_are_the_tops_that_see_each_other(seed):
    ground, _ = grounds(*walk(150, RNG(seed)), Limits())
    tops = ground.sizes[0].at[ground.sizes[0].high].tolist()
    wanted = {
        (i, j)
        for k, i in enumerate(tops)
        for j in tops[k + 1 :]
        if all(ground.high[m] < min(ground.high[i], ground.high[j]) for m in tops if i < m < j)
    }
    assert set(zip(ground.pairs[0].tolist(), ground.pairs[1].tolist(), strict=True)) == wanted


def pattern(name, began, completed, known, quality):
    direction = "bullish"
    return Pattern(
        name=name,
        family="chart",
        direction=direction,
        began=began,
        completed=completed,
        known_at=known,
        points=(),
        quality=quality,
    )


def test_of_the_same_shape_the_first_known_stands_and_of_shapes_alike_a_better_one_may_follow():
    first, again, apart = pattern("a", 0, 10, 12, 0.5), pattern("a", 1, 11, 13, 0.9), pattern("a", 9, 20, 22, 0.1)
    assert once([apart, again, first]) == [first, apart]
    other, better = pattern("b", 0, 10, 14, 0.4), pattern("b", 0, 11, 15, 0.8)
    assert once([better, other, first], alike=["a", "b"]) == [first, better]
    assert once([better, other, first]) == [first, other]


@pytest.mark.parametrize("symbol", ["AAPL", "SPY", "EURUSD"])
@pytest.mark.parametrize("finder", [charts, harmonics, elliott])
def test_on_real_bars_all_kinds_keep_to_what_was_known(symbol, finder):
    history = ara.history(symbol)
    columns = [history[name].to_numpy()[-900:] for name in ("high", "low", "close")]
    found = finder.find(*columns)
    assert len(found) > 3
    for cut in (137, 400, 611, 899):
        assert finder.find(*(one[:cut] for one in columns)) == [one for one in found if one.known_at < cut]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("find", [charts.find, partial(charts.find, strength=6), harmonics.find, elliott.find])
def test_each_is_found_at_the_bar_at_which_it_was_known_and_at_none_before(seed, find):
    columns = walk(260, RNG(seed))
    for one in find(*columns):
        assert one in find(*(column[: one.known_at + 1] for column in columns))
        assert one not in find(*(column[: one.known_at] for column in columns))


def test_a_top_is_sure_when_the_price_fell_before_it_rose_and_the_turn_was_known():
    high, low = np.array([1, 2, 5, 4, 3, 6, 6.0]), np.array([0, 1, 4, 3, 2, 1, 5.0])
    ground, _ = grounds(high, low, low, Limits())
    for known, back, sure in ((3, 2.5, 4), (5, 2.5, 5), (3, 1.5, 7), (3, 0.5, 7)):
        assert ground.turned(np.array([2]), np.array([known]), np.array([5.0]), np.array([back])).tolist() == [sure]
