"""A message on its way to a webhook: kept until it is delivered or given up, and a while longer."""

from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import ClassVar, Final

import msgspec
from msgspec.structs import replace

from ara.alerts.notifier import Delivery
from ara.store import Record

__all__ = ["PAUSES", "Attempt", "Outgoing", "State", "pause", "tried"]

PAUSES: Final = (5, 30, 300, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
"""Seconds between one try and the next: ten tries in a day."""

_KEPT: Final = 25
_SPREAD: Final = 0.1


class State(Enum):
    """What became of a message."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try: when, what was answered, how long it took in seconds, and what went wrong."""

    at: datetime
    status: int
    seconds: float
    words: str


class Outgoing(Record, frozen=True, kw_only=True):
    """A message to one webhook.

    Parameters
    ----------
    id
        Of the message and of the webhook, so that no message is put into the line twice.
    message
        Id of the message: the same to every webhook.
    webhook, user
        To which, and whose that is.
    type
        Of the event.
    body
        What is sent.
    state
        Whether it waits, was delivered, or was given up.
    due
        When it is tried next; while it is being sent, when whoever sends it is taken for dead.
    tries
        How many were begun.
    attempts
        How they went, the oldest first.
    made_at, ended_at
        When it was put into the line, and when it left.
    """

    kind: ClassVar[str] = "outgoing"
    message: str
    webhook: str
    user: str
    type: str
    body: str
    state: State = State.WAITING
    due: datetime
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    made_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def fresh(cls, message: str, webhook: str, user: str, type: str, body: str, now: datetime) -> "Outgoing":
        """Put a message into the line."""
        return cls(
            id=f"{message}.{webhook}", message=message, webhook=webhook, user=user, type=type, body=body, due=now,
            made_at=now,
        )  # fmt: skip


def pause(one: Outgoing, asked: float = 0.0) -> timedelta | None:
    """Give how long to wait after a try that failed; None where it was the last.

    A tenth more or less, by the message's id, keeps receivers that come back from being met by all at once.
    """
    if one.tries > len(PAUSES):
        return None
    share = sha256(f"{one.id}:{one.tries}".encode()).digest()[0] / 255
    seconds = PAUSES[max(one.tries, 1) - 1] * (1 - _SPREAD + 2 * _SPREAD * share)
    return timedelta(seconds=max(seconds, asked))


def tried(one: Outgoing, told: Delivery, at: datetime, *, seconds: float = 0.0) -> Outgoing:
    """Note how a try went."""
    attempt = Attempt(at=at, status=told.status, seconds=round(seconds, 3), words=told.words)
    return replace(one, attempts=(*one.attempts, attempt)[-_KEPT:])
