import io

import polars as pl
import pytest

from tests.api.conftest import Served
from tests.api.test_market_served import printed

AS_OF = "2013-06-28"


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("patterns", {"symbol": "AAPL", "as_of": AS_OF, "last": 9}, ["patterns", "AAPL", "--last", "9"]),
        (
            "levels",
            {"symbol": "AAPL", "as_of": AS_OF, "kind": "pivot", "pivots": "woodie,camarilla", "period": "session"},
            ["levels", "AAPL", "--kind", "pivot", "--pivots", "woodie,camarilla", "--period", "session"],
        ),
        ("indicators/list", {"family": "volume"}, ["indicators", "list", "volume"]),
        ("ledger/report", {"replayed": True}, ["ledger", "report", "--replayed"]),
    ],
)
def test_what_rooms_say_is_told_over_http_as_by_the_command(service: Served, capsys, path, asked, words):
    with service.client() as client:
        told = client.get(f"/api/v1/{path}", params=asked)
    assert told.status_code == 200, told.text
    dated = ["--as-of", AS_OF] if "as_of" in asked else []
    said = printed(service, capsys, *words, *dated)
    said.pop("challengers", None)  # models asked anew for each forecast: nothing for a request
    assert told.json() == said


def test_an_indicator_is_computed_as_by_the_command(service: Served, capsys):
    with service.client() as client:
        asked = {"symbol": "AAPL", "name": "macd.histogram", "as_of": AS_OF, "last": 5}
        told = client.get("/api/v1/indicators/compute", params=asked).json()
        many = client.get("/api/v1/indicators/compute", params={**asked, "name": "beta_rank"})
    whole = printed(service, capsys, "indicators", "compute", "macd.histogram", "AAPL", "--as-of", AS_OF)
    assert told == {name: values[-5:] for name, values in whole.items()}
    assert (many.status_code, many.json()["code"]) == (404, "not_found")


def test_bars_come_in_pages_and_as_arrow_and_csv(service: Served, capsys):
    with service.client() as client:
        asked = {"symbol": "AAPL", "as_of": AS_OF, "limit": 4}
        last = client.get("/api/v1/bars", params=asked)
        before = client.get("/api/v1/bars", params={**asked, "cursor": last.json()["next"]}).json()
        arrow = client.get("/api/v1/bars", params={**asked, "format": "arrow"})
        text = client.get("/api/v1/bars", params={**asked, "format": "csv"})
        again = client.get("/api/v1/bars", params=asked, headers={"If-None-Match": last.headers["etag"]})
        other = client.get(
            "/api/v1/bars", params={**asked, "limit": 5}, headers={"If-None-Match": last.headers["etag"]}
        )
        wrong = client.get("/api/v1/bars", params={**asked, "cursor": "soon"})
    told = printed(service, capsys, "data", "show", "AAPL", "--as-of", AS_OF, "-n", "8")
    assert [*before["bars"], *last.json()["bars"]] == told["bars"]
    assert last.json() == {**told, "bars": told["bars"][4:], "next": told["bars"][4]["at"]}
    frame = pl.read_ipc_stream(io.BytesIO(arrow.content))
    assert frame["close"].to_list() == [one["close"] for one in told["bars"][4:]]
    assert pl.read_csv(io.StringIO(text.text))["at"].to_list() == [one["at"] for one in told["bars"][4:]]
    assert arrow.headers["x-next-cursor"] == text.headers["x-next-cursor"] == told["bars"][4]["at"]
    assert (again.status_code, again.content, other.status_code) == (304, b"", 200)
    assert (wrong.status_code, wrong.json()["hint"]) == (422, "Send it as it was given.")


def stamped(told: dict) -> dict:
    """The document without what is of the request."""
    assert told["request_id"]
    return {name: value for name, value in told.items() if name not in {"request_id", "timestamp"}}


def test_weights_are_chosen_as_by_the_command(service: Served, capsys):
    asked = {
        "assets": ["AAPL", "SPY", "MSFT"], "optimization_method": "mpt", "risk_tolerance": "conservative",
        "constraints": {"max": 0.5, "classes": {"stock": 0.6}}, "frontier": 2, "value": 10_000, "as_of": AS_OF,
    }  # fmt: skip
    with service.client() as client:
        told = client.post("/api/v1/portfolio/optimize", json=asked)
        unknown = client.post("/api/v1/portfolio/optimize", json={**asked, "expected_returns": {"QQQ": 0.1}})
        moved = client.post("/api/v1/portfolio/optimize", json={**asked, "expected_returns": {"AAPL": 0.9}}).json()
        bound = {**asked, "constraints": {"bounds": {"AAPL": [0.3, 0.31]}, "most": 3.0}}
        bound["assets"] = [*asked["assets"], "aapl"]
        held = client.post("/api/v1/portfolio/optimize", json=bound).json()
    words = ["portfolio", "optimize", "AAPL", "SPY", "MSFT", "--method", "mpt", "--risk", "conservative"]
    limits = ["--max", "0.5", "--class", "stock=0.6", "--frontier", "2", "--value", "10000", "--as-of", AS_OF]
    assert told.status_code == 200, told.text
    assert stamped(told.json()) == printed(service, capsys, *words, *limits)
    assert (told.json()["notes"], held["notes"]) == ([], ["AAPL is named more than once: it is weighed once."])
    assert 0.3 - 1e-6 <= held["weights"]["AAPL"] <= 0.31 + 1e-6
    assert unknown.status_code == 404
    assert moved["weights"]["AAPL"] > told.json()["weights"]["AAPL"]


