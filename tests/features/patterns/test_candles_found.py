"""Candlesticks in a history: strength, trend, what refutes them; and what they say together."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.patterns.candles import find
from ara.features.patterns.candles.context import TREND, contexts
from ara.features.patterns.candles.found import shapes


def world(count, seed=0, drift=0.0):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(drift + 0.01 * random.standard_t(4, count)))
    opened = close * np.exp(random.normal(0, 0.006, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    return opened, high, low, close, np.floor(random.lognormal(12, 0.5, count))


def engulfed(*, step=-1.0, last=4.0, quiet=30):
    """A steady trend of small bodies, then a bar that opens beyond the last close and closes far on the other side."""
    rows, price = [], 200.0
    for _ in range(quiet):
        rows.append((price, price + max(step, 0) + 0.5, price + min(step, 0) - 0.5, price + step))
        price += step
    side = -math.copysign(1.0, step)
    o = price - side * 0.1
    c = o + side * (1.0 + last)
    rows.append((o, max(o, c) + 0.1, min(o, c) - 0.1, c))
    return [np.array(column) for column in zip(*rows, strict=True)]


def of(found, name, bar):
    (one,) = [one for one in found if one.name == name and one.known_at == bar]
    return one


def test_an_engulfing_bar_after_a_fall_is_told_whole():
    opened, high, low, close = engulfed()
    one = of(find(opened, high, low, close), "cdl_engulfing", 30)
    assert (one.family, one.direction, one.began, one.completed) == ("candle", "bullish", 29, 30)
    assert one.points == (("open", 29, opened[29]), ("close", 30, close[30]))
    assert one.invalidation == min(low[29:])
    assert one.target is None
    ((name, (first, begin), (last, end)),) = one.lines
    assert (name, first, last) == ("trend before", 29 - TREND, 28)
    assert (begin, end) == pytest.approx((close[19], close[28]))
    assert one.words == "The 10 bars before it fell by 4.5 usual ranges, as the textbooks ask."
    assert 0.5 < one.quality < 1


def test_the_same_after_a_rise_points_down_and_is_refuted_above():
    opened, high, low, close = engulfed(step=1.0)
    one = of(find(opened, high, low, close), "cdl_engulfing", 30)
    assert (one.direction, one.invalidation) == ("bearish", max(high[29:]))
    mirrored = of(find(*engulfed()), "cdl_engulfing", 30)
    assert one.quality == pytest.approx(mirrored.quality)


def test_what_the_textbooks_ask_for_makes_it_stronger():
    falling = of(find(*engulfed()), "cdl_engulfing", 30).quality
    larger = of(find(*engulfed(last=8.0)), "cdl_engulfing", 30).quality
    assert larger > falling
    opened, high, low, close = engulfed()
    heavy, light = np.full(31, 100.0), np.full(31, 100.0)
    heavy[29:], light[29:] = 400.0, 25.0
    of_volume = [of(find(opened, high, low, close, volume=one), "cdl_engulfing", 30).quality for one in (heavy, light)]
    assert of_volume[0] > of_volume[1]
    shadowed = high.copy()
    shadowed[30] += 10.0
    assert of(find(opened, shadowed, low, close), "cdl_engulfing", 30).quality < falling


def test_a_turn_in_the_wrong_place_says_so():
    opened, high, low, close = engulfed()
    flat = np.array([100.0 + bar % 2 for bar in range(29)])
    opened[:29], close[:29] = flat, 201.0 - flat
    high[:29], low[:29] = 101.5, 99.5
    opened[29:], high[29:], low[29:], close[29:] = [101, 99], [101.5, 104], [99.5, 98.9], [100, 103]
    one = of(find(opened, high, low, close), "cdl_engulfing", 30)
    assert one.words == "No clear trend before it; the textbooks ask for a fall."


def test_a_shape_that_points_nowhere_is_refuted_by_nothing():
    opened, high, low, close, _ = world(400)
    neutral = [one for one in find(opened, high, low, close) if one.direction == "neutral"]
    assert {one.invalidation for one in neutral} == {None}
    assert {one.name for one in neutral} == {one.spec.name for one in shapes() if one.direction == 0} - {
        "cdl_four_price_doji"
    }
    graves = find(opened, high, low, close, names=["cdl_gravestone_doji"])
    assert {one.direction for one in graves} == {"bearish"}


def test_each_is_where_its_indicator_is_not_zero():
    opened, high, low, close, volume = world(700, seed=2)
    found = find(opened, high, low, close, volume=volume)
    assert [one.known_at for one in found] == sorted(one.known_at for one in found)
    bars = {"open": opened, "high": high, "low": low, "close": close}
    for shape in shapes():
        mine = [one for one in found if one.name == shape.spec.name]
        (values,) = shape.compute(bars)
        assert [one.known_at for one in mine] == np.flatnonzero(np.nan_to_num(values)).tolist()
        assert all(0.0 <= one.quality <= 1.0 and one.completed - one.began == shape.bars - 1 for one in mine)


@pytest.mark.parametrize("end", [1, 12, 40, 399])
def test_what_was_found_stays_as_more_bars_come(end):
    columns = world(400, seed=3)
    whole = find(*columns[:4], volume=columns[4])
    early = find(*(one[:end] for one in columns[:4]), volume=columns[4][:end])
    assert early == [one for one in whole if one.known_at < end]


def test_the_first_bars_tell_no_trend():
    found = find(*world(400, seed=5)[:4])
    assert found[0].known_at <= TREND
    assert (found[0].words, found[0].lines) == ("Too few bars before it to tell a trend.", ())


@pytest.mark.parametrize("value", [0.0, 5.0, np.nan, np.inf, 1e300, -3.0])
def test_strange_bars_are_no_trouble(value):
    for columns in ([np.full(60, value)] * 4, [np.array([value])] * 4, [np.array([])] * 4):
        assert all(0.0 <= one.quality <= 1.0 for one in find(*columns, volume=columns[0]))


def test_a_gap_hides_the_bars_around_it_only():
    columns = list(world(300, seed=6)[:4])
    whole = find(*columns)
    columns[1] = columns[1].copy()
    columns[1][150] = np.nan
    cut = find(*columns)
    assert [one for one in cut if one.known_at < 150] == [one for one in whole if one.known_at < 150]
    assert not [one for one in cut if one.began <= 150 <= one.known_at]
    late = [one for one in cut if one.known_at > 180]
    assert late == [one for one in whole if one.known_at > 180]


def test_names_that_are_none_and_columns_that_differ():
    columns = world(30)[:4]
    with pytest.raises(FeatureEngineeringError, match="no candlestick 'cdl_hamer'"):
        find(*columns, names=["cdl_hamer"])
    with pytest.raises(FeatureEngineeringError, match="differ in length"):
        find(*columns[:3], columns[3][:-1])
    with pytest.raises(FeatureEngineeringError, match="differ in length"):
        find(*columns, volume=np.ones(4))


def test_only_those_that_are_named():
    columns = world(400)[:4]
    assert {one.name for one in find(*columns, names=["cdl_doji", "cdl_harami"])} == {"cdl_doji", "cdl_harami"}


def test_the_context_is_what_it_says():
    opened, high, low, close, volume = world(60, seed=8)
    around = contexts((opened, high, low, close), volume)(3)
    bar = 40
    ranges = [max(high[i], close[i - 1]) - min(low[i], close[i - 1]) for i in range(bar - 12, bar - 2)]
    usual = sum(ranges) / 10
    slope, start = np.polyfit(range(10), close[bar - 12 : bar - 2], 1)
    assert around.trend[bar] == pytest.approx(9 * slope / usual)
    assert [one[bar] for one in around.line] == pytest.approx([start, start + 9 * slope])
    top, floor = max(high[bar - 2 : bar + 1]), min(low[bar - 2 : bar + 1])
    assert [one[bar] for one in around.reach] == [floor, top]
    assert around.size[bar] == pytest.approx((top - floor) / (top - floor + usual * math.sqrt(3)))
    assert around.place[bar] == pytest.approx((close[bar] - floor) / (top - floor))
    bodies = np.abs(close - opened)
    usual_body = bodies[bar - 12 : bar - 2].mean()
    assert around.body[bar] == pytest.approx(
        max(bodies[bar - 2 : bar + 1]) / (max(bodies[bar - 2 : bar + 1]) + usual_body)
    )
    inside, before = volume[bar - 2 : bar + 1].mean(), volume[bar - 12 : bar - 2].mean()
    assert around.volume[bar] == pytest.approx(inside / (inside + before))


def test_a_gap_is_told_in_usual_ranges():
    high, low = np.full(30, 101.0), np.full(30, 100.0)
    high[25:], low[25:] = 102.25, 101.25
    around = contexts((low, high, low, (high + low) / 2))
    assert around(1).gap[25] == pytest.approx(0.5)
    assert (around(1).gap[26], around(2).gap[26]) == (0.0, pytest.approx(0.5))


def test_a_gap_brings_a_shape_halfway_to_the_whole():
    opened, high, low, close, _ = world(60, seed=8)
    around = contexts((opened, high, low, close))(2)
    at, up = np.array([40]), np.array([1.0])
    without, with_gap = (replace(around, gap=np.full(60, gap)).strength(at, up, -1.0, 0.0)[0] for gap in (0.0, 1.0))
    assert with_gap == pytest.approx((1 + without) / 2)


def test_the_trend_that_is_asked_for_makes_it_stronger():
    opened, high, low, close, _ = world(60, seed=8)
    around = contexts((opened, high, low, close))(1)
    at, up = np.array([40]), np.array([1.0])
    fall, rise = (replace(around, trend=np.full(60, trend)) for trend in (-2.0, 2.0))
    for asks, better, worse in ((-1, fall, rise), (1, rise, fall)):
        assert better.strength(at, up, asks, 0.0)[0] > worse.strength(at, up, asks, 0.0)[0]
        assert better.strength(at, -up, asks, 0.0)[0] < worse.strength(at, -up, asks, 0.0)[0]
    assert fall.strength(at, up, 0, 0.0) == rise.strength(at, up, 0, 0.0)


def test_a_close_at_the_end_where_it_points_makes_it_stronger():
    opened, high, low, close, _ = world(60, seed=8)
    around = contexts((opened, high, low, close))(1)
    at, up = np.array([40]), np.array([1.0])
    ends = [replace(around, place=np.full(60, place)) for place in (0.0, 0.5, 1.0)]
    long_up, long_down, nowhere, small = (
        [one.strength(at, points, -1, tiny)[0] for one in ends]
        for points, tiny in ((up, 0.0), (-up, 0.0), (0 * up, 0.0), (up, 1.0))
    )
    assert long_up[0] < long_up[1] < long_up[2]
    assert long_down[0] > long_down[1] > long_down[2]
    assert nowhere[0] == nowhere[2] < nowhere[1]
    assert small[0] == small[2] > small[1]


def test_a_small_body_is_better_where_it_makes_the_shape():
    opened, high, low, close, _ = world(60, seed=8)
    around = replace(contexts((opened, high, low, close))(1), place=np.full(60, 1.0))
    at, up = np.array([40]), np.array([1.0])
    for small, better in ((0.0, 0.9), (1.0, 0.1)):
        worse, best = (
            replace(around, body=np.full(60, body)).strength(at, up, -1.0, small)[0] for body in (1 - better, better)
        )
        assert best > worse


def test_the_bias_is_the_sum_of_what_is_found():
    opened, high, low, close, _ = world(500, seed=9)
    bias, strength = catalogue.compute("candle_bias", {"open": opened, "high": high, "low": low, "close": close})
    found = find(opened, high, low, close)
    for bar in range(15, 500):
        here = [one for one in found if one.known_at == bar]
        up = sum(one.quality for one in here if one.direction == "bullish")
        down = sum(one.quality for one in here if one.direction == "bearish")
        assert bias[bar] == pytest.approx((up - down) / (1 + up + down), abs=1e-7)
        assert strength[bar] == pytest.approx(max((one.quality for one in here), default=0.0), abs=1e-7)
    assert np.isnan(bias[:15]).all()
    assert (bias[15:] > 0).any()
    assert (bias[15:] < 0).any()
