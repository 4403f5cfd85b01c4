"""A bar's score by what was public at its close."""

from datetime import date, timedelta

import polars as pl
import pytest

from ara.data.quality import scores
from tests.data.quality.test_checking import APPLE, put, scaled, sessions, walk


@pytest.fixture(scope="module")
def apple():
    return walk(APPLE, sessions(APPLE, date(2015, 1, 2), date(2016, 12, 30)))


def test_clean_bars_score_one(apple):
    assert scores(apple, APPLE).to_list() == [1.0] * len(apple)
    assert scores(apple.clear(), APPLE).to_list() == []


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ({"close": 0.0}, 0.0),
        ({"close": float("nan")}, 0.0),
        ({"open": -1.0}, 0.5),
        ({"high": 1.0}, 0.5),
        ({"volume": -1.0}, 0.5),
        ({"close": 900.0, "high": 901.0}, 0.5),
        ({"high": 400.0}, 0.5),
    ],
)
def test_a_bar_that_cannot_be_or_hardly_can_scores_less(values, score, apple):
    given = scores(put(apple, 200, **values), APPLE)
    assert given[200] == score
    assert given.drop_nulls()[:200].to_list() == [1.0] * 200


def test_a_crash_that_stays_is_doubted_by_its_size_only(apple):
    assert scores(scaled(apple, 200, 9999, 0.9), APPLE).min() == 1.0


def test_rows_keep_their_order_and_a_twin_scores_less(apple):
    bars = pl.concat([apple, apple[5:6].with_columns(pl.col("close") * 1.001)])
    assert scores(bars, APPLE).to_list() == [1.0] * len(apple) + [0.5]
    mixed = bars.sample(fraction=1, shuffle=True, seed=1)
    assert sorted(scores(mixed, APPLE).to_list()) == sorted(scores(bars, APPLE).to_list())


def test_a_row_without_time_scores_nothing_and_an_open_one_half(apple):
    assert scores(put(apple, 3, at=None).cast({"at": pl.Datetime("us", "UTC")}), APPLE)[3] == 0.0
    learned = apple.with_columns(learned_at=pl.col("known_at"))
    assert scores(put(learned, 3, learned_at=apple["at"][3]), APPLE)[3] == 0.5


def test_a_repeated_bar_and_a_holidays_bar_score_half(apple):
    same = put(apple, 100, **{name: apple[name][99] for name in ("open", "high", "low", "close")})
    assert scores(same, APPLE)[100] == 0.5
    saturday = apple.with_columns(pl.col("at") + timedelta(days=5 - apple["at"][0].weekday()))[:1]
    assert scores(saturday, APPLE).to_list() == [0.5]


def test_closes_are_doubted_from_the_bar_at_which_they_stood_too_long(apple):
    still = apple.with_columns(
        pl.when(pl.int_range(pl.len()).is_between(300, 330)).then(apple["close"][299]).otherwise(name).alias(name)
        for name in ("open", "high", "low", "close")
    )
    given = scores(still, APPLE)
    first = given.to_list().index(0.5)
    assert 300 < first < 310
    assert given[first:331].to_list() == [0.5] * (331 - first)
    assert given[331:].to_list() == [1.0] * (len(apple) - 331)


def test_a_bar_without_a_trade_is_doubted_where_that_is_seldom_so_far(apple):
    given = scores(put(apple, 100, volume=0.0), APPLE)
    assert given[100] == 0.5
    assert given.sum() == len(apple) - 0.5
    assert scores(put(apple, 0, volume=0.0), APPLE).min() == 1.0
    thin = apple.with_columns(volume=pl.when(pl.int_range(pl.len()) % 10 == 5).then(0.0).otherwise("volume"))
    assert scores(thin, APPLE)[50:].min() == 1.0
