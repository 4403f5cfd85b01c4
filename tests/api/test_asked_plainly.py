"""What nobody reads is refused: unknown parameters and members, and cursors that no answer gave, on every path.

The paths are found in the application itself, so that a new one can't be forgotten.
"""

import re

import httpx
import pytest

from ara.api import create
from ara.api.description.document import operations
from ara.settings import Settings
from tests.api.conftest import Served

AS_OF = "2013-06-28"
OPEN = ("/health", "/metrics", "/oauth/", "/.well-known/")
"""Paths of no version: probes add what they like, and OAuth wants what is unknown to be ignored (RFC 6749, 3.1)."""


@pytest.fixture(scope="module")
def described():
    return create(Settings.load({})).openapi()


def called(method: str, path: str) -> tuple[str, str]:
    """Give a path with an id in the place of each name, as far as it needs to fit."""
    ids = {"symbol": "AAPL", "job_id": "1", "forecast_id": "abcdef", "prediction_id": "abcdef", "name": "rsi"}
    return method, re.sub(r"\{(\w+)\}", lambda one: ids.get(one[1], "abc"), path)


def test_every_path_refuses_a_parameter_that_it_does_not_know(service: Served, described):
    asked = [called(method, path) for method, path, _ in operations(described) if not path.startswith(OPEN)]
    assert len(asked) > 130
    with service.client() as client:
        for method, path in asked:
            told = client.request(method, path, params={"no_such_word": "1"}, **({} if method == "GET" else JSON))
            assert told.status_code == 422, (method, path, told.text)
            assert "There is no 'no_such_word' here" in told.text, (method, path, told.text)


JSON = {"content": b"{}", "headers": {"Content-Type": "application/json"}}


def test_the_nearest_parameter_is_named_and_one_that_stands_twice_is_refused(service: Served):
    with service.client() as client:
        near = client.get("/api/v2/instruments/AAPL/bars", params={"limits": 3, "as-of": AS_OF})
        far = client.get("/api/v1/cache", params={"zzz": 1})
        twice = client.get("/api/v2/instruments/AAPL/bars?limit=3&limit=4")
        long = client.get("/api/v2/models", params={"x" * 500: "1"})
        nobody = client.get("/api/v2/models?zzz=1", headers={"Authorization": "Bearer ara_nobody_wrong"})
    assert near.status_code == 422
    problem = near.json()
    assert problem["detail"] == "query.limits: There is no 'limits' here. Did you mean limit?"
    assert [one["what"] for one in problem["context"]["faults"]] == [
        "There is no 'limits' here. Did you mean limit?",
        "There is no 'as-of' here. Did you mean as_of?",
    ]
    assert far.status_code == 405
    assert (twice.status_code, twice.json()["detail"]) == (422, "query.limit: It stands twice.")
    assert long.status_code == 422
    assert len(long.json()["detail"]) < 160
    assert nobody.status_code == 401


def test_a_member_that_a_body_can_not_have_names_the_nearest(service: Served):
    with service.client() as client:
        told = client.post("/api/v2/forecasts", json={"symbol": "AAPL", "dayz": 3})
        old = client.post("/api/v1/predict", json={"symbol": "AAPL", "analysis": "full"})
        inside = client.post("/api/v2/portfolios/optimize", json={"symbols": ["AAPL", "MSFT"], "constraints": {"x": 1}})
    assert told.json()["detail"] == "body.dayz: There is no 'dayz' here. Did you mean days?"
    assert "Did you mean analysis_level?" in old.json()["message"]
    assert inside.status_code == 422


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("predict", "symbol days asset_type analysis_level include_explanations"),
        ("predict/batch", "symbols days asset_type analysis_level include_explanations"),
        ("backtest", "symbol start_date end_date initial_capital strategy walk_forward_window retraining_frequency"),
        ("portfolio/optimize", "assets risk_tolerance optimization_method constraints expected_returns"),
        ("models/train", "symbol data_period model_types force_retrain"),
        ("models/deploy", "model_id environment"),
    ],
)
def test_members_of_the_older_service_are_known(described, path, names):
    body = described["paths"][f"/api/v1/{path}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    known = described["components"]["schemas"][body["$ref"].rpartition("/")[2]]["properties"]
    assert set(names.split()) <= set(known)


def test_parameters_of_the_older_service_are_known(service: Served):
    with service.client() as client:
        models = client.get("/api/v1/models/status", params={"symbol": "aapl"})
        none = client.get("/api/v1/models/compare", params={"symbol": "AAPL", "metric": "accuracy"})
        said = client.get("/api/v1/market/sentiment", params={"symbol": "AAPL", "sources": "news,reddit"})
    assert models.status_code == 200
    assert (none.status_code, said.status_code) == (404, 404)
    assert "No source configured" in said.text


def listed(described) -> list[str]:
    """Give every path of a list with a cursor."""
    return [
        path
        for method, path, one in operations(described)
        if method == "GET" and any(each["name"] == "cursor" for each in one.get("parameters", ()))
    ]


@pytest.fixture(scope="module")
def filled(service: Served):
    """A client of a service that has one of each thing that is listed, and the ids by the names in paths."""
    with service.client() as client:
        wanted = {"symbols": ["AAPL", "MSFT"], "days": 1, "as_of": AS_OF, "model": "ewma_t"}
        assert client.post("/api/v2/forecasts/batch", json=wanted).status_code == 200
        hook = client.post("/api/v2/webhooks", json={"url": f"{service.url}/health", "events": ["model_trained"]})
        yield client, {"symbol": "AAPL", "webhook_id": hook.json()["id"]}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory):
    from tests.api.conftest import serve

    home = tmp_path_factory.mktemp("plainly")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    yield from serve(Settings.load({**asked, "webhooks.networks": "127.0.0.0/8", "jobs.inside": "0"}))


