"""What the service tells those who watch over it: metrics by their documented names, and traces with request ids."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ara.api.seen import Seen
from ara.settings import Settings
from tests.api.conftest import Served, serve
from tests.telemetry.conftest import Collector, collector

__all__ = ["collector"]

ASKED = {"symbol": "AAPL", "days": 1, "model": "ewma_t", "include_explanations": False}
NAMED = Path(__file__).parents[2] / "docs" / "how_to" / "service.md"


def settings(home: Path, **more: str) -> Settings:
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    return Settings.load({**asked, "jobs.inside": "0", **more})


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("watched")
    yield from serve(settings(home, **{"telemetry.prometheus": "true"}))


def values(text: str, metric: str) -> dict[str, float]:
    """Give the series of a metric by their labels as they are written."""
    found = re.findall(rf"^{metric}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


def test_what_is_counted_and_measured_has_the_names_that_are_documented(watched: Served):
    with watched.client() as client:
        assert client.post("/api/v1/predict", json=ASKED).status_code == 200
        assert client.get("/api/v1/predictions/ffffff").status_code == 404
        job = client.post("/api/v1/backtest", json={"symbol": "AAPL", "strategy": "momentum"}).json()
        hook = {"url": "https://example.org/", "events": ["system_error"]}
        assert client.post("/api/v1/webhooks", json=hook).status_code in {201, 422}
        text = client.get("/metrics").text
        client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
        later = client.get("/metrics").text
    asked = values(text, "ara_api_requests_total")
    assert asked['method="POST",route="/api/v1/predict",status="200"'] == 1
    assert asked['method="GET",route="/api/v1/predictions/{prediction_id}",status="404"'] == 1
    assert values(text, "ara_api_seconds_count")['route="/api/v1/predict"'] == 1
    for name, value in (("api_users", 1), ("api_sockets", 0), ("store_up", 1), ("webhooks_waiting", 0)):
        assert values(text, f"ara_{name}") == {"": value}
    assert values(text, "ara_jobs")['queue="backtests",state="waiting"'] == 1
    assert values(later, "ara_jobs")['queue="backtests",state="waiting"'] == 0
    documented = set(re.findall(r"^\| `((?:ara|process)_[a-z_]+)`", NAMED.read_text(), re.MULTILINE))
    told = {name.removesuffix("_count").removesuffix("_bucket").removesuffix("_sum") for name in re.findall(
        r"^((?:ara|process)_[a-z_]+)", later, re.MULTILINE)}  # fmt: skip
    assert {one for one in told if one.startswith("ara_")} <= documented


def test_a_path_is_counted_by_its_route_whatever_the_id_is(watched: Served):
    with watched.client() as client:
        for strange in ("api", "a", "v1", "j", "jobs", "cancel", "c", "{job_id}", "a.b", "%E2%82%AC"):
            client.get(f"/api/v1/jobs/{strange}")
            client.post(f"/api/v1/jobs/{strange}/cancel")
        text, paths = client.get("/metrics").text, client.get("/openapi.json").json()["paths"]
    asked = {re.search(r'route="([^"]*)"', labels)[1] for labels in values(text, "ara_api_requests_total")}
    assert {one for one in asked if "j" in one} == {"/api/v1/jobs/{job_id}", "/api/v1/jobs/{job_id}/cancel"}
    assert asked <= {*paths, "unknown"}


def test_spans_of_a_request_carry_its_id_and_lie_in_one_trace(tmp_path: Path, collector: Collector):
    made = settings(tmp_path, **{"telemetry.otlp_endpoint": f"http://{collector.address}"})
    for served in serve(made):
        with served.client(**{"X-Request-ID": "the-request-1"}) as client:
            answer = client.post("/api/v1/predict", json=ASKED)
        assert (answer.status_code, answer.headers["x-request-id"]) == (200, "the-request-1")
    spans = {span.name: span for body in collector.bodies("/v1/traces") for span in _spans(body)
             if _id(span) == "the-request-1"}  # fmt: skip
    assert {"request", "data", "compute", "ledger"} <= set(spans)
    assert len({span.trace_id for span in spans.values()}) == 1
    assert spans["ledger"].parent_span_id == spans["request"].span_id


def _spans(body: bytes) -> list[Any]:
    told = ExportTraceServiceRequest.FromString(body)
    return [span for one in told.resource_spans for scope in one.scope_spans for span in scope.spans]


def _id(span: Any) -> str:
    return next((one.value.string_value for one in span.attributes if one.key == "ara.correlation"), "")


def test_users_of_late_are_those_of_five_minutes():
    seen = Seen()
    for number, who in enumerate(["ada", "bob", "ada", "eve"]):
        seen.note(who, 100.0 * number)
    assert [seen.count(at) for at in (300, 401, 501, 601)] == [3, 2, 1, 0]
