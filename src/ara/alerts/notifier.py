"""The seam at which ways to tell somebody plug in."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from ara.settings import Secret

__all__ = ["Delivery", "Message", "Notifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is to be told, and to whom.

    Parameters
    ----------
    id
        The same each time it is sent: a receiver drops what it has seen.
    type
        What happened.
    at
        When this try is made.
    body
        JSON.
    to
        Whom: what the notifier knows as an address.
    secrets
        Under which it is signed, where the way has signatures.
    """

    id: str
    type: str
    at: datetime
    body: bytes
    to: str
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one try.

    Parameters
    ----------
    delivered
        Whether the receiver said that it has it.
    status
        What it answered, as a number of HTTP's; 0 where it did not answer.
    words
        What went wrong; empty where nothing did.
    gone
        Whether the receiver wants nothing more, for good.
    wait
        Seconds for which it asks to be left alone.
    """

    delivered: bool
    status: int = 0
    words: str = ""
    gone: bool = False
    wait: float = 0.0


class Notifier(Protocol):
    """Tells somebody, by mail, by a message or by a request."""

    name: ClassVar[str]

    async def send(self, message: Message) -> Delivery:
        """Try once, within bounds of time; what goes wrong outside is a delivery that failed, no error."""
        ...

    async def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        ...
