import asyncio
import json

import msgspec
import pytest

from ara.cli.app import main
from ara.desk import Desk
from ara.prediction import PredictionEngine
from ara.prediction.document import to_document
from ara.settings import Settings
from tests.api.conftest import Served

ASKED = {"symbol": "AAPL", "days": 2, "model": "ewma_t"}


async def in_python(settings: Settings) -> str:
    """Ask as a program does that imports Ara, and give the id and the document as a line of JSON."""
    async with Desk.open(settings) as desk, PredictionEngine(desk) as engine:
        found = await engine.predict(ASKED["symbol"], days=ASKED["days"], model=ASKED["model"])
        return msgspec.json.encode(to_document(found)).decode()


def test_a_forecast_has_the_same_id_and_bytes_over_http_by_the_command_and_in_python(service: Served, capsys):
    with service.client() as client:
        whole = client.post("/api/v2/forecasts", json=ASKED)
        kept = client.get(f"/api/v2/forecasts/{whole.json()['id'][:12]}")
        old = client.post("/api/v1/predict", json=ASKED)
        again = client.get(f"/api/v1/predictions/{whole.json()['id'][:12]}")
    words = ["predict", "AAPL", "--days", "2", "--model", "ewma_t", "--json"]
    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    assert main([*words, *flags]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("kept")  # its place in the ledger
    assert whole.content == kept.content == msgspec.json.encode(printed)
    assert asyncio.run(in_python(service.settings)).encode() == whole.content
    for answer in (old, again):
        assert answer.content.endswith(b'"forecast":' + whole.content + b"}"), answer.text[-300:]
        assert answer.json()["prediction_id"] == printed["id"]


def test_the_old_shape_says_percent_and_stands_beside_the_whole(service: Served):
    with service.client() as client:
        told = client.post("/api/v1/predict", json=ASKED).json()
    assert {"request_id", "timestamp", "symbol", "asset_type", "current_price", "model_version"} <= set(told)
    first = told["predictions"][0]
    day = told["forecast"]["days"][0]
    assert first["change"] == pytest.approx(day["price"] - told["current_price"])
    assert first["change_pct"] == pytest.approx(100 * first["change"] / told["current_price"])
    assert first["band_80"][0] < first["predicted_price"] < first["band_80"][1]
    assert {"name", "value", "contribution", "description"} == set(told["factors"][0])


def test_a_batch_answers_what_it_can_and_names_the_rest(service: Served):
    asked = {
        "symbols": ["MSFT", "NOSUCH", "AAPL", "msft", "nosuch"],
        "days": 1,
        "model": "ewma_t",
        "asset_type": "stock",
    }
    with service.client() as client:
        told = client.post("/api/v1/predict/batch", json=asked).json()
    assert [one["symbol"] for one in told["predictions"]] == ["MSFT", "AAPL"]
    assert (told["total_count"], told["successful_count"], told["failed_count"]) == (3, 2, 1)
    assert told["failed_symbols"] == ["NOSUCH"]
    assert "NOSUCH" in told["failures"]["NOSUCH"]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"symbol": "NOSUCH"}, 404, "NOSUCH"),
        ({"symbol": ""}, 422, "symbol"),
        ({"symbol": "A" * 65}, 422, "symbol"),
        ({"symbol": 7}, 422, "symbol"),
        ({"days": 31}, 422, "days"),
        ({"days": "2"}, 422, "days"),
        ({"days": 2.5}, 422, "days"),
        ({"extra": 1}, 422, "extra"),
        ({"asset_type": "crypto"}, 404, "no crypto AAPL: that is stock"),
        ({"model": "nosuch"}, 404, "nosuch"),
        ({"as_of": "yesterday"}, 422, "yesterday"),
        ({"as_of": "2009-01-07"}, 422, "too few"),
        ({"analysis_level": "deep"}, 422, "analysis_level"),
    ],
)
def test_a_wrong_question_is_told_with_what_to_do(service: Served, change, status, words):
    with service.client() as client:
        answer = client.post("/api/v1/predict", json={**ASKED, **change})
    told = answer.json()
    assert answer.status_code == told["status"] == status, told
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in told["detail"]
    assert told["hint"]
    assert told["request_id"] == answer.headers["x-request-id"]
    assert {"error", "message", "details", "timestamp"} <= set(told)


@pytest.mark.parametrize(("wanted", "status"), [("0" * 64, 404), ("xyz", 422), ("AB" * 8, 422), ("a" * 65, 422)])
def test_a_forecast_that_is_not_there_is_not_found(service: Served, wanted, status):
    with service.client() as client:
        assert client.get(f"/api/v1/predictions/{wanted}").status_code == status
