"""Bars and facts from outside: sources behind one protocol, adjusted as they were known at a moment."""

from ara.data.provider import BARS, Kind, Provider

__all__ = ["BARS", "Kind", "Provider"]
