"""Bars of a length that no source has: made of shorter ones, known when they close, replayed and scored."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ara.data.feed import MarketData
from ara.errors import DataProviderError
from ara.features.timeframes import resample
from ara.market.symbols import resolve
from ara.market.timeframe import WEEK, Timeframe
from ara.prediction import PredictionEngine
from ara.prediction.lengths import bars_as
from ara.prediction.replay import replay
from ara.prediction.scoring import score
from ara.testing import FakeProvider, desk

FRIDAY = datetime(2020, 2, 21, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (FRIDAY - timedelta(microseconds=1), date(2020, 2, 10)),
        (FRIDAY, date(2020, 2, 18)),
        (FRIDAY + timedelta(days=6), date(2020, 2, 18)),
    ],
)
async def test_a_week_is_known_when_its_last_session_has_closed(moment: datetime, week: date) -> None:
    async with desk() as one, MarketData(one) as market:
        apple = resolve("AAPL")
        bars = await bars_as(market, apple, WEEK, as_of=moment)
        daily = await market.bars(apple, as_of=bars.frame["known_at"][-1])
    assert bars.dates()[-1] == week
    assert bars.frame["known_at"][-1] <= moment
    assert any("bars of 1w are made of bars of 1d" in note for note in bars.notes)
    assert bars.frame.equals(resample(daily, WEEK).frame)


async def test_what_follows_the_last_closed_week_changes_nothing() -> None:
    split = datetime(2020, 9, 2, tzinfo=UTC)  # the days of the week that follows are in new shares
    async with desk() as one, MarketData(one) as market:
        apple = resolve("AAPL")
        before, after = [await bars_as(market, apple, WEEK, as_of=day) for day in (split - timedelta(days=4), split)]
    assert before.frame.equals(after.frame)


async def test_a_weekly_forecast_is_kept_replayed_and_scored() -> None:
    async with desk() as one:
        kept = await PredictionEngine(one).keep("AAPL", 2, as_of="2020-02-20", timeframe=WEEK)
        again, report = await replay(one, kept.id), await score(one, ["AAPL"])
    assert [day.date for day in kept.forecast.days] == [date(2020, 2, 18), date(2020, 2, 24)]
    assert [day.at.date() for day in kept.forecast.days] == [date(2020, 2, 21), date(2020, 2, 28)]
    assert (again.same, again.differences) == (True, ())
    assert report.came_due == 2


@pytest.mark.parametrize("text", ["4h", "1m"])
async def test_what_no_shorter_bars_make_is_refused_with_the_first_reason(text: str) -> None:
    async with desk() as one, MarketData(one) as market:
        with pytest.raises(DataProviderError, match=f"none of {text}"):
            await bars_as(market, resolve("EURUSD"), Timeframe.parse(text))


async def test_days_that_make_no_whole_week_yet_are_refused_as_if_there_were_none() -> None:
    young = FakeProvider(symbols=("AAPL",), first=date(2020, 2, 18), last=date(2020, 2, 19))
    async with desk() as one, MarketData(one, providers=[young]) as market:
        with pytest.raises(DataProviderError, match="none of 1w"):
            await bars_as(market, resolve("AAPL"), WEEK, as_of=FRIDAY - timedelta(days=1))
