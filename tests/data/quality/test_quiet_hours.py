"""Before the bell and after it prices stand still and trades are reported late: neither is a defect."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from ara.data.quality import check, scores
from ara.market.timeframe import Timeframe
from tests.data.quality.test_checking import APPLE, COIN, HOUR, found, hours, put, sessions, walk

MINUTE = Timeframe.parse("1m")
PRICES = ("open", "high", "low", "close")
LATE = 25
"""Each so many bars of quiet hours, a trade of long before is reported."""


def minutes(first=date(2015, 11, 2), last=date(2015, 11, 9), *, seed=3, thin=0.0002):
    """Give minutes from 4:00 to 20:00 in New York, ticks of a cent: busy within the session, and quiet around it."""
    days = [datetime(day.year, day.month, day.day, 9, tzinfo=UTC) for day in sessions(APPLE, first, last)]
    at = pl.Series([day + timedelta(minutes=n) for day in days for n in range(960)]).cast(pl.Datetime("us", "UTC"))
    quiet = np.array([not 330 <= n < 720 for _ in days for n in range(960)])
    random, count = np.random.default_rng(seed), len(at)
    stands = quiet & np.repeat(random.random(count // 6 + 1) < 0.5, 6)[:count]
    steps = np.where(stands, 0.0, random.normal(0, np.where(quiet, thin, 0.0006), count))
    close = np.round(100 * np.exp(np.cumsum(steps)), 2)
    opened = np.append(close[0], close[:-1])
    reach = np.where(stands, 0.0, np.abs(random.normal(0, np.where(quiet, 0.0001, 0.0004), (2, count))))
    high, low = np.maximum(opened, close) * (1 + reach[0]), np.minimum(opened, close) * (1 - reach[1])
    late = np.flatnonzero(quiet)[30::LATE]
    high[late] = high[late] * 1.012
    bars = walk(APPLE, at, MINUTE, seed=seed)
    volume = np.floor(np.where(quiet, 200, 50_000) * random.uniform(0.5, 2, count))
    made = zip((*PRICES, "volume"), (opened, high, low, close, volume), strict=True)
    return bars.with_columns(pl.Series(name, values) for name, values in made), quiet


@pytest.fixture(scope="module")
def quoted():
    return minutes()


def test_bars_with_quiet_hours_have_no_issue_and_score_one(quoted):
    bars, quiet = quoted
    assert 0.5 < quiet.mean() < 0.7
    assert [(issue.rule, issue.count) for issue in check(bars, APPLE, MINUTE).issues] == []
    assert scores(bars, APPLE, MINUTE).min() == 1.0


def test_a_wrong_price_is_found_in_quiet_hours_and_in_others(quoted):
    bars, quiet = quoted
    rows = [1000, 1100, 1400, 1500, 1900, 2100, 2400, 2900]
    assert {bool(quiet[row]) for row in rows} == {True, False}
    for number, row in enumerate(rows):
        factor = 1.4 if number % 2 else 1 / 1.4
        values = {name: bars[name][row] * factor for name in PRICES}
        bars = put(bars, row, **(values if number % 4 < 2 else {"high": bars["high"][row] * 1.4}))
    assert found(bars, APPLE, MINUTE)["outlier"].times == tuple(bars["at"].gather(rows))
    given = scores(bars, APPLE, MINUTE)
    assert (given.gather(rows) == 0.5).all()
    following = [row for row in range(len(bars)) if row not in rows and row - 1 not in rows]
    assert given.gather(following).min() == 1.0


def test_a_close_of_the_session_is_measured_by_the_session(quoted):
    """A percent there and back within a minute is far for the session, and usual after the bell."""
    bars, quiet = quoted
    for row, far in ((1400, True), (1800, False)):
        assert quiet[row] != far
        wrong = put(bars, row, close=bars["close"][row] * 1.01, high=bars["high"][row] * 1.01)
        assert ("outlier" in found(wrong, APPLE, MINUTE)) is far


def test_wild_hours_around_a_calm_session_are_measured_apart():
    """At the bell too: the last bars before it are of the other hours."""
    bars, quiet = minutes(thin=0.01)
    for row, size, told in ((1290, 1.01, True), (1680, 1.03, False)):
        assert quiet[row - 1] == told != quiet[row]
        wrong = put(bars, row, close=bars["close"][row - 1] * size, high=bars["high"][row] * size)
        wrong = put(wrong, row + 1, open=bars["close"][row - 1], close=bars["close"][row - 1])
        issue = found(wrong, APPLE, MINUTE).get("outlier")
        assert (issue is not None and bars["at"][row] in issue.times) is told


def test_a_high_of_the_session_reported_late_is_no_outlier(quoted):
    bars, _ = quoted
    for size, told in ((1.012, False), (1.04, True)):
        wrong = put(bars, 1400, high=bars["high"][1400] * size)
        assert ("outlier" in found(wrong, APPLE, MINUTE)) is told
        assert (scores(wrong, APPLE, MINUTE)[1400] < 1) is told


def stood(bars, row, count, *, flat=True):
    """Let the price stand from a bar on, or repeat the bar before in all its prices."""
    place = pl.int_range(pl.len())
    return bars.with_columns(
        pl.when(place.is_between(row, row + count - 1))
        .then(bars["close" if flat else name][row - 1])
        .otherwise(name)
        .alias(name)
        for name in PRICES
    )


@pytest.mark.parametrize("flat", [True, False])
def test_a_price_that_stands_is_stale_in_the_session_and_not_after_it(flat, quoted):
    bars, _ = quoted
    busy = stood(bars, 1400, 12, flat=flat)
    assert set(bars["at"][1400:1412]) <= set(found(busy, APPLE, MINUTE)["stale"].times)
    assert scores(busy, APPLE, MINUTE)[1411] == 0.5
    evening = stood(bars, 1715, 20)
    assert "stale" not in found(evening, APPLE, MINUTE)
    assert scores(evening, APPLE, MINUTE).min() == 1.0


def test_a_feed_that_hangs_all_evening_is_stale(quoted):
    bars, _ = quoted
    hung = stood(bars, 1682, 230)
    assert found(hung, APPLE, MINUTE)["stale"].count >= 230
    assert scores(hung, APPLE, MINUTE)[1900] == 0.5


def test_one_bar_like_another_is_stale_with_its_volume_too(quoted):
    bars, _ = quoted
    alike = stood(bars, 1400, 1, flat=False)
    assert "stale" not in found(alike, APPLE, MINUTE)
    told = put(alike, 1400, volume=alike["volume"][1399])
    assert found(told, APPLE, MINUTE)["stale"].times == (bars["at"][1400],)
    assert scores(told, APPLE, MINUTE)[1400] == 0.5


def test_no_later_bar_changes_a_score_of_quiet_hours(quoted):
    bars, _ = quoted
    whole = scores(bars := stood(bars, 1715, 150), APPLE, MINUTE)
    for end in (500, 1100, 1720, 1800, 1860, 2500):
        assert scores(bars[:end], APPLE, MINUTE).to_list() == whole[:end].to_list()


def joined(instrument, stamps, at, timeframe=HOUR):
    """Give bars that from one on are another company's: twice the price, twenty times the trade, thrice the range."""
    bars = walk(instrument, stamps, timeframe)
    after = bars["at"] >= at
    wide = pl.col("close") * np.exp(3 * (pl.col("high") / pl.col("low")).log())
    return bars.with_columns(
        volume=pl.when(after).then(pl.col("volume") * 20).otherwise("volume"),
        high=pl.when(after).then(wide * 1.0).otherwise("high"),
    ).with_columns(pl.when(after).then(pl.col(name) * 5).otherwise(name).alias(name) for name in PRICES)


