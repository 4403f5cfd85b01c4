import csv
import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.market.calendar import CALENDARS, calendar
from ara.market.holidays import easter

NEW_YORK = calendar("XNYS")
FOREX = calendar("forex")
ALWAYS = calendar("24/7")

days = st.dates(date(1901, 1, 1), date(2098, 12, 31))
names = st.sampled_from(sorted(CALENDARS))


@pytest.fixture(scope="module")
def reference():
    xcals = pytest.importorskip("exchange_calendars")
    return xcals.get_calendar("XNYS", start="1990-01-01", end="2027-12-31")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::Warning")
def test_new_york_equals_the_reference_from_1990_to_2027(reference):
    sessions = NEW_YORK.sessions(date(1990, 1, 1), date(2027, 12, 31))
    assert sessions == [session.date() for session in reference.sessions]
    assert [NEW_YORK.opens(day) for day in sessions] == [moment.to_pydatetime() for moment in reference.opens]
    assert [NEW_YORK.closes(day) for day in sessions] == [moment.to_pydatetime() for moment in reference.closes]


def test_new_york_equals_the_answer_key():
    folder = os.environ.get("ARA_CONFORMANCE")
    if not folder:
        pytest.skip("ARA_CONFORMANCE names no folder")
    with (Path(folder) / "calendars" / "XNYS_2010_2019.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sessions = NEW_YORK.sessions(date.fromisoformat(rows[0]["session"]), date.fromisoformat(rows[-1]["session"]))
    assert [day.isoformat() for day in sessions] == [row["session"] for row in rows]
    assert [NEW_YORK.opens(day) for day in sessions] == [datetime.fromisoformat(row["open_utc"]) for row in rows]
    assert [NEW_YORK.closes(day) for day in sessions] == [datetime.fromisoformat(row["close_utc"]) for row in rows]


@pytest.mark.parametrize(
    "closed",
    [
        "2001-09-11", "2001-09-14", "2004-06-11", "2007-01-02", "2012-10-29", "2012-10-30", "2018-12-05",
        "2025-01-09", "2022-06-20", "2027-06-18", "2021-12-24", "2022-12-26", "2024-03-29", "2030-04-19", "2035-01-01",
    ],
)  # fmt: skip
def test_new_york_is_closed(closed):
    assert not NEW_YORK.is_session(date.fromisoformat(closed))


@pytest.mark.parametrize("opened", ["1997-01-20", "2021-06-18", "2021-12-31", "2011-10-10", "2025-01-08"])
def test_new_york_trades(opened):
    assert NEW_YORK.is_session(date.fromisoformat(opened))


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("1992-12-24", 14), ("1993-11-26", 13), ("2002-07-05", 13), ("2002-07-03", 16), ("2013-07-03", 13),
        ("2013-07-05", 16), ("2034-07-03", 13), ("2033-11-25", 13), ("2027-12-24", 16), ("2020-07-02", 16),
    ],
)  # fmt: skip
def test_new_york_closes_at_its_own_hour(day, hour):
    label = date.fromisoformat(day)
    offset = timedelta(hours=4 if 4 <= label.month <= 10 else 5)
    midnight = datetime(label.year, label.month, label.day, tzinfo=timezone(-offset))
    assert NEW_YORK.closes(label) == midnight + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("year", "sunday"), [(1943, "04-25"), (1961, "04-02"), (2000, "04-23"), (2024, "03-31"), (2038, "04-25")]
)
def test_easter(year, sunday):
    assert easter(year).isoformat() == f"{year}-{sunday}"


def test_the_hours_follow_the_clock_of_the_venue():
    assert NEW_YORK.opens(date(2020, 3, 6)) == datetime(2020, 3, 6, 14, 30, tzinfo=UTC)
    assert NEW_YORK.opens(date(2020, 3, 9)) == datetime(2020, 3, 9, 13, 30, tzinfo=UTC)
    assert FOREX.opens(date(2020, 3, 9)) == datetime(2020, 3, 8, 21, tzinfo=UTC)
    assert FOREX.closes(date(2020, 3, 6)) == datetime(2020, 3, 6, 22, tzinfo=UTC)
    assert ALWAYS.opens(date(2020, 2, 29)) == datetime(2020, 2, 29, tzinfo=UTC)
    assert ALWAYS.closes(date(2020, 2, 29)) == datetime(2020, 3, 1, tzinfo=UTC)