@pytest.mark.parametrize("cursor", ["no-such-place", "999999999999", "2013-06-29T00:00:00Z"])
def test_a_cursor_that_no_answer_gave_is_refused_by_every_list(described, filled, cursor):
    client, ids = filled
    paths = listed(described)
    assert len(paths) >= 14
    for path in paths:
        asked = {"cursor": cursor, **({"symbol": "AAPL"} if path.endswith("v1/bars") or "market/bars" in path else {})}
        told = client.get(re.sub(r"\{(\w+)\}", lambda one: ids[one[1]], path), params=asked)
        assert told.status_code == 422, (path, told.status_code, told.text[:200])
        assert "cursor" in told.json()["detail"], (path, told.text)


def walked(client: httpx.Client, path: str) -> list[object]:
    """Go through a list, two at a time, and give what stands on its pages."""
    found, cursor = list[object](), dict[str, str]()
    while True:
        told = client.get(path, params={"limit": 2, **cursor})
        assert told.status_code == 200, told.text
        found += told.json()["items"]
        if told.json()["next"] is None:
            return found
        cursor = {"cursor": str(told.json()["next"])}


def test_a_cursor_that_was_given_goes_on_where_the_page_ended(filled):
    client, _ = filled
    for symbol in ("AAPL", "MSFT", "SPY"):
        assert client.post("/api/v2/backtests", json={"symbols": [symbol]}).status_code == 202
    for path in ("forecasts", "jobs", "auth/admin/audit"):
        whole = client.get(f"/api/v2/{path}").json()["items"]
        assert len(whole) > 1
        assert walked(client, f"/api/v2/{path}") == whole


def test_the_deliveries_of_another_webhook_are_no_place_to_go_on_from(filled, service: Served):
    client, ids = filled
    asked = {"url": f"{service.url}/health", "events": ["model_trained"]}
    other = client.post("/api/v2/webhooks", json=asked).json()["id"]
    for _ in range(2):
        assert client.post(f"/api/v2/webhooks/{other}/test").is_success
    sent = client.get(f"/api/v2/webhooks/{other}/deliveries", params={"limit": 1}).json()["next"]
    for version in ("v1", "v2"):
        places = [f"/api/{version}/webhooks/{id}/deliveries" for id in (other, ids["webhook_id"])]
        told = [client.get(place, params={"cursor": sent}).status_code for place in places]
        assert told == [200, 422]


def test_a_grid_without_bounds_is_refused_before_it_is_a_job(service: Served):
    values = [one / 1000 for one in range(10, 1010)]
    grid = {"window": list(range(20, 1020)), "stop": values, "target": values}
    with service.client() as client:
        asked = {"symbols": ["AAPL"], "strategy": "momentum", "grid": grid}
        told = client.post("/api/v2/backtests", json={**asked, "walk": 252})
        old = client.post("/api/v1/backtest", json={**asked, "walk_forward_window": 252})
    assert [told.status_code, old.status_code] == [422, 422]
    assert "The grid has 1000000000 combinations" in told.json()["detail"]


@pytest.mark.parametrize("text", ["1_0", "1%200", "+10", "%EF%BC%91%EF%BC%90"])
def test_a_number_that_only_a_program_would_write_so_is_refused(service: Served, text):
    with service.client() as client:
        for path in ("/api/v1/ledger", "/api/v2/instruments/AAPL/bars"):
            told = client.get(f"{path}?limit={text}")
            assert told.status_code == 422, (path, told.text)
            assert "It is no number" in told.text
            assert client.get(f"{path}?limit=10").status_code == 200
