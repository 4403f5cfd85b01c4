"""Bars and facts from outside: sources behind one protocol, adjusted as they were known at a moment."""

from ara.data.provider import BARS, SCHEMAS, Kind, Provider
from ara.renamed import renamed

__all__ = ["BARS", "SCHEMAS", "Kind", "Provider"]

__getattr__ = renamed(__name__, {"IDataProvider": "Provider"})
