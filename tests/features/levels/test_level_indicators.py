import math
import os
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features.families import LEVELS
from ara.features.levels.bricks import renko
from ara.features.levels.turns import fractals, legs
from ara.features.stream import Stream
from ara.features.swings import swings

ALL = LEVELS.indicators()
COLUMNS = ("open", "high", "low", "close", "volume", "session")
PIVOTS = [name for name, one in ALL.items() if {"period", "whole"} <= set(one.spec.params)]
REAL = os.environ.get("ARA_MARKET_DATA", "")


def bars(count, seed=0, per_session=1):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(4, count)))
    opened = close * np.exp(random.normal(0, 0.003, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    volume = np.floor(random.lognormal(12, 0.5, count))
    session = 18000.0 + np.arange(count) // per_session
    return dict(zip(COLUMNS, (opened, high, low, close, volume, session), strict=True))


def compute(name, columns, **params):
    found = ALL[name].compute(columns, **params)
    return dict(zip(ALL[name].spec.outputs, found, strict=True))


def test_the_family_is_whole():
    named = {f"pivot_{one}" for one in ("standard", "fibonacci", "camarilla", "woodie", "demark")}
    assert named | {f"{one}_distance" for one in named} <= set(ALL)
    assert {"fibonacci_retracement", "fibonacci_position", "support_resistance", "volume_profile"} <= set(ALL)
    assert {"renko_trend", "renko_line", "support_resistance_distance", "volume_profile_position"} <= set(ALL)


def period_of(day, period):
    then = date(1970, 1, 1) + timedelta(days=int(day))
    return {1: day, 2: (then - timedelta(days=then.weekday())).toordinal(), 3: then.year * 12 + then.month}[period]


def before_plainly(columns, bar, period, whole):
    """Open, high, low, close of the period before that of a bar, and the open of its own, by a walk over the bars."""
    numbers = [period_of(day, period) for day in columns["session"][: bar + 1]]
    order = list(dict.fromkeys(numbers))
    place = len(order) - 1
    if place < 1 + whole:
        return None
    past = [one for one, number in enumerate(numbers) if number == order[place - 1]]
    own = [one for one, number in enumerate(numbers) if number == order[place]]
    opened, high, low, close = (columns[name] for name in ("open", "high", "low", "close"))
    return (opened[past[0]], max(high[past]), min(low[past]), close[past[-1]], opened[own[0]])


def standard(o, h, lo, c, now):
    p = (h + lo + c) / 3
    return {"pp": p, "r1": 2 * p - lo, "s1": 2 * p - h, "r2": p + h - lo, "s2": p - h + lo, "r3": h + 2 * (p - lo),
            "s3": lo - 2 * (h - p), "r4": 3 * p + h - 3 * lo, "s4": 3 * p - 3 * h + lo}  # fmt: skip


def woodie(o, h, lo, c, now):
    p = (h + lo + 2 * now) / 4
    return {"pp": p, "r1": 2 * p - lo, "s1": 2 * p - h, "r2": p + h - lo, "s2": p - h + lo}


def fibonacci(o, h, lo, c, now):
    p = (h + lo + c) / 3
    return {"pp": p, "r1": p + 0.382 * (h - lo), "s2": p - 0.618 * (h - lo), "r3": p + h - lo, "s3": p - h + lo}


def camarilla(o, h, lo, c, now):
    return {"pp": c, "r1": c + 1.1 * (h - lo) / 12, "s2": c - 1.1 * (h - lo) / 6, "r3": c + 1.1 * (h - lo) / 4,
            "s4": c - 1.1 * (h - lo) / 2}  # fmt: skip


def demark(o, h, lo, c, now):
    x = h + 2 * lo + c if c < o else 2 * h + lo + c if c > o else h + lo + 2 * c
    return {"pp": x / 4, "r1": x / 2 - lo, "s1": x / 2 - h}


@pytest.mark.parametrize("scheme", [standard, woodie, fibonacci, camarilla, demark])
@pytest.mark.parametrize(("period", "whole", "per_session"), [(1, 1, 7), (1, 0, 1), (2, 1, 1), (3, 0, 1), (2, 0, 3)])
def test_pivots_are_those_of_the_completed_period_before(scheme, period, whole, per_session):
    columns = bars(130, seed=period, per_session=per_session)
    columns["close"][[20, 40]] = columns["open"][[20, 40]]
    found = compute(f"pivot_{scheme.__name__}", columns, period=period, whole=whole)
    away = compute(f"pivot_{scheme.__name__}_distance", columns, period=period, whole=whole)
    for bar in range(0, 130, 3):
        told = before_plainly(columns, bar, period, whole)
        if told is None:
            assert all(np.isnan(one[bar]) for one in (*found.values(), *away.values()))
            continue
        close = columns["close"][bar]
        for name, expected in scheme(*told).items():
            assert found[name][bar] == pytest.approx(expected, rel=1e-12)
            assert away[name][bar] == pytest.approx((close - expected) / close, abs=1e-12)
        assert away["zone"][bar] == sum(one[bar] <= close for one in found.values())


@pytest.mark.parametrize("pace", [0.1, 1.0, 1.4, 7.0, 31.0])
@pytest.mark.parametrize("whole", [0, 1])
@pytest.mark.parametrize("period", [1, 2, 3])
def test_no_pivot_has_a_value_while_it_warms_up_wherever_the_bars_begin(period, whole, pace):
    warmup = ALL["pivot_standard"].warmup(period=period, whole=whole)
    for first in (0, 3, 4, 18_000, 18_003, 18_027):
        columns = bars(90) | {"session": np.floor(first + np.arange(90) * pace)}
        for name in PIVOTS:
            known = np.isfinite([*compute(name, columns, period=period, whole=whole).values()])
            assert not known[:, :warmup].any(), f"{name} from day {first} on"
            if pace == {1: 1.0, 2: 7.0, 3: 31.0}[period]:
                assert known[:, warmup:].all(), f"{name} of bars that are a period each"


def test_the_last_period_is_whole_before_it_counts():
    columns = bars(40, per_session=5)
    found = compute("previous_range", columns)
    for start in range(10, 40, 5):
        assert (found["high"][start : start + 5] == columns["high"][start - 5 : start].max()).all()
        assert (found["close"][start : start + 5] == columns["close"][start - 1]).all()
    place = compute("previous_range_position", columns)
    assert place["gap"][12] == pytest.approx(columns["open"][10] / columns["close"][9] - 1)
    band = compute("central_pivot_range", columns)
    assert (band["top"][10:] >= band["pivot"][10:]).all()
    assert (band["pivot"][10:] >= band["bottom"][10:]).all()
    width = compute("central_pivot_width", columns)
    np.testing.assert_allclose(width["width"][10:], ((band["top"] - band["bottom"]) / columns["close"])[10:])


def turns_plainly(high, low, span):
    found = []
    for at in range(span, len(high) - span):
        before, after = range(at - span, at), range(at + 1, at + span + 1)
        top = all(high[at] > high[one] for one in before) and all(high[at] >= high[one] for one in after)
        bottom = all(low[at] < low[one] for one in before) and all(low[at] <= low[one] for one in after)
        if top != bottom:
            found.append((at, top))
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=0, max_size=80), st.integers(1, 4))
def test_turns_are_bars_above_those_before_and_not_below_those_after(values, span):
    low = np.array(values, float)
    high = low + np.array([1 + (7 * one) % 3 for one in values], float)
    found = fractals(high, low, span)
    assert list(zip(found.at.tolist(), found.high.tolist(), strict=True)) == turns_plainly(high, low, span)


