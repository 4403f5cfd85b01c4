"""Prometheus's own parser reads what its own client writes."""

import logging
import threading
from collections.abc import Callable

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from ara.telemetry import Telemetry

Open = Callable[..., Telemetry]


def families(telemetry: Telemetry) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(telemetry.exposition().decode())}


def values(family: Metric) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in family.samples}


def test_counters_gauges_histograms(open_telemetry: Open):
    telemetry = open_telemetry(prometheus=True)
    telemetry.counter("forecasts").add(2, model="ewma_t")
    telemetry.counter("forecasts").add(3, model="ewma_t")
    telemetry.gauge("queue").set(5)
    telemetry.gauge("queue").set(4)
    for value in (0.00005, 0.3, 0.5, 10_000):
        telemetry.histogram("sizes").record(value)
    found = families(telemetry)
    assert found["ara_forecasts"].type == "counter"
    assert values(found["ara_forecasts"]) == {("ara_forecasts_total", (("model", "ewma_t"),)): 5}
    assert values(found["ara_queue"]) == {("ara_queue", ()): 4}
    sizes = values(found["ara_sizes"])
    assert sizes["ara_sizes_count", ()] == 4
    assert sizes["ara_sizes_sum", ()] == pytest.approx(10_000.80005)
    assert [sizes["ara_sizes_bucket", (("le", bound),)] for bound in ("0.0001", "0.2", "0.5", "5000.0", "+Inf")] == [
        *(1, 1, 3, 3, 4)
    ]


def test_uses_may_differ_in_labels(open_telemetry: Open):
    telemetry = open_telemetry(prometheus=True)
    telemetry.counter("calls").add(1)
    telemetry.counter("calls").add(2, provider="sample")
    telemetry.counter("calls").add(4, outcome="ok", provider="sample")
    telemetry.counter("calls").add(8, provider="sample", outcome="ok")
    found = values(families(telemetry)["ara_calls"])
    assert found == {
        ("ara_calls_total", (("outcome", ""), ("provider", ""))): 1,
        ("ara_calls_total", (("outcome", ""), ("provider", "sample"))): 2,
        ("ara_calls_total", (("outcome", "ok"), ("provider", "sample"))): 12,
    }


def test_hostile_labels_and_names(open_telemetry: Open):
    telemetry = open_telemetry(prometheus=True)
    text = 'two\nlines "quoted" back\\slash {} é'
    telemetry.counter("Odd name-here").add(1, label=text)
    (sample,) = families(telemetry)["ara_odd_name_here"].samples
    assert sample.labels == {"label": text}


def test_a_name_stands_for_one_kind(open_telemetry: Open, caplog: pytest.LogCaptureFixture):
    telemetry = open_telemetry(prometheus=True)
    telemetry.counter("things").add(1)
    with caplog.at_level(logging.WARNING):
        telemetry.gauge("things").set(9)
        telemetry.gauge("things").set(9)
    assert [record.getMessage() for record in caplog.records] == [
        "The metric ara_things is a counter; its use as a gauge is left out."
    ]
    assert values(families(telemetry)["ara_things"]) == {("ara_things_total", ()): 1}


def test_stages_and_errors(open_telemetry: Open):
    telemetry = open_telemetry(prometheus=True)
    with telemetry.stage("data"):
        pass
    with pytest.raises(KeyError), telemetry.stage("data"):
        raise KeyError("x")
    found = families(telemetry)
    stages = values(found["ara_stage_seconds"])
    for outcome in ("ok", "error"):
        assert stages["ara_stage_seconds_count", (("outcome", outcome), ("stage", "data"))] == 1
    assert values(found["ara_errors"]) == {("ara_errors_total", (("stage", "data"), ("type", "KeyError"))): 1}


def test_the_process_is_measured_too(open_telemetry: Open):
    assert families(open_telemetry(prometheus=True))["process_cpu_seconds"].samples[0].value > 0


def test_two_are_apart(open_telemetry: Open):
    one, two = open_telemetry(prometheus=True), open_telemetry(prometheus=True)
    one.counter("forecasts").add()
    assert "ara_forecasts" not in families(two)


def test_no_count_is_lost_between_threads(open_telemetry: Open):
    telemetry = open_telemetry(prometheus=True)

    def work() -> None:
        for number in range(500):
            telemetry.counter("calls").add(1, n=number % 7)
            telemetry.histogram("sizes").record(number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        families(telemetry)
    for thread in threads:
        thread.join()
    found = families(telemetry)
    assert sum(values(found["ara_calls"]).values()) == 2_000
    assert values(found["ara_sizes"])["ara_sizes_count", ()] == 2_000
