"""A forecast of bars that no source has: kept, replayed and scored."""

from datetime import date

from ara.market.timeframe import WEEK
from ara.prediction import PredictionEngine
from ara.prediction.replay import replay
from ara.prediction.scoring import score
from ara.testing import desk


async def test_a_weekly_forecast_is_kept_replayed_and_scored() -> None:
    async with desk() as one:
        kept = await PredictionEngine(one).keep("AAPL", 2, as_of="2020-02-20", timeframe=WEEK)
        again, report = await replay(one, kept.id), await score(one, ["AAPL"])
    assert [day.date for day in kept.forecast.days] == [date(2020, 2, 18), date(2020, 2, 24)]
    assert [day.at.date() for day in kept.forecast.days] == [date(2020, 2, 21), date(2020, 2, 28)]
    assert (again.same, again.differences) == (True, ())
    assert report.came_due == 2
