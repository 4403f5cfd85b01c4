"""Which adapters the settings switch on; the only place that imports them."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ara.errors import PluginError
from ara.telemetry.adapter import Adapter

if TYPE_CHECKING:
    from ara.settings import TelemetrySettings

__all__ = ["switch_on"]

_PACKAGES: Final = {
    "prometheus": ("telemetry.prometheus", "prometheus-client"),
    "opentelemetry": ("telemetry.otlp_endpoint", "opentelemetry-sdk"),
    "sentry": ("telemetry.sentry_dsn", "sentry-sdk"),
}


def switch_on(
    wanted: "TelemetrySettings", *, profile: str, mark: Callable[[], str] | None = None
) -> tuple[list[Adapter], Callable[[], bytes] | None]:
    """Make the adapters that are wanted, and what gives Prometheus's text where it is one of them."""
    adapters: list[Adapter] = []
    exposition = None
    if wanted.prometheus:
        prometheus = _module("prometheus").Prometheus()
        adapters.append(prometheus)
        exposition = prometheus.exposition
    if wanted.otlp_endpoint:
        adapters.append(_module("opentelemetry").OpenTelemetry(wanted.otlp_endpoint, profile=profile, mark=mark))
    if wanted.sentry_dsn:
        adapters.append(_module("sentry").Sentry(wanted.sentry_dsn, profile=profile))
    return adapters, exposition


def _module(name: str) -> ModuleType:
    try:
        return import_module(f"ara.telemetry.{name}")
    except ModuleNotFoundError as error:
        setting, package = _PACKAGES[name]
        raise PluginError(
            f"{setting} is on, but the package {package} is not installed (no module {error.name}).",
            hint="pip install 'ara-ai[observe]'",
        ) from None
