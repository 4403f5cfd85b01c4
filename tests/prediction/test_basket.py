"""Instruments held together: each keeps its forecast, losses add up, and nothing from later moves anything."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.errors import DataProviderError, ModelError, UnknownSymbolError, ValidationError
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.prediction import PredictionEngine
from ara.prediction.asking import Wish
from ara.prediction.basket import basket, reach
from ara.prediction.fallback import Asks, Budget, seen
from ara.testing import desk

THEN = "2020-01-15"
WEIGHTS = {"AAPL": 0.5, "MSFT": 0.3, "BTC-USD": 0.2}


@pytest.fixture
async def engine():
    async with desk() as one, PredictionEngine(one) as engine:
        yield engine


@pytest.fixture(scope="module")
def found():
    async def ask():
        async with desk() as one, PredictionEngine(one) as engine:
            return await engine.basket(WEIGHTS, 5, as_of=THEN)

    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, ask()).result()


async def test_one_instrument_alone_is_its_own_forecast(engine):
    alone = await engine.basket({"AAPL": 1.0}, 3, as_of=THEN)
    own = await engine.predict("AAPL", 3, as_of=THEN, why=False)
    assert alone.members[0].forecast.id == own.id
    for day, mine in zip(alone.days, own.days, strict=True):
        width = day.band_80[1] - day.band_80[0]
        np.testing.assert_allclose(day.quantiles, np.expm1(mine.quantiles), atol=0.06 * width + 0.002)
        assert day.p_up == pytest.approx(mine.p_up, abs=0.02)
        assert day.shortfall == pytest.approx(day.apart)
        assert day.shortfall > day.value_at_risk > 0


def test_losses_add_up_and_what_moves_apart_spares_some(found):
    for place, day in enumerate(found.days):
        parts = [one.shares[place] for one in found.members]
        assert sum(parts) == pytest.approx(day.shortfall)
        assert 0.3 * day.apart < day.shortfall < 0.9 * day.apart
        assert list(day.quantiles) == sorted(day.quantiles)
        assert -day.shortfall < -day.value_at_risk < day.band_80[0]
    assert found.cash == pytest.approx(0.0)
    assert found.correlation[0, 1] > 0.4 > abs(found.correlation[0, 2])
    assert np.linalg.eigvalsh(found.correlation)[0] > 0


def test_each_keeps_its_own_forecast_in_the_draws(found):
    own = [one.forecast.days[-1] for one in found.members]
    deviation = np.sqrt(np.diag(found.covariance))
    for place, day in enumerate(own):
        steep = (np.expm1(day.quantiles[18]) - np.expm1(day.quantiles[6])) / (2 * 0.8416)
        assert 0.9 * steep < deviation[place] < 1.6 * steep


async def test_the_same_question_has_the_same_answer_and_weights_matter(engine, found):
    again = await engine.basket({"aapl": 0.25, "AAPL": 0.25, "MSFT": 0.3, "BTCUSD": 0.2}, 5, as_of=THEN)
    assert again.as_dict() == found.as_dict()
    half = await engine.basket({name: weight / 2 for name, weight in WEIGHTS.items()}, 5, as_of=THEN)
    assert half.id != found.id
    assert half.days[2].quantiles == pytest.approx([value / 2 for value in found.days[2].quantiles])
    hedged = await engine.basket({"AAPL": 1.0, "MSFT": -1.0}, 5, as_of=THEN)
    assert hedged.days[-1].shortfall < 0.8 * hedged.days[-1].apart


def test_the_dates_are_those_of_the_market_that_opens_least_often(found):
    assert [one.date for one in found.days][1:3] == [date(2020, 1, 17), date(2020, 1, 21)]
    stock, coin = found.members[0].forecast, found.members[2].forecast
    assert (len(stock.days), coin.days[-1].date) == (5, stock.days[-1].date)


async def _bars(engine, name, moment=THEN):
    wish = engine._wish(engine._desk, 5, as_of=moment, learned=None, timeframe=DAY, model=None, why=False)
    assert isinstance(wish, Wish)
    found = await seen(engine._market(engine._desk), resolve(name), DAY, wish.asks, budget=Budget(60))
    return found.bars


async def test_what_came_later_changes_nothing(engine, found):
    cut = {name: await _bars(engine, name) for name in WEIGHTS}
    moment = datetime.fromisoformat(THEN).replace(tzinfo=UTC) + timedelta(days=1)
    assert all(one.frame["known_at"].max() <= moment for one in cut.values())
    span = reach(list(cut.values()), 5)
    forecasts = [one.forecast for one in found.members]
    assert basket(list(cut.values()), forecasts, list(WEIGHTS.values()), span).as_dict() == found.as_dict()
    poisoned = [
        replace(
            one, frame=one.frame.with_columns(close=pl.when(pl.int_range(pl.len()) == 10).then(1e-3).otherwise("close"))
        )
        for one in cut.values()
    ]  # a bar of long before the last 500
    assert basket(poisoned, forecasts, list(WEIGHTS.values()), span).as_dict() == found.as_dict()


async def test_what_can_not_be_answered_is_refused(engine):
    with pytest.raises(ValidationError, match="no common moment"):
        await engine.basket({"SPY": 0.5, "BTC-USD": 0.5})
    with pytest.raises(ValidationError, match="30 bars of BTC-USD reach to 2020-02-14 only"):
        await engine.basket({"SPY": 0.5, "BTC-USD": 0.5}, 25, as_of=THEN)
    with pytest.raises(ValidationError, match="each with a weight"):
        await engine.basket({})
    with pytest.raises(ValidationError, match="each with a weight"):
        await engine.basket({"SPY": float("nan")})
    with pytest.raises(UnknownSymbolError):
        await engine.basket({"SPY": 0.5, "APPL": 0.5})
    with pytest.raises(DataProviderError):
        await engine.basket({"SPY": 0.5, "AAPL": 0.5}, as_of="1999-01-04")


async def test_one_that_no_model_can_answer_for_refuses_the_basket(engine):
    trained = (await engine.predict("SPY", 2, as_of=THEN, model="fast")).lineage.models["fast"]["artefact"]
    with pytest.raises(ModelError, match="knows bars up to"):
        await engine.basket({"SPY": 0.5, "AAPL": 0.5}, 2, as_of="2017-01-04", model=trained)


async def test_what_the_reader_must_know_is_noted(engine):
    mixed = await engine.basket({"SPY": 0.5, "USDJPY": 0.5}, 2, as_of="2021-03-31")
    assert "returns are in JPY and USD, each in its own: what exchange rates do is not in them" in mixed.notes
    asks = Asks(
        as_of=datetime(2020, 1, 16, tzinfo=UTC), learned=None, now=datetime(2020, 1, 16, tzinfo=UTC), given=False
    )
    coin = await seen(engine._market(engine._desk), resolve("BTC-USD"), DAY, asks, budget=Budget(60))
    stock = await _bars(engine, "AAPL")
    short = replace(coin.bars, frame=coin.bars.frame.tail(40))
    forecasts = [
        await engine.predict("AAPL", 1, as_of=THEN, why=False),
        await engine.predict("BTC-USD", 1, as_of=THEN, why=False),
    ]
    few = basket([stock, short], forecasts, [0.5, 0.5], reach([stock, coin.bars], 1))
    assert any("how they move together is hardly known" in note for note in few.notes)
    late = replace(forecasts[0], last=date(2020, 1, 9), degraded=("har_t failed",))
    both = basket([stock, coin.bars], [late, forecasts[1]], [0.5, 0.5], reach([stock, coin.bars], 1))
    assert both.notes == (
        "the last bar of AAPL is of 2020-01-09, that of BTC-USD of 2020-01-15: they do not start together",
        "a part failed of the forecast of AAPL: it is wider for that",
    )