@pytest.mark.parametrize("seed", range(4))
def test_the_swing_is_the_last_of_two_turns_known(seed):
    columns, span, window = bars(400, seed), 3, 60
    high, low = columns["high"], columns["low"]
    begun, ended = legs(high, low, span=span, window=window)
    turns = turns_plainly(high, low, span)
    for bar in range(window + span, 400, 7):
        known = [one for one in turns if one[0] + span <= bar]
        if len(known) < 2 or bar - known[-2][0] >= window:
            expected = (low[bar - window + 1 : bar + 1].min(), high[bar - window + 1 : bar + 1].max())
        else:
            (first, _), (last, top) = known[-2], known[-1]
            end = high[last] if top else low[last]
            if known[-2][1] == top:
                start = low[first:last].min() if top else high[first:last].max()
            else:
                start = low[first] if top else high[first]
            expected = (start, end)
        assert (begun[bar], ended[bar]) == expected


def test_swings_agree_with_the_room_s_own_where_tops_and_bottoms_alternate():
    columns = bars(600, 5)
    turns = swings(columns["high"], columns["low"], strength=3)
    begun, ended = legs(columns["high"], columns["low"], span=3, window=200)
    same = 0
    for bar in range(250, 600):
        known = turns.by(bar)
        same += (begun[bar], ended[bar]) == (known.price[-2], known.price[-1])
    assert same / 350 > 0.9


def test_ratios_of_a_swing():
    columns = bars(300, 3)
    levels = compute("fibonacci_retracement", columns)
    beyond = compute("fibonacci_extension", columns)
    place = compute("fibonacci_position", columns)
    near = compute("fibonacci_levels", columns)
    bar = 299
    start, end = levels["began"][bar], levels["ended"][bar]
    assert levels["r618"][bar] == pytest.approx(end - 0.618 * (end - start))
    assert beyond["e1618"][bar] == pytest.approx(start + 1.618 * (end - start))
    back = (end - columns["close"][bar]) / (end - start)
    assert place["taken_back"][bar] == pytest.approx(back)
    ratios = (0, 0.236, 0.382, 0.5, 0.618, 0.786, 1, 1.272, 1.618)
    nearest = min(ratios, key=lambda one: abs(one - back))
    assert near["ratio"][bar] == nearest
    assert near["distance"][bar] == pytest.approx(back - nearest)


