from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.market.calendar import CALENDARS, calendar
from ara.market.hours import labels, spans

names = st.sampled_from(sorted(CALENDARS))
dates = st.lists(st.dates(date(1900, 1, 1), date(2099, 12, 31)), min_size=1, max_size=30)


@given(names, dates)
def test_whole_columns_equal_one_at_a_time(name, days):
    venue = calendar(name)
    frame = spans(pl.Series(days), venue)
    assert frame["at"].to_list() == [venue.opens(day) for day in days]
    assert frame["known_at"].to_list() == [venue.closes(day) for day in days]
    assert labels(frame["at"], venue).to_list() == days
    assert frame.schema == {"at": pl.Datetime("us", "UTC"), "known_at": pl.Datetime("us", "UTC")}


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_midnights_are_labels(unit):
    stamps = pl.Series([date(2020, 11, 27), date(2020, 11, 26)]).cast(pl.Datetime(unit))
    frame = spans(stamps.dt.replace_time_zone("UTC"), calendar("XNYS"))
    assert frame["at"].to_list() == [datetime(2020, 11, day, 14, 30, tzinfo=UTC) for day in (27, 26)]
    assert frame["known_at"].to_list() == [
        datetime(2020, 11, 27, 18, tzinfo=UTC),
        datetime(2020, 11, 26, 21, tzinfo=UTC),  # no session: the usual hours
    ]


def test_other_stamps_are_instants():
    start = datetime(2020, 11, 27, 14, 30, tzinfo=UTC)
    stamps = pl.Series([start, start + timedelta(hours=1), start + timedelta(hours=5)], dtype=pl.Datetime("us", "UTC"))
    frame = spans(stamps, calendar("XNYS"))
    assert frame["at"].to_list() == stamps.to_list()
    assert frame["known_at"].to_list() == (stamps + timedelta(hours=1)).to_list()


def test_one_instant_alone_has_no_length_to_tell():
    only = pl.Series([datetime(2020, 11, 27, 14, 30, tzinfo=UTC)], dtype=pl.Datetime("us", "UTC"))
    assert spans(only, calendar("XNYS"))["known_at"].to_list() == only.to_list()


def test_nothing_stays_nothing():
    assert spans(pl.Series([], dtype=pl.Date), calendar("XNYS")).height == 0


@pytest.mark.parametrize("name", sorted(CALENDARS))
def test_both_ways_know_the_same_clock_changes_in_every_year(name):
    venue = calendar(name)
    days = [date(year, 1, 1) + timedelta(days=step) for year in range(1901, 2099) for step in range(0, 365, 9)]
    frame = spans(pl.Series(days), venue)
    assert frame["at"].to_list() == [venue.opens(day) for day in days]
