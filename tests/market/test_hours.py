from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.market.calendar import CALENDARS, calendar
from ara.market.hours import labels, spans, stamped, step
from ara.market.timeframe import DAY, TIMEFRAMES, WEEK, Timeframe

names = st.sampled_from(sorted(CALENDARS))
timeframes = st.sampled_from(TIMEFRAMES)
EPOCH = datetime(1990, 1, 1, tzinfo=UTC)
moments = st.one_of(
    st.timedeltas(timedelta(), timedelta(days=26_000)),
    st.integers(0, 26_000).map(lambda days: timedelta(days=days)),
    st.integers(0, 26_000 * 48).map(lambda halves: halves * timedelta(minutes=30)),
).map(lambda since: EPOCH + since)
instants = st.lists(moments, min_size=1, max_size=12)
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


def test_other_stamps_are_instants_and_their_bars_end_with_the_session():
    start = datetime(2020, 11, 27, 14, 30, tzinfo=UTC)
    stamps = pl.Series([start, start + timedelta(hours=3), start + timedelta(hours=5)], dtype=pl.Datetime("us", "UTC"))
    frame = spans(stamps, calendar("XNYS"), Timeframe.parse("1h"))
    assert frame["at"].to_list() == stamps.to_list()
    assert frame["known_at"].to_list() == [
        start + timedelta(hours=1),
        datetime(2020, 11, 27, 18, tzinfo=UTC),  # the early bell
        start + timedelta(hours=6),  # after it, by the clock
    ]


def test_a_bar_that_opens_at_an_early_bell_lies_outside_the_session():
    bell = pl.Series([datetime(2020, 11, 27, 18, tzinfo=UTC)], dtype=pl.Datetime("us", "UTC"))
    known = spans(bell, calendar("XNYS"), Timeframe.parse("30m"))["known_at"].to_list()
    assert known == [datetime(2020, 11, 27, 18, 30, tzinfo=UTC)]


def test_hours_change_with_the_label_that_says_so():
    days = [date(2024, 11, 1), date(2024, 11, 4), date(2024, 11, 5), date(2024, 11, 6)]
    known = spans(pl.Series(days), calendar("XTKS"))["known_at"]
    assert known.dt.strftime("%H:%M").to_list() == ["06:00", "06:00", "06:30", "06:30"]


def test_one_instant_alone_is_known_when_its_bar_ends():
    only = pl.Series([datetime(2020, 11, 27, 14, 30, tzinfo=UTC)], dtype=pl.Datetime("us", "UTC"))
    assert spans(only, calendar("XNYS"))["known_at"].to_list() == [datetime(2020, 11, 27, 18, tzinfo=UTC)]


def session(moment, venue):
    """Say which session a daily bar's stamp names, one at a time."""
    if moment.time() == time():
        return moment.date()
    overnight = venue.name in {"forex", "24/7"}
    return venue.dated(moment) if overnight else moment.astimezone(ZoneInfo(venue.zone)).date()


@given(names, timeframes, instants)
def test_every_bar_is_known_when_its_timeframe_says_it_closes(name, timeframe, moments):
    venue = calendar(name)
    frame = spans(pl.Series(moments, dtype=pl.Datetime("us", "UTC")), venue, timeframe)
    for moment, at, known in zip(moments, frame["at"], frame["known_at"], strict=True):
        if timeframe.span < DAY.span:
            assert at == moment
        else:
            assert at == venue.opens(session(moment, venue))
        label = venue.dated(at)
        left = venue.sessions(label, label + timedelta(days=6 - label.weekday()))
        if timeframe != WEEK or left:
            assert known == timeframe.closes(at, venue)
        else:
            assert known == timeframe.closes(venue.opens(venue.following(label, 1)[0]), venue)


@given(names, timeframes, instants, instants)
def test_what_comes_after_a_bar_has_no_say_in_it(name, timeframe, moments, later):
    stamps = pl.Series([*moments, *later], dtype=pl.Datetime("us", "UTC"))
    whole = spans(stamps, calendar(name), timeframe)
    assert spans(stamps[: len(moments)], calendar(name), timeframe).equals(whole[: len(moments)])


@given(names, st.lists(st.dates(date(1990, 1, 1), date(2060, 12, 31)), min_size=1, max_size=20))
def test_a_label_of_a_week_is_known_after_its_last_session(name, days):
    venue = calendar(name)
    known = spans(pl.Series(days), venue, WEEK)["known_at"].to_list()
    for day, moment in zip(days, known, strict=True):
        left = venue.sessions(day, day + timedelta(days=6 - day.weekday()))
        if not left:
            first = venue.following(day, 1)[0]
            left = venue.sessions(first, first + timedelta(days=6 - first.weekday()))
        assert moment == venue.closes(left[-1])


def test_a_week_named_by_its_weekend_is_known_when_the_next_one_ends():
    known = spans(pl.Series([date(2024, 3, 24), date(2024, 3, 16), date(2024, 3, 22)]), calendar("XNYS"), WEEK)
    assert known["known_at"].to_list() == [datetime(2024, 3, day, 20, tzinfo=UTC) for day in (28, 22, 22)]


