import gzip

import pytest

from tests.api.conftest import Served
from tests.api.test_market_served import printed

ASKED = {"days": 1, "model": "ewma_t", "include_explanations": False}


@pytest.fixture(scope="module")
def kept(service: Served) -> list[dict]:
    """Forecasts in the order in which they were kept."""
    with service.client() as client:
        return [
            client.post("/api/v1/predict", json={**ASKED, "symbol": symbol, "as_of": as_of}).json()
            for as_of in ("2020-02-20", "2020-03-20")
            for symbol in ("AAPL", "MSFT")
        ]


def test_the_ledger_is_listed_page_by_page_the_newest_first(service: Served, kept, capsys):
    seen, cursor = [], None
    with service.client() as client:
        while True:
            asked = {"limit": 3} | ({} if cursor is None else {"cursor": cursor})
            page = client.get("/api/v1/ledger", params=asked).json()
            assert len(page["forecasts"]) <= 3
            seen += page["forecasts"]
            cursor = page["next"]
            if cursor is None:
                break
        far = client.get("/api/v1/ledger", params={"cursor": 2**53 - 1})
        own = client.get("/api/v1/ledger", params={"symbol": "msft", "limit": 1}).json()
        rest = client.get("/api/v1/ledger", params={"symbol": "msft", "cursor": own["next"]}).json()
    assert [one["id"] for one in seen] == [one["prediction_id"] for one in reversed(kept)]
    assert seen == printed(service, capsys, "ledger", "list")["forecasts"]
    assert [one["id"] for one in own["forecasts"] + rest["forecasts"]] == [seen[0]["id"], seen[2]["id"]]
    assert rest["next"] is None
    assert far.status_code == 422


def test_receipts_and_the_check_are_those_of_the_command(service: Served, kept, capsys):
    first = kept[0]["prediction_id"]
    with service.client() as client:
        receipt = client.get(f"/api/v1/ledger/{first[:12]}/receipt").json()
        whole = client.get("/api/v1/ledger/verify").json()
        missing = client.get(f"/api/v1/ledger/{'0' * 12}/receipt")
    assert receipt == printed(service, capsys, "ledger", "receipt", first)
    assert whole == printed(service, capsys, "ledger", "verify")
    assert (whole["ok"], whole["entries"]) == (True, len(kept))
    assert missing.status_code == 404


def test_models_are_listed_and_compared_as_by_the_command(service: Served, capsys):
    with service.client() as client:
        status = client.get("/api/v1/models/status").json()
        none = client.get("/api/v1/models/compare")
        strange = client.get("/api/v1/models/compare", params={"metric": "sharpe"})
        first, second = status["shipped"][0]["name"], status["shipped"][-1]["name"]
        beside = client.get("/api/v1/models/compare", params={"models": f"{first},{second}", "metric": "coverage"})
    assert status == printed(service, capsys, "models", "list")
    assert (none.status_code, strange.status_code) == (404, 422)
    assert beside.json() == printed(service, capsys, "models", "compare", first, second, "--metric", "coverage")


def test_who_has_a_kept_forecast_already_is_told_so(service: Served, kept):
    path = f"/api/v1/predictions/{kept[0]['prediction_id']}"
    with service.client() as client:
        full = client.get(path)
        tag = full.headers["etag"]
        assert full.headers["cache-control"] == "private, no-cache"
        for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
            same = client.get(path, headers={"If-None-Match": sent})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
            assert "ratelimit-remaining" in same.headers
        for sent in ('"other"', "", "nonsense,,"):
            assert client.get(path, headers={"If-None-Match": sent}).status_code == 200
        few = client.get(path, params={"fields": "symbol"}, headers={"If-None-Match": tag})
        other = client.get(f"/api/v1/predictions/{kept[1]['prediction_id']}")
    assert few.status_code == 200
    assert len({tag, few.headers["etag"], other.headers["etag"]}) == 3


def test_only_the_parts_are_given_that_were_asked_for(service: Served, kept):
    path = f"/api/v1/predictions/{kept[0]['prediction_id']}"
    with service.client() as client:
        few = client.get(path, params={"fields": "symbol, predictions,symbol"}).json()
        strange = client.get(path, params={"fields": "symbol,secret"})
        empty = [client.get(path, params={"fields": one}).status_code for one in ("", ",", "symbol,", "symbol,\t")]
    assert few == {name: kept[0][name] for name in ("symbol", "predictions")}
    assert strange.status_code == 422
    assert "secret" in strange.json()["detail"]
    assert empty == [422] * 4


def test_a_large_answer_is_sent_small_to_who_can_read_that(service: Served, kept):
    path = f"/api/v1/predictions/{kept[0]['prediction_id']}"
    with service.client() as client:
        for wanted, said in (("gzip", "gzip"), ("identity", None)):
            with client.stream("GET", path, headers={"Accept-Encoding": wanted}) as answer:
                raw = b"".join(answer.iter_raw())
                assert answer.headers.get("content-encoding") == said
            text = gzip.decompress(raw) if said else raw
            assert kept[0]["prediction_id"].encode() in text
        small = client.get("/health", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers
