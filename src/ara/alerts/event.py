"""What happened that somebody wants to be told of: kinds of events, and one that is kept for a while."""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ara.store import Record

__all__ = ["EVENTS", "TEST", "Event", "Reach", "message_id"]

TEST: Final = "test"
"""The type of the event that a test sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Who hears of events of a type.

    Parameters
    ----------
    permission
        What somebody has to be allowed to hear of it.
    shared
        Whether it concerns everybody with that permission; else it is its user's alone.
    streamed
        Whether it stands in the stream of alerts too.
    words
        What happened.
    """

    permission: str
    shared: bool = False
    streamed: bool = True
    words: str


EVENTS: Final[Mapping[str, Reach]] = {
    "prediction_complete": Reach(
        permission="predictions:read", streamed=False, words="a forecast of yours was made and kept"
    ),
    "model_trained": Reach(permission="models:read", shared=True, words="a model was trained and is in the registry"),
    "model_deployed": Reach(permission="models:read", shared=True, words="another model answers from now on"),
    "backtest_complete": Reach(permission="backtests:read", words="a back-test of yours ended"),
    "alert_triggered": Reach(permission="alerts:read", words="a condition came true, such as a change of regime"),
    "data_quality_issue": Reach(permission="market:read", shared=True, words="bars of an instrument are doubtful"),
    "system_error": Reach(permission="users:admin", shared=True, words="something failed inside; for administrators"),
}
"""The types that webhooks can ask for."""


class Event(Record, frozen=True, kw_only=True):
    """An event as the stream of alerts tells it.

    Parameters
    ----------
    id
        Of the message: the same wherever and however often it is told.
    type
        One of `EVENTS`, or a notice of a webhook's own fate.
    user
        Whose it is; empty for the installation's.
    at
        When it happened.
    body
        The message: JSON with `type`, `timestamp` and `data`.
    """

    kind: ClassVar[str] = "event"
    type: str
    user: str
    at: datetime
    body: str


def message_id(*parts: str) -> str:
    """Give the id of a message: the same for the same parts, another each time without any."""
    raw = hashlib.sha256("\0".join(parts).encode()).digest()[:15] if parts else os.urandom(15)
    return f"msg_{base64.b32encode(raw).decode().lower()}"
