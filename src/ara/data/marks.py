"""What was imported before: a mark for each file that is done, kept beside the payloads."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ara.data.bar_store import BarStore
from ara.data.files.member import unreadable
from ara.data.provider import Kind

if TYPE_CHECKING:
    from ara.data.access import Payload

__all__ = ["Marks", "content", "digest_of"]

_VERSION: Final = 1


class Marks:
    """The marks of one store for imports that were asked for alike.

    Parameters
    ----------
    store
        Where they are kept.
    asked
        What distinguishes two imports of one file.
    """

    def __init__(self, store: BarStore, asked: Mapping[str, str]) -> None:
        self._store = store
        self._asked = asked
        self._held: set[tuple[str, str]] | None = None

    def of(self, file: Path, digest: str, now: datetime, *, symbols: Iterable[str] = ()) -> "Payload":
        """Give the mark of a file with some content, which names the symbols that it brought."""
        from ara.data.access.venue import Payload

        said = {"imported": digest, "name": file.name, "version": _VERSION, **self._asked}
        return Payload(
            source=f"file:{file.stem[:200]}",
            url="ara:imported",
            at=now,
            status=200,
            headers={"symbols": json.dumps(sorted(symbols))},
            body=json.dumps(said, sort_keys=True).encode(),
        )

    def done(self, mark: "Payload", sources: set[str]) -> bool:
        """Tell whether a file was imported before and all its symbols are there still; a mark may outlive its bars."""
        from ara.data.lake.bronze import fetch_id

        kept = self._store.fetched(fetch_id([mark]))
        if kept.is_empty():
            return False
        if self._held is None:
            named = (self._store.catalogue(), self._store.facts(Kind.ACTIONS))
            self._held = {pair for rows in named for pair in rows.select("source", "symbol").iter_rows()}
        symbols = set(json.loads(json.loads(kept["headers"][0]).get("symbols", "[]")))
        there = {symbol for source, symbol in self._held if source in sources}
        return symbols <= there and sources <= {source for source, _ in self._held}

    def kept(self, payload: "Payload") -> bool:
        """Tell whether a content was kept before, however it was read."""
        from ara.data.lake.bronze import fetch_id

        return self._store.fetched(fetch_id([payload])).height > 0

    def forget(self) -> None:
        """Look again at what the store holds before the next answer."""
        self._held = None


def digest_of(file: Path) -> str:
    """Give the sha256 of what a file holds, in hex."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(file.name, error) from None


def content(file: Path, digest: str, now: datetime, *, most: int) -> "Payload":
    """Give what is kept of a file: all that it holds, or of a larger one than `most` bytes its name, size and hash."""
    from ara.data.access.venue import Payload

    size = file.stat().st_size
    if size <= most:
        body = file.read_bytes()
    else:
        body = json.dumps({"file": str(file.resolve()), "size": size, "sha256": digest}).encode()
    return Payload(source=f"file:{file.stem[:200]}", url=f"file:{file.name}", at=now, status=200, body=body)
