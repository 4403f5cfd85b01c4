"""The seam at which a system of observation is plugged in."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

__all__ = ["Adapter", "Labels"]

Labels = Mapping[str, str]
"""What tells the series of one instrument apart: few words each, never a user's input or an id."""


class Adapter(Protocol):
    """Carries figures and errors to one system. What it can't use it ignores; it never raises."""

    def count(self, name: str, amount: float, labels: Labels) -> None:
        """Add to a counter."""
        ...

    def level(self, name: str, value: float, labels: Labels) -> None:
        """Set a gauge."""
        ...

    def record(self, name: str, value: float, labels: Labels) -> None:
        """Put one value into a histogram."""
        ...

    def span(self, name: str, labels: Labels) -> AbstractContextManager[object]:
        """Open a span of a trace; on the way out it takes note of an exception and lets it pass."""
        ...

    def error(self, error: BaseException, stage: str, labels: Labels) -> None:
        """Report an exception that left a stage."""
        ...

    def close(self) -> None:
        """Send what waits and let go; called once, and bounded in time."""
        ...