def test_another_company_needs_sessions_and_begins_with_one():
    stamps = hours(APPLE, date(2015, 1, 2), date(2015, 9, 30))
    begun = [two for one, two in pairwise(stamps) if two.date() != one.date()]
    assert found(joined(APPLE, stamps, begun[80]), APPLE, HOUR)["reuse"].times == (begun[80],)
    assert "reuse" not in found(joined(APPLE, stamps, begun[12]), APPLE, HOUR)
    assert "reuse" not in found(joined(APPLE, stamps, begun[80] + timedelta(hours=3)), APPLE, HOUR)


def test_days_of_minutes_are_too_few_to_tell_another_company():
    bars, _ = minutes()
    for row in (1681, 2880):
        assert "reuse" not in found(joined(APPLE, bars["at"], bars["at"][row], MINUTE), APPLE, MINUTE)


def test_a_coin_has_no_bell_and_may_become_another_at_any_hour():
    at = pl.datetime_range(start := datetime(2020, 1, 1, tzinfo=UTC), start + timedelta(days=60), "1h", eager=True)
    at = at.cast(pl.Datetime("us", "UTC"))
    late = at.filter((at < at[900]) | (at > at[900] + timedelta(days=12)))
    assert found(joined(COIN, late, late[900]), COIN, HOUR)["reuse"].times == (late[900],)
    early = at.filter((at < at[300]) | (at > at[300] + timedelta(days=12)))
    assert "reuse" not in found(joined(COIN, early, early[300]), COIN, HOUR)
