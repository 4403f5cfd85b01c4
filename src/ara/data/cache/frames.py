"""Frames as bytes for another process: Arrow IPC with zstd behind a short head, checked when they are read."""

import hashlib
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

__all__ = ["LARGEST", "Kept", "pack", "unpack"]

LARGEST: Final = 64 * 2**20
"""Bytes of the largest value that is written or read, packed or not."""

_HEAD: Final = struct.Struct(">4sqqQQ16s")
_MAGIC: Final = b"ARA1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A frame, when it was loaded, and the instant from which it isn't given any more; both UTC."""

    frame: pl.DataFrame
    at: datetime
    until: datetime


def pack(kept: Kept) -> bytes | None:
    """Give a frame and its times as bytes; None where it is too large."""
    if kept.frame.estimated_size() > LARGEST:
        return None
    buffer = io.BytesIO()
    kept.frame.write_ipc(buffer, compression="zstd")
    body = buffer.getvalue()
    if len(body) + _HEAD.size > LARGEST:
        return None
    facts = (_micro(kept.at), _micro(kept.until), kept.frame.height, int(kept.frame.estimated_size()))
    return _HEAD.pack(_MAGIC, *facts, _digest(facts, body)) + body


def unpack(data: bytes) -> Kept | None:
    """Give what `pack` was given; None for bytes that are damaged, too large or of another form."""
    if not _HEAD.size <= len(data) <= LARGEST:
        return None
    magic, *facts, digest = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    if magic != _MAGIC or facts[3] > LARGEST or digest != _digest(facts, body):
        return None
    try:
        frame = pl.read_ipc(io.BytesIO(body))
        at, until = (_EPOCH + number * _MICROSECOND for number in facts[:2])
    except (pl.exceptions.PolarsError, OSError, OverflowError, ValueError):
        return None
    return Kept(frame=frame, at=at, until=until) if frame.height == facts[2] else None


def _digest(facts: Sequence[int], body: bytes) -> bytes:
    return hashlib.sha256(repr(tuple(facts)).encode() + body).digest()[:16]


def _micro(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
