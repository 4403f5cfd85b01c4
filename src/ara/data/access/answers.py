"""Small answers that are kept with the marks by which a venue says whether anything changed since."""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Kept", "forget", "keep", "kept"]

_LARGEST: Final = 4 << 20
_ROOM: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer from before.

    Parameters
    ----------
    body
        As it was given then.
    headers
        To send, so that the venue may answer that nothing changed.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def kept(connection: sqlite3.Connection, now: float, *, address: str) -> Kept | None:
    """Give the answer that is kept of an address; None where there is none, or where it was damaged."""
    statement = "SELECT etag, modified, sha256, body FROM answers WHERE id = ?"
    row = connection.execute(statement, (_id(address),)).fetchone()
    if row is None:
        return None
    body = _unpack(row[3])
    if body is None or hashlib.sha256(body).hexdigest() != row[2]:
        connection.execute("DELETE FROM answers WHERE id = ?", (_id(address),))
        return None
    connection.execute("UPDATE answers SET used = ? WHERE id = ?", (now, _id(address)))
    named = {"If-None-Match": row[0], "If-Modified-Since": row[1]}
    return Kept(body=body, headers={name: text for name, text in named.items() if text})


def keep(connection: sqlite3.Connection, now: float, *, address: str, headers: Mapping[str, str], body: bytes) -> None:
    """Keep an answer that has an `etag` or `last-modified` and is below 4 MiB; the least used go at 64 MiB."""
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    if not (etag or modified) or len(body) >= _LARGEST:
        connection.execute("DELETE FROM answers WHERE id = ?", (_id(address),))
        return
    packed = zlib.compress(body, 1)
    sha256 = hashlib.sha256(body).hexdigest()
    row = (_id(address), etag, modified, sha256, len(packed), now, packed)
    connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute(
        "DELETE FROM answers WHERE id IN (SELECT id FROM"
        " (SELECT id, sum(size) OVER (ORDER BY used DESC, id) AS total FROM answers) WHERE total > ?)",
        (_ROOM,),
    )


def forget(connection: sqlite3.Connection, addresses: Iterable[str]) -> None:
    """Keep the answers of some addresses no longer: what they said was refused, and a 304 must not bring it back."""
    connection.executemany("DELETE FROM answers WHERE id = ?", [(_id(address),) for address in addresses])


def _id(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def _unpack(packed: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(packed, _LARGEST)
    except zlib.error:
        return None
    return body if unpacker.eof else None
