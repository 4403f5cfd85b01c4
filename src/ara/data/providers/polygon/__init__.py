"""Polygon: bars, trades, quotes, reference data, splits, dividends and option chains, by request and by stream."""

from ara.data.providers.polygon.provider import Polygon

__all__ = ["Polygon"]