def test_the_nearest_cluster_is_found_by_hand_too():
    columns, span, window, width = bars(700, 8), 3, 250, 0.5
    high, low, close = (columns[name] for name in ("high", "low", "close"))
    found = compute("support_resistance", columns)
    away = compute("support_resistance_distance", columns)
    turns = turns_plainly(high, low, span)
    seen = 0
    for bar in range(260, 700, 11):
        ranges = [max(high[one], close[one - 1]) - min(low[one], close[one - 1]) for one in range(bar - 13, bar + 1)]
        reach = width * math.fsum(ranges) / 14
        prices = sorted(high[at] if top else low[at] for at, top in turns if at + span <= bar and at > bar - window)
        under = [one for one in prices if one <= close[bar]][::-1]
        chosen = next((one for one, other in pairwise(under) if one - other <= reach), None)
        if chosen is None:
            assert found["support"][bar] == low[bar - window + 1 : bar + 1].min()
            assert away["support_touches"][bar] == 0
            continue
        members = [one for one in under if chosen - reach <= one <= chosen]
        seen += 1
        assert found["support"][bar] == pytest.approx(np.mean(members), rel=1e-12)
        assert away["support_touches"][bar] == len(members)
        assert away["support"][bar] == pytest.approx(1 - np.mean(members) / close[bar], rel=1e-9)
    assert seen > 20


def profile_plainly(high, low, volume, bins, share):
    bottom, top = min(low), max(high)
    step = (top - bottom) / bins
    held = [0.0] * bins
    for a, b, v in zip(high, low, volume, strict=True):
        touched = range(min(int((b - bottom) / step), bins - 1), min(int((a - bottom) / step), bins - 1) + 1)
        for one in touched:
            held[one] += v / len(touched)
    fullest = held.index(max(held))
    first = last = fullest
    while sum(held[first : last + 1]) < share * sum(held) - 1e-9:
        over = held[last + 1] if last + 1 < bins else -1
        under = held[first - 1] if first else -1
        first, last = (first, last + 1) if over >= under else (first - 1, last)
    return bottom + (fullest + 0.5) * step, bottom + (last + 1) * step, bottom + first * step


def test_volume_by_price():
    columns = bars(200, 4)
    found = compute("volume_profile", columns, window=30, bins=12)
    for bar in range(29, 200, 9):
        part = slice(bar - 29, bar + 1)
        expected = profile_plainly(*(columns[name][part] for name in ("high", "low", "volume")), 12, 0.7)
        assert [found[name][bar] for name in ("poc", "high", "low")] == pytest.approx(expected, rel=1e-9)
    place = compute("volume_profile_position", columns, window=30, bins=12)
    wide = found["high"] - found["low"]
    np.testing.assert_allclose(place["position"][29:], ((columns["close"] - found["low"]) / wide)[29:])


def test_one_price_makes_one_full_place():
    count = 70
    flat = {name: np.full(count, 50.0) for name in COLUMNS} | {"session": np.arange(count, dtype=float)}
    assert compute("volume_profile", flat)["poc"][-1] == 50.0
    assert compute("volume_profile_position", flat)["position"][-1] == 0.5
    silent = flat | {"volume": np.zeros(count)}
    assert np.isnan(compute("volume_profile", silent)["poc"]).all()


def test_long_series_in_pieces_are_those_in_one():
    columns = bars(9000, 2)
    for name in ("volume_profile", "support_resistance_distance"):
        whole = ALL[name].compute(columns)
        tail = ALL[name].compute({key: one[-1500:] for key, one in columns.items()})
        for one, other in zip(whole, tail, strict=True):
            np.testing.assert_allclose(one[-1000:], other[-1000:], rtol=1e-9)


def test_bricks_step_by_whole_sizes_and_turn_after_two():
    close = np.array([100.0, 100.9, 101.0, 103.5, 101.6, 101.0, 100.2, 104.0])
    laid = renko(close + 0.5, close - 0.5, close, np.arange(1.0, 9.0), brick=1.0)
    assert laid.at.tolist() == [2, 3, 3, 5, 7, 7]
    assert laid.up.tolist() == [True, True, True, False, True, True]
    assert laid.close.tolist() == [101, 102, 103, 101, 103, 104]
    assert laid.open.tolist() == [100, 101, 102, 102, 102, 103]
    assert laid.high[3] == 102.1
    assert laid.low[3] == 100.5
    assert laid.volume[:4].tolist() == [5.0, 2.0, 2.0, 11.0]
    assert len(renko(close, close, close, close, brick=50.0)) == 0
    assert len(renko(*(np.empty(0),) * 4, brick=1.0)) == 0
    assert renko(close, close, close, close, brick=1.0, start=99.5).open[0] == 99.5


