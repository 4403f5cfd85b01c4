from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.cli.render.numbers import ago, day, decimals, grouped, long_day, percent, places


@pytest.mark.parametrize(
    ("span", "value", "text"),
    [
        (4.7, 122.15, "122.2"),
        (0.012, 1.09213, "1.0921"),
        (900, 8905.43, "8,905"),
        (70_000, 1_234_567.8, "1,234,568"),
        (0.0000012, 0.00001234, "0.00001234"),
        (0, 122.15, "122.2"),
        (0, 8905.43, "8,905"),
        (0, 0, "0.00"),
    ],
)
def test_a_price_is_rounded_to_what_its_band_tells_apart(span, value, text):
    assert grouped(value, decimals(span, value)) == text


@given(st.floats(0.0001, 1e6), st.floats(0.001, 0.5))
def test_rounding_moves_a_price_by_less_than_a_twentieth_of_its_band(value, width):
    span = value * width
    shown = float(grouped(value, decimals(span, value)).replace(",", ""))
    assert abs(shown - value) <= max(span / 25, 0.5) or decimals(span, value) == 0


@pytest.mark.parametrize(("step", "count"), [("0.01", 2), ("0.00001", 5), ("1", 0), ("5", 0), ("10", 0), ("0.250", 2)])
def test_a_tick_says_how_many_decimals_a_close_has(step, count):
    assert places(Decimal(step)) == count


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.012, "+1.2 %"), (-0.012, "-1.2 %"), (0.0004, "0.0 %"), (-0.0004, "0.0 %"), (0, "0.0 %"), (12.5, "+1,250.0 %")],
)
def test_a_share_has_a_sign_unless_it_rounds_to_zero(share, text):
    assert percent(share) == text


def test_an_unsigned_share_has_none():
    assert percent(0.029, signed=False) == "2.9 %"


def test_dates_are_ten_columns_wide():
    assert day(date(2021, 4, 1)) == "Thu  1 Apr"
    assert day(date(2021, 12, 31)) == "Fri 31 Dec"
    assert long_day(date(2021, 3, 31)) == "Wed 31 Mar 2021"


@pytest.mark.parametrize(
    ("then", "text"),
    [
        (date(2026, 11, 21), "today"),
        (date(2026, 11, 22), "dated tomorrow"),
        (date(2026, 11, 23), "2 days ahead of the clock"),
        (date(2027, 11, 21), "365 days ahead of the clock"),
        (date(2026, 11, 20), "1 day ago"),
        (date(2026, 10, 1), "51 days ago"),
        (date(2026, 8, 22), "2 months ago"),
        (date(2021, 3, 31), "5 years and 7 months ago"),
        (date(2025, 11, 21), "1 year ago"),
        (date(2025, 10, 20), "1 year and 1 month ago"),
    ],
)
def test_age_is_said_in_its_two_largest_units(then, text):
    assert ago(then, date(2026, 11, 21)) == text
