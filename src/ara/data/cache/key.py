"""The name of a cached value."""

import hashlib
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from ara.data.provider import Kind
from ara.market.timeframe import Timeframe

__all__ = ["PREFIX", "Key"]

PREFIX: Final = "{ara:1}:"
"""What every name begins with, so that a Redis may be shared; the number changes with the form of the values.

The braces keep all of them on one node of a cluster: making room is one step over all."""

_SAFE: Final = "./^=_-"
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a cached value is, spelled `{ara:1}:KIND:SYMBOL:TIMEFRAME:PART:…`.

    Parameters
    ----------
    kind
        What the rows are.
    symbol
        In Ara's spelling; dropping a symbol drops every key that has it.
    timeframe
        Length of a bar; None where there are none.
    parts
        All else that the value depends on: source, basis, the moment as of which it was asked for.
    calendar
        Name of the instrument's calendar: a value does not outlive the close of the bar that is open when it is
        loaded. Empty, only time ends it. No part of the name.
    """

    kind: Kind
    symbol: str
    timeframe: Timeframe | None = None
    parts: tuple[str, ...] = ()
    calendar: str = field(default="", compare=False)
    text: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        span = "" if self.timeframe is None else str(self.timeframe)
        text = PREFIX + ":".join(_part(part) for part in (self.kind, self.symbol, span, *self.parts))
        if len(text) > _LONGEST:
            text = f"{text[:_LONGEST]}:{hashlib.sha256(text.encode()).hexdigest()}"
        object.__setattr__(self, "text", text)

    def __str__(self) -> str:
        return self.text

    @staticmethod
    def spelled(part: str) -> str:
        """Give a part as it stands in a name."""
        return _part(part)


def _part(text: str) -> str:
    """Give a part in which no colon can be mistaken for the end of it, and no star for a pattern."""
    return text if text.isalnum() and text.isascii() else quote(text, safe=_SAFE)