def test_forex_trades_on_weekdays_but_christmas_and_new_year():
    assert FOREX.sessions(date(2020, 12, 23), date(2021, 1, 5)) == [
        date(2020, 12, day) for day in (23, 24, 28, 29, 30, 31)
    ] + [date(2021, 1, 4), date(2021, 1, 5)]


def test_crypto_never_closes():
    assert ALWAYS.following(date(2020, 2, 27), 4) == [
        date(2020, 2, 28),
        date(2020, 2, 29),
        date(2020, 3, 1),
        date(2020, 3, 2),
    ]


def test_the_sessions_that_follow():
    assert NEW_YORK.following(date(2021, 3, 31), 3) == [date(2021, 4, 1), date(2021, 4, 5), date(2021, 4, 6)]
    assert NEW_YORK.following(date(2021, 3, 31), 0) == []


@pytest.mark.parametrize(
    ("instant", "label"),
    [
        ("2020-11-27T15:00:00Z", "2020-11-27"),
        ("2020-11-27T18:00:00Z", "2020-11-30"),  # the early bell of the day after Thanksgiving
        ("2020-11-27T17:59:59Z", "2020-11-27"),
        ("2020-11-26T15:00:00Z", "2020-11-27"),  # Thanksgiving itself
        ("2020-11-28T15:00:00Z", "2020-11-30"),
        ("2020-11-30T21:00:00Z", "2020-12-01"),
        ("2020-11-30T05:00:00Z", "2020-11-30"),
    ],
)
def test_new_york_labels_an_instant(instant, label):
    assert NEW_YORK.label(datetime.fromisoformat(instant)).isoformat() == label


@pytest.mark.parametrize(
    ("instant", "label"),
    [
        ("2020-11-27T21:59:00Z", "2020-11-27"),
        ("2020-11-27T22:00:00Z", "2020-11-30"),
        ("2020-11-29T23:00:00Z", "2020-11-30"),
        ("2020-12-24T23:00:00Z", "2020-12-28"),
    ],
)
def test_forex_labels_an_instant(instant, label):
    assert FOREX.label(datetime.fromisoformat(instant)).isoformat() == label


@given(names, days)
def test_a_bar_keeps_its_date_even_where_there_is_no_session(name, day):
    venue = calendar(name)
    assert venue.dated(venue.opens(day)) == day
    assert venue.opens(day) < venue.closes(day)


@given(names, days)
def test_the_label_of_an_open_session_is_the_session(name, day):
    venue = calendar(name)
    if venue.is_session(day):
        assert venue.label(venue.opens(day)) == day
        assert venue.label(venue.closes(day) - timedelta(microseconds=1)) == day
    assert venue.is_session(venue.label(venue.opens(day)))


@given(names, days, st.integers(1, 40))
def test_following_and_sessions_agree(name, day, count):
    venue = calendar(name)
    found = venue.following(day, count)
    assert found == venue.sessions(day + timedelta(days=1), found[-1])
    assert len(found) == count


@given(names, days)
def test_sessions_do_not_overlap(name, day):
    venue = calendar(name)
    first, second = venue.following(day, 2)
    assert venue.closes(first) <= venue.opens(second)


def test_an_unknown_calendar_is_named():
    with pytest.raises(ValidationError, match="'XTKS'; there are XNYS, forex, 24/7"):
        calendar("XTKS")


@pytest.mark.parametrize("name", sorted(CALENDARS))
@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date(2100, 1, 1), date.max])
def test_a_date_outside_all_years_is_refused(name, day):
    venue = calendar(name)
    for ask in (venue.is_session, venue.opens, venue.closes):
        with pytest.raises(ValidationError, match="1900 to 2099"):
            ask(day)
    with pytest.raises(ValidationError, match="1900 to 2099"):
        venue.sessions(date(2020, 1, 1), date.max)


def test_the_last_year_has_an_end():
    assert ALWAYS.sessions(date(2099, 12, 30), date(2099, 12, 31)) == [date(2099, 12, 30), date(2099, 12, 31)]
    with pytest.raises(ValidationError):
        NEW_YORK.following(date(2099, 12, 31), 1)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="no time zone"):
        NEW_YORK.label(datetime.fromisoformat("2020-01-02T15:00:00"))
