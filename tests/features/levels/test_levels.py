import math

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features.levels.evidence import turned, turned_by_kind
from ara.features.levels.find import levels
from ara.features.levels.memories import Memories
from tests.features.levels.test_level_indicators import COLUMNS, bars


def walled(count=600, low=100.0, high=110.0, seed=1):
    """A price that goes to and fro between two walls, with noise that never pierces them far."""
    random = np.random.default_rng(seed)
    close = [105.0]
    way = 1.0
    for _ in range(count - 1):
        step = close[-1] + way * random.uniform(0.2, 1.2)
        if step > high - 0.3 or step < low + 0.3:
            way, step = -way, min(max(step, low + 0.2), high - 0.2)
        close.append(step)
    close = np.array(close)
    top, bottom = np.minimum(close + random.uniform(0.1, 0.5, count), high), np.maximum(close - 0.3, low)
    opened = np.clip(close - 0.1, bottom, top)
    return dict(
        zip(COLUMNS, (opened, top, bottom, close, np.full(count, 1e6), 18000.0 + np.arange(count)), strict=True)
    )


def found(columns, **params):
    return levels(*(columns[name] for name in COLUMNS), **params)


def test_every_kind_is_there_in_order():
    columns = bars(600, 3)
    all_of_it = found(columns, pivots=("standard", "fibonacci", "camarilla", "woodie", "demark"))
    assert {one.kind for one in all_of_it} == {"cluster", "fibonacci", "pivot", "volume"}
    prices = [one.price for one in all_of_it]
    assert prices == sorted(prices, reverse=True)
    for one in all_of_it:
        assert one.low <= one.price + 1e-9
        assert one.price <= one.high + 1e-9
        assert 0.0 <= one.strength <= 1.0
        assert one.since <= one.known_at <= 599
        assert one.words
        assert one.as_dict()["name"] == one.name


def test_walls_are_the_strongest_clusters():
    columns = walled()
    clusters = [one for one in found(columns) if one.kind == "cluster"]
    strongest = sorted(clusters, key=lambda one: -one.strength)[:2]
    assert sorted(one.price for one in strongest) == pytest.approx([100.0, 110.0], abs=0.4)
    top = max(strongest, key=lambda one: one.price)
    assert top.touches >= 5
    assert f"{top.touches} down" in top.words


def test_a_strength_is_what_it_says():
    high = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3, 4, 5, 4, 3, 2, 1.0]) + 0.5
    low = high - 1.0
    ranges = np.full(len(high), 2.0)
    past = Memories.of(high, low, ranges, span=3, window=10, width=0.5)
    assert past.turns.at.tolist() == [8, 12]
    assert past.reach == 1.0
    # From the top at 12 down to the low of bar 16: 5.5 - 0.5 = 5, that is 2.5 mean ranges of 4; 4 bars old of 5.
    expected = 2.5 / 4 * 0.5 ** (4 / 5)
    assert past.weight[1] == pytest.approx(expected)
    chosen = past.near(5.0, 5.2)
    assert chosen.tolist() == [False, True]
    assert past.strength(chosen) == pytest.approx(1 - math.exp(-expected / 2))
    assert past.clusters() == []


def test_nothing_of_a_level_depends_on_later_bars():
    columns = bars(700, 9)
    before = found({name: one[:500] for name, one in columns.items()})
    changed = {name: one.copy() for name, one in columns.items()}
    for name in ("open", "high", "low", "close"):
        changed[name][500:] *= 3.0
    assert found({name: one[:500] for name, one in changed.items()}) == before


def test_pivots_of_the_month_and_the_session():
    columns = bars(200, 2)
    by_session = {one.name: one for one in found(columns, period="session") if one.kind == "pivot"}
    high, low, close = (columns[name][198] for name in ("high", "low", "close"))
    assert by_session["PP"].price == pytest.approx((high + low + close) / 3)
    assert (by_session["PP"].known_at, by_session["PP"].since) == (198, 198)
    by_month = {one.name: one for one in found(columns, period="month") if one.kind == "pivot"}
    assert by_month["PP"].known_at < 198
    assert "month" in by_month["R1"].words
    assert not [one for one in found({name: one[:20] for name, one in columns.items()}, period="month")
                if one.kind == "pivot"]  # fmt: skip


def test_without_volume_there_is_none_of_it():
    columns = bars(300) | {"volume": np.full(300, np.nan)}
    kinds = {one.kind for one in found(columns)}
    assert "volume" not in kinds
    assert "cluster" in kinds


