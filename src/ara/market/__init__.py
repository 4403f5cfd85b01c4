"""What is traded, when, and in which bars.

`Bars` brings polars, so it and its kin are loaded when they are first used; the rest is light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ara.market.calendar import Calendar, calendar
from ara.market.instrument import AssetClass, Instrument, OptionTerms, Right
from ara.market.money import Currency
from ara.market.timeframe import DAY, WEEK, Timeframe
from ara.renamed import renamed

if TYPE_CHECKING:
    from ara.market.bars import Bars, Basis

__all__ = [
    "DAY",
    "WEEK",
    "AssetClass",
    "Bars",
    "Basis",
    "Calendar",
    "Currency",
    "Instrument",
    "OptionTerms",
    "Right",
    "Timeframe",
    "calendar",
]


_older = renamed(__name__, {"AssetType": "AssetClass"})


def __getattr__(name: str) -> Any:
    if name not in {"Bars", "Basis"}:
        return _older(name)
    return getattr(import_module("ara.market.bars"), name)
