"""A list of features under one name, and the id of all that its numbers depend on."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ara.errors import FeatureEngineeringError
from ara.features.sets.item import Column, Item
from ara.lineage import digest

__all__ = ["ENGINE", "FeatureSet"]

ENGINE: Final = "3"
"""Version of the arithmetic of features: raised when one gives other numbers though its formula reads the same."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_MOST: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """Some features, in their order.

    Parameters
    ----------
    name
        Small letters, digits, `-` and `_`.
    version
        What its owner calls this state of it; the id does not depend on it.
    items
        Each gives one column or several; no two the same.
    words
        What it is for, in plain words.
    """

    name: str
    version: str = "1"
    items: tuple[Item, ...]
    words: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        if not _NAME.fullmatch(self.name):
            words = f"{self.name!r:.60} is no name of a feature set; give small letters, digits, - and _"
            raise FeatureEngineeringError(f"{words}, a letter first.", hint="Name it such as my-set.")
        if not 0 < len(self.items) <= _MOST:
            words = f"The feature set {self.name} has {len(self.items)} items"
            told = f"{words}; it needs one at least and {_MOST} at most."
            raise FeatureEngineeringError(told, hint='Such as: items = ["rsi", "macd.histogram"]')
        seen: set[str] = set()
        for name in self.names:
            if name in seen:
                raise FeatureEngineeringError(
                    f"The feature set {self.name} has the column {name} twice.", hint="Leave one of them out."
                )
            seen.add(name)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Its columns, item by item."""
        return tuple(column for item in self.items for column in item.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def id(self) -> str:
        """The sha256, in hex, of what its numbers depend on.

        That is, of each item in its order: indicator, formula, inputs, outputs, parameters, timeframe, other
        instrument; `ENGINE`; and of another package's indicator its version and code. Its name, version and words
        leave it as it is.
        """
        return digest(self.content())

    def content(self) -> dict[str, Any]:
        """Give what its numbers depend on, as JSON values."""
        return {"engine": ENGINE, "items": [item.content() for item in self.items]}
