from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.market.calendar import calendar
from ara.market.timeframe import DAY, DAY_LENGTH, TIMEFRAMES, Timeframe, Unit

NEW_YORK = calendar("XNYS")


def at(text):
    return datetime.fromisoformat(text)


def test_every_timeframe_reads_what_it_writes():
    assert [str(one) for one in TIMEFRAMES] == ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d", "1w"]
    assert all(Timeframe.parse(str(one)) == one for one in TIMEFRAMES)
    assert [one.span for one in TIMEFRAMES] == sorted(one.span for one in TIMEFRAMES)


@pytest.mark.parametrize(("text", "same"), [(" 4H ", "4h"), ("1D", "1d"), ("1W", "1w"), ("30m", "30m")])
def test_capitals_and_spaces_are_read(text, same):
    assert str(Timeframe.parse(text)) == same


@pytest.mark.parametrize("text", ["", "1M", "3m", "0d", "-1d", "1y", "d", "1", "1 d", "1d1d", "1e3m", "x" * 500, "４h"])
def test_what_is_no_timeframe_is_refused(text):
    with pytest.raises(ValidationError, match="there are 1m, 5m, 15m, 30m, 1h, 2h, 4h, 1d, 1w"):
        Timeframe.parse(text)


@given(st.integers(), st.text(max_size=3))
def test_only_the_nine_can_be_made(count, unit):
    try:
        made = Timeframe(count, unit)
    except ValidationError:
        assert f"{count}{unit}" not in {str(one) for one in TIMEFRAMES}
    else:
        assert made in TIMEFRAMES


def test_a_letter_is_a_unit():
    assert Timeframe(1, "d") == DAY
    assert Timeframe(1, "d").unit is Unit.DAY
    assert DAY.span == timedelta(microseconds=DAY_LENGTH)
    with pytest.raises(ValidationError):
        Timeframe(count=True, unit=Unit.DAY)


def test_the_span_is_by_the_clock():
    assert Timeframe.parse("4h").span == timedelta(hours=4)
    assert Timeframe.parse("1w").span == timedelta(days=7)


@pytest.mark.parametrize(
    ("timeframe", "opened", "closed"),
    [
        ("1d", "2020-11-27T14:30:00+00:00", "2020-11-27T18:00:00+00:00"),  # an early bell
        ("1d", "2020-11-30T14:30:00+00:00", "2020-11-30T21:00:00+00:00"),
        ("1w", "2020-11-23T14:30:00+00:00", "2020-11-27T18:00:00+00:00"),
        ("1w", "2024-03-25T13:30:00+00:00", "2024-03-28T20:00:00+00:00"),  # Good Friday ends the week on Thursday
        ("1w", "2020-11-28T14:30:00+00:00", "2020-11-28T21:00:00+00:00"),  # a stranger's bar on a Saturday
        ("1h", "2020-11-30T14:30:00+00:00", "2020-11-30T15:30:00+00:00"),
        ("1h", "2020-11-30T20:30:00+00:00", "2020-11-30T21:00:00+00:00"),  # the bell cuts it
        ("4h", "2020-11-27T17:30:00+00:00", "2020-11-27T18:00:00+00:00"),
        ("30m", "2020-11-30T13:00:00+00:00", "2020-11-30T13:30:00+00:00"),  # before the bell
        ("30m", "2020-11-27T18:00:00+00:00", "2020-11-27T18:30:00+00:00"),  # after it
    ],
)
def test_a_bar_closes_on_its_calendar(timeframe, opened, closed):
    assert Timeframe.parse(timeframe).closes(at(opened), NEW_YORK) == at(closed)


def test_a_bar_of_a_coin_and_of_a_currency_close_by_theirs():
    assert DAY.closes(datetime(2020, 2, 29, tzinfo=UTC), calendar("24/7")) == datetime(2020, 3, 1, tzinfo=UTC)
    forex = calendar("forex")
    assert DAY.closes(forex.opens(date(2020, 7, 6)), forex) == datetime(2020, 7, 6, 21, tzinfo=UTC)
