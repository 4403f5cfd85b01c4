"""Forecasts, and bars that are doubtful, as they are told, and whether anybody is to be told of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ara.alerts import Webhooks, events_after
from ara.alerts.news import failed, predicted, worth_telling
from ara.jobs import Predict
from ara.jobs.work import do
from ara.prediction.ledger import Ledger

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def house(opened, clock):
    """A desk, and a forecast of good bars."""
    clock.instant = datetime(2021, 3, 31, 22, tzinfo=UTC)
    async with opened("memory:", data_providers="sample", webhooks_networks="127.0.0.0/8") as desk:
        work = Predict(symbols=("AAPL",), days=2, model="hist")
        made = await do(desk, work, watch=lambda progress: True)
        yield desk, (await Ledger(desk).show(made["forecasts"]["AAPL"])).forecast


async def test_each_user_is_told_of_a_forecast_once_for_a_job_and_else_each_time(house):
    desk, forecast = house
    hooks = Webhooks(desk)
    hook, _ = await hooks.add("u_a", "http://127.0.0.1:9/", ["prediction_complete"])
    for _ in range(2):
        await predicted(desk, [forecast], users=["u_a", "u_b"], key="job 7")
    (sent,) = await hooks.log(hook)
    told = json.loads(sent.body)["data"]
    assert (told["prediction_id"], told["symbol"], told["close"]) == (forecast.id, "AAPL", forecast.close)
    assert [(one["day"], one["price"]) for one in told["days"]] == [(one.number, one.price) for one in forecast.days]
    for _ in range(2):
        await predicted(desk, [forecast], users=["u_a"])
    assert len(await hooks.log(hook)) == 3


async def test_bars_that_are_doubtful_are_told_to_everybody_once(house):
    desk, good = house
    doubtful = replace(good, quality=0.79, warnings=("4 bars are repaired",))
    for one in (good, doubtful, replace(doubtful, close=1.0), replace(good, quality=0.8)):
        await predicted(desk, [one], users=[])
    (told,) = await events_after(desk, LONG_AGO)
    data = json.loads(told.body)["data"]
    assert (told.type, told.user) == ("data_quality_issue", "")
    assert (data["symbol"], data["quality"], data["warnings"]) == ("AAPL", 0.79, ["4 bars are repaired"])


async def test_what_is_nobodys_is_worth_telling_where_it_is_doubtful_or_asked_for(house):
    desk, good = house
    assert not await worth_telling(desk, [good])
    assert await worth_telling(desk, [good, replace(good, quality=0.5)])
    await Webhooks(desk).add("u_a", "http://127.0.0.1:9/", ["prediction_complete"])
    assert await worth_telling(desk, [good])
    assert not await worth_telling(desk, [])


async def test_a_fault_is_told_once_a_minute_for_each_place(house, clock):
    desk, _ = house
    for request, seconds in (("r1", 0), ("r2", 30), ("r3", 60)):
        await failed(
            desk, "GET /x", request=request, now=clock.now().replace(second=seconds % 60, minute=seconds // 60)
        )
    await failed(desk, "GET /y", request="r4", now=clock.now())
    found = [json.loads(one.body)["data"] for one in await events_after(desk, LONG_AGO)]
    assert sorted(one["request_id"] for one in found) == ["r1", "r3", "r4"]
