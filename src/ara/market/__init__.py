"""What is traded, when, and in which bars.

`Bars` brings polars, so it and its kin are loaded when they are first used; the rest is light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ara.market.calendar import Calendar, calendar
from ara.market.instrument import AssetClass, Instrument, OptionTerms, Right
from ara.market.timeframe import DAY, Timeframe

if TYPE_CHECKING:
    from ara.market.bars import Bars, Basis

__all__ = [
    "DAY",
    "AssetClass",
    "Bars",
    "Basis",
    "Calendar",
    "Instrument",
    "OptionTerms",
    "Right",
    "Timeframe",
    "calendar",
]


def __getattr__(name: str) -> Any:
    if name not in {"Bars", "Basis"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("ara.market.bars"), name)
