"""What is known of a venue before it is asked, and what comes back from it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ara.errors import ValidationError

__all__ = ["Limit", "Payload", "Venue"]

_SPANS: Final[Mapping[float, str]] = {1: "a second", 60: "a minute", 3_600: "an hour", 86_400: "a day"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So much may be asked in so much time.

    Parameters
    ----------
    requests
        How many, at least one; where a venue weighs its requests, the sum of their weights.
    seconds
        In any span of this length.
    """

    requests: int
    seconds: float

    def __post_init__(self) -> None:
        if self.requests < 1 or not 0 < self.seconds < float("inf"):
            raise ValidationError(f"{self.requests} requests in {self.seconds} s is no limit; both are above zero.")

    def __str__(self) -> str:
        count = "1 request" if self.requests == 1 else f"{self.requests:,} requests"
        return f"{count} {_SPANS.get(self.seconds, f'in {self.seconds:g} s')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """Where a source is found and what it allows.

    Parameters
    ----------
    name
        The provider's name.
    url
        Its public address, such as `https://api.binance.com`.
    socket
        The address of its stream, `wss://…`; empty where it has none.
    limits
        What may be asked; all of them hold at once.
    key
        Whether it answers only to those who have a key.
    key_words
        Where to get one, in a sentence.
    check
        A cheap path that tells whether it is up.
    counters
        Headers, in small letters, by which it tells how much of a limit is used up, and the seconds of that limit.
    """

    name: str
    url: str
    socket: str = ""
    limits: tuple[Limit, ...] = ()
    key: bool = False
    key_words: str = ""
    check: str = ""
    counters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One answer of a venue as it was received.

    Parameters
    ----------
    source
        The provider's name.
    url
        What was asked, without secrets.
    at
        When the last byte came, UTC.
    status
        HTTP status; 304 where the venue said that nothing changed and `body` is the one kept from before.
    headers
        `etag`, `last-modified`, `date` and `content-type`, where they came.
    body
        As it came, unpacked.
    """

    source: str
    url: str
    at: datetime
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def sha256(self) -> str:
        """The sha256 of the body, in hex."""
        return hashlib.sha256(self.body).hexdigest()
