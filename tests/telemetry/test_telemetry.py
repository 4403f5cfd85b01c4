"""Instruments, stages, and nothing at all when off."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ara.errors import CancelledError, ConfigurationError, PluginError, UnknownSymbolError, ValidationError
from ara.settings import Secret, Settings, TelemetrySettings
from ara.telemetry import Adapter, Labels, Telemetry


class Diary:
    """An adapter that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def count(self, name: str, amount: float, labels: Labels) -> None:
        self.told.append(("count", name, amount, dict(labels)))

    def level(self, name: str, value: float, labels: Labels) -> None:
        self.told.append(("level", name, value, dict(labels)))

    def record(self, name: str, value: float, labels: Labels) -> None:
        assert value >= 0
        self.told.append(("record", name, dict(labels)))

    @contextmanager
    def span(self, name: str, labels: Labels) -> Iterator[None]:
        self.told.append(("begin", name, dict(labels)))
        try:
            yield
        finally:
            self.told.append(("end", name))

    def error(self, error: BaseException, stage: str, labels: Labels) -> None:
        self.told.append(("error", repr(error), stage, dict(labels)))

    def close(self) -> None:
        self.told.append(("close",))


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def telemetry(diary: Diary) -> Telemetry:
    adapter: Adapter = diary
    return Telemetry([adapter])


def test_instruments(telemetry: Telemetry, diary: Diary):
    counter = telemetry.counter("forecasts")
    counter.add()
    counter.add(2, model="ewma_t", days=5)
    telemetry.gauge("queue").set(-1.5, name="a")
    telemetry.histogram("sizes").record(3, kind=None)
    assert diary.told == [
        ("count", "forecasts", 1, {}),
        ("count", "forecasts", 2, {"model": "ewma_t", "days": "5"}),
        ("level", "queue", -1.5, {"name": "a"}),
        ("record", "sizes", {"kind": "None"}),
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_would_spoil_a_histogram_is_left_out(telemetry: Telemetry, diary: Diary, value: float):
    telemetry.histogram("sizes").record(value)
    assert diary.told == []


def test_a_counter_only_grows(telemetry: Telemetry):
    for each in (telemetry, Telemetry()):
        with pytest.raises(ValidationError, match="can't grow by -1"):
            each.counter("forecasts").add(-1)


def test_a_stage_is_a_span_and_a_duration(telemetry: Telemetry, diary: Diary):
    with telemetry.stage("predict", model="m"), telemetry.stage("data"):
        pass
    assert diary.told == [
        ("begin", "predict", {"model": "m"}),
        ("begin", "data", {}),
        ("record", "stage_seconds", {"stage": "data", "outcome": "ok"}),
        ("end", "data"),
        ("record", "stage_seconds", {"model": "m", "stage": "predict", "outcome": "ok"}),
        ("end", "predict"),
    ]


def test_an_error_passes_and_is_reported_once(telemetry: Telemetry, diary: Diary):
    with pytest.raises(KeyError), telemetry.stage("outer"), telemetry.stage("inner", n=1):
        raise KeyError("x")
    assert [told for told in diary.told if told[0] == "error"] == [("error", "KeyError('x')", "inner", {"n": "1"})]
    outcomes = [told[2]["outcome"] for told in diary.told if told[0] == "record"]
    assert outcomes == ["error", "error"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnknownSymbolError("No X."), "refused"),
        (ValidationError("No."), "refused"),
        (CancelledError("Stopped."), "cancelled"),
        (asyncio.CancelledError(), "cancelled"),
        (KeyboardInterrupt(), "cancelled"),
    ],
)
def test_what_is_no_fault_is_not_reported(telemetry: Telemetry, diary: Diary, error: BaseException, outcome: str):
    with pytest.raises(type(error)), telemetry.stage("work"):
        raise error
    assert [told[0] for told in diary.told] == ["begin", "record", "end"]
    assert diary.told[1][2]["outcome"] == outcome


def test_a_wrong_setting_is_a_fault(telemetry: Telemetry, diary: Diary):
    with pytest.raises(ConfigurationError), telemetry.stage("work"):
        raise ConfigurationError("No.")
    assert diary.told[1][2]["outcome"] == "error"
    assert diary.told[2][0] == "error"


def test_a_closed_one_is_silent(telemetry: Telemetry, diary: Diary):
    telemetry.close()
    telemetry.close()
    telemetry.counter("forecasts").add()
    with telemetry.stage("work"):
        pass
    assert diary.told == [("close",)]


def test_off_every_call_does_nothing_and_makes_nothing():
    telemetry = Telemetry.open(Settings())
    assert telemetry.stage("a", n=1) is telemetry.stage("b")
    assert telemetry.counter("a") is telemetry.counter("b")
    assert telemetry.gauge("a") is telemetry.gauge("b")
    assert telemetry.histogram("a") is telemetry.histogram("b")
    telemetry.counter("a").add(1, symbol="AAPL")
    telemetry.gauge("a").set(1)
    telemetry.histogram("a").record(1)
    with pytest.raises(KeyError), telemetry.stage("a"), telemetry.stage("a"):
        raise KeyError("passes")
    telemetry.close()


def test_off_there_is_no_exposition():
    with pytest.raises(ConfigurationError, match=r"telemetry\.prometheus is off"):
        Telemetry().exposition()


def test_off_nothing_is_imported():
    script = (
        "import sys; from ara.settings import Settings; from ara.telemetry import Telemetry;"
        "Telemetry.open(Settings()).close();"
        "print([name for name in sys.modules if name.startswith(('prometheus', 'opentelemetry', 'sentry'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("module", "adapter", "wanted"),
    [
        ("prometheus_client", "prometheus", TelemetrySettings(prometheus=True)),
        ("opentelemetry.sdk.trace", "opentelemetry", TelemetrySettings(otlp_endpoint="http://127.0.0.1:4318")),
        ("sentry_sdk", "sentry", TelemetrySettings(sentry_dsn=Secret("http://key@127.0.0.1/7"))),
    ],
)
def test_without_its_package_the_line_to_install_it(
    monkeypatch: pytest.MonkeyPatch, module: str, adapter: str, wanted: TelemetrySettings
):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"ara.telemetry.{adapter}", raising=False)
    with pytest.raises(
        PluginError, match=f"package {module.partition('.')[0].replace('_', '-')}.* is not installed"
    ) as caught:
        Telemetry.open(Settings(telemetry=wanted))
    assert caught.value.hint == "pip install 'ara-ai[observe]'"
