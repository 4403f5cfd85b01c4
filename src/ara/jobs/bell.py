"""What tells workers that a job came, so that none has to look for it all the time.

The line itself is in the store; a ring that is lost costs a moment, never a job.
"""

from functools import cache
from typing import Protocol

from ara.settings import Settings

__all__ = ["Bell", "Silent", "bell_of"]


class Bell(Protocol):
    """Rings where workers of a queue hear it."""

    async def ring(self, queue: str) -> None:
        """Tell the workers of a queue that a job came; what stands against it is logged, not raised."""
        ...


class Silent:
    """Tells nobody: workers look into the line by themselves, ten times a second."""

    async def ring(self, queue: str) -> None:
        """Do nothing."""


def bell_of(settings: Settings) -> Bell:
    """Give the bell of the settings: a broker's where `jobs.broker` names one."""
    url = settings.jobs.broker
    return _broker(url) if url else Silent()


@cache
def _broker(url: str) -> Bell:
    from ara.jobs.broker import Broker

    return Broker(url)
