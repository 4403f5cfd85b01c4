"""What Ara counts, measures and times, and where it tells it: Prometheus, OpenTelemetry, Sentry, or nobody.

Rooms ask their desk's `Telemetry` for instruments and wrap their stages; they know none of the three. Each adapter is
imported when a setting switches it on. With all of them off a call does nothing and costs less than a microsecond.
"""

from ara.telemetry.adapter import Adapter, Labels
from ara.telemetry.telemetry import Counter, Gauge, Histogram, Telemetry

__all__ = ["Adapter", "Counter", "Gauge", "Histogram", "Labels", "Telemetry"]