def test_weights_are_looked_back_at_and_traded_towards_as_by_the_commands(service: Served, capsys):
    with service.client() as client:
        asked = {"symbols": "AAPL,SPY", "weights": "0.6,0.3", "benchmark": "MSFT", "last": 300, "as_of": AS_OF}
        past = client.get("/api/v1/portfolio/analyze", params=asked)
        wanted = {"target": {"AAPL": 0.5, "SPY": 0.5}, "held": {"AAPL": 3}, "cash": 900, "threshold": 0.01}
        traded = client.post("/api/v1/portfolio/rebalance", json={**wanted, "what_if": True, "as_of": AS_OF})
        short = client.get("/api/v1/portfolio/analyze", params={"symbols": "AAPL,SPY", "weights": "1"})
    held = ["--portfolio", "AAPL=0.6,SPY=0.3", "--benchmark", "MSFT", "--last", "300", "--as-of", AS_OF]
    assert stamped(past.json()) == printed(service, capsys, "portfolio", "analyze", *held)
    towards = ["--to", "AAPL=0.5,SPY=0.5", "--held", "AAPL=3", "--cash", "900", "--threshold", "0.01", "--what-if"]
    assert stamped(traded.json()) == printed(service, capsys, "portfolio", "rebalance", *towards, "--as-of", AS_OF)
    assert (short.status_code, "1 weights of 2" in short.json()["detail"]) == (422, True)


def test_weights_that_are_none_are_refused_and_none_at_all_are_equal(service: Served):
    with service.client() as client:
        asked = {"symbols": "AAPL,SPY", "last": 300, "as_of": AS_OF}
        equal = client.get("/api/v1/portfolio/analyze", params=asked)
        words = client.get("/api/v1/portfolio/analyze", params={**asked, "weights": "a,b"})
        nothing = client.get("/api/v1/portfolio/analyze", params={**asked, "symbols": ","})
    assert equal.json()["weights"] == {"AAPL": 0.5, "SPY": 0.5}
    assert (words.status_code, nothing.status_code) == (422, 422)


def test_weights_that_rest_on_forecasts_count_them_and_need_their_permission(service: Served):
    asked = {"assets": ["AAPL", "MSFT"], "optimization_method": "black_litterman", "as_of": AS_OF}
    with service.client() as client:
        scopes = {"name": "weigher", "scopes": ["portfolio:write", "market:read"]}
        weigher = client.post("/api/v1/auth/api-keys", json=scopes).json()["key"]
        before = client.get("/api/v1/auth/usage").json()["days"]["forecasts"]["used"]
        assert client.post("/api/v1/portfolio/optimize", json=asked).status_code == 200
        assert client.get("/api/v1/auth/usage").json()["days"]["forecasts"]["used"] == before + 2
    with service.client(weigher) as narrow:
        refused = narrow.post("/api/v1/portfolio/optimize", json=asked)
        assert (refused.status_code, "predictions:write" in refused.json()["detail"]) == (403, True)
        assert (
            narrow.post("/api/v1/portfolio/optimize", json={**asked, "optimization_method": "hrp"}).status_code == 200
        )


def test_models_and_the_cache_are_changed_only_by_those_who_may(service: Served):
    with service.client() as client:
        made = client.post("/api/v1/auth/api-keys", json={"name": "reader", "scopes": ["market:read", "models:read"]})
        assert client.delete("/api/v1/cache", params={"symbol": "aapl"}).json()["symbol"] == "AAPL"
        assert client.delete("/api/v1/models/har_t@7").status_code == 404
        assert client.post("/api/v1/models/deploy", json={"model_id": "har_t@7"}).status_code == 404
    with service.client(made.json()["key"]) as reader:
        for method, path, body in (
            ("DELETE", "cache", None), ("DELETE", "models/har_t@7", None),
            ("POST", "models/deploy", {"model_id": "har_t@7"}), ("POST", "portfolio/optimize", {"assets": ["A", "B"]}),
        ):  # fmt: skip
            assert reader.request(method, f"/api/v1/{path}", json=body).status_code == 403


def test_the_parts_and_what_was_counted_are_told(service: Served):
    with service.client() as client, service.client(None) as stranger:
        told = client.get("/health/detailed").json()
        off = stranger.get("/metrics")
        assert stranger.get("/health/detailed").status_code == 401
    assert {name: one["status"] for name, one in told["parts"].items()} == dict.fromkeys(
        ("store", "limits", "jobs", "sockets"), "ok"
    )
    assert (off.status_code, "telemetry.prometheus" in off.json()["hint"]) == (404, True)
