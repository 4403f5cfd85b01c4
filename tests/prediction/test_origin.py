from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.prediction.origin import as_instant, checked_days

NOW = datetime(2026, 3, 5, 15, 30, tzinfo=UTC)


def test_nothing_means_now() -> None:
    assert as_instant(None, now=NOW) == NOW


@pytest.mark.parametrize("day", ["2020-02-20", " 2020-02-20 ", date(2020, 2, 20)])
def test_a_date_means_its_end_in_utc(day: object) -> None:
    assert as_instant(day, now=NOW) == datetime(2020, 2, 21, tzinfo=UTC)


def test_today_means_now_because_its_end_has_not_come() -> None:
    assert as_instant("2026-03-05", now=NOW) == NOW


@pytest.mark.parametrize("text", ["2020-02-20T16:00:00-05:00", "2020-02-20T21:00:00Z", "2020-02-20 21:00+00:00"])
def test_an_instant_is_taken_as_it_is_in_utc(text: str) -> None:
    got = as_instant(text, now=NOW)
    assert got == datetime(2020, 2, 20, 21, tzinfo=UTC)
    assert got.tzinfo is UTC


def test_another_zone_is_brought_to_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert as_instant(datetime(2020, 2, 21, 6, tzinfo=tokyo), now=NOW) == datetime(2020, 2, 20, 21, tzinfo=UTC)


@pytest.mark.parametrize("as_of", ["2026-03-06", "2030-01-01", "2026-03-05T15:31:00Z", date(9999, 12, 30)])
def test_the_future_is_refused(as_of: object) -> None:
    with pytest.raises(ValidationError, match="has not come yet"):
        as_instant(as_of, now=NOW)


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("2026-03-06", "as_of is 2026-03-06, which"),
        (date(2030, 1, 1), "as_of is 2030-01-01, which"),
        ("2030-01-01T00:00:00+01:00", "as_of is 2029-12-31 23:00 UTC, which"),
    ],
)
def test_what_has_not_come_is_named_as_it_was_asked(as_of: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        as_instant(as_of, now=NOW)
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize(
    "as_of", ["", "yesterday", "2020-13-01", "20-02-2020", "2020-02-30", "'; drop table", date(9999, 12, 31)]
)
def test_what_is_no_date_is_refused_with_an_example(as_of: object) -> None:
    with pytest.raises(ValidationError, match="no date") as caught:
        as_instant(as_of, now=NOW)
    assert "2020-02-20" in caught.value.hint


@pytest.mark.parametrize("as_of", [5, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", b"2020-01-01"])
def test_what_no_calendar_holds_is_refused(as_of: object) -> None:
    with pytest.raises(ValidationError, match="no date"):
        as_instant(as_of, now=NOW)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="without a zone"):
        as_instant("2020-02-20T21:00:00", now=NOW)


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_a_clear_error(text: str) -> None:
    try:
        got = as_instant(text, now=NOW)
    except ValidationError:
        return
    assert got.tzinfo is UTC
    assert got <= NOW


@pytest.mark.parametrize("days", [1, 5, 30])
def test_days_from_one_to_thirty(days: int) -> None:
    assert checked_days(days) == days


@pytest.mark.parametrize("days", [0, -1, 31, 10**9, "x", 1.0, True, None])
def test_other_days_are_refused_with_the_range(days: object) -> None:
    with pytest.raises(ValidationError, match="1 to 30"):
        checked_days(days)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["2030-01-01", "nonsense", 5, "2020-02-20T21:00:00"])
def test_errors_name_what_was_asked_for(value: object) -> None:
    with pytest.raises(ValidationError, match=r"^learned is"):
        as_instant(value, now=NOW, what="learned")
