"""Bars and facts from outside: sources behind one protocol, adjusted as they were known at a moment."""

from typing import TYPE_CHECKING, Any

from ara.data.provider import BARS, SCHEMAS, Kind, Provider
from ara.renamed import renamed

if TYPE_CHECKING:
    from ara.data.feed import MarketData
    from ara.data.quality import QualityReport

__all__ = ["BARS", "SCHEMAS", "Kind", "MarketData", "Provider", "QualityReport"]

_LATER = {"MarketData": "ara.data.feed", "QualityReport": "ara.data.quality"}
_other = renamed(__name__, {"IDataProvider": "Provider"}, later=_LATER)


def __getattr__(name: str) -> Any:
    return _other(name)
