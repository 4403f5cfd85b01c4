"""A JSON document whose list is written while it grows, so that nobody has to hold all of it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Listing"]


class Listing:
    """Writes what `json.dumps` with an indent of 2 gives of a document with one long list, byte for byte.

    Parameters
    ----------
    write
        Takes whole lines, without the last line's end.
    name
        Of the list.
    plain
        Whether what is not ASCII is escaped.
    """

    def __init__(self, write: Callable[[str], None], name: str = "forecasts", *, plain: bool = False) -> None:
        self._write, self._name, self._plain = write, name, plain
        self._held = ""

    def add(self, document: Mapping[str, Any]) -> None:
        """Write what came before; this one waits for what follows it, a comma or the end."""
        text = "    " + self._text(document).replace("\n", "\n    ")
        self._write(f"{self._held}," if self._held else f'{{\n  "schema": 1,\n  "{self._name}": [')
        self._held = text

    def end(self, rest: Mapping[str, Any]) -> None:
        """Write the last one and what follows the list."""
        if self._held:
            self._write(f"{self._held}\n  ],")
        else:
            self._write(f'{{\n  "schema": 1,\n  "{self._name}": [],')
        self._write(self._text(rest).removeprefix("{\n"))

    def _text(self, value: Mapping[str, Any]) -> str:
        return json.dumps(value, indent=2, ensure_ascii=self._plain, allow_nan=False)
