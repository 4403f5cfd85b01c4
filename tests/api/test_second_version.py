import pytest

from tests.api.conftest import Served
from tests.api.test_market_served import printed

AS_OF = "2013-06-28"
ASKED = {"symbol": "AAPL", "days": 2, "as_of": AS_OF, "model": "ewma_t"}


def test_a_forecast_is_the_document_of_the_command_and_that_of_the_first_version(service: Served, capsys):
    with service.client() as client:
        told = client.post("/api/v2/forecasts", json=ASKED)
        old = client.post("/api/v1/predict", json=ASKED).json()
        kept = client.get(f"/api/v2/forecasts/{told.json()['id'][:12]}")
        part = client.get(f"/api/v2/forecasts/{told.json()['id']}", params={"fields": "id,close"}).json()
        again = client.get(kept.url.path, headers={"If-None-Match": kept.headers["etag"]})
        receipt = client.get(f"/api/v2/forecasts/{told.json()['id']}/receipt")
    words = ["predict", "AAPL", "--days", "2", "--as-of", AS_OF, "--model", "ewma_t"]
    assert told.status_code == 200, told.text
    shown = printed(service, capsys, *words)
    assert shown.pop("kept")
    assert told.json() == kept.json() == old["forecast"] == shown
    assert list(told.json()) == list(old["forecast"])
    assert part == {name: told.json()[name] for name in ("id", "close")}
    assert (again.status_code, receipt.status_code) == (304, 200)


def test_lists_go_on_by_cursors_and_failures_are_problems(service: Served):
    with service.client() as client:
        asked = {"symbols": ["AAPL", "NOSUCH", "MSFT", "aapl"], "days": 1, "as_of": AS_OF, "model": "ewma_t"}
        told = client.post("/api/v2/forecasts/batch", json=asked).json()
        first = client.get("/api/v2/forecasts", params={"limit": 1}).json()
        second = client.get("/api/v2/forecasts", params={"limit": 1, "cursor": first["next"]}).json()
    assert [one["symbol"] for one in told["items"]] == ["AAPL", "MSFT"]
    assert told["failures"]["NOSUCH"]["status"] == 404
    assert [one["symbol"] for one in first["items"] + second["items"]] == ["MSFT", "AAPL"]


@pytest.mark.parametrize(
    ("path", "old", "asked"),
    [
        ("instruments/AAPL/bars", "bars", {"limit": 3}),
        ("instruments/AAPL/patterns", "patterns", {}),
        ("instruments/AAPL/levels", "levels", {}),
        ("instruments/AAPL/readings", "market/indicators", {"category": "volume"}),
        ("models", "models/status", {}),
        ("indicators", "indicators/list", {"search": "hilbert"}),
        ("scores", "evaluation", {}),
        ("correlations", "correlations", {"symbols": "AAPL,MSFT"}),
    ],
)
def test_both_versions_say_the_same(service: Served, path, old, asked):
    dated = {**asked, **({"as_of": AS_OF} if "instruments" in path or "corr" in path else {})}
    with service.client() as client:
        new = client.get(f"/api/v2/{path}", params=dated)
        before = client.get(f"/api/v1/{old}", params={"symbol": "AAPL", **dated} if "instr" in path else dated)
    assert new.status_code == before.status_code == 200
    assert new.json() == before.json()
    assert "deprecation" not in new.headers
    assert before.headers["deprecation"].startswith("@")
    assert 'rel="successor-version"' in before.headers["link"]


def test_portfolios_are_asked_for_by_weights(service: Served):
    wanted = {"symbols": ["AAPL", "SPY"], "as_of": AS_OF, "constraints": {"max": 0.6}}
    with service.client() as client:
        chosen = client.post("/api/v2/portfolios/optimize", json=wanted).json()
        past = client.post("/api/v2/portfolios/analyze", json={"weights": chosen["weights"], "as_of": AS_OF})
        trades = client.post(
            "/api/v2/portfolios/rebalance", json={"weights": chosen["weights"], "cash": 5000, "as_of": AS_OF}
        )
    assert max(chosen["weights"].values()) <= 0.6 + 1e-9
    assert past.json()["weights"] == chosen["weights"]
    assert {one["side"] for one in trades.json()["trades"]} == {"buy"}


