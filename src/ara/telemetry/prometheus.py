"""Metrics for Prometheus to collect; the extra `observe` brings its client."""

import logging
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import accumulate
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from ara.telemetry.adapter import Labels
from ara.telemetry.buckets import BUCKETS

__all__ = ["Prometheus"]

_STRANGE: Final = re.compile(r"[^a-z0-9_]+")
_Series = tuple[tuple[str, str], ...]
_log = logging.getLogger(__name__)


class Prometheus:
    """Keeps metrics, named `ara_…`, in a registry of its own, beside those of the process.

    Uses of one metric may differ in their labels; what one lacks is empty, which to Prometheus is the same as absent.
    """

    def __init__(self) -> None:
        self._figures = _Figures()
        self._registry = CollectorRegistry()
        self._registry.register(self._figures)
        ProcessCollector(registry=self._registry)

    def count(self, name: str, amount: float, labels: Labels) -> None:
        """Add to the counter `ara_<name>_total`."""
        self._figures.add("counter", name, amount, labels)

    def level(self, name: str, value: float, labels: Labels) -> None:
        """Set the gauge `ara_<name>`."""
        self._figures.add("gauge", name, value, labels)

    def record(self, name: str, value: float, labels: Labels) -> None:
        """Put a value into the histogram `ara_<name>`."""
        self._figures.add("histogram", name, value, labels)

    def span(self, name: str, labels: Labels) -> AbstractContextManager[object]:
        """Do nothing: Prometheus keeps no traces."""
        return nullcontext()

    def error(self, error: BaseException, stage: str, labels: Labels) -> None:
        """Count the error in `ara_errors_total`, by stage and type."""
        self.count("errors", 1, {"stage": stage, "type": type(error).__name__})

    def exposition(self) -> bytes:
        """Give all metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def close(self) -> None:
        """Do nothing: nothing waits to be sent."""


class _Spread:
    """The state of one series of a histogram; the last count is of what lies beyond all bounds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def record(self, value: float) -> None:
        self.counts[bisect_left(BUCKETS, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        bounds = [*map(floatToGoString, BUCKETS), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


class _Figures(Collector):
    """All series of all metrics, as the registry asks for them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kinds: dict[str, str] = {}
        self._left_out: set[tuple[str, str]] = set()
        self._values: dict[str, dict[_Series, float]] = {}
        self._spreads: dict[str, dict[_Series, _Spread]] = {}

    def add(self, kind: str, name: str, value: float, labels: Labels) -> None:
        metric = f"ara_{_named(name)}"
        series = tuple(sorted((_named(label), text) for label, text in labels.items()))
        with self._lock:
            if (known := self._kinds.setdefault(metric, kind)) != kind:
                if (metric, kind) not in self._left_out:
                    _log.warning("The metric %s is a %s; its use as a %s is left out.", metric, known, kind)
                self._left_out.add((metric, kind))
            elif kind == "histogram":
                self._spreads.setdefault(metric, {}).setdefault(series, _Spread()).record(value)
            else:
                values = self._values.setdefault(metric, {})
                values[series] = values.get(series, 0.0) + value if kind == "counter" else value

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            yield from [self._family(name, kind) for name, kind in self._kinds.items()]

    def _family(self, name: str, kind: str) -> Metric:
        words = name.removeprefix("ara_").replace("_", " ")
        every: Mapping[_Series, object] = self._spreads[name] if kind == "histogram" else self._values[name]
        labels = sorted({label for series in every for label, _ in series})
        if kind == "histogram":
            family = HistogramMetricFamily(name, words, labels=labels)
            for series, spread in self._spreads[name].items():
                family.add_metric(_row(series, labels), spread.buckets(), spread.total)
            return family
        plain = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(name, words, labels=labels)
        for series, value in self._values[name].items():
            plain.add_metric(_row(series, labels), value)
        return plain


def _row(series: _Series, labels: list[str]) -> list[str]:
    given = dict(series)
    return [given.get(label, "") for label in labels]


def _named(name: str) -> str:
    return _STRANGE.sub("_", name.lower())
