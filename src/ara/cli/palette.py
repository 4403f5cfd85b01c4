"""The colours of the terminal: few, safe for colour-blind eyes, and always beside words that say the same."""

import os
from collections.abc import Mapping
from typing import Final, Literal

__all__ = ["ROLES", "Palette", "Role"]

Role = Literal["forecast", "actual", "quiet", "strong", "warning", "good"]
"""What a piece of text is, never how it looks."""

ROLES: Final[Mapping[Role, tuple[str, str, str]]] = {
    "forecast": ("38;2;91;141;214", "38;5;68", "34"),
    "actual": ("38;2;217;130;43", "38;5;172", "33"),
    "quiet": ("38;2;128;128;128", "38;5;244", "2"),
    "strong": ("1", "1", "1"),
    "warning": ("1;38;2;217;130;43", "1;38;5;172", "1;33"),
    "good": ("38;2;91;141;214", "38;5;68", "34"),
}
"""Escape codes of each role in true colour, 256 colours and 16; the blue is #3B6FB6, lightened to read on black."""


class Palette:
    """Paints text by its role, or leaves it as it is.

    Parameters
    ----------
    depth
        0 no colour, 1 the terminal's 16, 2 its 256, 3 true colour.
    """

    __slots__ = ("_depth",)

    def __init__(self, depth: int) -> None:
        self._depth = depth

    @classmethod
    def of_terminal(cls, environ: Mapping[str, str] | None = None) -> "Palette":
        """Give the palette with as many colours as the terminal says it has."""
        known = os.environ if environ is None else environ
        if known.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
            return cls(3)
        return cls(2 if "256" in known.get("TERM", "") else 1)

    @property
    def colours(self) -> bool:
        """Whether anything is painted at all."""
        return self._depth > 0

    def __call__(self, text: str, role: Role) -> str:
        """Give the text in its role's colour; empty text stays empty."""
        if not self._depth or not text:
            return text
        return f"\x1b[{ROLES[role][3 - self._depth]}m{text}\x1b[0m"
