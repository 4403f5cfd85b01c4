"""Daily files whose stamps carry a time of day belong to the session that the time is of."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from ara.data.imports import import_path
from ara.data.lake import Lake
from ara.market.calendar import calendar
from ara.market.hours import labels
from ara.market.symbols import guess
from ara.testing import FakeClock

NOW = datetime(2020, 12, 31, 23, tzinfo=UTC)
FIRST, LAST = date(2020, 10, 12), date(2020, 11, 20)  # over the end of summer time, in London and then in New York


def at(hour, zone, *, later=0):
    """Give the instant of an hour by a zone's clock, so many days after a label."""
    return lambda day: datetime.combine(day + timedelta(days=later), hour, ZoneInfo(zone)).astimezone(UTC)


def written(day_of):
    return lambda moment: f"{day_of(moment):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def dates_of(tmp_path):
    """Import a file with one row a session, stamped as told, and give the dates of the bars that are kept."""
    store = Lake.at(tmp_path / "lake", clock=FakeClock(NOW))

    def dates(symbol, stamp, **options):
        venue = calendar(guess(symbol).calendar)
        sessions = venue.sessions(FIRST, LAST)
        rows = [f"{symbol},{stamp(day)},{100 + n % 7},{101 + n % 7},{99 + n % 7},{100 + n % 7},5" for n, day in enumerate(sessions)]  # fmt: skip  # noqa: E501
        path = tmp_path / f"{symbol.strip('^').replace('=', '')}.csv"
        path.write_text("symbol,ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n", encoding="utf-8")
        told = import_path(store, path, clock=FakeClock(NOW), **options)
        bars = store.bars(guess(symbol).symbol, "1d")
        assert (told.new, told.refused) == (len(sessions), ())
        dates.notes = " ".join(told.notes)
        for row in bars.iter_rows(named=True):
            label = venue.dated(row["at"])
            assert (row["at"], row["known_at"]) == (venue.opens(label), venue.closes(label))
        return labels(bars["at"], venue).to_list(), sessions

    yield dates
    store.close()


@pytest.mark.parametrize(
    ("symbol", "stamp"),
    [
        ("AAPL", written(at(time(16), "America/New_York"))),
        ("AAPL", written(at(time(20), "America/New_York"))),
        ("AAPL", written(at(time(21), "UTC"))),
        ("AAPL", written(at(time(0), "America/New_York"))),
        ("AAPL", written(at(time(9, 30), "America/New_York"))),
        ("AAPL", written(at(time(0), "UTC", later=1))),
        ("AAPL", str),
        ("VOD.L", written(at(time(16, 30), "Europe/London"))),
        ("VOD.L", written(at(time(0), "Europe/London"))),
        ("7203.T", written(at(time(15), "Asia/Tokyo"))),
        ("7203.T", written(at(time(0), "Asia/Tokyo"))),
        ("EURUSD", written(at(time(17), "America/New_York"))),
        ("EURUSD", written(at(time(17), "America/New_York", later=-1))),
        ("EURUSD", written(at(time(16, 59), "America/New_York"))),
        ("EURUSD", written(at(time(0), "UTC", later=1))),
        ("EURUSD", str),
        ("BTC-USD", written(at(time(23, 59, 59), "UTC"))),
        ("BTC-USD", str),
    ],
)
def test_a_bar_belongs_to_the_session_that_its_stamp_names(dates_of, symbol, stamp):
    dates, sessions = dates_of(symbol, stamp)
    assert dates == sessions


def test_times_by_the_venues_own_clock(dates_of):
    dates, sessions = dates_of("AAPL", lambda day: f"{day} 16:00:00", timezone="America/New_York")
    assert dates == sessions


@pytest.mark.parametrize(
    ("symbol", "stamp", "close", "prices"),
    [
        ("EURUSD", written(at(time(17), "America/New_York")), True, False),
        ("EURUSD", str, False, False),
        ("BTC-USD", str, False, False),
        ("AAPL", str, False, True),
    ],
)
def test_what_was_judged_is_said_and_of_pairs_and_coins_no_adjustment(dates_of, symbol, stamp, close, prices):
    dates_of(symbol, stamp)
    assert ("its times are those of the close" in dates_of.notes) == close
    assert (", prices " in dates_of.notes) == prices