@pytest.mark.parametrize("brick", [0.0, -1.0, math.nan, 1e-9])
def test_bricks_have_a_size(brick):
    close = np.linspace(1.0, 2000.0, 50)
    with pytest.raises(FeatureEngineeringError, match="brick is"):
        renko(close, close, close, close, brick=brick)
    with pytest.raises(FeatureEngineeringError, match="brick is"):
        renko(close, close, close, close, brick=1.0, start=-1e9)


def test_bricks_in_percent_by_hand():
    close = np.array([100.0, 101.0, 102.1, 106.5, 103.0, 101.9, 98.0, np.nan, 98.0])
    found = compute("renko_trend", {"close": close}, percent=2.0)
    line = compute("renko_line", {"close": close}, percent=2.0)["renko_line"]
    assert found["way"][:7].tolist() == [0, 0, 1, 1, 1, -1, -1]
    assert found["run"][:7].tolist() == [0, 0, 1, 3, 3, 1, 3]
    assert line[3] == pytest.approx(100 * 1.02**3)
    assert line[6] == pytest.approx(100 * 1.02**-1)
    assert np.isnan(line[7])
    assert line[8] == line[6]


def hostile():
    yield "empty", {name: np.empty(0) for name in COLUMNS}
    for count in (1, 2, 300):
        yield f"constant {count}", {name: np.full(count, 5.0) for name in COLUMNS}
        yield f"zero {count}", {name: np.zeros(count) for name in COLUMNS}
    for size in (1e-12, 1e12):
        columns = bars(400)
        yield f"{size}", {name: one * (1 if name in {"volume", "session"} else size) for name, one in columns.items()}
    gaps = bars(400)
    for name in COLUMNS:
        gaps[name][7::41] = np.nan
    yield "gaps", gaps
    yield "backwards", {name: one[::-1].copy() for name, one in bars(400).items()}
    yield "endless", bars(300) | {"high": np.full(300, np.inf)}


@pytest.mark.parametrize("columns", [pytest.param(one, id=label) for label, one in hostile()])
def test_hostile_bars_give_numbers_or_nan(columns):
    for one in ALL.values():
        for found in one.compute(columns):
            assert len(found) == len(columns["close"])
            assert not np.isinf(found).any()


def test_a_gap_begins_anew_and_harms_nothing_later():
    columns = bars(900, 6)
    broken = {name: one.copy() for name, one in columns.items()}
    for name in ("high", "low", "close"):
        broken[name][300] = np.nan
    for name in ("support_resistance", "fibonacci_retracement", "volume_profile"):
        for whole, part in zip(ALL[name].compute(columns), ALL[name].compute(broken), strict=True):
            assert np.isnan(part[300])
            np.testing.assert_allclose(part[600:], whole[600:], rtol=1e-12)


def test_bar_by_bar_with_gaps_as_in_the_batch():
    columns = bars(120, per_session=5)
    columns["high"][33] = columns["session"][50] = np.nan
    stepped = sorted(name for name, one in ALL.items() if one.spec.step is not None)
    stream = Stream(stepped)
    batch = {name: ALL[name].compute(columns) for name in stepped}
    for bar in range(120):
        found = stream.push({name: float(one[bar]) for name, one in columns.items()})
        for name in stepped:
            np.testing.assert_allclose(found[name], [one[bar] for one in batch[name]], rtol=1e-12, equal_nan=True)


@pytest.mark.skipif(not REAL, reason="ARA_MARKET_DATA names no folder")
def test_on_real_bars_levels_are_where_the_price_was():
    frame = pl.read_parquet(Path(REAL) / "bars" / "us_equity_daily_raw_lean.parquet")
    frame = frame.filter(pl.col("symbol") == "IBM").sort("ts")
    columns = {name: frame[name].cast(float).to_numpy() for name in COLUMNS[:5]}
    columns["session"] = frame["ts"].dt.date().to_physical().cast(float).to_numpy()
    found = compute("volume_profile", columns)
    window = slice(len(frame) - 60, None)
    assert columns["low"][window].min() <= found["low"][-1] <= found["poc"][-1] <= found["high"][-1]
    assert found["high"][-1] <= columns["high"][window].max() + 1e-9
    near = compute("support_resistance_distance", columns)
    assert (near["support"][300:] >= 0).all()
    assert (near["resistance"][300:] >= 0).all()
