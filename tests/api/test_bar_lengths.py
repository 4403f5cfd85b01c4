"""Forecasts of bars of other lengths over HTTP: those that the command gives, by the same words."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from ara.cli.app import main
from ara.market.timeframe import TIMEFRAMES
from tests.api.conftest import Served

HOURLY = {"symbol": "GBPUSD", "days": 6, "model": "ewma_t", "as_of": "2020-01-01"}


def place(service: Served) -> list[str]:
    return ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]


@pytest.fixture(scope="module")
def hours(service: Served, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The service, where hours of the pound were brought in from a file."""
    file = tmp_path_factory.mktemp("brought") / "hours.csv"
    times = [datetime(2019, 11, 4, tzinfo=UTC) + timedelta(hours=hour) for hour in range(58 * 24)]
    rows = [(f"{at:%Y-%m-%dT%H:%M}Z", 1.3 + at.hour / 1e4) for at in times if at.weekday() < 5]
    lines = [f"{at},{price},{price},{price},{price},1" for at, price in rows]
    file.write_text("\n".join(["ts,open,high,low,close,volume", *lines]))
    asked = ["data", "import", str(file), "--symbol", "GBPUSD", "--timeframe", "1h"]
    assert main([*asked, *place(service)]) == 0
    return service


def test_hours_made_into_four_are_forecast_as_by_the_command(hours: Served, capsys):
    with hours.client() as client:
        whole = client.post("/api/v2/forecasts", json={**HOURLY, "timeframe": "4h"})
        old = client.post("/api/v1/predict", json={**HOURLY, "timeframe": "4H"}).json()
        again = client.get(f"/api/v1/predictions/{old['prediction_id']}").json()
        part = client.get(f"/api/v1/predictions/{old['prediction_id']}", params={"fields": "timeframe,symbol"})
    words = ["predict", "GBPUSD", "-d", "6", "--model", "ewma_t", "--as-of", "2020-01-01", "--timeframe", "4h"]
    capsys.readouterr()
    assert main([*words, "--json", *place(hours)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("kept")
    assert whole.content == msgspec.json.encode(printed)
    assert old["forecast"] == again["forecast"] == printed
    assert printed["lineage"]["settings"]["timeframe"] == old["timeframe"] == again["timeframe"] == "4h"
    assert [one["at"] for one in old["predictions"]] == [one["at"] for one in printed["days"]]
    closes = [datetime.fromisoformat(one["at"]) for one in old["predictions"]]
    assert min(later - sooner for sooner, later in pairwise(closes)) == timedelta(hours=4)
    assert len({one["date"] for one in old["predictions"]}) < 6, "several bars have one date"
    assert part.json() == {"timeframe": "4h", "symbol": "GBPUSD"}


def test_a_batch_is_of_weeks_and_none_of_them_is_a_day(service: Served):
    asked = {"symbols": ["SPY", "BTC-USD", "NOSUCH"], "days": 2, "model": "ewma_t", "as_of": "2020-01-16"}
    with service.client() as client:
        days = client.post("/api/v1/predict/batch", json=asked).json()["predictions"]
        weeks = client.post("/api/v1/predict/batch", json={**asked, "timeframe": "1w"}).json()
        new = client.post("/api/v2/forecasts/batch", json={**asked, "timeframe": "1w"}).json()
    assert [one["timeframe"] for one in days] == ["1d", "1d"]
    assert [one["timeframe"] for one in weeks["predictions"]] == ["1w", "1w"]
    assert (weeks["failed_symbols"], list(new["failures"])) == (["NOSUCH"], ["NOSUCH"])
    assert [one["forecast"] for one in weeks["predictions"]] == new["items"]
    for day, week in zip(days, weeks["predictions"], strict=True):
        assert day["prediction_id"] != week["prediction_id"]
        one, two = (datetime.fromisoformat(told["at"]) for told in week["predictions"])
        assert two - one > timedelta(days=5)


@pytest.mark.parametrize("path", ["/api/v1/predict", "/api/v2/forecasts"])
def test_a_day_is_what_is_meant_where_nothing_is_said(service: Served, path):
    asked = {"symbol": "AAPL", "days": 1, "model": "ewma_t"}
    with service.client() as client:
        told = [client.post(path, json={**asked, **more}).json() for more in ({}, {"timeframe": "1d"})]
    assert told[0].get("id", told[0].get("prediction_id")) == told[1].get("id", told[1].get("prediction_id"))


@pytest.mark.parametrize("path", ["v1/predict", "v1/predict/batch", "v2/forecasts", "v2/forecasts/batch"])
@pytest.mark.parametrize("length", ["3h", "1M", "", "1 week", None, 4, "4h" * 9])
def test_a_length_that_there_is_not_is_told_with_those_that_there_are(service: Served, path, length):
    named = {"symbols": ["AAPL"]} if path.endswith("batch") else {"symbol": "AAPL"}
    with service.client() as client:
        answer = client.post(f"/api/{path}", json={**named, "timeframe": length})
    told = answer.json()
    assert (answer.status_code, told["status"]) == (422, 422), told
    assert "timeframe" in told["detail"]
    assert told["hint"]
    if isinstance(length, str) and len(length) <= 8:
        assert all(str(one) in told["detail"] for one in TIMEFRAMES)


def test_bars_that_nobody_has_are_told_of(service: Served):
    with service.client() as client:
        answer = client.post("/api/v2/forecasts", json={"symbol": "AAPL", "timeframe": "4h"})
    assert answer.status_code >= 400
    assert "4h" in answer.json()["detail"]


def test_bars_of_two_hours_are_given_too(hours: Served):
    with hours.client() as client:
        told = client.get("/api/v2/instruments/GBPUSD/bars", params={"timeframe": "2h", "limit": 2})
    assert told.status_code == 200, told.text
    one, two = (datetime.fromisoformat(bar["at"]) for bar in told.json()["bars"])
    assert two - one == timedelta(hours=2)


def test_what_is_fitted_on_such_bars_is_offered_where_it_can_be(hours: Served):
    """At the first instant of November none of the file's bars were known, so there is nothing to learn from then."""
    asked = {"symbol": "GBPUSD", "days": 1, "timeframe": "4h"}
    with hours.client() as client:
        later, first = (
            client.post("/api/v2/forecasts", json={**asked, "as_of": at}).json() for at in ("2020-01-01", "2019-11-28")
        )
        fitted = client.post("/api/v2/forecasts", json={**asked, "as_of": "2020-01-01", "model": "fast"}).json()
    way = '; --model fast (over HTTP "model": "fast") is fitted on bars of 4h, in some seconds'
    said = [[one for one in told["warnings"] if "ewma_t answered instead" in one] for told in (later, first)]
    assert [len(one) for one in said] == [1, 1]
    assert said[0][0].endswith(way)
    assert said[1][0].endswith("ewma_t answered instead")
    assert (fitted["model"], fitted["degraded"]) == ("fast", [])