def test_a_week_that_ends_on_thursday_or_in_the_next_year():
    fridays = pl.Series([date(2024, 3, 25), date(2024, 12, 30), date(2099, 12, 28), None])
    known = spans(fridays, calendar("XNYS"), WEEK)["known_at"].to_list()
    assert known == [
        datetime(2024, 3, 28, 20, tzinfo=UTC),
        datetime(2025, 1, 3, 21, tzinfo=UTC),
        datetime(2099, 12, 31, 21, tzinfo=UTC),
        None,
    ]
    assert spans(pl.Series([None], dtype=pl.Date), calendar("XNYS"), WEEK)["known_at"].to_list() == [None]


def every(hours, count=6):
    start = datetime(2024, 3, 8, 14, 30, tzinfo=UTC)
    return [start + timedelta(hours=hours * place) for place in range(count)]


@pytest.mark.parametrize(
    ("stamps", "word"),
    [
        (every(1), "1h"), (every(0.25), "15m"), (every(4), "4h"),
        (every(24), "1d"), (every(72), "1d"), (every(168), "1w"), (every(720, 2), "1d"),
        (every(1)[:1], "1d"), ([], "1d"),
        ([*every(1), every(1)[-1] + timedelta(minutes=30)], "1h"),  # one short step does not shorten the rest
        ([*every(1, 2), *every(4, 2)], "1h"),  # as often 1 h as 3 h: the shorter
        ([every(1)[0], *every(1), None], "1h"),
    ],
)  # fmt: skip
def test_the_timeframe_that_stamps_tell(stamps, word):
    assert str(step(pl.Series(stamps, dtype=pl.Datetime("ms", "UTC")))) == word


@pytest.mark.parametrize(
    ("hours", "words"),
    [(1 / 30, "2 minutes"), (1 / 20, "3 minutes"), (1 / 6, "10 minutes"), (0.75, "45 minutes"), (3, "3 hours"),
     (6, "6 hours"), (8, "8 hours"), (12, "12 hours"), (336, "14 days"), (744, "31 days"), (8760, "365 days"),
     (1 / 7200, "0:00:00.500000")],
)  # fmt: skip
def test_a_distance_that_is_no_timeframe_is_refused(hours, words):
    stamps = pl.Series(every(hours), dtype=pl.Datetime("us", "UTC"))
    with pytest.raises(ValidationError, match=f"are {words} apart.*1m, 5m, .*1d, 1w") as told:
        step(stamps)
    assert "--timeframe" in told.value.hint


def test_months_are_no_days():
    with pytest.raises(ValidationError, match="31 days apart"):
        step(pl.Series([date(2018, 10, 1), date(2018, 11, 1), date(2018, 12, 1), date(2019, 1, 1)]))


def test_a_change_of_clocks_leaves_a_day_a_day():
    assert step(pl.Series(every(23, 2), dtype=pl.Datetime("us", "UTC"))) == DAY
    assert step(pl.Series(every(169, 3), dtype=pl.Datetime("us", "UTC"))) == WEEK


def test_dates_tell_days_and_weeks():
    assert step(pl.Series([date(2024, 1, day) for day in (2, 3, 4, 5, 8)])) == DAY
    assert step(pl.Series([date(2024, 1, day) for day in (1, 8, 15)])) == WEEK


def test_nothing_stays_nothing():
    assert spans(pl.Series([], dtype=pl.Date), calendar("XNYS")).height == 0


@pytest.mark.parametrize("name", sorted(CALENDARS))
def test_both_ways_know_the_same_clock_changes_in_every_year(name):
    venue = calendar(name)
    days = [date(year, 1, 1) + timedelta(days=step) for year in range(1901, 2099) for step in range(0, 365, 9)]
    frame = spans(pl.Series(days), venue)
    assert frame["at"].to_list() == [venue.opens(day) for day in days]


@pytest.mark.parametrize(
    ("name", "stamp", "label"),
    [
        # the close and later, winter and summer, a shortened session, after-hours into the next UTC day
        ("XNYS", "2020-02-20T21:00", "2020-02-20"),
        ("XNYS", "2020-08-28T20:00", "2020-08-28"),
        ("XNYS", "2020-08-28T19:59:59.999999", "2020-08-28"),
        ("XNYS", "2020-11-27T18:00", "2020-11-27"),
        ("XNYS", "2020-11-27T21:00", "2020-11-27"),
        ("XNYS", "2020-08-29T03:59", "2020-08-28"),
        # midnight in New York, before the opening, the opening; the Mondays after both clock changes
        ("XNYS", "2020-08-28T04:00", "2020-08-28"),
        ("XNYS", "2020-03-09T04:00", "2020-03-09"),
        ("XNYS", "2020-11-02T05:00", "2020-11-02"),
        ("XNYS", "2020-08-28T13:30", "2020-08-28"),
        ("XNAS", "2020-03-09T20:00", "2020-03-09"),
        ("XLON", "2020-07-01T15:30", "2020-07-01"),
        ("XLON", "2020-12-24T12:30", "2020-12-24"),
        ("XLON", "2020-01-02T16:30", "2020-01-02"),
        ("XLON", "2020-06-30T23:00", "2020-07-01"),
        ("XTKS", "2020-07-01T06:00", "2020-07-01"),
        ("XTKS", "2024-11-05T06:30", "2024-11-05"),
        ("XTKS", "2020-06-30T15:00", "2020-07-01"),
        # an evening in New York begins the next day's session; its last instant still belongs to it
        ("forex", "2020-07-05T21:00", "2020-07-06"),
        ("forex", "2020-12-06T22:00", "2020-12-07"),
        ("forex", "2020-07-06T20:59:59", "2020-07-06"),
        ("forex", "2020-07-06T12:00", "2020-07-06"),
        ("24/7", "2020-07-05T23:59:59.999", "2020-07-05"),
        ("24/7", "2020-07-05T00:00", "2020-07-05"),
    ],
)
def test_a_daily_stamp_with_a_time_names_the_session_of_its_day(name, stamp, label):
    venue, day = calendar(name), date.fromisoformat(label)
    frame = spans(pl.Series([datetime.fromisoformat(stamp).replace(tzinfo=UTC)]), venue)
    assert labels(frame["at"], venue).to_list() == [day]
    assert frame.row(0) == (venue.opens(day), venue.closes(day))


