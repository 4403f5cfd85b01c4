"""Bars that lack something make no forecast surer, though each of them is good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from ara.data.feed import MarketData
from ara.market import symbols
from ara.market.bars import Bars
from ara.market.timeframe import Timeframe
from ara.prediction.compute import Recipe
from ara.prediction.outlook import outlook
from ara.prediction.soundness import ENOUGH, soundness, standing
from ara.testing import desk

DATES = [datetime(year, month, 20, tzinfo=UTC) for year, month in ((2015, 3), (2016, 7), (2018, 2), (2020, 1))]
PRICES = ("open", "high", "low", "close")


async def bars(symbol: str, as_of: datetime | None = None) -> Bars:
    async with desk() as one:
        return await MarketData(one).bars(symbols.resolve(symbol), as_of=as_of)


def framed(one: Bars, frame: pl.DataFrame) -> Bars:
    return replace(one, frame=frame.select(one.frame.columns).cast(dict(one.frame.schema)))


def repeating(one: Bars, count: int) -> Bars:
    price = one.frame["close"][-count - 1]
    late = pl.int_range(pl.len()) >= pl.len() - count
    return framed(one, one.frame.with_columns(pl.when(late).then(price).otherwise(pl.col(x)).alias(x) for x in PRICES))


def silent(one: Bars) -> Bars:
    return framed(one, one.frame.with_columns(volume=pl.lit(None, pl.Float64)))


def without(one: Bars, places: list[int]) -> Bars:
    return framed(one, one.frame.with_row_index("i").filter(~pl.col("i").is_in([len(one) + k for k in places])))


def sure(one: Bars, model: str = "har_t") -> list[float]:
    return [day.confidence for day in outlook(one, 3, Recipe(model=model), why=False).days]


@pytest.mark.parametrize("count", [3, 10, 60])
@pytest.mark.parametrize("as_of", DATES)
async def test_a_price_that_repeats_is_an_old_price(as_of: datetime, count: int) -> None:
    clean = await bars("AAPL", as_of)
    got = repeating(clean, count)
    assert standing(got) == count
    for model in ("har_t", "ewma_t"):
        assert all(now < then for now, then in zip(sure(got, model), sure(clean, model), strict=True))


async def test_an_old_price_is_said_and_its_reasons_still_sum() -> None:
    got = outlook(repeating(await bars("AAPL"), 12), 3, Recipe())
    assert any("its last 12 bars repeat one price" in line for line in got.warnings)
    for day in got.days:
        assert sum(one.contribution for one in day.factors) == pytest.approx(day.wider)
        assert "age" in {one.name for one in day.factors}
    again = outlook(repeating(await bars("AAPL"), 12), 3, Recipe())
    assert again == got


async def test_what_often_stands_still_is_not_taken_for_old() -> None:
    one = await bars("AAPL")
    often = one
    for end in range(40, 300, 5):
        price = often.frame["close"][-end]
        here = (pl.int_range(pl.len()) >= pl.len() - end) & (pl.int_range(pl.len()) < pl.len() - end + 3)
        columns = (pl.when(here).then(price).otherwise(pl.col(x)).alias(x) for x in PRICES)
        often = framed(often, often.frame.with_columns(columns))
    assert standing(repeating(often, 5)) == 0
    assert standing(repeating(one, 5)) == 5
    assert standing(repeating(one, 2)) == 0


@pytest.mark.parametrize(
    "change",
    [silent, lambda one: without(one, [-2, -4, -5, -7]), lambda one: without(one, list(range(-200, -20, 9)))],
    ids=["silent", "lately", "year"],
)
async def test_what_lacks_makes_it_less_sure_than_the_same_bars_held_whole(change: Callable[[Bars], Bars]) -> None:
    clean = await bars("KO", DATES[1])
    poor = change(clean)
    assert soundness(clean).grade == 1
    grade = soundness(poor).grade
    assert grade < 1
    assert soundness(poor).words
    assert all(now < then for now, then in zip(sure(poor), sure(clean), strict=True))


async def test_more_that_lacks_is_never_graded_better() -> None:
    clean = await bars("SPY", DATES[2])
    grades = [soundness(without(clean, list(range(-2 - count, -2)))).grade for count in range(0, 120, 4)]
    assert grades == sorted(grades, reverse=True)
    assert grades[0] == 1
    assert grades[-1] == 0
    short = [soundness(framed(clean, clean.frame.tail(count))).grade for count in (ENOUGH, 400, 200, 50)]
    assert short == sorted(short, reverse=True)
    assert short[0] == 1 > short[-1] > 0.5


async def test_it_is_asked_only_of_what_should_be_there() -> None:
    rates, index = await bars("EURUSD"), await bars("^GSPC")
    assert soundness(silent(rates)).grade == soundness(rates).grade == 1
    assert soundness(silent(index)).grade == soundness(index).grade == 1
    hourly = replace(without(rates, list(range(-90, -2))), timeframe=Timeframe.parse("1h"))
    assert soundness(hourly).grade == 1


async def test_a_grade_is_part_of_what_a_forecast_is_known_by() -> None:
    clean = await bars("KO", DATES[1])
    made = [
        outlook(one, 1, Recipe(), why=False).lineage.settings for one in (clean, silent(clean), repeating(clean, 4))
    ]
    assert "quality" not in made[0]
    assert made[1]["quality"] == 0.75
    assert made[2]["stood"] == 4
