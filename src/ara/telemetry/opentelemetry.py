"""Traces and metrics by OpenTelemetry, sent as OTLP over HTTP; the extra `observe` brings its SDK."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, Status, StatusCode

from ara import __version__
from ara.redaction import redact
from ara.telemetry.adapter import Labels
from ara.telemetry.buckets import BUCKETS

__all__ = ["OpenTelemetry"]

_PATIENCE: Final = 3


class OpenTelemetry:
    """Sends spans as they end and metrics once a minute, from providers of its own: no global one is touched.

    Parameters
    ----------
    endpoint
        Address of the collector, without the path: `http://localhost:4318`.
    profile
        Told as `deployment.environment.name`.
    mark
        Gives the id of the present request, command or job, which each span carries as `ara.correlation`.
    """

    def __init__(self, endpoint: str, *, profile: str, mark: Callable[[], str] | None = None) -> None:
        self._mark = mark
        address = endpoint.rstrip("/")
        resource = Resource.create(
            {"service.name": "ara", "service.version": __version__, "deployment.environment.name": profile}
        )
        spans = OTLPSpanExporter(f"{address}/v1/traces", timeout=_PATIENCE)
        metrics = OTLPMetricExporter(f"{address}/v1/metrics", timeout=_PATIENCE)
        reader = PeriodicExportingMetricReader(metrics, export_interval_millis=60_000)
        self._traces = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._traces.add_span_processor(BatchSpanProcessor(spans))
        self._metrics = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._tracer = self._traces.get_tracer("ara", __version__)
        self._meter = self._metrics.get_meter("ara", __version__)

    def count(self, name: str, amount: float, labels: Labels) -> None:
        """Add to the counter `ara.<name>`."""
        self._meter.create_counter(f"ara.{name}").add(amount, labels)

    def level(self, name: str, value: float, labels: Labels) -> None:
        """Set the gauge `ara.<name>`."""
        self._meter.create_gauge(f"ara.{name}").set(value, labels)

    def record(self, name: str, value: float, labels: Labels) -> None:
        """Put a value into the histogram `ara.<name>`."""
        histogram = self._meter.create_histogram(f"ara.{name}", explicit_bucket_boundaries_advisory=BUCKETS)
        histogram.record(value, labels)

    def span(self, name: str, labels: Labels) -> AbstractContextManager[object]:
        """Open a span below the present one; an exception becomes an event of it, redacted."""
        return self._span(name, labels)

    def error(self, error: BaseException, stage: str, labels: Labels) -> None:
        """Do nothing: the span has noted it."""

    def close(self) -> None:
        """Send what waits; gives up after a few seconds where no collector answers."""
        self._traces.shutdown()
        self._metrics.shutdown(timeout_millis=_PATIENCE * 1000)

    def _marked(self, labels: Labels) -> Labels:
        id = self._mark() if self._mark is not None else ""
        return {**labels, "ara.correlation": id} if id else labels

    @contextmanager
    def _span(self, name: str, labels: Labels) -> Iterator[None]:
        opened = self._tracer.start_as_current_span(
            name, attributes=self._marked(labels), record_exception=False, set_status_on_exception=False
        )
        with opened as span:
            try:
                yield
            except BaseException as error:
                with suppress(Exception):
                    _note(span, error)
                raise


def _note(span: Span, error: BaseException) -> None:
    message = redact(str(error))
    span.add_event(
        "exception",
        {
            "exception.type": type(error).__qualname__,
            "exception.message": message,
            "exception.stacktrace": redact("".join(traceback.format_exception(error))),
        },
    )
    if isinstance(error, Exception):
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {message}"))
