"""What the real SDK sends over HTTP, read by the protocol's own messages."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ara.settings import Settings, TelemetrySettings
from ara.telemetry import Telemetry

Open = Callable[..., Telemetry]


def plain(attributes: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in attributes}


def spans(collector: Any) -> dict[str, Any]:
    found = {}
    for body in collector.bodies("/v1/traces"):
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                found |= {span.name: span for span in scope.spans}
    return found


def figures(collector: Any) -> dict[str, Any]:
    found = {}
    for body in collector.bodies("/v1/metrics"):
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for scope in resource.scope_metrics:
                found |= {metric.name: metric for metric in scope.metrics}
    return found


def test_stages_are_spans_within_spans(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(otlp=True)
    with telemetry.stage("predict", model="ewma_t"), telemetry.stage("data"):
        pass
    telemetry.close()
    found = spans(collector)
    assert found["data"].parent_span_id == found["predict"].span_id
    assert found["data"].trace_id == found["predict"].trace_id
    assert found["predict"].parent_span_id == b""
    assert plain(found["predict"].attributes) == {"model": "ewma_t"}
    assert found["data"].end_time_unix_nano >= found["data"].start_time_unix_nano
    assert found["data"].status.code == 0


def test_it_says_who_speaks(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(otlp=True)
    with telemetry.stage("data"):
        pass
    telemetry.close()
    (body,) = collector.bodies("/v1/traces")
    said = plain(ExportTraceServiceRequest.FromString(body).resource_spans[0].resource.attributes)
    assert said["service.name"] == "ara"
    assert said["deployment.environment.name"] == "test"
    assert said["service.version"][0].isdigit()


def test_an_error_is_noted_and_redacted(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(otlp=True)
    with pytest.raises(RuntimeError), telemetry.stage("data"):
        raise RuntimeError("refused: password=hunter2")
    telemetry.close()
    span = spans(collector)["data"]
    assert span.status.code == 2
    assert span.status.message == "RuntimeError: refused: password=***"
    (event,) = span.events
    noted = plain(event.attributes)
    assert noted["exception.type"] == "RuntimeError"
    assert noted["exception.message"] == "refused: password=***"
    assert "test_opentelemetry.py" in noted["exception.stacktrace"]
    assert not any(b"hunter2" in body for _, body in collector.received)


def test_an_error_that_can_not_tell_itself_still_passes(open_telemetry: Open, collector: Any):
    class SpeechlessError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    telemetry = open_telemetry(otlp=True)
    with pytest.raises(SpeechlessError), telemetry.stage("data"):
        raise SpeechlessError
    telemetry.close()
    assert "data" in spans(collector)


def test_a_cancelled_stage_is_no_error(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(otlp=True)
    with pytest.raises(asyncio.CancelledError), telemetry.stage("data"):
        raise asyncio.CancelledError
    telemetry.close()
    assert spans(collector)["data"].status.code == 0


def test_metrics(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(otlp=True)
    telemetry.counter("forecasts").add(2, model="ewma_t")
    telemetry.counter("forecasts").add(3, model="ewma_t")
    telemetry.gauge("queue").set(5)
    telemetry.gauge("queue").set(4)
    telemetry.histogram("sizes").record(0.3)
    telemetry.histogram("sizes").record(7)
    with telemetry.stage("data"):
        pass
    telemetry.close()
    found = figures(collector)
    (count,) = found["ara.forecasts"].sum.data_points
    assert (count.as_double or count.as_int) == 5
    assert found["ara.forecasts"].sum.is_monotonic
    assert plain(count.attributes) == {"model": "ewma_t"}
    (level,) = found["ara.queue"].gauge.data_points
    assert (level.as_double or level.as_int) == 4
    (sizes,) = found["ara.sizes"].histogram.data_points
    assert (sizes.count, sizes.sum) == (2, 7.3)
    assert sizes.bucket_counts[list(sizes.explicit_bounds).index(0.5)] == 1
    (stage,) = found["ara.stage_seconds"].histogram.data_points
    assert plain(stage.attributes) == {"stage": "data", "outcome": "ok"}


async def test_tasks_have_their_own_spans(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(otlp=True)

    async def work(name: str) -> None:
        with telemetry.stage(name):
            await asyncio.sleep(0)
            with telemetry.stage(f"{name}.inner"):
                await asyncio.sleep(0)

    await asyncio.gather(work("a"), work("b"))
    telemetry.close()
    found = spans(collector)
    for name in ("a", "b"):
        assert found[f"{name}.inner"].parent_span_id == found[name].span_id
    assert found["a"].trace_id != found["b"].trace_id


def test_no_global_provider_is_touched(open_telemetry: Open):
    open_telemetry(otlp=True)
    assert type(trace.get_tracer_provider()).__name__.startswith("Proxy")
    assert type(metrics.get_meter_provider()).__name__.startswith("_Proxy")


def test_a_collector_that_fails_or_is_not_there_stops_nothing(open_telemetry: Open, collector: Any):
    collector.status = 500
    absent = Telemetry.open(Settings(telemetry=TelemetrySettings(otlp_endpoint="http://127.0.0.1:9")))
    for telemetry in (open_telemetry(otlp=True), absent):
        with telemetry.stage("data"):
            telemetry.counter("forecasts").add()
        telemetry.close()
