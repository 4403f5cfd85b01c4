"""Instruments and stages, handed on to whatever adapters are switched on."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from ara.errors import CancelledError, ConfigurationError, ValidationError
from ara.telemetry.adapter import Adapter, Labels

if TYPE_CHECKING:
    from ara.settings import Settings

__all__ = ["Counter", "Gauge", "Histogram", "Telemetry"]


class Counter:
    """A sum that only grows: forecasts made, errors met.

    Parameters
    ----------
    adapters
        Who is told.
    name
        Small letters, digits and underscores, a plural where it counts things: `forecasts`.
    """

    __slots__ = ("_adapters", "_name")

    def __init__(self, adapters: Sequence[Adapter], name: str) -> None:
        self._adapters = adapters
        self._name = name

    def add(self, amount: float = 1, /, **labels: object) -> None:
        """Add to the sum; a negative amount is refused."""
        if amount < 0:
            raise ValidationError(f"A counter can't grow by {amount}: it only counts up.", hint="Use a gauge.")
        for adapter in self._adapters:
            adapter.count(self._name, amount, _words(labels))


class Gauge:
    """A value that rises and falls: entries in a queue, bytes in a cache.

    Parameters
    ----------
    adapters
        Who is told.
    name
        As for a counter, with its unit at the end where it has one: `cache_bytes`.
    """

    __slots__ = ("_adapters", "_name")

    def __init__(self, adapters: Sequence[Adapter], name: str) -> None:
        self._adapters = adapters
        self._name = name

    def set(self, value: float, /, **labels: object) -> None:
        """Say what the value is now."""
        for adapter in self._adapters:
            adapter.level(self._name, value, _words(labels))


class Histogram:
    """How values are spread: durations, sizes.

    Parameters
    ----------
    adapters
        Who is told.
    name
        As for a gauge: `fetch_seconds`.
    """

    __slots__ = ("_adapters", "_name")

    def __init__(self, adapters: Sequence[Adapter], name: str) -> None:
        self._adapters = adapters
        self._name = name

    def record(self, value: float, /, **labels: object) -> None:
        """Put in one value; NaN and infinity are left out, since they would spoil the sum for good."""
        for adapter in self._adapters if math.isfinite(value) else ():
            adapter.record(self._name, value, _words(labels))


class Telemetry:
    """The one thing that a desk hands to its rooms for observation.

    Parameters
    ----------
    adapters
        Who is told; nobody by default, and then every call does nothing.
    exposition
        Gives the metrics as Prometheus reads them, where it is one of the adapters.
    """

    __slots__ = ("_adapters", "_exposition")

    def __init__(self, adapters: Sequence[Adapter] = (), *, exposition: Callable[[], bytes] | None = None) -> None:
        self._adapters = tuple(adapters)
        self._exposition = exposition

    @classmethod
    def open(cls, settings: "Settings", *, mark: Callable[[], str] | None = None) -> "Telemetry":
        """Open what the settings switch on; PluginError where its packages are missing.

        Parameters
        ----------
        settings
            `telemetry` says what is switched on.
        mark
            Gives the id that ties records of one request together, which spans carry too; nothing if None.
        """
        wanted = settings.telemetry
        if not (wanted.prometheus or wanted.otlp_endpoint or wanted.sentry_dsn):
            return cls()
        from ara.telemetry.switch import switch_on

        adapters, exposition = switch_on(wanted, profile=settings.profile, mark=mark)
        return cls(adapters, exposition=exposition)

    def counter(self, name: str, /) -> Counter:
        """Give the counter of that name."""
        return Counter(self._adapters, name) if self._adapters else _NO_COUNTER

    def gauge(self, name: str, /) -> Gauge:
        """Give the gauge of that name."""
        return Gauge(self._adapters, name) if self._adapters else _NO_GAUGE

    def histogram(self, name: str, /) -> Histogram:
        """Give the histogram of that name."""
        return Histogram(self._adapters, name) if self._adapters else _NO_HISTOGRAM

    def stage(self, name: str, /, **labels: object) -> AbstractContextManager[None]:
        """Time a stage of work, as a span where tracing is on.

        Its duration goes to the histogram `stage_seconds` with the labels `stage` and `outcome` (`ok`, `refused` for
        what the caller got wrong, `cancelled`, `error`). An error is reported by the innermost stage that it leaves,
        and passes.
        """
        return _Stage(self._adapters, name, _words(labels)) if self._adapters else _NO_STAGE

    def exposition(self) -> bytes:
        """Give all metrics in the text format of Prometheus; ConfigurationError where it is off."""
        if self._exposition is None:
            raise ConfigurationError(
                "There are no metrics to show: telemetry.prometheus is off.",
                hint="Switch it on: ara config set telemetry.prometheus true",
            )
        return self._exposition()

    def close(self) -> None:
        """Send what waits and let go; later calls do nothing."""
        adapters, self._adapters = self._adapters, ()
        for adapter in adapters:
            adapter.close()


class _Stage:
    """One stage under way; for one use."""

    __slots__ = ("_adapters", "_begun", "_labels", "_name", "_spans")

    def __init__(self, adapters: Sequence[Adapter], name: str, labels: Labels) -> None:
        self._adapters = adapters
        self._name = name
        self._labels = labels
        self._spans = ExitStack()
        self._begun = 0.0

    def __enter__(self) -> None:
        for adapter in self._adapters:
            self._spans.enter_context(adapter.span(self._name, self._labels))
        self._begun = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._begun
        outcome = _outcome(error)
        labels = {**self._labels, "stage": self._name, "outcome": outcome}
        for adapter in self._adapters:
            adapter.record("stage_seconds", seconds, labels)
        if error is not None and outcome == "error" and _SEEN not in vars(error):
            vars(error)[_SEEN] = True
            for adapter in self._adapters:
                adapter.error(error, self._name, self._labels)
        self._spans.__exit__(kind, error, trace)


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    if isinstance(error, ValidationError) and not isinstance(error, ConfigurationError):
        return "refused"
    if isinstance(error, CancelledError) or not isinstance(error, Exception):
        return "cancelled"
    return "error"


def _words(labels: dict[str, Any]) -> Labels:
    return {name: str(value) for name, value in labels.items()}


_SEEN: Final = "__ara_reported__"
_NO_COUNTER: Final = Counter((), "")
_NO_GAUGE: Final = Gauge((), "")
_NO_HISTOGRAM: Final = Histogram((), "")
_NO_STAGE: Final = nullcontext()