def week_days(first, count, *, at):
    """Instants of a run of days, at an hour by a zone's clock, but for those the hour leaves out."""
    return [moment for day in range(count) if (moment := at(first + timedelta(days=day))) is not None]


def new_york(hour, skipped):
    def at(day):
        wall = datetime.combine(day, time(hour), ZoneInfo("America/New_York"))
        return None if day.weekday() in skipped else wall.astimezone(UTC)

    return at


def midnight(skipped):
    return lambda day: None if day.weekday() in skipped else datetime.combine(day, time(), UTC)


SPRING = date(2020, 3, 2)


@pytest.mark.parametrize(
    ("name", "at", "end"),
    [
        ("forex", new_york(17, {5, 6}), "close"),  # Monday to Friday, over a clock change
        ("forex", new_york(17, {4, 5}), "open"),  # Sunday to Thursday
        ("forex", midnight({5, 6}), "open"),
        ("forex", midnight({6, 0}), "close"),  # Tuesday to Saturday
        ("forex", midnight({5}), "open"),  # with Sundays, as some sources have them
        ("XNYS", midnight({5, 6}), "open"),
        ("XNYS", midnight({6, 0}), "close"),
        ("XNYS", new_york(16, {5, 6}), "open"),
        ("XNYS", midnight(set()), "open"),
        ("XTKS", midnight({6, 0}), "close"),
        ("24/7", midnight(set()), "open"),
        ("24/7", midnight({6, 0}), "open"),
    ],
)
def test_a_files_stamps_say_which_end_they_mark(name, at, end):
    venue = calendar(name)
    stamps = pl.Series(week_days(SPRING, 42, at=at), dtype=pl.Datetime("us", "UTC"))
    assert stamped(stamps, venue) == end
    told = labels(spans(stamps, venue, stamped=end)["at"], venue).to_list()
    assert len(set(told)) == len(told)
    if end == "close":
        days = [moment.date() for moment in stamps]
        evening = name == "forex" and stamps[0].time() != time()
        assert told == [day if evening else day - timedelta(days=1) for day in days]
        assert all(venue.is_session(day) or venue.special(day.year).closed for day in told)


def test_one_saturday_turns_no_file_around():
    days = [date(2020, 3, 2), date(2020, 3, 3), date(2020, 3, 7), date(2020, 3, 9)]
    assert stamped(pl.Series(days), calendar("XNYS")) == "open"
    assert stamped(pl.Series([date(2020, 3, 3), date(2020, 3, 7)]), calendar("XNYS")) == "open"
    assert stamped(pl.Series([], dtype=pl.Datetime("us", "UTC")), calendar("XNYS")) == "open"
    assert stamped(pl.Series([None], dtype=pl.Date), calendar("XNYS")) == "open"


def test_stamps_that_were_asked_before_are_answered_by_all_that_the_answer_depends_on():
    numbers = pl.Series([1_600_041_600_000, 1_600_128_000_000])  # two midnights, in milliseconds
    asked = [
        (numbers.cast(pl.Datetime(unit, "UTC")), calendar(name), timeframe, end)
        for unit in ("ms", "us")
        for name in ("XNYS", "XLON")
        for timeframe in (DAY, WEEK)
        for end in ("open", "close")
    ]
    first = [spans(at, venue, timeframe, stamped=end) for at, venue, timeframe, end in asked]
    again = [spans(at.alias("other"), venue, timeframe, stamped=end) for at, venue, timeframe, end in asked]
    many = [spans(pl.concat([at] * 5000), venue, timeframe, stamped=end).head(2) for at, venue, timeframe, end in asked]
    assert [one.rows() for one in first] == [one.rows() for one in again] == [one.rows() for one in many]
    assert len({str(one.rows()) for one in first}) > len(first) / 2
    moved = asked[0][0].clone()
    moved[0] = numbers[0] + 86_400_000 * 3
    assert spans(moved, *asked[0][1:3]).rows() != first[0].rows()
