"""Forecasts without their reasons: the same figures, another id, and a replay that gives the same bytes."""

from ara.prediction import Ledger, PredictionEngine
from ara.prediction.difference import change
from ara.prediction.replay import replay
from ara.testing import desk


async def test_what_is_not_explained_is_the_same_forecast_without_reasons() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        whole, bare = [await engine.keep("AAPL", 2, as_of="2020-02-20", why=why) for why in (True, False)]
        again, moved = await replay(one, bare.id), await change(one, whole.id, bare.id)
        kept = [entry.id async for entry in Ledger(one).all()]
    for day, other in zip(whole.forecast.days, bare.forecast.days, strict=True):
        assert (day.quantiles, day.p_up, day.confidence) == (other.quantiles, other.p_up, other.confidence)
        assert (day.direction, day.receipt) == (other.direction, other.receipt)
        assert (other.wider, other.factors, other.leans, other.sure) == (None, (), (), ())
        assert day.factors
    assert (whole.forecast.regime, whole.forecast.degraded) == (bare.forecast.regime, bare.forecast.degraded)
    assert kept == [whole.id, bare.id]
    assert (again.same, again.differences) == (True, ())
    assert [step.causes for step in moved.steps] == [("settings",)]
    assert (moved.total.price, moved.total.confidence) == (0, 0)
