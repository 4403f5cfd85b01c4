"""What the real SDK sends over HTTP, read as Sentry reads it."""

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk

from ara.errors import ConfigurationError, StoreError
from ara.settings import Secret, Settings, TelemetrySettings
from ara.telemetry import Telemetry

Open = Callable[..., Telemetry]


def event(collector: Any) -> dict[str, Any]:
    ((_, head, found),) = collector.envelopes()
    assert head["type"] == "event"
    return found


def test_an_error_is_reported_with_its_stage(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(sentry=True)
    with pytest.raises(RuntimeError), telemetry.stage("outer"), telemetry.stage("data", provider="sample"):
        raise RuntimeError("broke")
    telemetry.close()
    found = event(collector)
    (error,) = found["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", "broke")
    assert error["stacktrace"]["frames"][-1]["function"] == "test_an_error_is_reported_with_its_stage"
    assert found["tags"] == {"stage": "data", "provider": "sample"}
    assert found["release"].startswith("ara-ai@")
    assert found["environment"] == "test"


def test_an_error_of_ara_brings_its_code(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(sentry=True)
    with pytest.raises(StoreError), telemetry.stage("ledger"):
        raise StoreError("No room.", hint="Free some.", path="/x", token="abc")
    telemetry.close()
    found = event(collector)
    assert found["tags"]["code"] == "store"
    assert found["extra"] == {"hint": "Free some.", "context": {"path": "/x", "token": "***"}}


def test_nothing_secret_and_nothing_of_the_machine_is_sent(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(sentry=True)

    def work(password: str) -> None:
        try:
            raise ValueError("postgresql://me:hunter2@host/db")
        except ValueError as error:
            error.add_note("api_key: hunter2")
            raise RuntimeError(f"password={password}") from error

    with pytest.raises(RuntimeError), telemetry.stage("data", note="token=hunter2"):
        work("hunter2-in-a-variable")
    telemetry.close()
    sent = collector.received[0][1].decode()
    assert "hunter2" not in sent
    assert socket.gethostname() not in json.dumps({**event(collector), "event_id": ""})
    for frame in [each for error in event(collector)["exception"]["values"] for each in error["stacktrace"]["frames"]]:
        assert "vars" not in frame
        assert "context_line" not in frame


def test_no_fault_no_report(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(sentry=True)
    telemetry.counter("forecasts").add()
    telemetry.gauge("queue").set(1)
    with telemetry.stage("data"):
        telemetry.histogram("sizes").record(1)
    telemetry.close()
    assert collector.received == []


def test_no_global_client_is_touched(open_telemetry: Open):
    open_telemetry(sentry=True)
    assert not sentry_sdk.is_initialized()


@pytest.mark.parametrize(
    "dsn", ["nonsense-hunter2", "https://host-without-key/7", "ftp://hunter2@host/7", "http://k@h/"]
)
def test_a_wrong_address_is_an_error_that_does_not_repeat_it(dsn: str):
    with pytest.raises(ConfigurationError, match=r"telemetry\.sentry_dsn is not") as caught:
        Telemetry.open(Settings(telemetry=TelemetrySettings(sentry_dsn=Secret(dsn))))
    assert dsn not in str(caught.value.problem())


def test_a_server_that_fails_or_is_not_there_stops_nothing(open_telemetry: Open, collector: Any):
    collector.status = 500
    absent = Telemetry.open(Settings(telemetry=TelemetrySettings(sentry_dsn=Secret("http://key@127.0.0.1:9/7"))))
    for telemetry in (open_telemetry(sentry=True), absent):
        with pytest.raises(KeyError), telemetry.stage("data"):
            raise KeyError("x")
        telemetry.close()


def test_all_three_at_once(open_telemetry: Open, collector: Any):
    telemetry = open_telemetry(prometheus=True, otlp=True, sentry=True)
    with pytest.raises(KeyError), telemetry.stage("data"):
        raise KeyError("x")
    assert b"ara_errors_total" in telemetry.exposition()
    telemetry.close()
    assert {path for path, _ in collector.received} == {"/v1/traces", "/v1/metrics", "/api/7/envelope/"}
