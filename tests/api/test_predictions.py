import json

import pytest

from ara.cli.app import main
from tests.api.conftest import Served

ASKED = {"symbol": "AAPL", "days": 2, "model": "ewma_t"}


def test_a_forecast_has_the_same_id_and_bytes_over_http_by_the_command_and_in_python(service: Served, capsys):
    with service.client() as client:
        told = client.post("/api/v1/predict", json=ASKED).json()
        again = client.get(f"/api/v1/predictions/{told['prediction_id'][:12]}").json()
    words = ["predict", "AAPL", "--days", "2", "--model", "ewma_t", "--json"]
    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    assert main([*words, *flags]) == 0
    printed = json.loads(capsys.readouterr().out)
    whole = {key: value for key, value in printed.items() if key in told["forecast"]}
    assert told["forecast"] == again["forecast"] == whole
    assert told["prediction_id"] == told["forecast"]["id"]


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
    asked = {"symbols": ["MSFT", "NOSUCH", "AAPL", "MSFT"], "days": 1, "model": "ewma_t", "asset_type": "stock"}
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
