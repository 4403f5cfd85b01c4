import csv
import os
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.market.calendar import ALIASES, CALENDARS, calendar
from ara.market.holidays import easter
from ara.market.hours import spans
from ara.market.sessions import Special, by_rule, covered

NEW_YORK = calendar("XNYS")
FOREX = calendar("forex")
ALWAYS = calendar("24/7")
LONDON = calendar("XLON")
TOKYO = calendar("XTKS")

days = st.dates(date(1901, 1, 1), date(2098, 12, 31))
names = st.sampled_from(sorted(CALENDARS))


@pytest.fixture(scope="module")
def reference():
    """Give a venue's calendar as the library knows it in the years of the table."""
    xcals = pytest.importorskip("exchange_calendars")

    def of(name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            years = covered(name)
            return xcals.get_calendar(name, start=f"{years[0]}-01-01", end=f"{years[-1]}-12-31")

    return of


@pytest.mark.parametrize("name", ["XNYS", "XLON", "XTKS"])
def test_every_session_of_the_table_equals_the_reference(name, reference):
    library, venue, years = reference(name), calendar(name), covered(name)
    sessions = venue.sessions(date(years[0], 1, 1), date(years[-1], 12, 31))
    assert sessions == [session.date() for session in library.sessions]
    assert [venue.opens(day) for day in sessions] == [moment.to_pydatetime() for moment in library.opens]
    assert [venue.closes(day) for day in sessions] == [moment.to_pydatetime() for moment in library.closes]
    assert years[0] <= 1997 <= 2040 <= years[-1]


def test_the_breaks_of_tokyo_equal_the_reference(reference):
    library = reference("XTKS")
    for stamp in library.sessions[::7]:
        day = stamp.date()
        start, end = library.session_break_start(stamp), library.session_break_end(stamp)
        if day >= date(2011, 11, 21):
            assert TOKYO.breaks(day) == [(start.to_pydatetime(), end.to_pydatetime())]
        else:  # the library takes the hours of today for those of then
            assert TOKYO.breaks(day) == [(start.to_pydatetime() - timedelta(minutes=30), end.to_pydatetime())]


@pytest.mark.parametrize("file", ["XNYS_2010_2019", "XTKS_2018_2020"])
def test_the_answer_key_is_met(file):
    folder = os.environ.get("ARA_CONFORMANCE")
    if not folder:
        pytest.skip("ARA_CONFORMANCE names no folder")
    with (Path(folder) / "calendars" / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    venue = calendar(file.partition("_")[0])
    sessions = venue.sessions(date.fromisoformat(rows[0]["session"]), date.fromisoformat(rows[-1]["session"]))
    assert [day.isoformat() for day in sessions] == [row["session"] for row in rows]
    assert [venue.opens(day) for day in sessions] == [datetime.fromisoformat(row["open_utc"]) for row in rows]
    assert [venue.closes(day) for day in sessions] == [datetime.fromisoformat(row["close_utc"]) for row in rows]


@pytest.mark.parametrize(("name", "since"), [("XNYS", 2026), ("XLON", 2024), ("XTKS", 2022)])
def test_the_rules_go_on_where_the_table_ends(name, since):
    venue = calendar(name)
    for year in range(since, covered(name)[-1] + 1):
        days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
        ruled, known = by_rule(name, year), venue.special(year)
        for day in days:
            if day.weekday() < 5:
                assert (day in ruled.closed) == (day in known.closed), day
        assert {day: hour for day, hour in ruled.early.items() if day not in ruled.closed} == known.early
    beyond = covered(name)[-1] + 1
    assert venue.special(beyond) == by_rule(name, beyond)
    assert venue.sessions(date(beyond, 1, 1), date(beyond, 12, 31))


def test_the_rules_of_new_york_miss_only_what_no_rule_foresees():
    closed, early = set(), set()
    for year in range(1990, 2051):
        ruled, known = by_rule("XNYS", year), NEW_YORK.special(year)
        assert {day for day in ruled.closed if day.weekday() < 5} <= known.closed
        closed |= known.closed - ruled.closed
        early |= set(known.early.items()) ^ {one for one in ruled.early.items() if one[0] not in known.closed}
    assert sorted(map(str, closed)) == [
        "1994-04-27", "2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02", "2012-10-29",
        "2012-10-30", "2018-12-05", "2025-01-09",
    ]  # fmt: skip
    assert {str(day) for day, _ in early} == {"1997-12-26", "1999-12-31", "2003-12-26"}


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
    with pytest.raises(ValidationError, match="'XPAR'; there are XNYS, XNAS, XLON, XTKS, forex, 24/7"):
        calendar("XPAR")


@pytest.mark.parametrize(
    ("text", "name"),
    [("NYSE", "XNYS"), ("nasdaq", "XNAS"), ("Lse", "XLON"), ("TSE", "XTKS"), ("JPX", "XTKS"), ("FX", "forex"),
     ("crypto", "24/7"), ("xtks", "XTKS"), ("FOREX", "forex"), ("24/7", "24/7")],
)  # fmt: skip
def test_what_people_call_a_calendar(text, name):
    assert calendar(text).name == name
    assert set(ALIASES.values()) <= set(CALENDARS)


def test_the_two_exchanges_of_new_york_keep_the_same_days():
    nasdaq, first, last = calendar("XNAS"), date(1990, 1, 1), date(2040, 12, 31)
    assert nasdaq.sessions(first, last) == NEW_YORK.sessions(first, last)
    assert nasdaq != NEW_YORK
    assert nasdaq.closes(date(2020, 11, 27)) == NEW_YORK.closes(date(2020, 11, 27))


@pytest.mark.parametrize(
    ("venue", "day", "opened", "closed"),
    [
        (NEW_YORK, "2024-03-08", "14:30", "21:00"), (NEW_YORK, "2024-03-11", "13:30", "20:00"),
        (NEW_YORK, "2024-11-01", "13:30", "20:00"), (NEW_YORK, "2024-11-04", "14:30", "21:00"),
        (LONDON, "2024-03-28", "08:00", "16:30"), (LONDON, "2024-04-02", "07:00", "15:30"),
        (LONDON, "2024-10-25", "07:00", "15:30"), (LONDON, "2024-10-28", "08:00", "16:30"),
        (LONDON, "2024-12-24", "08:00", "12:30"), (LONDON, "2024-12-31", "08:00", "12:30"),
        (TOKYO, "2024-03-11", "00:00", "06:00"), (TOKYO, "2024-11-01", "00:00", "06:00"),
        (TOKYO, "2024-11-05", "00:00", "06:30"), (TOKYO, "2024-12-30", "00:00", "06:30"),
    ],
)  # fmt: skip
def test_the_clocks_of_three_cities(venue, day, opened, closed):
    label = date.fromisoformat(day)
    assert venue.is_session(label)
    assert f"{venue.opens(label):%H:%M} {venue.closes(label):%H:%M}" == f"{opened} {closed}"


def test_between_the_clock_changes_of_london_and_new_york_they_are_an_hour_closer():
    assert LONDON.closes(date(2024, 3, 7)) - NEW_YORK.opens(date(2024, 3, 7)) == timedelta(hours=2)
    assert LONDON.closes(date(2024, 3, 12)) - NEW_YORK.opens(date(2024, 3, 12)) == timedelta(hours=3)


@pytest.mark.parametrize(
    ("sunday", "hour"), [("2024-03-03", 22), ("2024-03-10", 21), ("2024-10-27", 21), ("2024-11-03", 22)]
)
def test_the_week_of_currencies_begins_and_ends_at_five_in_new_york(sunday, hour):
    begin = datetime.fromisoformat(f"{sunday}T{hour}:00:00Z")
    assert not FOREX.is_open(begin - timedelta(microseconds=1))
    assert FOREX.is_open(begin)
    assert FOREX.next_open(begin - timedelta(hours=3)) == begin
    end = FOREX.next_close(begin)
    assert end == FOREX.closes(begin.date() + timedelta(days=5))
    assert end.astimezone(ZoneInfo("America/New_York")).strftime("%a %H:%M") == "Fri 17:00"
    assert FOREX.is_open(end - timedelta(microseconds=1))
    assert not FOREX.is_open(end)


@pytest.mark.parametrize(
    ("venue", "instant", "now", "opening", "closing"),
    [
        (NEW_YORK, "2020-11-27T17:00:00Z", True, "2020-11-30T14:30:00Z", "2020-11-27T18:00:00Z"),
        (NEW_YORK, "2020-11-27T18:00:00Z", False, "2020-11-30T14:30:00Z", "2020-11-30T21:00:00Z"),
        (NEW_YORK, "2020-11-26T15:00:00Z", False, "2020-11-27T14:30:00Z", "2020-11-27T18:00:00Z"),
        (NEW_YORK, "2020-11-30T14:30:00Z", True, "2020-12-01T14:30:00Z", "2020-11-30T21:00:00Z"),
        (TOKYO, "2024-06-03T02:30:00Z", False, "2024-06-03T03:30:00Z", "2024-06-03T06:00:00Z"),
        (TOKYO, "2024-06-03T02:00:00Z", True, "2024-06-03T03:30:00Z", "2024-06-03T02:30:00Z"),
        (TOKYO, "2010-06-03T02:15:00Z", False, "2010-06-03T03:30:00Z", "2010-06-03T06:00:00Z"),
        (TOKYO, "2024-06-03T03:30:00Z", True, "2024-06-04T00:00:00Z", "2024-06-03T06:00:00Z"),
        (FOREX, "2020-12-24T22:00:00Z", False, "2020-12-27T22:00:00Z", "2020-12-31T22:00:00Z"),
        (FOREX, "2020-12-30T22:00:00Z", True, "2021-01-03T22:00:00Z", "2020-12-31T22:00:00Z"),
    ],
)
def test_is_it_open_and_until_when(venue, instant, now, opening, closing):
    moment = datetime.fromisoformat(instant)
    assert venue.is_open(moment) is now
    assert venue.next_open(moment) == datetime.fromisoformat(opening)
    assert venue.next_close(moment) == datetime.fromisoformat(closing)


def test_coins_are_always_open():
    moment = datetime(2024, 12, 25, 3, tzinfo=UTC)
    assert ALWAYS.is_open(moment)
    assert ALWAYS.next_open(moment) is None
    assert ALWAYS.next_close(moment) is None


@given(st.sampled_from(sorted(set(CALENDARS) - {"24/7"})), st.timedeltas(timedelta(), timedelta(days=43_000)))
def test_trading_begins_and_ends_where_it_is_said_to(name, since):
    venue, moment = calendar(name), datetime(1971, 1, 1, tzinfo=UTC) + since
    tick = timedelta(microseconds=1)
    opening, closing = venue.next_open(moment), venue.next_close(moment)
    assert opening > moment
    assert closing > moment
    assert (closing < opening) is venue.is_open(moment)
    assert not venue.is_open(opening - tick)
    assert venue.is_open(opening)
    assert venue.is_open(closing - tick)
    assert not venue.is_open(closing)


def test_a_late_bell_and_a_break_that_an_early_one_swallows():
    def special(year):
        day = date(year, 6, 3)
        return Special(late={day: timedelta(hours=10)}, early={day: timedelta(hours=12)})

    venue = replace(TOKYO, name="late", special=special)
    assert venue.opens(date(2024, 6, 3)) == datetime(2024, 6, 3, 1, tzinfo=UTC)
    assert venue.breaks(date(2024, 6, 3)) == []
    assert venue.next_close(datetime(2024, 6, 3, 1, tzinfo=UTC)) == datetime(2024, 6, 3, 3, tzinfo=UTC)
    frame = spans(pl.Series([date(2024, 6, 3), date(2024, 6, 4)]), venue)
    assert frame["at"].dt.hour().to_list() == [1, 0]
    assert frame["known_at"].dt.hour().to_list() == [3, 6]


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
