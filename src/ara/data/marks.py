"""What was imported before: a mark for each file that is done, kept beside the payloads."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ara.data.bar_store import BarStore
from ara.data.provider import Kind

if TYPE_CHECKING:
    from ara.data.access import Payload

__all__ = ["Marks"]

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

    def forget(self) -> None:
        """Look again at what the store holds before the next answer."""
        self._held = None
