"""Rates with planted defects: each is found where it is, and sound ones are left alone."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from ara.data.quality import Severity
from ara.data.rate_checks import check_rates, leaps_at_end
from ara.market.holidays import euro_closed

FIRST = date(2022, 12, 1)
DAYS = [
    day
    for day in (FIRST + timedelta(days=n) for n in range(200))
    if day.weekday() < 5 and day not in euro_closed(day.year)
]


def rates(quote="USD", *, without=(), leaps=None, days=DAYS):
    rows = [
        {"at": datetime.combine(day, time(13, 15), UTC), "rate": (1 + 0.002 * (n % 7)) * (leaps or {}).get(day, 1.0)}
        for n, day in enumerate(days)
        if day not in without
    ]
    return pl.DataFrame(rows).with_columns(source=pl.lit("ecb"), base=pl.lit("EUR"), quote=pl.lit(quote))


def judged(*frames):
    return {pair: (count, report) for pair, _, count, report in check_rates(pl.concat(frames))}


def test_sound_rates_have_no_issue():
    count, report = judged(rates())["EURUSD"]
    assert (count, report.score, report.issues) == (len(DAYS), 1.0, ())


def test_the_days_without_a_rate_are_found():
    gone = [date(2023, 1, 10), date(2023, 1, 11), date(2023, 3, 1)]
    count, report = judged(rates(without=gone))["EURUSD"]
    (issue,) = report.issues
    assert (issue.rule, issue.severity, issue.count) == ("missing", Severity.WARNING, 3)
    assert [at.date() for at in issue.times] == gone
    assert issue.words == "3 working days are without a rate: 2023-01-10, 2023-01-11, 2023-03-01"
    assert report.score == pytest.approx(1 - 3 / len(DAYS))
    assert count == len(DAYS) - 3


def test_a_leap_that_is_taken_back_is_found_and_one_that_stays_is_not():
    spike, step = date(2023, 2, 14), date(2023, 4, 3)
    leaps = {spike: 1.1} | {day: 0.8 for day in DAYS if day >= step}
    _, report = judged(rates(leaps=leaps))["EURUSD"]
    (issue,) = report.issues
    assert (issue.rule, [at.date() for at in issue.times]) == ("outlier", [spike])
    assert report.score == pytest.approx(1 - 0.5 / len(DAYS))


def test_a_currency_that_was_suspended_or_went_costs_nothing():
    gone = [day for day in DAYS if date(2023, 2, 1) <= day < date(2023, 4, 1)]
    found = judged(rates(), rates("ISK", without=gone), rates("HRK", days=DAYS[:20]))
    isk, hrk = found["EURISK"][1], found["EURHRK"][1]
    assert [(one.rule, one.severity, one.count) for one in isk.issues] == [("missing", Severity.INFO, len(gone))]
    assert [(one.rule, one.severity) for one in hrk.issues] == [("stale", Severity.INFO)]
    assert isk.issues[0].words.endswith(": suspended, or not received")
    assert isk.score == hrk.score == 1.0
    assert found["EURUSD"][1].issues == ()


def test_a_leap_on_the_newest_day_is_found_and_said_to_be_open():
    _, report = judged(rates(leaps={DAYS[-1]: 100.0}))["EURUSD"]
    (issue,) = report.issues
    assert (issue.rule, issue.severity, issue.at.date()) == ("outlier", Severity.WARNING, DAYS[-1])
    assert issue.words.startswith("the newest rate, 10")
    assert f"on {DAYS[-1]}, is far from 1" in issue.words
    both = pl.concat([rates(leaps={DAYS[-1]: 100.0}), rates("JPY")])
    (words,) = leaps_at_end(both)
    assert words == f"EURUSD: {issue.words}"
    assert leaps_at_end(both.filter(pl.col("quote") == "JPY")) == []


def test_the_last_leap_of_a_currency_that_went_and_one_over_a_long_pause_are_no_news():
    went = rates("HRK", days=DAYS[:20], leaps={DAYS[19]: 2.0})
    paused = rates("ISK", without=DAYS[50:-1], leaps={DAYS[-1]: 2.0})
    assert leaps_at_end(pl.concat([rates(), went, paused])) == []


def test_days_on_which_no_currency_has_a_rate_were_not_received_and_cost():
    gone = DAYS[10:-5]
    found = judged(rates(without=gone), rates("JPY", without=gone))
    for pair in ("EURUSD", "EURJPY"):
        (issue,) = found[pair][1].issues
        assert (issue.rule, issue.severity, issue.count) == ("missing", Severity.WARNING, len(gone))
        assert issue.words.endswith(f"from {gone[0]} to {gone[-1]}: not received")
        assert found[pair][1].score == pytest.approx(15 / len(DAYS))


def test_holidays_of_the_euro():
    assert euro_closed(2023) == {
        *(date(2023, 1, 1), date(2023, 4, 7), date(2023, 4, 10)),
        *(date(2023, 5, 1), date(2023, 12, 25), date(2023, 12, 26)),
    }
