"""Repairs need two witnesses, and are marked."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ara.data.quality import repair
from tests.data.quality.test_checking import APPLE, put, scaled, sessions, walk


@pytest.fixture(scope="module")
def apple():
    return walk(APPLE, sessions(APPLE, date(2015, 1, 2), date(2016, 12, 30)))


def told(bars):
    return bars.drop("quality", "imputed")


def test_clean_bars_are_left_as_they_are(apple):
    given = repair(apple, APPLE, others={"a": scaled(apple, 50, 50, 1.001), "b": apple})
    assert_frame_equal(told(given), apple)
    assert not given["imputed"].any()
    assert given["quality"].unique().to_list() == [1.0]


@pytest.mark.parametrize("factor", [1.7, 100.0])
def test_a_wrong_bar_is_taken_from_two_others_that_agree(factor, apple):
    wrong = scaled(apple, 200, 200, factor)
    before = wrong.clone()
    given = repair(wrong, APPLE, others={"a": apple, "b": apple})
    assert_frame_equal(told(given).drop("adjusted"), apple.drop("adjusted"))
    assert given.filter("imputed")["at"].to_list() == [apple["at"][200]]
    assert_frame_equal(wrong, before)


def test_one_witness_is_not_enough_and_two_that_differ_are_none(apple):
    wrong = scaled(apple, 200, 200, 1.7)
    for others in (None, {"a": apple}, {"a": apple, "b": scaled(apple, 200, 200, 1.2)}):
        given = repair(wrong, APPLE, others=others)
        assert_frame_equal(told(given), wrong)
        assert not given["imputed"].any()
        assert given["quality"][200] == 0.5


def test_a_missing_bar_is_put_in_and_marked(apple):
    given = repair(apple.filter(pl.col("at") != apple["at"][77]), APPLE, others={"a": apple, "b": apple})
    assert_frame_equal(told(given).drop("adjusted"), apple.drop("adjusted"))
    assert given.filter("imputed")["at"].to_list() == [apple["at"][77]]


def test_a_high_below_open_and_close_is_raised_to_them(apple):
    wrong = put(put(apple, 9, high=1.0), 11, low=999.0)
    given = repair(wrong, APPLE)
    assert given["high"][9] == max(apple["open"][9], apple["close"][9])
    assert given["low"][11] == min(apple["open"][11], apple["close"][11])
    assert given.filter("imputed")["at"].to_list() == [apple["at"][9], apple["at"][11]]


def test_a_high_that_one_price_alone_contradicts_is_left(apple):
    middle = (apple["open"][9] + apple["close"][9]) / 2
    given = repair(put(apple, 9, high=middle), APPLE)
    assert (given["high"][9], given["imputed"].any(), given["quality"][9]) == (middle, False, 0.5)


def test_of_two_rows_of_one_time_the_better_stays(apple):
    bars = pl.concat([put(apple, 9, close=-1.0), apple[9:10]])
    given = repair(bars, APPLE)
    assert len(given) == len(apple)
    assert given["close"][9] == apple["close"][9]


def test_what_can_not_be_used_stays_with_its_score(apple):
    given = repair(put(apple, 9, close=-1.0), APPLE)
    assert (given["close"][9], given["quality"][9], given["imputed"][9]) == (-1.0, 0.0, False)


def test_a_doubted_bar_that_two_others_have_too_is_not_changed_and_not_marked(apple):
    crash = scaled(apple, 200, 200, 1.7)
    given = repair(crash, APPLE, others={"a": crash, "b": crash})
    assert_frame_equal(told(given), crash)
    assert not given["imputed"].any()


def test_what_was_repaired_before_stays_marked(apple):
    marked = apple.with_columns(quality=pl.lit(0.3), imputed=pl.int_range(pl.len()) == 7)
    given = repair(marked, APPLE)
    assert given.filter("imputed")["at"].to_list() == [apple["at"][7]]
    assert given["quality"].unique().to_list() == [1.0]
    assert given.columns == [*apple.columns, "quality", "imputed"]
