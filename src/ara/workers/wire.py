"""What parent and child say to each other: MessagePack messages behind their length, on two pipes.

The child's answers begin behind a mark, for whatever is printed while Python starts comes down the same pipe.
"""

from typing import Any, BinaryIO, Final

import msgspec

from ara.workers.progress import Progress

__all__ = [
    "MARK",
    "Call",
    "Done",
    "Failed",
    "FromChild",
    "FromParent",
    "Ping",
    "Reply",
    "Said",
    "Told",
    "receive",
    "send",
]

MARK: Final = b"\x00ara worker\x00"
"""What the child sends before its first message."""


class Call(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask the child to call a function.

    Parameters
    ----------
    function
        `module:name`.
    arguments
        Each one packed, by parameter.
    folder
        Where frames and arrays lie.
    path, place
        The parent's import path and working folder.
    correlation
        The id under which the work is logged.
    level
        The least level of records that the parent wants to hear.
    """

    function: str
    arguments: dict[str, bytes]
    folder: str
    path: list[str]
    place: str
    correlation: str
    level: int


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Answer a report: whether to go on."""

    go_on: bool


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask whether the other side is still there; the child sends it back."""


class Told(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Report progress; the child waits for the reply."""

    progress: Progress


class Said(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Pass on one log record, as text: logger, level, message."""

    logger: str
    level: int
    text: str


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Hand over the packed result."""

    value: bytes


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say what was raised.

    Parameters
    ----------
    classes
        `module:name` of the exception's class and its bases within Ara's errors, nearest first; empty for a stranger's.
    message, hint, context
        As in AraError; for a stranger's exception the message is its class and text.
    trace
        The traceback as text.
    """

    classes: list[str]
    message: str
    hint: str
    context: dict[str, Any]
    trace: str


FromParent = Call | Reply | Ping
"""All that the parent sends."""

FromChild = Told | Said | Done | Failed | Ping
"""All that the child sends."""


def send(sink: BinaryIO, message: FromParent | FromChild) -> None:
    """Write one message whole."""
    body = msgspec.msgpack.encode(message)
    sink.write(len(body).to_bytes(8, "big") + body)
    sink.flush()


def receive(source: BinaryIO) -> bytes | None:
    """Read the bytes of one message; None where the other side has gone."""
    head = source.read(8)
    if len(head) < 8:
        return None
    body = source.read(size := int.from_bytes(head, "big"))
    return body if len(body) == size else None