def test_gaps_are_passed_over():
    columns = bars(400, 4)
    whole = found(columns)
    spread = {name: np.full(800, np.nan) for name in COLUMNS}
    for name, one in columns.items():
        spread[name][::2] = one
    for one, other in zip(whole, found(spread), strict=True):
        assert (one.price, one.words) == (other.price, other.words)
        assert (2 * one.known_at, 2 * one.since) == (other.known_at, other.since)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_few_bars_have_few_levels(count):
    columns = {name: one[:count] for name, one in bars(300).items()}
    assert all(np.isfinite(one.price) for one in found(columns))


@pytest.mark.parametrize("price", [0.0, 1.0, 1e-12, 1e12])
def test_a_price_that_never_moves(price):
    columns = {name: np.full(300, price) for name in COLUMNS} | {"session": np.arange(300.0)}
    assert all(one.price == pytest.approx(price) for one in found(columns))


def test_levels_scale_with_the_price():
    columns = bars(500, 7)
    tiny = {name: one * (1e-12 if name in {"open", "high", "low", "close"} else 1) for name, one in columns.items()}
    for one, other in zip(found(columns), found(tiny), strict=True):
        assert other.price == pytest.approx(one.price * 1e-12, rel=1e-9)
        assert other.strength == pytest.approx(one.strength)


@pytest.mark.parametrize(
    "params", [{"pivots": ("nobody",)}, {"period": "year"}, {"span": 0}, {"window": 1}, {"width": 0.0}]
)
def test_wrong_parameters_are_named(params):
    with pytest.raises(FeatureEngineeringError, match="can't be found"):
        found(bars(50), **params)


def test_walls_are_known_to_turn_the_price():
    columns = walled(3000)
    lines = np.tile([100.0, 110.0], (3000, 1))
    past = turned(lines, columns["high"], columns["low"], columns["close"])
    assert past.touches > 40
    assert past.share > 0.9
    assert past.low > 0
    assert "more often than chance" in past.words


def test_levels_drawn_at_random_are_no_more_than_chance():
    wrong = 0
    for seed in range(12):
        columns = bars(2500, seed + 50)
        random = np.random.default_rng(seed)
        close = columns["close"]
        lines = close[:, None] * np.exp(random.normal(0, 0.02, (2500, 2)))
        past = turned(lines, columns["high"], columns["low"], close, seed=seed)
        wrong += not past.low <= 0 <= past.high
    assert wrong <= 2


def test_turns_by_hand():
    """One level, one touch: back by a mean true range is a turn, beyond by one first is none."""
    count, at = 60, 14
    base = np.full(count, 100.0)
    high, low = base + 0.5, base - 0.5
    lines = np.full((count, 1), np.nan)
    lines[at] = 101.0
    for after, expected in (((101.0, 100.2), 1.0), ((102.1, 99.0), 0.0), ((100.9, 99.0), math.nan)):
        top, bottom = high.copy(), low.copy()
        top[at + 2] = after[0]
        bottom[at + 3] = min(after[1], 99.9)
        bottom[at + 2] = 100.0
        past = turned(lines, top, bottom, base, horizon=10)
        assert past.share == pytest.approx(expected, nan_ok=True)
    assert past.touches == 0
    assert past.as_dict()["share"] is None
    assert "nothing can be said" in past.words


def test_a_turn_within_the_touching_bar_does_not_count():
    count, at = 60, 14
    base = np.full(count, 100.0)
    high, low = base + 0.5, base - 0.5
    lines = np.full((count, 1), np.nan)
    lines[at] = 101.0
    high[at + 2], low[at + 2] = 101.0, 98.0
    low[at + 3 :] = 100.4
    high[at + 3 :] = 100.6
    assert turned(lines, high, low, base, horizon=10).share == 0.0


def test_evidence_takes_levels_below_too():
    mirror = walled(3000)
    high, low, close = 210 - mirror["low"], 210 - mirror["high"], 210 - mirror["close"]
    lines = np.tile([100.0, 110.0], (3000, 1))
    up = turned(lines, mirror["high"], mirror["low"], mirror["close"])
    down = turned(lines, high, low, close)
    assert (down.touches, down.share) == (up.touches, up.share)


def test_each_kind_has_its_evidence():
    past = turned_by_kind(bars(1500, 11))
    assert set(past) == {"cluster", "fibonacci", "pivot", "volume"}
    assert all(one.touches > 0 for one in past.values())
    few = turned_by_kind(bars(90, 11))
    assert few["cluster"].touches == 0
    assert turned_by_kind(bars(0))["pivot"].touches == 0


@pytest.mark.parametrize(("lines", "horizon"), [(np.ones(5), 10), (np.ones((4, 1)), 10), (np.ones((5, 1)), 0)])
def test_evidence_names_what_does_not_fit(lines, horizon):
    with pytest.raises(FeatureEngineeringError, match="give a row for each bar"):
        turned(lines, np.ones(5), np.ones(5), np.ones(5), horizon=horizon)