def test_errors_are_problems_without_the_keys_of_the_first_version(service: Served):
    with service.client() as client:
        for path in ("instruments/NOSUCH/bars", "nowhere", "forecasts/000000"):
            told = client.get(f"/api/v2/{path}")
            assert told.status_code == told.json()["status"] == 404
            assert told.headers["content-type"] == "application/problem+json"
            assert "error" not in told.json()


def test_lists_of_accounts_and_webhooks_go_on_by_cursors(service: Served):
    back = {"redirects": ["https://desk.example/back"], "scopes": ["market:read"]}
    with service.client() as client:
        for number in range(3):
            client.post("/api/v2/auth/api-keys", json={"name": f"key {number}"})
            client.post("/api/v2/auth/apps", json={"name": f"app {number}", **back})
            client.post("/api/v2/auth/admin/users", json={"email": f"u{number}@example.org", "role": "viewer"})
        for path, id in (
            ("auth/api-keys", "id"), ("auth/apps", "client_id"), ("auth/admin/users", "id"), ("auth/consents", "id"),
            ("webhooks", "id"),
        ):  # fmt: skip
            old = [one[id] for one in client.get(f"/api/v1/{path}").json()]
            seen, asked = list[str](), {"limit": 2}
            while asked:
                page = client.get(f"/api/v2/{path}", params=asked).json()
                assert set(page) == {"items", "next"}
                assert len(page["items"]) == 2 or page["next"] is None
                seen += [one[id] for one in page["items"]]
                asked = {"limit": 2, "cursor": page["next"]} if page["next"] else {}
            assert sorted(seen) == sorted(old), path
            odd = client.get(f"/api/v2/{path}", params={"cursor": "u0@example.org"})
            assert (odd.status_code, "no `next`" in odd.json()["detail"]) == (422, True), path
        viewers = client.get("/api/v2/auth/admin/users", params={"role": "viewer", "limit": 1}).json()
        assert (viewers["items"][0]["role"], viewers["next"]) == ("viewer", viewers["items"][0]["id"])
        events = client.get("/api/v2/webhooks/events").json()
        assert (len(events["items"]), events["next"]) == (len(client.get("/api/v1/webhooks/events").json()), None)


def test_an_instrument_is_told_and_no_feeling_about_it_is_made_up(service: Served):
    with service.client() as client:
        told = client.get("/api/v2/instruments/AAPL").json()
        coin = client.get("/api/v2/instruments/BTC-USD").json()
        felt = client.get("/api/v2/instruments/AAPL/sentiment")
    assert (told["symbol"], told["currency"], told["timezone"]) == ("AAPL", "USD", "America/New_York")
    assert (told["asset_class"], coin["asset_class"]) == ("stock", "crypto")
    assert (felt.status_code, felt.json()["detail"].startswith("No source configured")) == (404, True)


def test_regimes_and_indicators_are_those_of_the_first_version(service: Served):
    with service.client() as client:
        dated = {"symbol": "AAPL", "as_of": AS_OF}
        states = [
            client.get("/api/v2/instruments/AAPL/regime", params={"as_of": AS_OF}),
            client.get("/api/v1/market/regime", params=dated),
        ]
        values = client.get("/api/v2/instruments/AAPL/indicators/rsi", params={"as_of": AS_OF, "limit": 3})
    assert [one.status_code for one in (*states, values)] == [200, 200, 200]
    assert states[0].json() == states[1].json()
    assert len(values.json()["at"]) == 3


def test_trainings_and_reviews_stand_in_the_line_once(service: Served):
    asked = {"symbols": ["AAPL", "AAPL"], "period": "1y", "days": 2}
    with service.client() as client:
        first, same = [client.post("/api/v2/models/train", json=asked) for _ in range(2)]
        forced = client.post("/api/v2/models/train", json={**asked, "force": True})
        review = client.post("/api/v2/models/retrain", json={"families": ["har_t"]})
        refused = client.post("/api/v2/models/train", json={**asked, "symbols": ["NOSUCH"]})
        begun = [one.json()["job"] for one in (first, forced, review)]
        for number in begun:
            client.post(f"/api/v2/jobs/{number}/cancel")
    assert [one.status_code for one in (first, same, forced, review, refused)] == [202, 202, 202, 202, 404]
    assert same.json()["job"] == first.json()["job"]
    assert len(set(begun)) == 3
    assert first.headers["location"] == f"/api/v2/jobs/{begun[0]}"
