"""What followed a pattern: the share, the base rate, and an interval that keeps what it promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features.patterns.followed import _interval, followed

RISING = [100.0 + bar for bar in range(50)]


def plainly(cases, side, close, horizon):
    """The definition, one bar after the other."""

    def gone(bar):
        return side * (close[bar + horizon] - close[bar]) > 0

    known = range(len(close) - horizon)
    hits = [gone(bar) for bar in cases if bar in known]
    return len(hits), sum(hits) / len(hits) if hits else math.nan, sum(map(gone, known)) / len(known)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=8, max_size=60),
    st.lists(st.integers(0, 7), max_size=8, unique=True),
    st.sampled_from([-1, 1]),
    st.integers(1, 7),
)
def test_shares_are_plain_counts(close, cases, side, horizon):
    found = followed(cases, side, close, horizon=horizon)
    count, share, base = plainly(cases, side, close, horizon)
    assert found.count == count
    assert found.base == pytest.approx(base)
    if count:
        assert found.up == pytest.approx(share)
        assert 0.0 <= found.low <= found.up <= found.high <= 1.0
        assert found.effective > 0
    else:
        assert math.isnan(found.up)
        assert (found.low, found.high, found.verdict) == (0.0, 1.0, "unknown")


def test_what_is_not_known_yet_does_not_count():
    found = followed([10, 44, 45, 49], 1, RISING, horizon=5)
    assert (found.count, found.up, found.base) == (2, 1.0, 1.0)
    later = followed([10, 44, 45, 49], 1, [*RISING, 0.0], horizon=5)
    assert (later.count, later.up) == (3, pytest.approx(2 / 3))


def test_the_side_turns_the_question():
    rise, fall = followed([3, 9], 1, RISING), followed([3, 9], -1, RISING)
    assert (rise.up, rise.base, rise.direction) == (1.0, 1.0, 1)
    assert (fall.up, fall.base, fall.direction) == (0.0, 0.0, -1)
    nowhere = followed([3, 9], 0, RISING)
    assert (nowhere.up, nowhere.direction) == (1.0, 1)


def test_standing_still_is_neither_up_nor_down():
    assert followed([2, 5], 1, [5.0] * 20).up == followed([2, 5], -1, [5.0] * 20).up == 0.0


def test_bars_without_a_price_are_no_cases():
    close = np.array(RISING)
    close[[10, 25]] = np.nan
    found = followed([5, 10, 20, 30], 1, close, horizon=5)
    assert (found.count, found.up, found.base) == (1, 1.0, 1.0)


def walk(random, kind, count):
    if kind == "wild":
        return 100 * np.exp(np.cumsum(0.007 * random.standard_t(3, count)))
    calm = np.repeat(np.exp(random.normal(0, 0.6, count // 50 + 1)), 50)[:count] if kind == "clustered" else 1.0
    return 100 * np.exp(np.cumsum(0.0003 + 0.01 * calm * random.standard_normal(count)))


def cases_of(random, how, close):
    count = len(close)
    if how == "few":
        return random.choice(count, 6, replace=False)
    if how == "many":
        return random.choice(count, 45, replace=False)
    if how == "most":
        return random.choice(count, count // 2, replace=False)
    if how == "runs":
        return np.unique(np.concatenate([random.choice(count - 8, 8) + step for step in range(6)]))
    falls = np.diff(np.log(close)) < -0.004
    return np.flatnonzero(falls[1:] & falls[:-1]) + 2


@pytest.mark.parametrize("horizon", [1, 5, 20])
@pytest.mark.parametrize("how", ["few", "many", "most", "runs", "after two falls"])
@pytest.mark.parametrize("kind", ["plain", "wild", "clustered"])
def test_a_walk_without_memory_is_chance_nineteen_times_of_twenty(kind, how, horizon):
    random = np.random.default_rng([horizon, len(how), len(kind)])
    side, worlds = 1 - 2 * (horizon == 5), 300
    verdicts = []
    for _ in range(worlds):
        close = walk(random, kind, 700)
        verdicts.append(followed(cases_of(random, how, close), side, close, horizon=horizon).verdict)
    assert verdicts.count("chance") / worlds >= 0.915


def test_the_interval_is_no_wider_than_it_must_be():
    random = np.random.default_rng(3)
    held = 0
    for _ in range(800):
        close = walk(random, "plain", 900)
        held += followed(cases_of(random, "most", close), 1, close, horizon=5).verdict == "chance"
    assert 0.92 <= held / 800 <= 0.985


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(81, 263, 0.2535, 0.3682), (15, 148, 0.0598, 0.1644), (0, 20, 0.0, 0.2005), (1, 29, 0.0018, 0.1963)],
)
def test_the_interval_is_that_of_newcombe(hits, count, low, high):
    """His method 4, as printed in table I."""
    assert _interval(hits / count, count, 0.95) == pytest.approx((low, high), abs=6e-5)
    mirrored = _interval(1 - hits / count, count, 0.95)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=6e-5)


def test_overlapping_cases_are_worth_fewer():
    close = walk(np.random.default_rng(1), "plain", 4000)
    apart = followed(range(0, 4000, 100), 1, close, horizon=10)
    together = followed(range(1000, 1040), 1, close, horizon=10)
    assert apart.count == together.count == 40
    assert together.effective < 8 < 35 < apart.effective


def test_a_planted_edge_is_found():
    random = np.random.default_rng(2)
    returns = 0.01 * random.standard_normal(3000)
    cases = np.arange(100, 2900, 20)
    for case in cases:
        returns[case + 1 : case + 6] += 0.008
    close = 100 * np.exp(np.cumsum(returns))
    assert followed(cases, 1, close, horizon=5).verdict == "more"
    found = followed(cases, -1, close, horizon=5)
    assert found.verdict == "less"
    assert "less often than chance alone makes likely" in found.words


def test_every_bar_as_a_case_is_the_base_rate():
    close = walk(np.random.default_rng(4), "plain", 300)
    found = followed(range(300), 1, close)
    assert found.up == pytest.approx(found.base)
    assert found.verdict == "chance"


def test_the_words_say_it_all():
    close = walk(np.random.default_rng(5), "plain", 500)
    found = followed([30, 90, 200], 1, close, unit="day")
    shares = [f"{100 * one:.0f}" for one in (found.up, found.low, found.high, found.base)]
    assert found.words == "up 5 days later in {} % of 3 cases ({} to {} %); any day {} %: no more than chance".format(
        *shares
    )
    assert followed([30], -1, close, horizon=1).words.startswith("down 1 bar later in ")
    assert " of 1 case (" in followed([30], -1, close).words
    nowhere = followed([30, 90], 0, close, unit="day")
    assert nowhere.words.startswith("it points nowhere; up 5 days later in ")
    assert (nowhere.as_dict()["points"], nowhere.as_dict()["direction"]) == ("nowhere", "up")
    assert followed([30], -1, close).as_dict()["points"] == "down"
    assert followed([], 1, close).words == "no case before whose outcome is known 5 bars later: nothing can be said"


@pytest.mark.parametrize("close", [[], [1.0], [1.0, 2.0], [np.nan] * 30, [0.0] * 30])
def test_hardly_any_bars_say_nothing_wrong(close):
    found = followed(range(len(close)), 1, close, horizon=3)
    assert 0.0 <= found.low <= found.high <= 1.0
    assert found.verdict in {"unknown", "chance"}


@pytest.mark.parametrize(
    ("cases", "direction", "options"),
    [([3], 2, {}), ([3], 1, {"horizon": 0}), ([3], 1, {"level": 1.0}), ([99], 1, {}), ([-1], 1, {})],
)
def test_what_makes_no_sense_is_refused(cases, direction, options):
    with pytest.raises(FeatureEngineeringError):
        followed(cases, direction, RISING, **options)


def test_a_case_told_twice_counts_twice_and_is_worth_one():
    close = walk(np.random.default_rng(6), "plain", 2000)
    once, twice = followed([500, 900], 1, close), followed([500, 500, 900, 900], 1, close)
    assert (once.count, twice.count) == (2, 4)
    assert twice.effective == pytest.approx(once.effective, rel=1e-6)
